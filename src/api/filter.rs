//! The simple part of `query`: fields that equal a value, or are one of some, or match a pattern.

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::rows::at;
use crate::error::{Error, Result};

/// Conditions on a row, all of which must hold.
pub struct Filter(Vec<(String, Condition)>);

enum Condition {
    Is(Value),
    IsNot(Value),
    In(Vec<Value>),
    NotIn(Vec<Value>),
    Matches(Regex),
    Exists(bool),
}

impl Filter {
    /// Reads a `query` parameter. What is not understood is refused: a filter that is quietly left
    /// out would show what nobody asked for.
    pub fn parse(raw: Option<&str>) -> Result<Self> {
        let Some(raw) = raw.filter(|raw| !raw.is_empty()) else { return Ok(Self(Vec::new())) };
        let refusal =
            || Error::refused("error-invalid-query", format!("Invalid query parameter provided: \"{raw}\""));
        let query: Map<String, Value> = serde_json::from_str(raw).map_err(|_| refusal())?;
        let mut conditions = Vec::new();
        for (field, wanted) in query {
            for condition in conditions_of(wanted).ok_or_else(refusal)? {
                conditions.push((field.clone(), condition));
            }
        }
        Ok(Self(conditions))
    }

    /// Whether everything passes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Refuses fields that may not be asked about.
    pub fn check_fields(&self, may: impl Fn(&str) -> bool) -> Result<()> {
        match self.0.iter().find(|(field, _)| !may(field)) {
            Some((field, _)) => {
                Err(Error::refused("error-invalid-query", format!("Invalid attribute: {field}")))
            }
            None => Ok(()),
        }
    }

    /// Whether a row passes.
    pub fn matches(&self, row: &Value) -> bool {
        self.0.iter().all(|(field, condition)| condition.holds(at(row, field)))
    }
}

/// The conditions of one field: a plain value, or an object of operators. `None`: not understood.
fn conditions_of(wanted: Value) -> Option<Vec<Condition>> {
    let operators = match wanted {
        Value::Object(operators) if operators.keys().any(|key| key.starts_with('$')) => operators,
        plain => return Some(vec![Condition::Is(plain)]),
    };
    let options = operators.get("$options").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut conditions = Vec::new();
    for (operator, operand) in operators {
        conditions.push(match (operator.as_str(), operand) {
            ("$options", _) => continue,
            ("$eq", value) => Condition::Is(value),
            ("$ne", value) => Condition::IsNot(value),
            ("$in", Value::Array(values)) => Condition::In(values),
            ("$nin", Value::Array(values)) => Condition::NotIn(values),
            ("$exists", Value::Bool(exists)) => Condition::Exists(exists),
            ("$regex", Value::String(pattern)) => {
                let ignore_case = options.contains('i');
                let pattern =
                    RegexBuilder::new(&pattern).case_insensitive(ignore_case).size_limit(1 << 20).build();
                Condition::Matches(pattern.ok()?)
            }
            _ => return None,
        });
    }
    Some(conditions)
}

impl Condition {
    fn holds(&self, value: &Value) -> bool {
        // A list has a property if one of its members has it.
        let any = |test: &dyn Fn(&Value) -> bool| {
            test(value) || value.as_array().is_some_and(|members| members.iter().any(test))
        };
        match self {
            Self::Is(wanted) => any(&|value| value == wanted),
            Self::IsNot(wanted) => !any(&|value| value == wanted),
            Self::In(wanted) => any(&|value| wanted.contains(value)),
            Self::NotIn(wanted) => !any(&|value| wanted.contains(value)),
            Self::Matches(pattern) => any(&|value| value.as_str().is_some_and(|text| pattern.is_match(text))),
            Self::Exists(wanted) => value.is_null() != *wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn passes(query: &str, row: &Value) -> bool {
        Filter::parse(Some(query)).unwrap().matches(row)
    }

    #[test]
    fn rows_are_found_by_what_they_hold() {
        let row =
            json!({"name": "Bob", "roles": ["user", "bot"], "active": true, "customFields": {"team": "x"}});
        for query in [
            "{}",
            r#"{"name": "Bob", "active": true}"#,
            r#"{"roles": "bot"}"#,
            r#"{"roles": {"$in": ["admin", "user"]}}"#,
            r#"{"name": {"$regex": "^b", "$options": "i"}}"#,
            r#"{"customFields.team": "x"}"#,
            r#"{"gone": {"$exists": false}, "name": {"$ne": "Al"}}"#,
        ] {
            assert!(passes(query, &row), "{query}");
        }
        for query in [
            r#"{"name": "bob"}"#,
            r#"{"name": {"$regex": "^b"}}"#,
            r#"{"roles": {"$nin": ["bot"]}}"#,
            r#"{"roles": {"$ne": "bot"}}"#,
            r#"{"active": false}"#,
        ] {
            assert!(!passes(query, &row), "{query}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for bad in ["[]", "{", r#"{"name": {"$where": "1"}}"#, r#"{"name": {"$regex": "("}}"#] {
            assert!(Filter::parse(Some(bad)).is_err(), "{bad}");
        }
        let filter = Filter::parse(Some(r#"{"services.password": 1}"#)).unwrap();
        let refusal = filter.check_fields(|field| field == "name").unwrap_err();
        assert_eq!(refusal.to_string(), "Invalid attribute: services.password [error-invalid-query]");
    }
}
