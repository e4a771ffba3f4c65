//! The contract of every format, and the promises of this one: no cell is run, no text is lost.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use export_sdk::conformance::{self, render, sample_messages};
use export_sdk::{Author, Edited, Message, Pinned, Reaction, Registry, Replies, Settings, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

fn document(options: &Value, messages: &[Message<'_>]) -> String {
    let mut registry = Registry::default();
    export_csv::register(&mut registry, &Settings::new("csv", toml::Table::new(), "data")).unwrap();
    let files = render(registry.format("csv").unwrap(), options, messages).unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["general.csv"]);
    String::from_utf8(files.into_values().next().unwrap()).unwrap()
}

/// The cells of all rows, header first. A row of another length than the header is an error.
fn cells(document: &str) -> Vec<Vec<String>> {
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(document.as_bytes());
    rows.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// What a program does to get the text of a cell back.
fn recovered(cell: &str) -> &str {
    if cell.starts_with('\'') && cell.trim_start_matches('\'').starts_with(FORMULA) {
        &cell[1..]
    } else {
        cell
    }
}

fn column(name: &str) -> usize {
    cells(&document(&Value::Null, &[]))[0].iter().position(|column| column == name).unwrap()
}

#[test]
fn it_keeps_the_contract() {
    conformance::format(export_csv::register, "csv");
}

#[test]
fn an_empty_room_has_a_header_row() {
    let header = "id,time,author_username,author_name,text,type,system_text,thread_id,reply_count,edited_at,\
                  pinned,reactions,files,file_paths,mentions\r\n";
    assert_eq!(document(&Value::Null, &[]), header);
    assert_eq!(document(&json!({"bom": true}), &[]), format!("\u{feff}{header}"));
}

#[test]
fn every_hostile_message_has_a_row_that_tells_its_text() {
    let messages = sample_messages();
    for options in [json!({}), json!({"formulas": "keep"})] {
        let rows = cells(&document(&options, &messages));
        assert_eq!(rows.len(), messages.len() + 1);
        let (text, username) = (column("text"), column("author_username"));
        for (row, message) in rows[1..].iter().zip(&messages) {
            let kept = options == json!({"formulas": "keep"});
            let told = |cell: usize| if kept { row[cell].as_str() } else { recovered(&row[cell]) };
            assert_eq!((told(text), told(username)), (message.text, message.author.username));
            assert!(kept || row.iter().all(|cell| !cell.starts_with(FORMULA)), "{row:?}");
        }
    }
}

#[test]
fn an_unknown_word_for_formulas_is_refused_with_the_known_ones() {
    let mut registry = Registry::default();
    export_csv::register(&mut registry, &Settings::new("csv", toml::Table::new(), "data")).unwrap();
    let format = registry.format("csv").unwrap();
    let error = format.check(&json!({"formulas": "run"})).expect_err("no such word").to_string();
    assert!(error.contains("neutralise") && error.contains("keep"), "{error}");
}

#[test]
fn each_column_tells_what_its_name_says() {
    let at = Timestamp::from_millis(1_710_498_030_123);
    let bob = Author { id: "b", username: "bob", name: Some("Bob, \"B\"") };
    let mut message = Message::new("m", "GENERAL", bob, at, "a,b\n\"c\"");
    message.kind = Some("room_changed_topic");
    message.thread = Some("parent");
    message.replies = Some(Replies { count: 2, last: None, followers: vec![] });
    message.edited = Some(Edited { at, by_id: "b", by_username: "bob" });
    message.pinned = Some(Pinned { at: None, by: None });
    let reaction = |emoji, usernames| Reaction { emoji, usernames, names: vec![] };
    message.reactions = vec![reaction(":bee:", vec!["al", "bob"]), reaction(":x:", vec!["al"])];
    let mentions: Box<serde_json::value::RawValue> =
        serde_json::from_str(r#"[{"_id":"a","username":"al"},{"_id":"all","username":"all"}]"#).unwrap();
    message.mentions = Some(&mentions);
    message.files =
        sample_messages().iter().flat_map(|message| message.files.clone()).skip(3).take(2).collect();
    let document = document(&Value::Null, &[message]);
    let row = document.split_once("\r\n").unwrap().1;
    let expected = concat!(
        "m,2024-03-15T10:20:30.123Z,bob,\"Bob, \"\"B\"\"\",\"a,b\n\"\"c\"\"\",room_changed_topic,",
        "\"changed room topic to a,b\n\"\"c\"\"\",parent,2,2024-03-15T10:20:30.123Z,true,",
        ":bee: al bob; :x: al,C:\\x; nul,assets/m-file-3-C__x; (the file is not on this server),al; all\r\n",
    );
    assert_eq!(row, expected);
}

/// Texts that begin like formulas far more often than chance would have it.
fn text() -> impl Strategy<Value = String> {
    let beginning =
        prop::sample::select(FORMULA.iter().copied().chain(['\'', '"', ',', 'a']).collect::<Vec<_>>());
    (prop::collection::vec(beginning, 0..4), any::<String>())
        .prop_map(|(beginning, rest)| beginning.into_iter().chain(rest.chars()).collect())
}

proptest! {
    #[test]
    fn no_cell_begins_like_a_formula_and_every_text_comes_back(
        texts in prop::collection::vec((text(), text(), text()), 1..5),
    ) {
        let at = Timestamp::from_millis(0);
        let messages: Vec<Message<'_>> = texts.iter().map(|(body, name, emoji)| {
            let author = Author { id: "u", username: name, name: Some(name) };
            let mut message = Message::new("m", "GENERAL", author, at, body);
            message.kind = Some(emoji);
            message.reactions = vec![Reaction { emoji, usernames: vec![name], names: vec![] }];
            message
        }).collect();
        let (text, name, kind) = (column("text"), column("author_name"), column("type"));
        let rows = cells(&document(&Value::Null, &messages));
        prop_assert_eq!(rows.len(), messages.len() + 1);
        for (row, (body, author, emoji)) in rows[1..].iter().zip(&texts) {
            prop_assert!(row.iter().all(|cell| !cell.starts_with(FORMULA)), "{:?}", row);
            prop_assert_eq!([&row[text], &row[name], &row[kind]].map(|cell| recovered(cell)), [body, author, emoji]);
        }
        let kept = cells(&document(&json!({"formulas": "keep"}), &messages));
        for (row, (body, author, emoji)) in kept[1..].iter().zip(&texts) {
            prop_assert_eq!([&row[text], &row[name], &row[kind]], [body, author, emoji]);
        }
    }
}
