//! Free-form JSON that the server keeps without understanding it.

use serde::{Deserialize, Serialize};

/// JSON kept as its text; the empty text means that there is none.
///
/// The store's codec cannot keep `serde_json::Value`, and text comes back byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Json(String);

impl Json {
    /// No JSON at all.
    pub const NONE: Self = Self(String::new());

    /// The JSON of a value. `null` and what cannot be JSON become none.
    pub fn of(value: &impl Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(text) if text != "null" => Self(text),
            _ => Self::NONE,
        }
    }

    /// Text that is known to be JSON, for it was parsed before.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, empty if there is none.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same object with this key set, or without it if the value is `null`.
    #[must_use]
    pub fn with(&self, key: &str, value: serde_json::Value) -> Self {
        let mut object = match self.value() {
            serde_json::Value::Object(object) => object,
            _ => serde_json::Map::new(),
        };
        if value.is_null() {
            object.shift_remove(key);
        } else {
            object.insert(key.to_owned(), value);
        }
        Self::of(&object)
    }

    /// The value, `null` if there is none.
    pub fn value(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}
