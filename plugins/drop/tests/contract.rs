//! The contract of every transform, and which messages go.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use export_sdk::conformance::{self, transformed};
use export_sdk::{Author, Message, Reaction, Registry, Replies, Room, Settings, Timestamp};
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn raw(json: &'static str) -> &'static RawValue {
    serde_json::from_str(json).unwrap()
}

/// A thread, a picture, somebody who joins and a quote.
fn messages() -> Vec<Message<'static>> {
    let bob = Author { id: "u1", username: "bob", name: Some("Bob") };
    let al = Author { id: "u2", username: "al", name: None };
    let new = |id, author, text| Message::new(id, "r1", author, Timestamp::default(), text);
    let mut parent = new("parent", bob, "Shall we meet?");
    parent.replies = Some(Replies { count: 1, last: None, followers: vec!["u1"] });
    parent.reactions = vec![Reaction { emoji: ":bee:", usernames: vec!["al"], names: vec![] }];
    let mut reply = new("reply", al, "Yes");
    reply.thread = Some("parent");
    let mut picture = new("picture", al, "");
    picture.files_json = Some(raw(r#"[{"_id":"f1","name":"cat.png","type":"image/png","size":1}]"#));
    picture.attachments = Some(raw(r#"[{"title":"cat.png","description":"SECRET cat","type":"file"}]"#));
    let mut joined = new("joined", al, "al");
    joined.kind = Some("uj");
    let mut cleared = new("cleared", bob, "No files left");
    cleared.files_json = Some(raw("[]"));
    vec![parent, reply, picture, joined, cleared]
}

fn run(options: &Value) -> export_sdk::Result<Vec<Value>> {
    let mut registry = Registry::default();
    transform_drop::register(&mut registry, &Settings::new("drop", toml::Table::new(), "data")).unwrap();
    let drop = registry.transform("drop").unwrap();
    drop.check(options)?;
    Ok(transformed(drop, options, &Room::new("r1", "general"), &[], &messages())?.messages)
}

fn left(options: Value) -> String {
    let messages = run(&options).unwrap();
    messages.iter().map(|message| message["_id"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

fn refused(options: Value) -> String {
    run(&options).unwrap_err().to_string()
}

#[test]
fn it_keeps_the_contract() {
    let options = json!({"from": ["=1"], "matching": ["script"], "kinds": ["uj"], "reactions": true});
    conformance::transform(transform_drop::register, "drop", options);
}

#[test]
fn each_option_leaves_out_what_it_names() {
    assert_eq!(left(json!({"from": ["@AL"]})), "parent cleared");
    assert_eq!(left(json!({"notFrom": ["al"]})), "reply picture joined");
    assert_eq!(left(json!({"matching": ["(?i)^shall"]})), "reply picture joined cleared");
    assert_eq!(
        left(json!({"matching": ["SECRET"]})),
        "parent reply joined cleared",
        "captions are text, too"
    );
    assert_eq!(left(json!({"kinds": ["uj", "ul"]})), "parent reply picture cleared");
    assert_eq!(left(json!({"withFiles": true})), "parent reply joined cleared");
    assert_eq!(left(json!({"replies": true, "kinds": ["uj"]})), "parent picture cleared");
}

#[test]
fn what_went_leaves_no_trace_on_what_stays() {
    let messages = run(&json!({"replies": true, "reactions": true})).unwrap();
    let keys: Vec<_> = messages[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["_id", "rid", "msg", "ts", "u", "_updatedAt"]);
    let messages = run(&json!({"kinds": ["uj"]})).unwrap();
    assert_eq!(messages[0]["tcount"], 1);
    assert_eq!(messages[0]["reactions"], json!({":bee:": {"usernames": ["al"]}}));
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    for nothing in [json!({}), Value::Null, json!({"from": [], "withFiles": false})] {
        let message = refused(nothing);
        assert!(message.contains("nothing to leave out") && message.contains("`notFrom`"), "{message}");
    }
    assert!(refused(json!({"from": ["al"], "notFrom": ["bob"]})).contains("`from` and `notFrom`"));
    assert!(refused(json!({"matching": ["("]})).starts_with(r#"`matching`: the pattern "(""#));
}
