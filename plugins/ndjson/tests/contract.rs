//! The contract of every format, and the promise of this one: each line stands for itself and nothing
//! is changed or lost.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use export_sdk::conformance::{self, render, sample_messages};
use export_sdk::{Message, Registry, Settings};
use serde_json::Value;

fn lines(messages: &[Message<'_>]) -> Vec<Value> {
    let mut registry = Registry::default();
    let settings = Settings::new("ndjson", toml::Table::new(), "data");
    export_ndjson::register(&mut registry, &settings).unwrap();
    let files = render(registry.format("ndjson").unwrap(), &Value::Null, messages).unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["general.ndjson"]);
    let text = String::from_utf8(files.into_values().next().unwrap()).unwrap();
    assert!(text.ends_with('\n') && !text.contains('\r'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn it_keeps_the_contract() {
    conformance::format(export_ndjson::register, "ndjson");
}

#[test]
fn every_message_has_a_line_between_the_header_and_the_end_and_comes_back_whole() {
    let messages = sample_messages();
    let lines = lines(&messages);
    let [header, between @ .., end] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&header["type"], &end["type"]), (&"header".into(), &"end".into()));
    assert_eq!(end["counts"]["messages"], messages.len());
    let given: Vec<Value> = messages.iter().map(|message| serde_json::to_value(message).unwrap()).collect();
    assert_eq!(between, given);
}

#[test]
fn an_empty_room_has_a_header_and_an_end() {
    let lines = lines(&[]);
    assert_eq!(lines.len(), 2);
    let keys: Vec<&String> = lines[0].as_object().unwrap().keys().collect();
    let expected =
        ["type", "format", "version", "generator", "room", "range", "exportedBy", "exportedAt", "files"];
    assert_eq!(keys, expected, "the keys stand in the order of reading");
    assert_eq!(lines[0]["room"]["fname"], "</title><script>alert('title')</script>");
    assert_eq!(lines[1]["counts"]["messages"], 0);
}
