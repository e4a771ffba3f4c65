//! Changes the texts inside JSON and nothing else.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::{Result, Texts};

/// The deepest that arrays and objects may be nested; what lies deeper becomes `null`.
const DEEPEST: usize = 100;

/// Offers every string of `json` to `change`, with the key of the object it stands in (empty at the
/// top), and puts in what `change` returns.
///
/// Everything else keeps its bytes, numbers too. If nothing changes, `json` itself comes back. A
/// string that cannot be read becomes `null`: it might hide anything.
pub fn map_strings<'a>(
    json: &'a RawValue,
    texts: &'a Texts,
    mut change: impl FnMut(&str, &str) -> Option<String>,
) -> Result<&'a RawValue> {
    map_keys_and_strings(json, texts, |_| None, &mut change)
}

/// The same, and offers every key of every object to `rename`. Two keys may become the same; a reader
/// of the object then finds one of them.
pub fn map_keys_and_strings<'a>(
    json: &'a RawValue,
    texts: &'a Texts,
    mut rename: impl FnMut(&str) -> Option<String>,
    mut change: impl FnMut(&str, &str) -> Option<String>,
) -> Result<&'a RawValue> {
    let mut changes = Changes { rename: &mut rename, change: &mut change };
    match changes.piece(json, "", DEEPEST)? {
        Piece::Same(json) => Ok(json),
        Piece::Changed(json) => texts.keep_json(&json),
    }
}

enum Piece<'a> {
    Same(&'a RawValue),
    Changed(Box<RawValue>),
}

impl Piece<'_> {
    fn is_changed(&self) -> bool {
        matches!(self, Self::Changed(_))
    }
}

impl Serialize for Piece<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Same(json) => json.serialize(serializer),
            Self::Changed(json) => json.serialize(serializer),
        }
    }
}

struct Changes<'c> {
    rename: &'c mut dyn FnMut(&str) -> Option<String>,
    change: &'c mut dyn FnMut(&str, &str) -> Option<String>,
}

impl Changes<'_> {
    fn piece<'a>(&mut self, json: &'a RawValue, key: &str, depth: usize) -> Result<Piece<'a>> {
        let changed = match json.get().as_bytes().first() {
            Some(b'"') => match serde_json::from_str::<Text<'a>>(json.get()) {
                Ok(Text(text)) => (self.change)(key, &text).map(|text| to_raw_value(&text)),
                Err(_) => Some(to_raw_value(&())),
            },
            Some(b'[' | b'{') if depth == 0 => Some(to_raw_value(&())),
            Some(b'[') => {
                let items: Vec<&'a RawValue> = serde_json::from_str(json.get())?;
                let items = items.into_iter().map(|item| self.piece(item, key, depth - 1));
                let items = items.collect::<Result<Vec<_>>>()?;
                items.iter().any(Piece::is_changed).then(|| to_raw_value(&items))
            }
            Some(b'{') => {
                let Pairs(pairs) = serde_json::from_str::<Pairs<'a, &'a RawValue>>(json.get())?;
                let mut renamed = false;
                let pairs = pairs.into_iter().map(|(key, value)| {
                    let value = self.piece(value, &key, depth - 1)?;
                    let new = (self.rename)(&key);
                    renamed |= new.is_some();
                    Ok((new.map_or(key, Cow::Owned), value))
                });
                let pairs = Pairs(pairs.collect::<Result<_>>()?);
                let changed = renamed || pairs.0.iter().any(|(_, value)| value.is_changed());
                changed.then(|| to_raw_value(&pairs))
            }
            _ => None,
        };
        Ok(changed.transpose()?.map_or(Piece::Same(json), Piece::Changed))
    }
}

#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// An object in its own order, with every key as often as it stands there.
struct Pairs<'a, V>(Vec<(Cow<'a, str>, V)>);

impl<'de> Deserialize<'de> for Pairs<'de, &'de RawValue> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Pairs<'de, &'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((Text(key), value)) = map.next_entry()? {
                    pairs.push((key, value));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl<V: Serialize> Serialize for Pairs<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key.as_ref(), value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(json: &str) -> String {
        let json: Box<RawValue> = serde_json::from_str(json).expect("JSON");
        let texts = Texts::new();
        let change = |key: &str, text: &str| (text == "bob").then(|| format!("{key}:\"x\""));
        map_strings(&json, &texts, change).expect("mapped").get().to_owned()
    }

    #[test]
    fn keys_change_where_that_is_wanted() {
        let json: Box<RawValue> = serde_json::from_str(r#"{"bob":{"b\u006fb":1},"a":[ 2 ]}"#).expect("JSON");
        let (texts, other) = (Texts::new(), Texts::new());
        let rename = |key: &str| (key == "bob").then(|| "x".to_owned());
        let renamed = map_keys_and_strings(&json, &texts, rename, |_, _| None).expect("mapped").get();
        assert_eq!(renamed, r#"{"x":{"x":1},"a":[ 2 ]}"#);
        assert_eq!(map_strings(&json, &other, |_, _| None).expect("mapped").get(), json.get());
    }

    #[test]
    fn texts_change_and_nothing_else_does() {
        assert_eq!(
            mapped(r#"{"b": ["bob", 1e999, 2.50 ], "a":{"bob":"b\u006fb"},"a":"b\u00f6b"}"#),
            r#"{"b":["b:\"x\"",1e999,2.50],"a":{"bob":"bob:\"x\""},"a":"b\u00f6b"}"#
        );
        assert_eq!(mapped(r#""bob""#), r#"":\"x\"""#);
    }

    #[test]
    fn what_needs_no_change_comes_back_byte_for_byte() {
        for json in [r#"{ "a" : [ "\u0062ill", 1.0 , null ] }"#, "null", "[]", r#""""#] {
            assert_eq!(mapped(json), json);
        }
    }

    #[test]
    fn what_cannot_be_looked_into_is_left_out() {
        assert_eq!(mapped(r#"["\ud800",1]"#), "[null,1]");
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        assert!(mapped(&deep).contains("[null]"));
    }
}
