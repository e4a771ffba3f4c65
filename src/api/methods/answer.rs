//! How a method's outcome is told: `{"msg":"result","id",…}` with a result, an error, or neither.

use serde_json::{Map, Value, json};

use super::ejson;
use crate::error::Error;

/// The answer of a method that did what it was to do.
pub(super) fn result(id: &str, result: Option<Value>) -> String {
    let mut answer = json!({"msg": "result", "id": id});
    if let Some(result) = result {
        answer["result"] = ejson::from_rest(result);
    }
    answer.to_string()
}

/// The answer where there is no such method.
pub(super) fn unknown(id: &str, name: &str) -> String {
    let error = described(&json!(404), &format!("Method '{name}' not found"), &Value::Null);
    json!({"msg": "result", "id": id, "error": error}).to_string()
}

/// The answer of a method that refused.
pub(super) fn error(id: &str, error: &Error) -> String {
    let error = match error {
        Error::NotLoggedIn => described(&json!("error-invalid-user"), "Invalid user", &Value::Null),
        Error::Forbidden | Error::Unauthorized => {
            described(&json!("error-not-allowed"), "Not allowed", &Value::Null)
        }
        Error::Refused { code, reason, details } => described(&json!(code), reason, details),
        Error::Plain(text) if text.starts_with("Match error: ") => mismatch(text),
        Error::Denied(word) => described(&json!(word), "", &Value::Null),
        // Words that programs test, and sentences that people read.
        Error::Plain(text) if text.contains(' ') => {
            described(&json!("error-action-not-allowed"), text, &Value::Null)
        }
        Error::Plain(text) => described(&json!(text), "", &Value::Null),
        Error::Typed { text, kind, details } => described(&json!(kind), text, details),
        Error::Silent => described(&json!("error-not-found"), "Not found", &Value::Null),
        Error::Login { error, message, details } => described(error, message, details),
        Error::NotFound(text) => described(&json!(404), text, &Value::Null),
        Error::TooMany { seconds } => {
            let text = format!(
                "Error, too many requests. Please slow down. You must wait {seconds} seconds before trying again."
            );
            described(&json!("too-many-requests"), &text, &json!({"timeToReset": seconds * 1000}))
        }
        Error::Busy | Error::Damaged(_) | Error::Internal(_) => {
            described(&json!(500), "Internal server error", &Value::Null)
        }
    };
    json!({"msg": "result", "id": id, "error": error}).to_string()
}

/// An error as clients of the realtime API know them.
fn described(error: &Value, reason: &str, details: &Value) -> Value {
    let code = error.as_str().map_or_else(|| error.to_string(), ToOwned::to_owned);
    let mut described =
        Map::from_iter([("isClientSafe".to_owned(), json!(true)), ("error".to_owned(), error.clone())]);
    if !reason.is_empty() {
        described.insert("reason".to_owned(), reason.into());
    }
    if !details.is_null() {
        described.insert("details".to_owned(), details.clone());
    }
    let message = if reason.is_empty() { format!("[{code}]") } else { format!("{reason} [{code}]") };
    described.insert("message".to_owned(), message.into());
    described.insert("errorType".to_owned(), "Meteor.Error".into());
    Value::Object(described)
}

/// Arguments of a wrong type.
fn mismatch(text: &str) -> Value {
    json!({
        "message": text,
        "path": "",
        "sanitizedError": described(&json!(400), "Match failed", &Value::Null),
        "errorType": "Match.Error",
    })
}
