//! The published schema against the golden exports: it takes every document, and would not take others.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(include_str!("../schema.json")).unwrap();
    let lines: Value = serde_json::from_str(include_str!("../../ndjson/schema.json")).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    let registry = Registry::new().add("urn:roomscribe:ndjson:1", lines).unwrap().prepare().unwrap();
    jsonschema::draft202012::options().with_registry(&registry).build(&schema).unwrap()
}

/// The documents of all golden exports.
fn golden() -> Vec<Value> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exports/json");
    let mut documents = Vec::new();
    for case in fs::read_dir(directory).unwrap() {
        for file in fs::read_dir(case.unwrap().path()).unwrap() {
            documents.push(serde_json::from_str(&fs::read_to_string(file.unwrap().path()).unwrap()).unwrap());
        }
    }
    documents
}

#[test]
fn it_takes_every_golden_export() {
    let validator = validator();
    let documents = golden();
    assert!(documents.iter().any(|document| !document["messages"].as_array().unwrap().is_empty()));
    for document in &documents {
        let complaints: Vec<String> =
            validator.iter_errors(document).map(|error| error.to_string()).collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
}

#[test]
fn it_misses_every_key_that_it_calls_required() {
    let schema: Value = serde_json::from_str(include_str!("../schema.json")).unwrap();
    let (validator, documents) = (validator(), golden());
    for key in schema["required"].as_array().unwrap() {
        let mut document = documents[0].clone();
        document.as_object_mut().unwrap().remove(key.as_str().unwrap());
        assert!(!validator.is_valid(&document), "{key}");
    }
    let mut document = documents.into_iter().find(|document| document["messages"][0].is_object()).unwrap();
    document["messages"][0]["ts"] = json!("yesterday");
    assert!(!validator.is_valid(&document));
}
