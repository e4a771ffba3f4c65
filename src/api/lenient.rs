//! Parameters as types, with the coercions and the words of Rocket.Chat's schema validation.
//!
//! `"5"` is a number where one is wanted, `"True"` a boolean, `5` a text, a single value a list of
//! one, `null` an absent value. The errors are those of its validator: `must have required
//! property 'x'`, `must be string`, with the field's name in `details`.

use std::fmt;

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};

/// Reads parameters.
pub fn parse<P: DeserializeOwned>(params: Value) -> Result<P> {
    P::deserialize(Lenient(params)).map_err(|mistake| {
        let details = mistake.field.map_or(Value::Null, |field| json!({"field": field}));
        Error::Refused { code: "invalid-params".to_owned(), reason: mistake.text, details }
    })
}

#[derive(Debug)]
struct Mistake {
    field: Option<String>,
    text: String,
}

impl Mistake {
    fn within(mut self, field: &str) -> Self {
        self.field = Some(self.field.map_or_else(|| field.to_owned(), |inner| format!("{field}.{inner}")));
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Mistake {}

impl de::Error for Mistake {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { field: None, text: message.to_string() }
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self { field: None, text: format!("must be {}", schema_word(&expected.to_string())) }
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self { field: None, text: format!("must be {}", schema_word(&expected.to_string())) }
    }

    fn missing_field(field: &'static str) -> Self {
        Self { field: Some(field.to_owned()), text: format!("must have required property '{field}'") }
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self { field: Some(field.to_owned()), text: "must NOT have additional properties".to_owned() }
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self { field: None, text: "must be equal to one of the allowed values".to_owned() }
    }
}

/// serde says `a string`, `u64`, `a sequence`, `struct Params`; a schema says `string`, `number` …
fn schema_word(expected: &str) -> &'static str {
    let is = |words: &[&str]| words.iter().any(|word| expected.contains(word));
    if is(&["string", "str"]) && !is(&["struct"]) {
        "string"
    } else if is(&["bool"]) {
        "boolean"
    } else if is(&["sequence", "array", "tuple"]) {
        "array"
    } else if is(&["map", "struct"]) {
        "object"
    } else {
        "number"
    }
}

/// A switch, however it is spelt.
pub fn as_flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") || text == "1" => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") || text == "0" => Some(false),
        Value::Number(number) if number.as_u64() == Some(1) => Some(true),
        Value::Number(number) if number.as_u64() == Some(0) => Some(false),
        _ => None,
    }
}

/// A number, as it is or as text.
pub fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => serde_json::from_str::<serde_json::Number>(text.trim()).ok()?.as_f64(),
        _ => None,
    }
}

/// A value that yields what is wanted if there is any sense in it.
struct Lenient(Value);

fn unexpected<'de, V: Visitor<'de>>(visitor: &V) -> Mistake {
    de::Error::invalid_type(Unexpected::Other("value"), visitor)
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            match &self.0 {
                Value::Number(_) => from_json(self.0, visitor),
                Value::String(text) => match serde_json::from_str::<serde_json::Number>(text.trim()) {
                    Ok(number) => from_json(Value::Number(number), visitor),
                    Err(_) => Err(unexpected(&visitor)),
                },
                _ => Err(unexpected(&visitor)),
            }
        }
    )*};
}

/// Hands a plain value to the visitor, in this module's words.
fn from_json<'de, V: Visitor<'de>>(value: Value, visitor: V) -> Result<V::Value, Mistake> {
    match value {
        Value::Null => visitor.visit_unit(),
        Value::Bool(flag) => visitor.visit_bool(flag),
        Value::String(text) => visitor.visit_string(text),
        Value::Array(items) => visitor.visit_seq(Items(items.into_iter(), 0)),
        Value::Object(map) => visitor.visit_map(Entries { entries: map.into_iter(), value: None }),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), ..) => visitor.visit_u64(number),
            (_, Some(number), _) => visitor.visit_i64(number),
            (.., Some(number)) => visitor.visit_f64(number),
            _ => Err(de::Error::custom("must be number")),
        },
    }
}

impl<'de> Deserializer<'de> for Lenient {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        from_json(self.0, visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match as_flag(&self.0) {
            Some(flag) => visitor.visit_bool(flag),
            None => Err(unexpected(&visitor)),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f32 deserialize_f64
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::String(text) => visitor.visit_string(text),
            Value::Number(number) => visitor.visit_string(number.to_string()),
            Value::Bool(flag) => visitor.visit_string(flag.to_string()),
            _ => Err(unexpected(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter(), 0)),
            Value::String(_) => visitor.visit_seq(Items(vec![self.0].into_iter(), 0)),
            _ => Err(unexpected(&visitor)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::Object(map) => visitor.visit_map(Entries { entries: map.into_iter(), value: None }),
            _ => Err(unexpected(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::String(word) => visitor.visit_enum(Word(word)),
            _ => Err(de::Error::custom("must be string")),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct ignored_any
    }
}

struct Items(std::vec::IntoIter<Value>, usize);

impl<'de> SeqAccess<'de> for Items {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mistake> {
        let Some(item) = self.0.next() else { return Ok(None) };
        self.1 += 1;
        seed.deserialize(Lenient(item)).map(Some).map_err(|mistake| mistake.within(&(self.1 - 1).to_string()))
    }
}

struct Entries {
    entries: <Map<String, Value> as IntoIterator>::IntoIter,
    value: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mistake> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some((key.clone(), value));
        seed.deserialize(Lenient(Value::String(key))).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Mistake> {
        let (key, value) = self.value.take().unwrap_or_default();
        seed.deserialize(Lenient(value)).map_err(|mistake| mistake.within(&key))
    }
}

struct Word(String);

impl<'de> EnumAccess<'de> for Word {
    type Error = Mistake;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Mistake> {
        let value = seed.deserialize(self.0.clone().into_deserializer())?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Word {
    type Error = Mistake;

    fn unit_variant(self) -> Result<(), Mistake> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Mistake> {
        Err(de::Error::custom("must be equal to one of the allowed values"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Mistake> {
        Err(de::Error::custom("must be equal to one of the allowed values"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Mistake> {
        Err(de::Error::custom("must be equal to one of the allowed values"))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        room_id: String,
        #[serde(default)]
        count: Option<u32>,
        #[serde(default)]
        flag: bool,
        #[serde(default)]
        users: Vec<String>,
        #[serde(default)]
        any: Value,
    }

    fn said(params: Value) -> String {
        parse::<Params>(params).unwrap_err().to_string()
    }

    #[test]
    fn values_are_taken_as_they_are_meant() {
        let given =
            json!({"roomId": 5, "count": "7", "flag": "True", "users": "al", "any": {"x": [1]}, "more": 1});
        let read: Params = parse(given).unwrap();
        let expected = Params {
            room_id: "5".to_owned(),
            count: Some(7),
            flag: true,
            users: vec!["al".to_owned()],
            any: json!({"x": [1]}),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn mistakes_are_told_in_the_words_of_the_validator() {
        assert_eq!(said(json!({})), "must have required property 'roomId' [invalid-params]");
        assert_eq!(said(json!({"roomId": []})), "must be string [invalid-params]");
        assert_eq!(said(json!({"roomId": "x", "count": "many"})), "must be number [invalid-params]");
        assert_eq!(said(json!({"roomId": "x", "count": -1})), "must be number [invalid-params]");
        assert_eq!(said(json!({"roomId": "x", "flag": 7})), "must be boolean [invalid-params]");
        assert_eq!(said(json!({"roomId": "x", "users": {}})), "must be array [invalid-params]");
        let Error::Refused { details, .. } =
            parse::<Params>(json!({"roomId": "x", "users": [[]]})).unwrap_err()
        else {
            panic!("a refusal")
        };
        assert_eq!(details, json!({"field": "users.0"}));
    }
}
