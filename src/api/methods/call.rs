//! One call of a method: who calls, with which arguments, and the way to the endpoints' rows.

use serde_json::{Map, Value};

use super::ejson;
use crate::api::endpoint::{Context, Method};
use crate::api::request::Input;
use crate::app::App;
use crate::domain::Time;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::cards::{mismatch, type_word};

/// A call of a method.
pub(super) struct Call<'a> {
    pub(super) context: Context<'a>,
    pub(super) app: &'a App,
    pub(super) arguments: Vec<Value>,
}

impl Call<'_> {
    /// Who calls; refused if nobody is logged in.
    pub(super) fn caller(&self) -> Result<&Caller> {
        self.context.caller.ok_or(Error::NotLoggedIn)
    }

    /// An argument; `null` if it was left out.
    pub(super) fn argument(&self, number: usize) -> &Value {
        self.arguments.get(number).unwrap_or(&Value::Null)
    }

    /// An argument that is a text.
    pub(super) fn text(&self, number: usize) -> Result<&str> {
        match self.arguments.get(number) {
            Some(Value::String(text)) => Ok(text),
            Some(other) => {
                Err(Error::plain(format!("Match error: Expected string, got {}", type_word(other))))
            }
            None => Err(Error::plain("Match error: Expected string, got undefined")),
        }
    }

    /// An argument that is a text, if it is one.
    pub(super) fn optional_text(&self, number: usize) -> Option<&str> {
        self.argument(number).as_str()
    }

    /// An argument that is an object.
    pub(super) fn object(&self, number: usize) -> Result<&Map<String, Value>> {
        match self.arguments.get(number) {
            Some(Value::Object(fields)) => Ok(fields),
            Some(other) => {
                Err(Error::plain(format!("Match error: Expected object, got {}", type_word(other))))
            }
            None => Err(Error::plain("Match error: Expected object, got undefined")),
        }
    }

    /// A field of an argument that is an object; the field is a text.
    pub(super) fn field(&self, number: usize, name: &str) -> Result<&str> {
        match self.object(number)?.get(name) {
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(mismatch("string", other, name)),
            None => Err(Error::plain(format!("Match error: Missing key '{name}'"))),
        }
    }

    /// An argument that is a date.
    pub(super) fn time(&self, number: usize) -> Result<Time> {
        match self.arguments.get(number) {
            Some(value) => ejson::time(value)
                .ok_or_else(|| Error::plain(format!("Match error: Expected Date, got {}", type_word(value)))),
            None => Err(Error::plain("Match error: Expected Date, got undefined")),
        }
    }

    /// An argument that is a date, if it is one.
    pub(super) fn optional_time(&self, number: usize) -> Option<Time> {
        ejson::time(self.argument(number))
    }

    /// Asks an endpoint.
    pub(super) fn get(&self, path: &str, params: Value) -> Result<Value> {
        self.through(Method::Get, path, params)
    }

    /// Has an endpoint do something.
    pub(super) fn post(&self, path: &str, params: Value) -> Result<Value> {
        self.through(Method::Post, path, params)
    }

    fn through(&self, method: Method, path: &str, params: Value) -> Result<Value> {
        let params = match ejson::to_rest(params) {
            Value::Object(params) => params.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            _ => Map::new(),
        };
        let input = Input::of(method == Method::Get, params);
        self.context.api.run_inner(self.context, method, path, input)
    }
}
