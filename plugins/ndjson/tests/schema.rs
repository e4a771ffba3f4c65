//! The published schema against the golden exports: it takes every line, and would not take others.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use export_sdk::conformance::sample_messages;
use jsonschema::Validator;
use serde_json::{Value, json};

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(include_str!("../schema.json")).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// The lines of all golden exports.
fn golden_lines() -> Vec<Value> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exports/ndjson");
    let mut lines = Vec::new();
    for case in fs::read_dir(directory).unwrap() {
        for file in fs::read_dir(case.unwrap().path()).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            lines.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        }
    }
    lines
}

fn assert_takes(validator: &Validator, line: &Value) {
    let complaints: Vec<String> = validator.iter_errors(line).map(|error| error.to_string()).collect();
    assert!(complaints.is_empty(), "{line}: {complaints:?}");
}

#[test]
fn it_takes_every_line_of_every_golden_export() {
    let (validator, lines) = (validator(), golden_lines());
    for kind in [json!("header"), json!("member"), json!("file"), json!("end"), Value::Null] {
        assert!(lines.iter().any(|line| line["type"] == kind), "{kind}");
    }
    for line in &lines {
        assert_takes(&validator, line);
    }
}

#[test]
fn it_takes_hostile_messages() {
    let validator = validator();
    for message in sample_messages() {
        assert_takes(&validator, &serde_json::to_value(message).unwrap());
    }
}

#[test]
fn it_misses_every_key_that_it_calls_required() {
    let schema: Value = serde_json::from_str(include_str!("../schema.json")).unwrap();
    let (validator, lines) = (validator(), golden_lines());
    let kinds = ["header", "member", "file", "end"].map(|kind| (kind, json!(kind)));
    for (record, kind) in kinds.into_iter().chain([("message", Value::Null)]) {
        let line = lines.iter().find(|line| line["type"] == kind).unwrap();
        for key in schema["$defs"][record]["required"].as_array().unwrap() {
            let mut without = line.clone();
            without.as_object_mut().unwrap().remove(key.as_str().unwrap());
            assert!(!validator.is_valid(&without), "a {record} without {key}");
        }
    }
}

#[test]
fn it_refuses_what_is_nearly_right() {
    let (validator, lines) = (validator(), golden_lines());
    let with = |kind: Value, path: &str, value: Value| {
        let mut line = lines.iter().find(|line| line["type"] == kind).unwrap().clone();
        *line.pointer_mut(path).unwrap() = value;
        line
    };
    let wrong = [
        with(json!("header"), "/version", json!(2)),
        with(json!("header"), "/format", json!("other")),
        with(json!("header"), "/room/t", json!("x")),
        with(json!("header"), "/range/until", Value::Null),
        with(json!("member"), "/user", json!("bob")),
        with(json!("member"), "/roles", json!("owner")),
        with(json!("file"), "/path", json!("assets/../../x")),
        with(json!("file"), "/path", json!("/assets/x")),
        with(json!("file"), "/sha256", json!("ab")),
        with(json!("file"), "/size", json!("7")),
        with(json!("end"), "/counts/messages", json!(-1)),
        with(json!("end"), "/type", json!("footer")),
        with(Value::Null, "/ts", json!("2024-03-15")),
        with(Value::Null, "/u", json!({"_id": "u"})),
        with(Value::Null, "/msg", json!(7)),
        with(Value::Null, "/_id", json!("")),
        json!([]),
        json!({}),
    ];
    for line in wrong {
        assert!(!validator.is_valid(&line), "{line}");
    }
}
