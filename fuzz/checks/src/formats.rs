//! What people wrote, in every format.
//!
//! An input holds a text, the text of a reply, a name, the name of a file, a reaction, and the cards and
//! mentions as JSON.

use std::collections::BTreeMap;

use export_sdk::conformance::render;
use export_sdk::{
    ArtifactPath, Author, File, FileLink, Message, Reaction, Replies, Timestamp, safe_file_name,
};
use scraper::Html;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::markup::assert_harmless;
use crate::sections::texts;
use crate::server::app;

const AT: i64 = 1_710_498_030_123;

/// Every format takes every message, and what it writes can be read by those for whom it is meant.
pub fn check(bytes: &[u8]) {
    let [text, reply, name, file, emoji, cards, mentions] = texts(bytes);
    let author = Author { id: "u1", username: &name, name: Some(&name) };
    let at = Timestamp::from_millis(AT);
    let mut first = Message::new("m1", "GENERAL", author, at, &text);
    first.reactions = vec![Reaction { emoji: &emoji, usernames: vec![&name], names: vec![&name] }];
    first.replies = Some(Replies { count: 1, last: Some(at), followers: vec!["u1"] });
    let named = ArtifactPath::new(safe_file_name(&file));
    assert!(named.is_ok(), "{file:?}: {named:?}");
    let path = ArtifactPath::new(format!("assets/{}", safe_file_name(&format!("f1-{file}"))));
    first.files = vec![File {
        id: "f1".into(),
        name: file.as_str().into(),
        media_type: "image/png".into(),
        size: 7,
        path: Ok(FileLink::new(&path.expect("a safe name is safe"), false)),
        stored: None,
    }];
    first.mentions = raw(&mentions);
    let mut second = Message::new("m2", "GENERAL", author, at, &reply);
    second.thread = Some("m1");
    second.attachments = raw(&cards);
    let mut topic = Message::new("m3", "GENERAL", author, at, &reply);
    topic.kind = Some("room_changed_topic");
    let messages = [first, second, topic];
    for format in app().registry().formats() {
        let files = render(format, &Value::Null, &messages);
        let files = files.unwrap_or_else(|error| panic!("{} refuses a message: {error}", format.id()));
        assert_readable(format.id(), &files);
    }
}

/// The store keeps only JSON.
fn raw(json: &str) -> Option<&RawValue> {
    serde_json::from_str(json).ok()
}

fn assert_readable(format: &str, files: &BTreeMap<String, Vec<u8>>) {
    for (path, content) in files {
        let text = std::str::from_utf8(content).unwrap_or_else(|error| panic!("{path} of {format}: {error}"));
        let is = |extension: &str| path.rsplit_once('.').is_some_and(|(_, found)| found == extension);
        if is("html") {
            assert_harmless(&Html::parse_document(text));
        } else if is("json") {
            assert_json(format, text);
        } else if is("ndjson") || is("jsonl") {
            text.lines().for_each(|line| assert_json(format, line));
        } else if is("csv") {
            let mut rows = csv::Reader::from_reader(content.as_slice());
            rows.records().for_each(|row| drop(row.expect("rows have as many fields as the header")));
        } else if is("txt") {
            let strange = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
            assert_eq!(strange, None, "{format} writes a control character");
        }
    }
}

fn assert_json(format: &str, text: &str) {
    let read = serde_json::from_str::<&RawValue>(text);
    assert!(read.is_ok(), "{format} writes what is no JSON: {read:?}");
}
