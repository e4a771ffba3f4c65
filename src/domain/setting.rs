//! Settings: what an administrator changed, and what there is to change.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Json, Time};

/// The value of a setting that differs from its default. The defaults are in [`super::defaults`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The JSON value as it was sent.
    pub value: Json,
    /// When it was set.
    pub updated: Time,
}

/// A setting that exists: its id, its kind, its default, and whether everybody may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// The id, as Rocket.Chat spells it.
    pub id: &'static str,
    /// The default as JSON text.
    pub default: &'static str,
    /// Visible without logging in.
    pub public: bool,
    /// What values it takes.
    pub kind: Kind,
}

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// On or off.
    Boolean,
    /// A whole number.
    Int,
    /// A line.
    Text,
    /// Several lines: a template, a list, a style sheet, JSON.
    Code,
    /// A secret line.
    Password,
    /// One of some words.
    Select,
    /// Several of some words.
    MultiSelect,
    /// A colour, as a number or by the name of another.
    Color,
    /// A picture of the server: an object that says where it is.
    Asset,
    /// No value: something to set off.
    Action,
}

/// Why a value does not suit a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// It is of another type than this.
    Type(&'static str),
    /// It is a number, but no whole one.
    Fraction,
}

impl Kind {
    /// Rocket.Chat's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Text => "string",
            Self::Code => "code",
            Self::Password => "password",
            Self::Select => "select",
            Self::MultiSelect => "multiSelect",
            Self::Color => "color",
            Self::Asset => "asset",
            Self::Action => "action",
        }
    }

    /// Whether a value suits.
    pub fn check(self, value: &Value) -> Result<(), Misfit> {
        let (suits, wanted) = match self {
            Self::Boolean => (value.is_boolean(), "boolean"),
            Self::Int if value.is_f64() => return Err(Misfit::Fraction),
            Self::Int => (value.is_number(), "number"),
            Self::MultiSelect => (value.is_array(), "array"),
            Self::Asset => (value.is_object(), "object"),
            Self::Text | Self::Code | Self::Password | Self::Select | Self::Color | Self::Action => {
                (value.is_string(), "string")
            }
        };
        if suits { Ok(()) } else { Err(Misfit::Type(wanted)) }
    }

    /// The value that a variable of the environment stands for; `None` if it stands for none.
    pub fn from_environment(self, text: &str) -> Option<Value> {
        match (self, text) {
            (_, "true") => Some(Value::Bool(true)),
            (_, "false") => Some(Value::Bool(false)),
            (Self::Boolean, _) => None,
            (Self::Int, text) => text.trim().parse::<i64>().ok().map(Value::from),
            (Self::MultiSelect, text) => serde_json::from_str(text).ok().filter(Value::is_array),
            (Self::Asset, text) => serde_json::from_str(text).ok().filter(Value::is_object),
            (Self::Text | Self::Code | Self::Password | Self::Select | Self::Color | Self::Action, text) => {
                Some(Value::String(text.to_owned()))
            }
        }
    }

    /// The kind that a default tells, if nothing else does.
    const fn of(default: &str) -> Self {
        match default.as_bytes()[0] {
            b't' | b'f' => Self::Boolean,
            b'0'..=b'9' | b'-' => Self::Int,
            b'[' => Self::MultiSelect,
            b'{' => Self::Asset,
            _ => Self::Text,
        }
    }
}

/// A setting that everybody may see.
pub const fn public(id: &'static str, default: &'static str) -> Definition {
    Definition { id, default, public: true, kind: Kind::of(default) }
}

/// A setting that only administrators may see.
pub const fn private(id: &'static str, default: &'static str) -> Definition {
    Definition { id, default, public: false, kind: Kind::of(default) }
}

impl Definition {
    /// The same of another kind than its default tells.
    #[must_use]
    pub const fn as_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// The same as one of some words.
    #[must_use]
    pub const fn select(self) -> Self {
        self.as_kind(Kind::Select)
    }

    /// The same as several lines.
    #[must_use]
    pub const fn code(self) -> Self {
        self.as_kind(Kind::Code)
    }

    /// The same as a secret.
    #[must_use]
    pub const fn password(self) -> Self {
        self.as_kind(Kind::Password)
    }

    /// The default.
    pub fn default_value(&self) -> Value {
        serde_json::from_str(self.default).expect("a test checks the defaults")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_suit_by_their_type() {
        assert_eq!(Kind::Int.check(&json!(5)), Ok(()));
        assert_eq!(Kind::Int.check(&json!(0.5)), Err(Misfit::Fraction));
        assert_eq!(Kind::Int.check(&json!("5")), Err(Misfit::Type("number")));
        assert_eq!(Kind::Boolean.check(&json!("true")), Err(Misfit::Type("boolean")));
        assert_eq!(Kind::MultiSelect.check(&json!([])), Ok(()));
        assert_eq!(Kind::Select.check(&json!(["a"])), Err(Misfit::Type("string")));
    }

    #[test]
    fn the_environment_is_read_as_the_kind_says() {
        assert_eq!(Kind::Text.from_environment("5"), Some(json!("5")));
        assert_eq!(Kind::Int.from_environment("5"), Some(json!(5)));
        assert_eq!(Kind::Int.from_environment("many"), None);
        assert_eq!(Kind::Boolean.from_environment("false"), Some(json!(false)));
        assert_eq!(Kind::Boolean.from_environment("yes"), None);
        assert_eq!(Kind::MultiSelect.from_environment(r#"["uj"]"#), Some(json!(["uj"])));
        assert_eq!(Kind::MultiSelect.from_environment("uj"), None);
    }

    #[test]
    fn the_default_tells_the_kind() {
        let kinds = [
            ("true", Kind::Boolean),
            ("-1", Kind::Int),
            ("[]", Kind::MultiSelect),
            ("{}", Kind::Asset),
            (r#""""#, Kind::Text),
        ];
        for (default, kind) in kinds {
            assert_eq!(public("X", default).kind, kind, "{default}");
        }
        assert_eq!(private("X", r#""""#).password().kind.word(), "password");
    }
}
