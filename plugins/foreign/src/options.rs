//! The options of a foreign format: a small part of JSON Schema.
//!
//! An object of booleans, integers and strings, each with what it may be. What this part of JSON Schema
//! does not have is refused where the format is read, so that no rule is silently ignored.

use export_sdk::{Error, OptionSpec, Result as SdkResult};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::description::line;

const MOST_OPTIONS: usize = 32;
const MOST_WORDS: usize = 32;
const LONGEST_NAME: usize = 32;
const LONGEST_HELP: usize = 200;
/// Characters of a string whose option does not say.
const USUAL_LENGTH: u64 = 1000;
/// Characters that an option may ask for.
const MOST_LENGTH: u64 = 10_000;

/// The options that a foreign format declares.
#[derive(Debug, Clone, Default)]
pub struct Options(Vec<Declared>);

#[derive(Debug, Clone)]
struct Declared {
    name: String,
    help: String,
    kind: Kind,
    default: Option<Value>,
    /// The kind and the default in the words of [`OptionSpec`].
    kind_words: String,
    default_words: String,
}

#[derive(Debug, Clone)]
enum Kind {
    Boolean,
    Integer { least: i64, most: i64 },
    Text { longest: u64 },
    Word(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Schema {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    additional_properties: bool,
    #[serde(default)]
    properties: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Property {
    #[serde(rename = "type")]
    kind: String,
    description: String,
    #[serde(default)]
    default: Option<Value>,
    #[serde(default)]
    minimum: Option<i64>,
    #[serde(default)]
    maximum: Option<i64>,
    #[serde(default)]
    max_length: Option<u64>,
    #[serde(default, rename = "enum")]
    words: Option<Vec<String>>,
}

impl Options {
    /// Reads a schema: null, or an object with `type: "object"` and `properties`. The error names the
    /// property.
    pub fn parse(schema: &Value) -> Result<Self, String> {
        if schema.is_null() {
            return Ok(Self::default());
        }
        let schema = Schema::deserialize(schema).map_err(|error| format!("`options`: {error}"))?;
        if schema.kind != "object" || schema.additional_properties {
            return Err("`options` must be of type object, without additionalProperties".to_owned());
        }
        if schema.properties.len() > MOST_OPTIONS {
            return Err(format!("`options`: at most {MOST_OPTIONS} are possible"));
        }
        let declared = schema.properties.into_iter().map(|(name, property)| {
            Declared::parse(&name, property).map_err(|error| format!("`options`, {name:?}: {error}"))
        });
        Ok(Self(declared.collect::<Result<_, _>>()?))
    }

    /// The options for people.
    pub fn specs(&self) -> Vec<OptionSpec<'_>> {
        self.0.iter().map(Declared::spec).collect()
    }

    /// What a request chose, checked, in the order of the declaration; the defaults of what it did not
    /// choose are filled in. `format` stands in the error.
    pub fn choose(&self, format: &str, given: &Map<String, Value>) -> SdkResult<Map<String, Value>> {
        if let Some(stranger) = given.keys().find(|name| self.0.iter().all(|known| known.name != **name)) {
            let known: Vec<String> = self.0.iter().map(|known| format!("`{}`", known.name)).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let text = format!("options of `{format}`: unknown option {stranger:?}; known: {known}");
            return Err(Error::bad_options(text));
        }
        let mut chosen = Map::new();
        for option in &self.0 {
            // A null is what a form leaves empty.
            let value = given.get(&option.name).filter(|value| !value.is_null());
            if let Some(value) = value {
                option.check(value).map_err(|expected| {
                    let name = &option.name;
                    Error::bad_options(format!("options of `{format}`: `{name}`: expected {expected}"))
                })?;
            }
            if let Some(value) = value.or(option.default.as_ref()) {
                chosen.insert(option.name.clone(), value.clone());
            }
        }
        Ok(chosen)
    }
}

impl Declared {
    fn parse(name: &str, property: Value) -> Result<Self, String> {
        let property = Property::deserialize(property).map_err(|error| error.to_string())?;
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(word) {
            return Err(format!("a name must be 1 to {LONGEST_NAME} of a-z, A-Z, 0-9 and '_'"));
        }
        line("description", &property.description, LONGEST_HELP)?;
        let kind = property.kind()?;
        let kind_words = kind.words();
        let default_words = property.default.as_ref().map_or_else(String::new, |default| match default {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let (help, default) = (property.description, property.default);
        let declared = Self { name: name.to_owned(), help, kind, default, kind_words, default_words };
        if let Some(default) = &declared.default {
            declared.check(default).map_err(|expected| format!("`default` must be {expected}"))?;
        }
        Ok(declared)
    }

    fn spec(&self) -> OptionSpec<'_> {
        OptionSpec {
            name: &self.name,
            kind: &self.kind_words,
            default: &self.default_words,
            help: &self.help,
        }
    }

    /// The error says what is expected.
    fn check(&self, value: &Value) -> Result<(), String> {
        let fits = match &self.kind {
            Kind::Boolean => value.is_boolean(),
            Kind::Integer { least, most } => {
                value.as_i64().is_some_and(|number| (*least..=*most).contains(&number))
            }
            Kind::Text { longest } => {
                value.as_str().is_some_and(|text| text.chars().count() as u64 <= *longest)
            }
            Kind::Word(words) => value.as_str().is_some_and(|word| words.iter().any(|known| known == word)),
        };
        if fits { Ok(()) } else { Err(self.kind.expected()) }
    }
}

impl Property {
    fn kind(&self) -> Result<Kind, String> {
        let bounded = self.minimum.is_some() || self.maximum.is_some();
        match (self.kind.as_str(), &self.words) {
            ("boolean", None) if !bounded && self.max_length.is_none() => Ok(Kind::Boolean),
            ("integer", None) if self.max_length.is_none() => {
                let (least, most) = (self.minimum.unwrap_or(i64::MIN), self.maximum.unwrap_or(i64::MAX));
                if least > most {
                    Err("`minimum` is above `maximum`".to_owned())
                } else {
                    Ok(Kind::Integer { least, most })
                }
            }
            ("string", None) if !bounded => match self.max_length.unwrap_or(USUAL_LENGTH) {
                longest @ 0..=MOST_LENGTH => Ok(Kind::Text { longest }),
                _ => Err(format!("`maxLength` may be up to {MOST_LENGTH}")),
            },
            ("string", Some(words)) if !bounded && self.max_length.is_none() => {
                if !(1..=MOST_WORDS).contains(&words.len()) {
                    return Err(format!("`enum` must have 1 to {MOST_WORDS} words"));
                }
                let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                if words.iter().any(|word| word.is_empty() || !word.chars().all(plain)) {
                    return Err("a word of `enum` must be of a-z, A-Z, 0-9, '-', '_' and '.'".to_owned());
                }
                Ok(Kind::Word(words.clone()))
            }
            ("boolean" | "integer" | "string", _) => Err(format!("a rule does not fit type {}", self.kind)),
            _ => Err("`type` must be boolean, integer or string".to_owned()),
        }
    }
}

impl Kind {
    /// As [`OptionSpec`] has it.
    fn words(&self) -> String {
        match self {
            Self::Boolean => "boolean".to_owned(),
            Self::Integer { least: i64::MIN, most: i64::MAX } => "integer".to_owned(),
            Self::Integer { least, most: i64::MAX } => format!("integer from {least}"),
            Self::Integer { least: i64::MIN, most } => format!("integer to {most}"),
            Self::Integer { least, most } => format!("integer from {least} to {most}"),
            Self::Text { .. } => "string".to_owned(),
            Self::Word(words) => words.join("|"),
        }
    }

    fn expected(&self) -> String {
        match self {
            Self::Boolean => "a boolean".to_owned(),
            Self::Integer { .. } => format!("an {}", self.words()),
            Self::Text { longest } => format!("a string of at most {longest} characters"),
            Self::Word(words) => format!("one of {}", words.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn options() -> Options {
        let schema = json!({"type": "object", "additionalProperties": false, "properties": {
            "header": {"type": "boolean", "default": true, "description": "First line names the columns"},
            "columns": {"type": "string", "enum": ["short", "full"], "default": "short", "description": "Which"},
            "wrap": {"type": "integer", "minimum": 0, "maximum": 9, "description": "Where"},
            "mark": {"type": "string", "maxLength": 2, "default": "ä", "description": "What stands before"},
        }});
        Options::parse(&schema).unwrap()
    }

    fn chosen(given: Value) -> Result<Value, String> {
        let Value::Object(given) = given else { panic!("an object") };
        options().choose("tsv", &given).map(Value::Object).map_err(|error| error.to_string())
    }

    #[test]
    fn people_see_what_each_may_be() {
        let options = options();
        let specs: Vec<_> = options.specs().iter().map(|spec| [spec.name, spec.kind, spec.default]).collect();
        let expected = [
            ["header", "boolean", "true"],
            ["columns", "short|full", "short"],
            ["wrap", "integer from 0 to 9", ""],
            ["mark", "string", "ä"],
        ];
        assert_eq!(specs, expected);
        assert_eq!(options.specs()[0].help, "First line names the columns");
    }

    #[test]
    fn defaults_are_filled_in_and_what_was_chosen_stays() {
        let usual = json!({"header": true, "columns": "short", "mark": "ä"});
        assert_eq!(chosen(json!({})), Ok(usual.clone()));
        assert_eq!(chosen(json!({"wrap": null, "mark": null})), Ok(usual));
        let other = json!({"header": false, "columns": "full", "wrap": 9, "mark": ""});
        assert_eq!(chosen(other.clone()), Ok(other));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        for (given, expected) in [
            (json!({"header": "yes"}), "options of `tsv`: `header`: expected a boolean"),
            (json!({"columns": "all"}), "options of `tsv`: `columns`: expected one of short, full"),
            (json!({"wrap": 10}), "options of `tsv`: `wrap`: expected an integer from 0 to 9"),
            (json!({"wrap": 1.5}), "options of `tsv`: `wrap`: expected an integer from 0 to 9"),
            (json!({"mark": "abc"}), "options of `tsv`: `mark`: expected a string of at most 2 characters"),
            (
                json!({"colums": 1}),
                "options of `tsv`: unknown option \"colums\"; known: `header`, `columns`, `wrap`, `mark`",
            ),
        ] {
            assert_eq!(chosen(given), Err(expected.to_owned()));
        }
        let none = Options::default().choose("tsv", &Map::from_iter([("a".to_owned(), json!(1))]));
        assert!(none.unwrap_err().to_string().ends_with("known: none"));
    }

    #[test]
    fn a_rule_that_would_be_ignored_is_refused() {
        let with = |property: Value| json!({"type": "object", "properties": {"x": property}});
        for schema in [
            json!({"properties": {}}),
            json!({"type": "array"}),
            json!({"type": "object", "required": ["x"]}),
            json!({"type": "object", "additionalProperties": true}),
            json!({"type": "object", "properties": {"a b": {"type": "boolean", "description": "x"}}}),
            with(json!({"type": "boolean"})),
            with(json!({"type": "number", "description": "x"})),
            with(json!({"type": "string", "pattern": "a", "description": "x"})),
            with(json!({"type": "boolean", "minimum": 1, "description": "x"})),
            with(json!({"type": "integer", "maxLength": 1, "description": "x"})),
            with(json!({"type": "integer", "enum": ["1"], "description": "x"})),
            with(json!({"type": "integer", "minimum": 2, "maximum": 1, "description": "x"})),
            with(json!({"type": "integer", "maximum": 1, "default": 2, "description": "x"})),
            with(json!({"type": "string", "maxLength": 10_001, "description": "x"})),
            with(json!({"type": "string", "enum": [], "description": "x"})),
            with(json!({"type": "string", "enum": ["a|b"], "description": "x"})),
            with(json!({"type": "string", "enum": ["a"], "default": "b", "description": "x"})),
            with(json!({"type": "string", "default": 1, "description": "x"})),
        ] {
            assert!(Options::parse(&schema).is_err(), "{schema}");
        }
        assert!(Options::parse(&json!({"type": "object"})).unwrap().specs().is_empty());
    }
}
