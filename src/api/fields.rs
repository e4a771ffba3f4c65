//! A short notation for the fields of objects, where no type tells them.
//!
//! `roomId*, text, count number, users strings`: names, a star for those that must be there, and a
//! kind: `string` (if nothing is said), `number`, `boolean`, `object`, `array`, `strings`,
//! `objects`, or `any`.

use serde_json::{Map, Value, json};

/// Fields in the notation of this module.
#[derive(Debug, Clone, Copy)]
pub struct Fields(pub &'static str);

impl Fields {
    /// Whether nothing is said.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Name, kind, and whether it must be there.
    pub fn each(self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        self.0.split(',').filter_map(|field| {
            let mut words = field.split_whitespace();
            let name = words.next()?;
            let kind = words.next().unwrap_or("string");
            Some((name.trim_end_matches('*'), kind, name.ends_with('*')))
        })
    }

    /// The fields as an object's schema.
    pub fn schema(self) -> Value {
        let properties: Map<String, Value> =
            self.each().map(|(name, kind, _)| (name.to_owned(), schema_of(kind))).collect();
        let required: Vec<&str> =
            self.each().filter(|(_, _, required)| *required).map(|(name, ..)| name).collect();
        let mut schema = json!({"type": "object", "properties": properties});
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }
}

fn schema_of(kind: &str) -> Value {
    match kind {
        "strings" => json!({"type": "array", "items": {"type": "string"}}),
        "objects" => json!({"type": "array", "items": {"type": "object"}}),
        "any" => json!({}),
        plain => json!({"type": plain}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::v1;

    #[test]
    fn a_notation_is_a_schema() {
        let schema = Fields("roomId*, users strings, more any").schema();
        let expected = json!({
            "type": "object",
            "properties": {
                "roomId": {"type": "string"},
                "users": {"type": "array", "items": {"type": "string"}},
                "more": {},
            },
            "required": ["roomId"],
        });
        assert_eq!(schema, expected);
        assert!(Fields("").is_empty());
    }

    #[test]
    fn the_table_names_kinds_that_there_are() {
        let kinds = ["string", "number", "boolean", "object", "array", "strings", "objects", "any"];
        for endpoint in v1::endpoints() {
            for (name, kind, _) in endpoint.takes.each().chain(endpoint.returns.each()) {
                assert!(kinds.contains(&kind), "{}: {name} {kind}", endpoint.path);
            }
        }
    }
}
