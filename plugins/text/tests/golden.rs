//! The contract of every format, and a whole export against `fixtures/exports/text/`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

use export_sdk::conformance::{self, render, sample_messages};
use export_sdk::{Message, Registry, Settings};
use serde_json::Value;

fn text(messages: &[Message<'_>]) -> String {
    let mut registry = Registry::default();
    let settings = Settings::new("text", toml::Table::new(), "");
    export_text::register(&mut registry, &settings).unwrap();
    let files = render(registry.format("text").unwrap(), &Value::Null, messages).unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["general.txt"]);
    String::from_utf8(files.into_values().next().unwrap()).unwrap()
}

#[test]
fn it_keeps_the_contract() {
    conformance::format(export_text::register, "text");
}

/// `UPDATE=1 cargo test -p export-text` rewrites it; look at the difference before committing.
#[test]
fn the_text_looks_as_it_did() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exports/text");
    let mut messages = sample_messages();
    messages.retain(|message| message.id != "m-long");
    for (name, messages) in [("sample.txt", &messages[..]), ("empty.txt", &[])] {
        let text = text(messages);
        let path = directory.join(name);
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(&directory).unwrap();
            fs::write(&path, &text).unwrap();
        }
        let golden = fs::read_to_string(&path).expect("UPDATE=1 writes a new golden file");
        for (number, (old, new)) in golden.lines().zip(text.lines()).enumerate() {
            assert_eq!(new, old, "{name}, line {}; if this is meant, run with UPDATE=1", number + 1);
        }
        assert!(golden == text, "{name} has another length; if this is meant, run with UPDATE=1");
    }
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 2, "every golden file belongs to a case");
}
