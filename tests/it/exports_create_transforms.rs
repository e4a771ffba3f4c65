//! `exports.create` with transforms: what every message passes, before any format sees it.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::orders::{json_of, with};

#[test]
fn transforms_are_passed_in_their_order_by_every_format() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.say(&room, "m4", "2024-03-15T10:01:00.000Z", "write to bob@example.org");
    server.work();
    let drop = json!({"id": "drop", "options": {"matching": ["second"]}});
    let body = with(&json_of(&room), "transforms", json!([drop, "redact"]));
    let exported = server.made(&server.as_admin(), &with(&body, "formats", json!(["json", "text"])));
    assert_eq!(exported.ids("json/talk.json"), ["m1", "m3", "m4"]);
    assert_eq!(exported.job.messages, 3);
    for (name, bytes) in &exported.entries {
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(!text.contains("bob@example.org") && !text.contains("second"), "{name}: {text}");
        assert!(text.contains("third"), "{name}");
    }
    assert_eq!(exported.document("json/talk.json")["counts"]["messages"], 3);
}

#[test]
fn pseudonyms_are_the_same_in_all_rooms_and_nobody_is_named_anywhere() {
    let server = TestServer::start();
    server.talkative_room();
    let other = server.room(RoomKind::Group, "other", &["bob", "admin"]);
    server.say(&other, "o1", "2024-03-02T00:00:00.000Z", "thanks @bob");
    server.work();
    let body = json!({
        "rooms": ["talk", "other"], "formats": ["json", "text", "html"], "transforms": ["anonymize"],
    });
    let exported = server.made(&server.as_admin(), &body);
    let author = |document: &str| {
        exported.document(document)["messages"][0]["u"]["username"].as_str().unwrap().to_owned()
    };
    assert_eq!(author("json/talk.json"), author("json/other.json"));
    assert_ne!(author("json/talk.json"), "bob");
    for (name, bytes) in &exported.entries {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("bob") && !text.contains("Bob"), "{name}: {text}");
    }
}

#[test]
fn a_reply_whose_beginning_was_dropped_keeps_its_place_in_time() {
    let server = TestServer::start_with_plugins(crate::support::plugins::ids);
    let room = server.room(RoomKind::Channel, "talk", &["admin"]);
    let mut beginning = server.message(&room, "t", "2024-03-01T00:00:00.000Z", "away with this");
    beginning.replies =
        Some(roomscribe::domain::message::Replies { count: 1, last: None, followers: Vec::new() });
    server.put_message(&beginning);
    server.say(&room, "between", "2024-03-02T00:00:00.000Z", "something else");
    let mut reply = server.message(&room, "r", "2024-03-03T00:00:00.000Z", "a reply");
    reply.thread = Some(beginning.id);
    server.put_message(&reply);
    server.work();
    let body = with(&json_of(&room), "formats", json!(["by-threads"]));
    let lines = |body: &Value| {
        String::from_utf8(server.made(&server.as_admin(), body).entries["talk.ids"].clone()).unwrap()
    };
    assert_eq!(lines(&body), "t\nr\nbetween\n3 in all\n");
    let drop = json!([{"id": "drop", "options": {"matching": ["away"]}}]);
    assert_eq!(lines(&with(&body, "transforms", drop)), "between\nr\n2 in all\n");
    let query = with(&body, "query", json!("-away"));
    assert_eq!(lines(&query), "between\nr\n2 in all\n");
}
