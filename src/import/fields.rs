//! The fields of a JSON object, each with the raw text of its value, so that numbers, escapes and the
//! order of what is not understood come back as they were.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::id::LONGEST_ID;
use crate::domain::{Json, RoomId, Time, UserId, UserRef};

/// What is nested deeper could be kept, but nobody could read it again.
const DEEPEST: usize = 127;

/// Fields by name, with the place of each. Of fields that stand twice the last counts.
pub(super) struct Fields<'a>(BTreeMap<String, (usize, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// The fields of an object. The error says why it is none.
    pub(super) fn of(text: &'a str) -> Result<Self, String> {
        if nesting(text) > DEEPEST {
            return Err(format!("it is nested deeper than {DEEPEST} levels"));
        }
        serde_json::from_str(text).map_err(|error| format!("it is not a JSON object: {error}"))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).map(|(_, raw)| *raw)
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<&'a RawValue> {
        self.0.remove(name).map(|(_, raw)| raw)
    }

    /// Takes a field out; `null` is an error unless `T` takes it.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, String> {
        let Some(value) = self.remove(name) else { return Ok(None) };
        serde_json::from_str(value.get()).map_err(|error| format!("`{name}`: {error}"))
    }

    /// Takes out a field that must be there.
    pub(super) fn need<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, String> {
        self.take(name)?.ok_or_else(|| format!("`{name}` is missing"))
    }

    pub(super) fn id(&mut self, name: &str) -> Result<String, String> {
        self.text_upto(name, LONGEST_ID)
    }

    /// Of a direct message it is made of two ids of users.
    pub(super) fn room_id(&mut self, name: &str) -> Result<RoomId, String> {
        self.text_upto(name, 2 * LONGEST_ID).map(RoomId::new)
    }

    fn text_upto(&mut self, name: &str, most: usize) -> Result<String, String> {
        let id = self.need::<String>(name)?;
        if id.is_empty() || id.len() > most {
            return Err(format!("`{name}` must have 1 to {most} bytes"));
        }
        Ok(id)
    }

    /// An ISO date, `{"$date": ms}`, or milliseconds.
    pub(super) fn time(&mut self, name: &str) -> Result<Option<Time>, String> {
        let Some(value) = self.take::<Value>(name)? else { return Ok(None) };
        let time = match &value {
            Value::String(text) => Time::parse(text),
            Value::Number(number) => number.as_i64().map(Time::from_millis),
            Value::Object(date) => date.get("$date").and_then(Value::as_i64).map(Time::from_millis),
            _ => None,
        };
        time.map(Some).ok_or_else(|| format!("`{name}` is not a date: {value}"))
    }

    pub(super) fn user(&mut self, name: &str) -> Result<Option<UserRef>, String> {
        let user = self.take::<User>(name)?.map(|user| user.check(name));
        user.transpose()
    }

    pub(super) fn users(&mut self, name: &str) -> Result<Vec<UserRef>, String> {
        let users = self.take::<Vec<User>>(name)?.unwrap_or_default();
        users.into_iter().map(|user| user.check(name)).collect()
    }

    /// The fields that nobody has taken, in their order.
    pub(super) fn rest(self) -> Json {
        if self.0.is_empty() {
            return Json::NONE;
        }
        let mut fields: Vec<_> = self.0.into_iter().collect();
        fields.sort_unstable_by_key(|(_, (place, _))| *place);
        Json::of(&Ordered(fields))
    }
}

#[derive(Deserialize)]
struct User {
    #[serde(rename = "_id")]
    id: String,
    username: String,
    #[serde(default)]
    name: Option<String>,
}

impl User {
    fn check(self, field: &str) -> Result<UserRef, String> {
        if self.id.is_empty() || self.id.len() > LONGEST_ID || self.username.is_empty() {
            return Err(format!("`{field}` needs an `_id` and a `username`"));
        }
        Ok(UserRef { id: UserId::new(self.id), username: self.username, name: self.name })
    }
}

struct Ordered<'a>(Vec<(String, (usize, &'a RawValue))>);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, (_, raw))| (name, raw)))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = BTreeMap<String, (usize, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = BTreeMap::new();
                let mut place = 0;
                while let Some((name, raw)) = map.next_entry::<String, &RawValue>()? {
                    fields.insert(name, (place, raw));
                    place += 1;
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Object).map(Self)
    }
}

/// How deep a JSON text is nested. What is no JSON gets some number.
fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => {
                            bytes.next();
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_keeps_its_order_and_its_text() {
        let mut fields = Fields::of(r#"{"z":1.50,"_id":"x","a":{"k" : "\u00f6"},"z":2e3}"#).unwrap();
        assert_eq!(fields.id("_id").unwrap(), "x");
        assert_eq!(fields.rest().as_str(), r#"{"a":{"k" : "\u00f6"},"z":2e3}"#);
    }

    #[test]
    fn only_as_deep_as_can_be_read_again() {
        let nested = |levels: usize| format!(r#"{{"]\"[":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels));
        let text = nested(DEEPEST - 1);
        assert!(serde_json::from_str::<Value>(&text).is_ok() && Fields::of(&text).is_ok());
        let text = nested(DEEPEST);
        assert!(serde_json::from_str::<Value>(&text).is_err());
        assert!(Fields::of(&text).err().unwrap().contains("deeper than 127"));
        assert!(Fields::of(&"[".repeat(1 << 20)).err().unwrap().contains("deeper"));
    }
}
