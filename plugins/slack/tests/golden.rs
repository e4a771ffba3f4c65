//! The export as it is today, and the contract that every format keeps.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use export_sdk::conformance::{self, render, sample_messages};
use export_sdk::{Author, Message, Registry, Replies, Settings, Timestamp};
use serde_json::Value;

fn export(messages: &[Message<'_>]) -> BTreeMap<String, Vec<u8>> {
    let mut registry = Registry::default();
    export_slack::register(&mut registry, &Settings::new("slack", toml::Table::new(), "")).unwrap();
    render(registry.format("slack").unwrap(), &Value::Null, messages).unwrap()
}

fn list(bytes: &[u8]) -> Vec<Value> {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn it_keeps_the_contract() {
    conformance::format(export_slack::register, "slack");
}

/// `UPDATE=1 cargo test -p export-slack` rewrites the golden files.
#[test]
fn the_export_is_as_it_was() {
    let mut messages = sample_messages();
    messages.retain(|message| message.id != "m-long");
    let directory: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exports/slack");
    let export = export(&messages);
    if std::env::var_os("UPDATE").is_some() {
        for (name, bytes) in &export {
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    for (name, bytes) in &export {
        let golden = fs::read_to_string(directory.join(name)).expect("UPDATE=1 writes a new golden file");
        assert_eq!(String::from_utf8_lossy(bytes), golden, "{name}");
    }
    let (mut found, mut folders) = (BTreeSet::new(), vec![directory.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(&directory).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(found, export.into_keys().collect(), "every golden file belongs to the export");
}

#[test]
fn messages_of_one_millisecond_have_timestamps_of_their_own() {
    let export = export(&sample_messages());
    let days = export.iter().filter(|(path, _)| path.starts_with("general/"));
    let lines: Vec<Value> = days.flat_map(|(_, bytes)| list(bytes)).collect();
    assert_eq!(lines.len(), sample_messages().len());
    let times: BTreeSet<&str> = lines.iter().map(|line| line["ts"].as_str().unwrap()).collect();
    assert_eq!(times.len(), lines.len());
    let ids: Vec<&str> = lines.iter().map(|line| line["client_msg_id"].as_str().unwrap()).collect();
    assert_eq!(ids, sample_messages().iter().map(|message| message.id).collect::<Vec<_>>());
}

#[test]
fn everybody_who_is_named_is_a_user() {
    let export = export(&sample_messages());
    let users: BTreeSet<String> =
        list(&export["users.json"]).iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect();
    let texts: Vec<String> = export.values().map(|bytes| String::from_utf8(bytes.clone()).unwrap()).collect();
    let named = |marker: &str| {
        let names = texts.iter().flat_map(|text| text.split(marker).skip(1));
        names.map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>()).collect()
    };
    let mut named_users: BTreeSet<String> = named("<@");
    named_users.extend(named("\"user\":\""));
    assert!(named_users.len() > 3 && named_users.is_subset(&users), "{named_users:?} in {users:?}");
}

#[test]
fn a_thread_over_days_is_one_and_every_message_stays_in_its_day() {
    let al = Author { id: "u1", username: "al", name: Some("Al") };
    let day = |n: i64| Timestamp::from_millis(1_710_000_000_000 + n * 86_400_000);
    let mut parent = Message::new("p", "GENERAL", al, day(0), "Who comes?");
    parent.replies = Some(Replies { count: 2, last: None, followers: vec![] });
    let between = Message::new("b", "GENERAL", al, day(1), "between");
    let mut replies = ["r1", "r2"].map(|id| Message::new(id, "GENERAL", al, day(2), id));
    for reply in &mut replies {
        reply.thread = Some("p");
    }
    let [first, second] = replies;
    let export = export(&[parent, between, first, second]);
    let paths = ["general/2024-03-09.json", "general/2024-03-10.json", "general/2024-03-11.json"];
    let [parents, others, replies] = paths.map(|path| list(&export[path]));
    assert_eq!((parents.len(), others.len(), replies.len()), (1, 1, 2));
    let (begun, listed) = (&parents[0]["ts"], parents[0]["replies"].as_array().unwrap());
    assert_eq!(parents[0]["thread_ts"], *begun);
    assert_eq!(parents[0]["reply_count"], 2);
    assert_eq!(listed.len(), 2);
    for (reply, listed) in replies.iter().zip(listed) {
        assert_eq!(reply["thread_ts"], *begun);
        assert_eq!(reply["ts"], listed["ts"]);
        assert_eq!(reply["user"], listed["user"]);
    }
}
