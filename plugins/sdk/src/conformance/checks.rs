//! What every format must get right, one thing after the other.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::golden::golden_rooms;
use super::suite::{export, other_room, raw};
use super::{MemoryOutput, render, sample_messages, sample_room};
use crate::{AnyFormat, ErrorKind, Message};

/// Characters of a message that is at least one batch of a format outside of the program.
const LONG: usize = 1024 * 1024;
/// More messages than such a batch has.
const MANY: usize = 1000;

/// One thing to get right.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// What it is, in a few words.
    pub name: &'static str,
    run: fn(&dyn AnyFormat) -> Result<(), String>,
}

impl Check {
    /// Tries it; the error says what is wrong, and where.
    pub fn run(&self, format: &dyn AnyFormat) -> Result<(), String> {
        (self.run)(format)
    }
}

/// Everything that can be tried with nothing but the format.
pub const CHECKS: &[Check] = &[
    Check { name: "it describes itself", run: describes_itself },
    Check { name: "an empty room", run: an_empty_room },
    Check { name: "one message", run: one_message },
    Check { name: "hostile texts and names, everywhere", run: hostile_messages },
    Check { name: "the same input, the same bytes", run: the_same_twice },
    Check { name: "two rooms in one export", run: two_rooms },
    Check { name: "a room with every feature, a direct message, an empty room", run: golden },
    Check { name: "many messages, and a very long one", run: many_messages },
    Check { name: "keys that it does not know", run: unknown_keys },
    Check { name: "options that do not exist", run: unknown_options },
    Check { name: "every option that it has", run: known_options },
];

fn ensure(right: bool, complaint: &str) -> Result<(), String> {
    if right { Ok(()) } else { Err(complaint.to_owned()) }
}

fn rendered(format: &dyn AnyFormat, options: &Value, messages: &[Message<'_>]) -> Result<usize, String> {
    let files = render(format, options, messages).map_err(|error| error.to_string())?;
    ensure(!files.is_empty(), "no file was made")?;
    Ok(files.values().map(Vec::len).sum())
}

fn describes_itself(format: &dyn AnyFormat) -> Result<(), String> {
    ensure(!format.describe().is_empty(), "there is no line about it")?;
    ensure(!format.extension().contains('.'), "its extension begins with a dot or holds one")?;
    ensure(format.media_type().contains('/'), "its media type is none")?;
    for option in format.options() {
        ensure(!option.help.is_empty(), &format!("option `{}` has no line of help", option.name))?;
    }
    Ok(())
}

fn an_empty_room(format: &dyn AnyFormat) -> Result<(), String> {
    rendered(format, &Value::Null, &[]).map(drop)
}

fn one_message(format: &dyn AnyFormat) -> Result<(), String> {
    rendered(format, &Value::Null, &sample_messages()[..1]).map(drop)
}

fn hostile_messages(format: &dyn AnyFormat) -> Result<(), String> {
    let messages = sample_messages();
    let Err(all) = rendered(format, &json!({}), &messages) else { return Ok(()) };
    for message in &messages {
        if let Err(alone) = rendered(format, &json!({}), std::slice::from_ref(message)) {
            let text: String = message.text.chars().take(80).collect();
            return Err(format!("message {}, whose text begins with {text:?}: {alone}", message.id));
        }
    }
    Err(format!("no message alone, but all {} together: {all}", messages.len()))
}

fn the_same_twice(format: &dyn AnyFormat) -> Result<(), String> {
    let messages = sample_messages();
    let once = render(format, &json!({}), &messages).map_err(|error| error.to_string())?;
    let twice = render(format, &Value::Null, &messages).map_err(|error| error.to_string())?;
    for (path, bytes) in &once {
        let others = twice.get(path).ok_or_else(|| format!("{path} was not made again"))?;
        if let Some(at) = bytes.iter().zip(others).position(|(one, other)| one != other) {
            return Err(format!("{path} differs from byte {at} on"));
        }
        ensure(bytes.len() == others.len(), &format!("{path} has another length"))?;
    }
    ensure(once.len() == twice.len(), "there are other files")
}

fn two_rooms(format: &dyn AnyFormat) -> Result<(), String> {
    let messages = sample_messages();
    let rooms = [(sample_room(), &messages[..]), (other_room(), &messages[..2])];
    let exported = export(format, &Value::Null, &rooms, &mut MemoryOutput::default());
    exported.map_err(|error| error.to_string())
}

fn golden(format: &dyn AnyFormat) -> Result<(), String> {
    golden_rooms(format).map(drop).map_err(|error| error.to_string())
}

fn many_messages(format: &dyn AnyFormat) -> Result<(), String> {
    let mut messages: Vec<Message<'_>> = sample_messages().into_iter().cycle().take(MANY).collect();
    let few = rendered(format, &Value::Null, &messages)?;
    let long = "ä\"\\\n".repeat(LONG / 4);
    messages[MANY / 2].text = &long;
    let more = rendered(format, &Value::Null, &messages)?;
    ensure(more > few, &format!("a message of {LONG} characters makes nothing longer"))
}

fn unknown_keys(format: &dyn AnyFormat) -> Result<(), String> {
    let mut messages = sample_messages();
    for message in &mut messages {
        for (key, value) in [
            ("laterKey", r#"{"type":"end","msg":["deep",{"_id":"x"}],"n":-1.5e300}"#),
            ("", "null"),
            ("kéy \u{1f600} \"quoted\"", r#""\ud83d\ude00\u0000\/""#),
        ] {
            message.extra.push((key.into(), raw(value)));
        }
    }
    rendered(format, &Value::Null, &messages).map(drop)
}

fn unknown_options(format: &dyn AnyFormat) -> Result<(), String> {
    match format.check(&json!({"no such option": 1})) {
        Ok(()) => Err("an unknown option is not refused".to_owned()),
        Err(error) if error.kind() == ErrorKind::BadOptions => Ok(()),
        Err(error) => Err(format!("an unknown option is not the requester's mistake: {error}")),
    }
}

/// What its description says that an option may be, as far as that can be told.
fn known_options(format: &dyn AnyFormat) -> Result<(), String> {
    let messages = sample_messages();
    let mut seen = BTreeSet::new();
    for option in format.options() {
        ensure(seen.insert(option.name), &format!("option `{}` is there twice", option.name))?;
        let values: Vec<Value> = match option.kind {
            "boolean" => vec![json!(true), json!(false)],
            kind if kind.contains('|') => kind.split('|').map(Value::from).collect(),
            _ => serde_json::from_str(option.default).into_iter().collect(),
        };
        for value in values {
            let said = format!("option {}={value}", option.name);
            let options = Value::Object(Map::from_iter([(option.name.to_owned(), value)]));
            format.check(&options).map_err(|error| format!("{said}: {error}"))?;
            rendered(format, &options, &messages).map_err(|error| format!("{said}: {error}"))?;
        }
    }
    Ok(())
}
