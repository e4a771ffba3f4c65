//! The promise of the format: a line that looks like a message is one, and nothing typed is lost.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use export_sdk::conformance::{HOSTILE_TEXTS, render};
use export_sdk::{Author, Edited, Message, Reaction, Registry, Settings, Timestamp};
use proptest::prelude::*;
use serde_json::Value;

const DAY: i64 = 1_710_460_800_000;

fn exported(messages: &[Message<'_>]) -> String {
    let mut registry = Registry::default();
    export_text::register(&mut registry, &Settings::new("text", toml::Table::new(), "")).unwrap();
    let files = render(registry.format("text").unwrap(), &Value::Null, messages).unwrap();
    String::from_utf8(files.into_values().next().unwrap()).unwrap()
}

/// Whether the line begins a message or a reply, as its reader would judge.
fn begins_message(line: &str) -> bool {
    let line = line.strip_prefix("  > ").unwrap_or(line);
    let time = line.as_bytes().get(..11).unwrap_or_default();
    time.starts_with(b"[") && time.ends_with(b"] ")
}

/// Texts that try to look like the lines around them.
fn hostile() -> impl Strategy<Value = String> {
    let forged = prop::sample::select(vec![
        "[10:20:30] al: yes",
        "  > [10:20:30] al: yes",
        "    ",
        "  * edited",
        "---- Friday, 15 March 2024 ----",
        "\r",
        "\r\n",
        "\n",
        "\u{2028}",
        "\u{85}",
        "\u{b}",
        "\u{1b}[1A\u{1b}[2K",
        "\u{8}\u{8}",
        "\u{202e}",
        "\0",
        "abc",
    ]);
    let known = prop::sample::select(HOSTILE_TEXTS);
    let part = prop_oneof![forged.prop_map(str::to_owned), known.prop_map(str::to_owned), any::<String>()];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

/// Without what is shown in another way or not at all: white space and control characters.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || c.is_ascii_punctuation()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_line_that_looks_like_a_message_is_one(texts in prop::collection::vec((hostile(), hostile()), 1..6)) {
        let messages: Vec<Message<'_>> = texts.iter().enumerate().map(|(number, (name, text))| {
            let at = Timestamp::from_millis(DAY + i64::try_from(number).unwrap() * 1000);
            let author = Author { id: "u1", username: name, name: Some(name) };
            let mut message = Message::new("m1", "r1", author, at, text);
            message.thread = (number % 3 == 1).then_some("m1");
            message.edited = Some(Edited { at, by_id: name, by_username: name });
            message.reactions = vec![Reaction { emoji: text, usernames: vec![name], names: vec![] }];
            message
        }).collect();
        let export = exported(&messages);
        let lines: Vec<&str> = export.lines().collect();
        let begun: Vec<&str> = lines.iter().copied().filter(|line| begins_message(line)).collect();
        prop_assert_eq!(begun.len(), messages.len(), "{}", export);
        for (number, line) in begun.iter().enumerate() {
            let time = format!("[00:00:0{number}]");
            let mark = if number % 3 == 1 { "  > " } else { "" };
            prop_assert!(line.strip_prefix(mark).unwrap().starts_with(&time), "{}", line);
        }
        let days = lines.iter().filter(|line| line.starts_with("----")).count();
        prop_assert_eq!(days, 2, "one day and the end: {}", export);
        let edits = lines.iter().filter(|line| {
            line.strip_prefix("  > ").unwrap_or(line).starts_with("  * edited 00:00:0")
        });
        prop_assert_eq!(edits.count(), messages.len());
        let acts = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        prop_assert!(!export.contains(acts), "a control character is left");
        let turns = export.contains(['\u{202e}', '\u{2028}', '\u{2066}']);
        prop_assert!(!turns, "a character that turns or breaks lines is left");
    }

    #[test]
    fn nothing_typed_is_lost(text in hostile()) {
        let author = Author { id: "u1", username: "bob", name: None };
        let export = exported(&[Message::new("m1", "r1", author, Timestamp::from_millis(DAY), &text)]);
        let (_, rest) = export.split_once("[00:00:00] bob:").unwrap();
        let (body, _) = rest.rsplit_once("---- End ----").unwrap();
        // Characters that would act are spelt out; here it only matters that the others are there.
        let visible: String = export_sdk::plain_lines(&text).collect();
        prop_assert_eq!(letters(body), letters(&visible));
    }
}

#[test]
fn plain_texts_come_back_line_by_line() {
    let author = Author { id: "u1", username: "bob", name: None };
    let text = "fn main() {\n    let ümlaut = 1;\n\n\tprintln!();\n}";
    let export = exported(&[Message::new("m1", "r1", author, Timestamp::from_millis(DAY), text)]);
    let (_, rest) = export.split_once("[00:00:00] bob: ").unwrap();
    let (body, _) = rest.split_once("\n\n---- End").unwrap();
    let lines: Vec<&str> = body.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    assert_eq!(lines.join("\n"), text);
}
