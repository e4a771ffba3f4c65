//! The contract of every format, and the promise of this one: nothing is changed or lost.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use export_sdk::conformance::{self, HOSTILE_TEXTS, render, sample_messages};
use export_sdk::{Message, Registry, Settings};
use serde_json::Value;

fn document(messages: &[Message<'_>]) -> String {
    let mut registry = Registry::default();
    export_json::register(&mut registry, &Settings::new("json", toml::Table::new(), "data")).unwrap();
    let files = render(registry.format("json").unwrap(), &Value::Null, messages).unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["general.json"]);
    String::from_utf8(files.into_values().next().unwrap()).unwrap()
}

#[test]
fn it_keeps_the_contract() {
    conformance::format(export_json::register, "json");
}

#[test]
fn an_empty_room_is_a_document_too() {
    let document: Value = serde_json::from_str(&document(&[])).unwrap();
    assert_eq!(document["messages"], serde_json::json!([]));
    assert_eq!(document["counts"]["messages"], 0);
}

#[test]
fn every_hostile_text_comes_back_byte_for_byte() {
    let messages = sample_messages();
    let document: Value = serde_json::from_str(&document(&messages)).unwrap();
    let read: BTreeMap<&str, &str> = document["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| (message["_id"].as_str().unwrap(), message["msg"].as_str().unwrap()))
        .collect();
    let written: BTreeMap<&str, &str> = messages.iter().map(|message| (message.id, message.text)).collect();
    assert_eq!(read, written);
    assert!(HOSTILE_TEXTS.iter().all(|text| read.values().any(|known| known == text)));
    assert_eq!(document["counts"]["messages"], messages.len());
    assert_eq!(document["room"]["fname"], "</title><script>alert('title')</script>");
}

#[test]
fn every_message_has_a_line_of_its_own_even_with_line_breaks_in_raw_json() {
    let messages = sample_messages();
    let document = document(&messages);
    let lines: Vec<&str> = document.lines().collect();
    assert_eq!(lines.len(), messages.len() + 2, "a head, the messages, an end");
    for (line, message) in lines[1..].iter().zip(&messages) {
        let mut read: Value = serde_json::from_str(line.trim_end_matches(',')).unwrap();
        let files = read.as_object_mut().unwrap().shift_remove("exportedFiles");
        assert_eq!(read, serde_json::to_value(message).unwrap());
        let files = files.map_or_else(Vec::new, |files| files.as_array().unwrap().clone());
        assert_eq!(files.len(), message.files.len());
        for (told, file) in files.iter().zip(&message.files) {
            assert_eq!(told["_id"], *file.id);
            match &file.path {
                Ok(path) => assert_eq!(told["path"], path.as_str()),
                Err(reason) => assert_eq!(told["missing"], *reason),
            }
        }
    }
}

#[test]
fn the_keys_stand_in_the_order_of_reading() {
    let document: serde_json::Map<String, Value> = serde_json::from_str(&document(&[])).unwrap();
    let keys: Vec<&str> = document.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        ["format", "generator", "room", "range", "exportedBy", "exportedAt", "messages", "counts"]
    );
}
