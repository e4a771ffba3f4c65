//! Methods of the realtime API, as `method.call` reaches them.
//!
//! A method is a name for what an endpoint or a use case does, with its own way to pass arguments
//! and to tell dates and errors. Most of them lead through a row of the table of endpoints, so that
//! permissions, second factors and checks are those of the row.

use serde_json::{Map, Value};

use super::endpoint::Context;
use crate::error::{Error, Result};
use crate::service::method_limits;

mod account;
mod answer;
mod call;
mod ejson;
mod history;
mod messages;
mod otr;
mod people;
mod rooms;
mod server;
mod sounds;
mod two_factor;

use call::Call;

/// What a method does. `None`: it has nothing to say.
type Method = fn(&Call<'_>) -> Result<Option<Value>>;

/// A table of methods by their names.
type Methods = &'static [(&'static str, Method)];

/// All of them.
const METHODS: &[Methods] = &[
    server::METHODS,
    sounds::METHODS,
    account::METHODS,
    two_factor::METHODS,
    people::METHODS,
    rooms::METHODS,
    messages::METHODS,
    otr::METHODS,
    history::METHODS,
];

fn find(name: &str) -> Option<(&'static str, Method)> {
    METHODS.iter().flat_map(|methods| methods.iter()).find(|(known, _)| *known == name).copied()
}

/// Runs the method that `message` names, the text of a JSON object
/// `{"msg":"method","id","method","params":[…]}`, and returns the text of its answer. A method that
/// fails is an answer, too; only a message that is none is refused.
pub fn run(context: Context<'_>, message: &str) -> Result<String> {
    let (id, name, arguments) = envelope(message).ok_or_else(|| Error::plain("Invalid method call"))?;
    let Some((name, method)) = find(&name) else {
        return Ok(answer::unknown(&id, &name));
    };
    let call = Call { context, app: context.app, arguments };
    let counted = method_limits::count(context.app, context.client, context.caller, name);
    match counted.and_then(|()| method(&call)) {
        Ok(result) => Ok(answer::result(&id, result)),
        // What is ours to mend is told and logged like every other such failure.
        Err(error @ (Error::Internal(_) | Error::Damaged(_) | Error::Busy)) => Err(error),
        Err(error) => Ok(answer::error(&id, &error)),
    }
}

/// Id, name and arguments. The id may be a number and comes back as a text.
fn envelope(message: &str) -> Option<(String, String, Vec<Value>)> {
    let mut fields: Map<String, Value> = serde_json::from_str(message).ok()?;
    let id = match fields.remove("id")? {
        Value::String(id) => id,
        Value::Number(id) => id.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let (Value::String(name), Value::Array(arguments)) = (fields.remove("method")?, fields.remove("params")?)
    else {
        return None;
    };
    let exact = fields.remove("msg")? == "method" && fields.is_empty();
    exact.then_some((id, name, arguments))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_methods_share_a_name() {
        let mut seen = BTreeSet::new();
        for (name, _) in METHODS.iter().flat_map(|methods| methods.iter()) {
            assert!(seen.insert(name), "{name} stands twice");
        }
    }

    #[test]
    fn an_envelope_has_exactly_four_parts() {
        let read = |text: &str| envelope(text).map(|(id, name, arguments)| (id, name, arguments.len()));
        let good = r#"{"msg":"method","id":7,"method":"x","params":[1,2]}"#;
        assert_eq!(read(good), Some(("7".to_owned(), "x".to_owned(), 2)));
        for bad in [
            "",
            "[]",
            r#"{"msg":"method","id":"1","method":"x"}"#,
            r#"{"msg":"sub","id":"1","method":"x","params":[]}"#,
            r#"{"msg":"method","id":"1","method":"x","params":{}}"#,
            r#"{"msg":"method","id":"1","method":"x","params":[],"more":1}"#,
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
