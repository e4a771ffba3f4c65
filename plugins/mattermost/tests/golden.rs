//! The export as it is today, and the contract that every format keeps.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use export_sdk::conformance::{self, render, sample_messages};
use export_sdk::{Author, Message, Order, Registry, Replies, Settings, Timestamp};
use serde_json::{Value, json};

fn registry() -> Registry {
    let mut registry = Registry::default();
    export_mattermost::register(&mut registry, &Settings::new("mattermost", toml::Table::new(), "")).unwrap();
    registry
}

fn export(messages: &[Message<'_>]) -> BTreeMap<String, Vec<u8>> {
    render(registry().format("mattermost").unwrap(), &Value::Null, messages).unwrap()
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(parsed).collect()
}

fn parsed(line: &[u8]) -> Value {
    serde_json::from_slice(line).unwrap()
}

fn posts(messages: &[Message<'_>]) -> Vec<Value> {
    lines(&export(messages)["2-posts.jsonl"]).into_iter().map(|line| line["post"].clone()).collect()
}

/// A post and its replies.
fn family(post: &Value) -> Vec<&Value> {
    std::iter::once(post).chain(post["replies"].as_array().into_iter().flatten()).collect()
}

#[test]
fn it_keeps_the_contract() {
    conformance::format(export_mattermost::register, "mattermost");
    assert_eq!(registry().format("mattermost").unwrap().order(), Order::Threads);
}

/// `UPDATE=1 cargo test -p export-mattermost` rewrites the golden files.
#[test]
fn the_export_is_as_it_was() {
    let mut messages = sample_messages();
    messages.retain(|message| message.id != "m-long");
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exports/mattermost");
    let export = export(&messages);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(&directory).unwrap();
        for (name, bytes) in &export {
            fs::write(directory.join(name), bytes).unwrap();
        }
    }
    for (name, bytes) in &export {
        let golden = fs::read_to_string(directory.join(name)).expect("UPDATE=1 writes a new golden file");
        assert_eq!(String::from_utf8_lossy(bytes), golden, "{name}");
    }
    let found = fs::read_dir(&directory).unwrap();
    let found: BTreeSet<String> =
        found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, export.into_keys().collect(), "every golden file belongs to the export");
}

#[test]
fn joined_the_files_are_in_the_order_of_an_import_and_every_name_is_known() {
    let export = export(&sample_messages());
    let joined = [&export["1-import.jsonl"][..], &export["2-posts.jsonl"][..]].concat();
    let joined = lines(&joined);
    let order = ["version", "team", "channel", "user", "post"];
    let ranks: Vec<usize> =
        joined.iter().map(|line| order.iter().position(|kind| line["type"] == *kind).unwrap()).collect();
    assert!(ranks.is_sorted() && ranks[..3] == [0, 1, 2] && ranks.contains(&3));

    let users: Vec<&Value> = joined.iter().filter(|line| line["type"] == "user").collect();
    let names: BTreeSet<&str> = users.iter().map(|user| user["user"]["username"].as_str().unwrap()).collect();
    assert_eq!(names.len(), users.len(), "no two people have one name");
    let mut messages = 0;
    for post in joined.iter().filter(|line| line["type"] == "post") {
        assert_eq!(post["post"]["channel"], joined[2]["channel"]["name"]);
        for one in family(&post["post"]) {
            messages += 1;
            assert!(names.contains(one["user"].as_str().unwrap()), "{one}");
            assert!(one["message"].as_str().unwrap().chars().count() <= 16_383);
            assert!(one["create_at"].as_i64().unwrap() >= post["post"]["create_at"].as_i64().unwrap());
            for reaction in one["reactions"].as_array().into_iter().flatten() {
                assert!(names.contains(reaction["user"].as_str().unwrap()), "{reaction}");
            }
        }
    }
    // The long one goes on in replies.
    assert_eq!(messages, sample_messages().len() + 3);
    assert!(!joined.iter().any(|line| line.to_string().contains("\\u0000")), "the database takes no NUL");
}

#[test]
fn replies_lie_in_their_post_and_times_keep_the_order() {
    let al = Author { id: "u1", username: "Al", name: None };
    let at = Timestamp::from_millis(1_710_000_000_000);
    let mut parent = Message::new("p", "GENERAL", al, at, "same");
    parent.replies = Some(Replies { count: 2, last: None, followers: vec![] });
    let mut replies = ["r1", "r2"].map(|id| Message::new(id, "GENERAL", al, at, "same"));
    for reply in &mut replies {
        reply.thread = Some("p");
    }
    let [first, second] = replies;
    let mut orphan = Message::new("o", "GENERAL", al, at, "same");
    orphan.thread = Some("elsewhere");
    let posts = posts(&[parent, first, second, orphan]);
    let times: Vec<Vec<i64>> = posts
        .iter()
        .map(|post| family(post).iter().map(|one| one["create_at"].as_i64().unwrap() - at.millis()).collect())
        .collect();
    assert_eq!(times, [vec![0, 1, 2], vec![1]]);
}

#[test]
fn a_long_message_goes_on_in_replies_before_those_of_others() {
    let al = Author { id: "u1", username: "al", name: None };
    let text = "0123456789 ".repeat(4000);
    let mut parent = Message::new("p", "GENERAL", al, Timestamp::from_millis(1), &text);
    parent.replies = Some(Replies { count: 1, last: None, followers: vec![] });
    let mut reply = Message::new("r", "GENERAL", al, Timestamp::from_millis(2), "short");
    reply.thread = Some("p");
    let posts = posts(&[parent, reply]);
    let texts: Vec<&str> = family(&posts[0]).iter().map(|one| one["message"].as_str().unwrap()).collect();
    let (last, own) = texts.split_last().unwrap();
    assert_eq!((posts.len(), *last, own.len()), (1, "short", 3));
    assert_eq!(own.concat(), text);
}

#[test]
fn who_was_only_mentioned_is_known_but_no_member() {
    let al = Author { id: "u1", username: "al", name: None };
    let mut message = Message::new("m", "GENERAL", al, Timestamp::from_millis(1), "@Eve look");
    let eve = r#"[{"_id":"e","username":"Eve"}]"#;
    message.mentions = Some(serde_json::from_str(eve).unwrap());
    let export = export(&[message]);
    let users: Vec<Value> = lines(&export["1-import.jsonl"]).split_off(3);
    let users: Vec<&Value> = users.iter().map(|line| &line["user"]).collect();
    let eve = users.iter().find(|user| user["nickname"] == "Eve").unwrap();
    let al = users.iter().find(|user| user["username"] == "al").unwrap();
    assert!(eve["teams"].is_null() && al["teams"][0]["channels"][0]["name"] == "general");
    let post = &lines(&export["2-posts.jsonl"])[0]["post"];
    assert_eq!(
        post["message"].as_str(),
        Some(format!("@{} look", eve["username"].as_str().unwrap()).as_str())
    );
}

#[test]
fn a_team_that_mattermost_refuses_is_refused_at_once() {
    let registry = registry();
    let format = registry.format("mattermost").unwrap();
    assert!(format.check(&json!({"team": "lighthouse"})).is_ok());
    let refused = format.check(&json!({"team": "Light House"})).unwrap_err().to_string();
    assert!(refused.contains("Light House") && refused.contains("a-z"), "{refused}");
    let files = render(format, &json!({"team": "lighthouse"}), &sample_messages()[..1]).unwrap();
    assert!(String::from_utf8_lossy(&files["1-import.jsonl"]).contains(r#""team":"lighthouse""#));
}
