//! The whole index, read back as the script reads it.

use std::collections::{BTreeMap, BTreeSet};

use export_sdk::conformance::{MemoryOutput, sample_messages};
use export_sdk::{Author, Timestamp};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

const TINY: Limits = Limits { memory: 2000, file: 500 };
const DAY: i64 = 86_400;

fn is_data(path: &str) -> bool {
    ![CLIENT, ENGINE].contains(&path)
}

/// All files of an index: data by name.
fn files(output: &MemoryOutput) -> BTreeMap<String, Value> {
    let files = output.files();
    let files = files.lock().unwrap();
    let data = files.iter().filter(|(path, _)| is_data(path)).map(|(path, bytes)| {
        let name = path.strip_prefix("search/").and_then(|name| name.strip_suffix(".js")).unwrap();
        let code = std::str::from_utf8(bytes).unwrap();
        let data = code.strip_prefix(&format!("roomscribe.add(\"{name}\",")).unwrap();
        (name.to_owned(), serde_json::from_str(data.strip_suffix(");\n").unwrap()).unwrap())
    });
    data.collect()
}

fn shards<'a>(files: &'a BTreeMap<String, Value>, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    files.iter().filter(move |(name, _)| name.starts_with(kind)).map(|(_, data)| data)
}

/// The ordinals of every term, and that the index says where each file begins.
fn postings(files: &BTreeMap<String, Value>) -> BTreeMap<String, BTreeSet<u64>> {
    let mut all = BTreeMap::new();
    let mut begins = Vec::new();
    let mut last = String::new();
    for shard in shards(files, "t-") {
        let items: Vec<&str> = shard.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect();
        begins.push(items[0]);
        for pair in items.chunks(2) {
            assert!(last.as_str() < pair[0], "{last:?} comes before {:?}", pair[0]);
            last = pair[0].to_owned();
            let mut next = 0;
            let ordinals = numbers::read(pair[1]).into_iter().map(|gap| {
                next += gap + 1;
                next - 1
            });
            all.insert(last.clone(), ordinals.collect());
        }
    }
    assert_eq!(files["index"]["terms"], Value::from(begins));
    all
}

fn build(limits: Limits, messages: &[Message<'_>]) -> MemoryOutput {
    let mut output = MemoryOutput::default();
    let page = ArtifactPath::new("r/general/2026-03.html").unwrap();
    let mut index = Index::limited(&mut output, limits).unwrap();
    index.begin_room(&mut output, "general", "General").unwrap();
    for message in messages {
        let day = message.sent_at.millis().div_euclid(1000 * DAY);
        let place = Place { page: &page, anchor: message.id, day, utc_offset: 0 };
        index.add(&mut output, message, place).unwrap();
    }
    index.finish(&mut output).unwrap();
    output
}

fn message<'a>(id: &'a str, second: i64, text: &'a str) -> Message<'a> {
    let al = Author { id: "u1", username: "al", name: Some("Al") };
    Message::new(id, "GENERAL", al, Timestamp::from_millis(second * 1000), text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_term_leads_to_its_messages_however_little_memory_there_is(
        texts in prop::collection::vec("[a-d]{1,2}( [a-d]{1,2}|会議|\\PC){0,6}", 0..60)
    ) {
        let messages: Vec<_> = texts.iter().map(|text| message("m", 0, text)).collect();
        let mut expected: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        for (ordinal, text) in (0..).zip(&texts) {
            words::terms(text, &mut |term| {
                expected.entry(term.to_owned()).or_default().insert(ordinal);
            });
            expected.entry("from:al".to_owned()).or_default().insert(ordinal);
        }
        let small = files(&build(TINY, &messages));
        prop_assert_eq!(postings(&small), expected);
        let scarce = files(&build(Limits { memory: 2000, ..LIMITS }, &messages));
        prop_assert!(scarce == files(&build(LIMITS, &messages)), "sorting aside changes nothing");
    }
}

#[test]
fn minutes_and_snippets_of_all_messages_are_found_by_their_ordinals() {
    let count = BLOCK + 700;
    let texts: Vec<String> = (0..count).map(|n| format!("number {n}")).collect();
    let second = |n: usize| i64::try_from(n * 7919 % 100_000).unwrap() - 50_000;
    let messages: Vec<_> =
        texts.iter().enumerate().map(|(n, text)| message("a b", second(n), text)).collect();
    let files = files(&build(LIMITS, &messages));
    assert_eq!(files["index"]["messages"], count);
    let mut minutes = Vec::new();
    for (shard, range) in shards(&files, "m-").zip(files["index"]["times"].as_array().unwrap().chunks(2)) {
        let mut last = 0;
        let block = numbers::read(shard.as_str().unwrap()).into_iter().map(|number| {
            last += numbers::signed(number);
            last
        });
        let block: Vec<i64> = block.collect();
        let ends = (block.iter().min().copied(), block.iter().max().copied());
        assert_eq!(ends, (range[0].as_i64(), range[1].as_i64()));
        minutes.extend(block);
    }
    assert!(minutes.iter().copied().eq((0..texts.len()).map(|n| second(n).div_euclid(60))));
    let mut snippets = Vec::new();
    for shard in shards(&files, "d-") {
        assert_eq!(shard[0], serde_json::json!(["al", "Al"]));
        assert_eq!(shard[1], serde_json::json!(["r/general/2026-03.html"]));
        for item in shard[2].as_array().unwrap().chunks(4) {
            assert_eq!(item[..3], [Value::from(0), Value::from(0), Value::from("a%20b")]);
            snippets.push(item[3].as_str().unwrap());
        }
    }
    assert_eq!(snippets, texts);
}

#[test]
fn days_lead_to_their_first_message_and_rooms_to_their_days() {
    let mut output = MemoryOutput::default();
    let mut index = Index::limited(&mut output, LIMITS).unwrap();
    let pages = [1, 2].map(|page| ArtifactPath::new(format!("r/x y/{page}.html")).unwrap());
    for room in ["one", "two", "three"] {
        index.begin_room(&mut output, room, "<b>").unwrap();
        let days = [(0, "a", 5), (0, "b", 5), (0, "c", 7), (1, "d", 7), (1, "e", 9)];
        for (page, anchor, day) in days.into_iter().filter(|_| room != "two") {
            let place = Place { page: &pages[page], anchor, day, utc_offset: 0 };
            index.add(&mut output, &message(anchor, day * DAY, "x"), place).unwrap();
        }
    }
    index.finish(&mut output).unwrap();
    let files = files(&output);
    let pages = ["r/x%20y/1.html", "r/x%20y/2.html"];
    let days =
        |room| serde_json::json!([[room, pages[0], [5, "a", 2, 7, "c", 2]], [room, pages[1], [9, "e", 1]]]);
    let expected: Vec<Value> =
        [days(0), days(2)].iter().flat_map(|room| room.as_array().unwrap().clone()).collect();
    assert_eq!(files["c-0001"], Value::from(expected));
    let rooms = serde_json::json!(["one", "<b>", 0, 0, "two", "<b>", 5, 1, "three", "<b>", 5, 1]);
    assert_eq!((&files["index"]["rooms"], &files["index"]["days"]), (&rooms, &Value::from(1)));
}

#[test]
fn hostile_messages_make_the_same_harmless_bytes_every_time() {
    let messages = sample_messages();
    let once = build(TINY, &messages);
    let all = once.files();
    let all = all.lock().unwrap();
    for (path, bytes) in all.iter().filter(|(path, _)| is_data(path)) {
        let code = std::str::from_utf8(bytes).unwrap();
        assert!(!code.contains(['<', '\u{2028}', '\u{2029}', '\0', '\u{1b}']), "{path}");
    }
    assert!(*all == *build(TINY, &messages).files().lock().unwrap(), "the same bytes");
    drop(all);
    let found = postings(&files(&once));
    assert!(found["from:</script><script>alert(1)</script>"].len() == 1 && found["script"].len() > 10);
}

#[test]
fn the_client_is_small_and_treats_texts_as_texts() {
    for code in [SEARCH, FINDER] {
        assert!(code.is_ascii() && code.len() < 16_000, "{}", code.len());
        assert!(code.contains("\"use strict\";"));
        for risk in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "fetch("]
        {
            assert!(!code.contains(risk), "{risk}");
        }
    }
}

#[test]
fn an_empty_archive_has_an_index() {
    let mut output = MemoryOutput::default();
    Index::start(&mut output).unwrap().finish(&mut output).unwrap();
    let files = files(&output);
    assert_eq!((files.len(), &files["index"]["messages"]), (1, &Value::from(0)));
}

#[test]
fn a_full_disk_is_reported_wherever_it_strikes() {
    let messages = sample_messages();
    let build = |bytes| -> Result<()> {
        let mut output = MemoryOutput::failing_after(bytes, false);
        let page = ArtifactPath::new("index.html")?;
        let mut index = Index::limited(&mut output, TINY)?;
        index.begin_room(&mut output, "general", "General")?;
        for message in &messages {
            let place = Place { page: &page, anchor: message.id, day: 0, utc_offset: 0 };
            index.add(&mut output, message, place)?;
        }
        index.finish(&mut output)
    };
    let size: usize = {
        let mut output = MemoryOutput::default();
        Index::limited(&mut output, TINY).unwrap();
        output.files().lock().unwrap().values().map(Vec::len).sum()
    };
    assert!((0..size + 10_000).step_by(97).all(|bytes| build(bytes).is_err()));
    assert!(build(10_000_000).is_ok());
}
