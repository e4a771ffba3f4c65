//! Dates of the realtime API: `{"$date": <milliseconds since 1970>}` instead of texts.

use serde_json::{Map, Value, json};

use crate::domain::Time;

/// The fields of answers that hold dates. Texts that people wrote stand elsewhere.
const DATES: [&str; 23] = [
    "ts",
    "_updatedAt",
    "_createdAt",
    "_deletedAt",
    "lm",
    "ls",
    "lr",
    "tlm",
    "dlm",
    "editedAt",
    "pinnedAt",
    "createdAt",
    "lastLogin",
    "uploadedAt",
    "expires",
    "expiresAt",
    "latest",
    "unreadsFrom",
    "jitsiTimeout",
    "avatarUpdatedAt",
    "tokenExpires",
    "nextRun",
    "lastRun",
];

/// Fields whose content is the users' own.
const FREE: [&str; 2] = ["customFields", "bodyParams"];

/// An answer of the REST API as one of the realtime API.
pub(super) fn from_rest(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(from_rest).collect(),
        Value::Object(fields) => Value::Object(fields.into_iter().map(field).collect()),
        plain => plain,
    }
}

fn field((name, value): (String, Value)) -> (String, Value) {
    let value = match value {
        Value::String(text) if DATES.contains(&name.as_str()) => match Time::parse(&text) {
            Some(time) => json!({"$date": time.millis()}),
            None => Value::String(text),
        },
        value if FREE.contains(&name.as_str()) => value,
        value => from_rest(value),
    };
    (name, value)
}

/// What JSON has no number for, in its own word: `{"$InfNaN": 0}` is not a number, 1 and -1 are the
/// infinities.
pub(super) fn no_number(value: &Value) -> Option<&'static str> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    match fields.get("$InfNaN")?.as_i64()? {
        0 => Some("NaN"),
        1 => Some("Infinity"),
        -1 => Some("-Infinity"),
        _ => None,
    }
}

/// An argument as a parameter of the REST API: dates are texts there.
pub(super) fn to_rest(value: Value) -> Value {
    match value {
        Value::Object(fields) => match date(&fields) {
            Some(time) => time.to_string().into(),
            None => Value::Object(fields.into_iter().map(|(name, value)| (name, to_rest(value))).collect()),
        },
        Value::Array(items) => items.into_iter().map(to_rest).collect(),
        plain => plain,
    }
}

fn date(fields: &Map<String, Value>) -> Option<Time> {
    if fields.len() != 1 {
        return None;
    }
    fields.get("$date")?.as_i64().map(Time::from_millis)
}

/// A date as an argument: `{"$date": …}`, or a text as clients of the REST API write it.
pub(super) fn time(value: &Value) -> Option<Time> {
    match value {
        Value::Object(fields) => date(fields),
        Value::String(text) => Time::parse(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_in_milliseconds_and_texts_stay() {
        let given = json!({
            "ts": "2024-03-15T10:20:30.123Z",
            "msg": "2024-03-15T10:20:30.123Z",
            "customFields": {"ts": "2024-03-15T10:20:30.123Z"},
            "list": [{"lm": "2024-03-15T10:20:30.123Z"}, {"ts": "never"}],
        });
        let told = from_rest(given.clone());
        assert_eq!(told["ts"], json!({"$date": 1_710_498_030_123_i64}));
        assert_eq!(told["msg"], given["msg"]);
        assert_eq!(told["customFields"], given["customFields"]);
        assert_eq!(told["list"], json!([{"lm": {"$date": 1_710_498_030_123_i64}}, {"ts": "never"}]));
    }

    #[test]
    fn dates_are_understood_in_both_spellings() {
        let time_of = |value: Value| time(&value).map(Time::millis);
        assert_eq!(time_of(json!({"$date": 5})), Some(5));
        assert_eq!(time_of(json!("1970-01-01T00:00:00.005Z")), Some(5));
        assert_eq!(time_of(json!({"$date": 5, "more": 1})), None);
        assert_eq!(time_of(json!(5)), None);
        assert_eq!(to_rest(json!([{"a": {"$date": 5}}])), json!([{"a": "1970-01-01T00:00:00.005Z"}]));
    }
}
