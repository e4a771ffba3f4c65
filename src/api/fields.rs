//! A short notation for the fields of objects, where no type tells them.
//!
//! `roomId*, text, count number, users strings`: names, a star for those that must be there, and a
//! kind: `string` (if nothing is said), `number`, `boolean`, `object`, `array`, `strings`,
//! `objects`, `any`, or `page`: objects, and the numbers `count`, `offset`, `total` beside them.

use serde_json::{Map, Value, json};

/// Said of a success that holds nothing but that it is one.
pub const NOTHING: &str = "-";

/// Said of a success that is a bare list.
pub const BARE_LIST: &str = "[]";

/// Said of a success that is a bare `true`.
pub const BARE_TRUE: &str = "true";

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
        let none = [NOTHING, BARE_LIST, BARE_TRUE].contains(&self.0);
        self.0.split(',').filter(move |_| !none).flat_map(|field| {
            let mut words = field.split_whitespace();
            let name = words.next().unwrap_or_default();
            let (name, required) = (name.trim_end_matches('*'), name.ends_with('*'));
            match words.next().unwrap_or("string") {
                _ if name.is_empty() => Vec::new(),
                "page" => {
                    let numbers = ["count", "offset", "total"].map(|number| (number, "number", required));
                    [vec![(name, "objects", required)], numbers.to_vec()].concat()
                }
                kind => vec![(name, kind, required)],
            }
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
        assert_eq!(Fields(NOTHING).schema(), json!({"type": "object", "properties": {}}));
    }

    #[test]
    fn a_page_tells_what_part_it_is() {
        let plain = "rooms* objects, count* number, offset* number, total* number, more";
        assert_eq!(Fields("rooms* page, more").schema(), Fields(plain).schema());
    }

    #[test]
    fn the_table_names_kinds_that_there_are() {
        let kinds = ["string", "number", "boolean", "object", "array", "strings", "objects", "any"];
        for endpoint in v1::endpoints() {
            for (name, kind, _) in endpoint.terms.takes.each().chain(endpoint.terms.returns.each()) {
                assert!(kinds.contains(&kind), "{}: {name} {kind}", endpoint.terms.path);
            }
        }
    }
}
