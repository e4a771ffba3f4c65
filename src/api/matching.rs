//! Parameters checked by hand, in the words of Rocket.Chat's type checks: `Match error: …`.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::service::cards::mismatch;

/// Parameters as they came.
pub type Params = Map<String, Value>;

/// A text that must be there.
pub fn text(params: &Params, key: &str) -> Result<String> {
    match params.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Err(mismatch("string", other, key)),
        None => Err(Error::plain(format!("Match error: Missing key '{key}'"))),
    }
}

/// A text that may be there; `null` means that it is not.
pub fn optional_text(params: &Params, key: &str) -> Result<Option<String>> {
    match params.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(mismatch("string", other, key)),
    }
}

/// A switch that may be there.
pub fn optional_flag(params: &Params, key: &str) -> Result<Option<bool>> {
    match params.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(other) => Err(mismatch("boolean", other, key)),
    }
}

/// A list of texts that may be there.
pub fn optional_texts(params: &Params, key: &str) -> Result<Option<Vec<String>>> {
    let items = match params.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(items)) => items,
        Some(other) => return Err(mismatch("array", other, key)),
    };
    let text =
        |item: &Value| item.as_str().map(ToOwned::to_owned).ok_or_else(|| mismatch("string", item, key));
    items.iter().map(text).collect::<Result<_>>().map(Some)
}

/// A text that is there and not empty; `None` for anything else.
pub fn filled<'a>(params: &'a Params, key: &str) -> Option<&'a str> {
    params.get(key)?.as_str().filter(|text| !text.is_empty())
}
