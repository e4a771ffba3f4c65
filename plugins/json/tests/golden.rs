//! Whole exports against `fixtures/exports/json/`; `UPDATE=1 cargo test` rewrites them.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use export_sdk::conformance::{MemoryOutput, sample_messages};
use export_sdk::{Message, Registry, Room, RoomKind, Scope, Settings, Summary, Timestamp};
use serde_json::Value;

/// Each is a directory of golden files.
const CASES: [&str; 3] = ["conversation", "direct", "empty"];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exports/json")
}

/// The sample messages that show features; the hostile strings have a test of their own.
fn conversation() -> Vec<Message<'static>> {
    let feature = |message: &Message<'_>| {
        let id = message.id;
        !id.starts_with("m-hostile-") && !id.starts_with("m-file-") && id != "m-long"
    };
    let mut messages = sample_messages();
    messages.retain(feature);
    let last = messages.last().unwrap();
    let mut upload = Message::new("m-upload", last.room, last.author, last.sent_at, "Look");
    let cat = r#"[{"_id":"f1","name":"a \"cat\".png","type":"image/png","size":12345}]"#;
    upload.files_json = Some(serde_json::from_str(cat).unwrap());
    messages.push(upload);
    messages
}

fn room(case: &str) -> Room<'static> {
    let mut room = Room::new("GENERAL", "general");
    room.created = Timestamp::from_millis(1_700_000_000_000);
    room.members = 3;
    match case {
        "direct" => {
            room.kind = RoomKind::Direct;
            room.id = "alalbobbob";
            room.name = None;
            room.title = "Al, Bob".into();
        }
        "conversation" => {
            room.topic = "All of us";
            room.description = "Where \"everybody\" is";
            room.announcement = "Be kind";
        }
        _ => {}
    }
    room
}

fn exported(case: &str) -> Vec<(String, Vec<u8>)> {
    let mut registry = Registry::default();
    export_json::register(&mut registry, &Settings::new("json", toml::Table::new(), "data")).unwrap();
    let mut scope = Scope::new(room(case), Timestamp::from_millis(1_710_500_000_000), "admin");
    scope.generator = "roomscribe test";
    scope.from = (case == "direct").then(|| Timestamp::from_millis(1_709_251_200_000));
    let messages = if case == "empty" { Vec::new() } else { conversation() };

    let mut output = MemoryOutput::default();
    let mut writer = registry.format("json").unwrap().start(&Value::Null, &scope, &mut output).unwrap();
    let mut summary = Summary::default();
    for message in &messages {
        writer.write(message).unwrap();
        summary.messages += 1;
        summary.files += u64::from(message.files_json.is_some());
    }
    summary.first = messages.first().map(|message| message.sent_at);
    summary.last = messages.last().map(|message| message.sent_at);
    writer.finish(&summary).unwrap();
    let files = output.files().lock().unwrap().clone();
    files.into_iter().collect()
}

#[test]
fn exports_are_as_they_were() {
    let mut expected = BTreeSet::new();
    for case in CASES {
        for (name, bytes) in exported(case) {
            let path = directory().join(case).join(&name);
            if std::env::var_os("UPDATE").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &bytes).unwrap();
            }
            let golden = fs::read_to_string(&path).expect("UPDATE=1 writes a new golden file");
            assert_eq!(String::from_utf8(bytes).unwrap(), golden, "{case}/{name}");
            expected.insert(format!("{case}/{name}"));
        }
    }
    assert_eq!(golden_files(), expected, "every golden file belongs to a case");
}

fn golden_files() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for case in fs::read_dir(directory()).unwrap().map(Result::unwrap) {
        for file in fs::read_dir(case.path()).unwrap().map(Result::unwrap) {
            let (case, file) = (case.file_name(), file.file_name());
            found.insert(format!("{}/{}", case.to_str().unwrap(), file.to_str().unwrap()));
        }
    }
    found
}
