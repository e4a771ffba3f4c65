//! The contract of every format, and the promise of this one: each line stands for itself and nothing
//! is changed or lost.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use export_sdk::conformance::{self, MemoryOutput, render, sample_messages, sample_room};
use export_sdk::{Author, Message, Registry, Scope, Settings, Summary};
use jiff::tz::{Offset, TimeZone};
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn registry() -> Registry {
    let mut registry = Registry::default();
    let settings = Settings::new("ndjson", toml::Table::new(), "data");
    export_ndjson::register(&mut registry, &settings).unwrap();
    registry
}

fn lines(messages: &[Message<'_>]) -> Vec<Value> {
    let registry = registry();
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
fn every_message_has_a_line_and_comes_back_whole_and_its_files_follow_it() {
    let messages = sample_messages();
    let lines = lines(&messages);
    let [header, bob, al, between @ .., end] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&header["type"], &end["type"]), (&"header".into(), &"end".into()));
    assert_eq!(end["counts"]["messages"], messages.len());
    let name = "Bob <b>Small</b>";
    let user = json!({"_id": "bobbobbobbobbobbo", "username": "bob", "name": name});
    assert_eq!(*bob, json!({"type": "member", "user": user, "roles": ["owner"]}));
    let user = json!({"_id": "alalalalalalalala", "username": "al"});
    assert_eq!(*al, json!({"type": "member", "user": user, "roles": []}));
    let mut expected = Vec::new();
    for message in &messages {
        expected.push(serde_json::to_value(message).unwrap());
        for file in &message.files {
            let mut line = json!({"type": "file", "_id": file.id, "message": message.id, "name": file.name,
                "mediaType": file.media_type, "size": 12_345});
            match &file.path {
                Ok(path) => {
                    line["path"] = path.as_str().into();
                    line["sha256"] = "ab".repeat(32).into();
                    line["user"] = "bobbobbobbobbobbo".into();
                    line["uploadedAt"] = "2024-03-09T16:00:00.000Z".into();
                    if !file.name.is_empty() {
                        line["description"] = json!(file.name);
                    }
                }
                Err(reason) => line["missing"] = (*reason).into(),
            }
            expected.push(line);
        }
    }
    assert_eq!(between, expected);
}

#[test]
fn an_empty_room_has_a_header_its_members_and_an_end() {
    let lines = lines(&[]);
    assert_eq!(lines.len(), 4);
    let keys: Vec<&String> = lines[0].as_object().unwrap().keys().collect();
    let expected = ["type", "format", "version", "generator", "room", "range", "exportedBy", "exportedAt"];
    assert_eq!(keys, expected, "the keys stand in the order of reading");
    assert_eq!(lines[0]["room"]["fname"], "</title><script>alert('title')</script>");
    assert_eq!(lines[3]["counts"]["messages"], 0);
}

#[test]
fn a_part_says_which_part_it_is_and_a_room_all_it_is() {
    let mut room = sample_room();
    let odd: &RawValue = serde_json::from_str("{\n\"a\" :\r\n1.50}").unwrap();
    let al = Author { id: "a", username: "al", name: None };
    (room.custom_fields, room.extra) = (Some(odd), vec![("featured".into(), odd)]);
    (room.creator, room.updated, room.direct) = (Some(al), Some(room.created), vec![al]);
    (room.read_only, room.archived, room.default) = (true, true, true);
    (room.react_when_read_only, room.broadcast, room.encrypted) = (Some(false), Some(true), Some(false));
    (room.muted, room.unmuted, room.parent) = (vec!["al"], vec!["bob"], Some("GENERAL"));
    let mut scope = Scope::new(room.created, "al");
    (scope.query, scope.selection, scope.system_messages) = ("{}", Some("3 chosen messages"), false);
    (scope.transforms, scope.time_zone) = (&["redact"], TimeZone::fixed(Offset::constant(1)));
    let mut output = MemoryOutput::default();
    let registry = registry();
    let format = registry.format("ndjson").unwrap();
    let mut writer = format.start(&Value::Null, &scope, &mut output).unwrap();
    writer.begin_room(&room, &scope).unwrap();
    writer.end_room(&Summary::default()).unwrap();
    writer.finish(&Summary::default()).unwrap();
    let files = output.files();
    let text = String::from_utf8(files.lock().unwrap()["general.ndjson"].clone()).unwrap();
    let header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let u = json!({"_id": "a", "username": "al"});
    for (key, expected) in [
        ("_updatedAt", json!("1970-01-01T00:00:00.000Z")),
        ("u", u.clone()),
        ("ro", json!(true)),
        ("archived", json!(true)),
        ("default", json!(true)),
        ("reactWhenReadOnly", json!(false)),
        ("broadcast", json!(true)),
        ("encrypted", json!(false)),
        ("muted", json!(["al"])),
        ("unmuted", json!(["bob"])),
        ("users", json!([u])),
        ("prid", json!("GENERAL")),
        ("customFields", json!({"a": 1.5})),
        ("featured", json!({"a": 1.5})),
    ] {
        assert_eq!(header["room"][key], expected, "{key}");
    }
    assert!(text.contains("{ \"a\" :  1.50}"), "raw JSON stays as it is, on its line: {text}");
    assert_eq!((&header["query"], &header["selection"]), (&json!("{}"), &json!("3 chosen messages")));
    assert_eq!((&header["systemMessages"], &header["transforms"]), (&json!(false), &json!(["redact"])));
}
