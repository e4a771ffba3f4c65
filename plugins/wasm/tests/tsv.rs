//! The example that stands beside the interface: held to what every format is held to.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use export_sdk::conformance::{self, render, sample_messages};
use export_sdk::{Registry, Result, Settings};
use serde_json::{Value, json};

use support::Folder;

fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let _ = settings;
    support::register_example(registry)
}

fn table(options: &Value) -> Vec<Vec<String>> {
    let folder = Folder::with(&[("tsv.wasm", support::TSV)]);
    let registry = folder.registry();
    let mut files = render(registry.format("tsv").unwrap(), options, &sample_messages()).unwrap();
    let text = String::from_utf8(files.remove("general.tsv").unwrap()).unwrap();
    text.split_terminator('\n').map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// The text with the four characters spelt out that end a cell or a line.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

#[test]
fn it_keeps_the_contract() {
    conformance::format(register, "tsv");
}

#[test]
fn every_message_is_a_line_that_tells_it() {
    let messages = sample_messages();
    let rows = table(&Value::Null);
    assert_eq!(rows[0], ["id", "time", "sender", "text"]);
    assert_eq!(rows.len(), messages.len() + 1);
    for (row, message) in rows[1..].iter().zip(&messages) {
        let (time, sender) = (message.sent_at.to_string(), cell(message.author.username));
        assert_eq!(row[..], [message.id.to_owned(), time, sender, cell(message.text)], "{}", message.id);
    }
    assert_eq!(table(&json!({"header": false}))[..], rows[1..]);
    let short = table(&json!({"columns": "short"}));
    assert!(short.iter().zip(&rows).all(|(short, row)| short[..] == row[1..]) && short.len() == rows.len());
}

#[test]
fn it_says_what_it_is() {
    let folder = Folder::with(&[("my-tsv.wasm", support::TSV)]);
    let registry = folder.registry();
    let format = registry.format("tsv").unwrap();
    let origin = format.origin().unwrap();
    assert_eq!((origin.file, origin.version), ("my-tsv.wasm", "1.0.0"));
    let options: Vec<_> =
        format.options().iter().map(|option| [option.name, option.kind, option.default]).collect();
    assert_eq!(options, [["header", "boolean", "true"], ["columns", "full|short", "full"]]);
    let error = format.check(&json!({"header": "yes"})).unwrap_err().to_string();
    assert_eq!(error, "options of `tsv`: `header`: expected a boolean");
}
