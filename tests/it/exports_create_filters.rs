//! `exports.create`: windows of time in a time zone, queries, and what the server noted down.

use roomscribe::domain::message::Replies;
use roomscribe::domain::{Json, MessageId, RoomId, RoomKind};
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::orders::{json_of, with};

fn ids(server: &TestServer, body: &Value, document: &str) -> Vec<String> {
    server.made(&server.as_admin(), body).ids(document)
}

/// A room with a message in the last and one in the first moment around each of these instants, called
/// after its number.
fn moments(server: &TestServer, instants: &[&str]) -> RoomId {
    let room = server.room(RoomKind::Channel, "clock", &["admin"]);
    for (number, instant) in instants.iter().enumerate() {
        let at = roomscribe::domain::Time::parse(instant).expect("a time");
        for (name, millis) in [("before", -1), ("at", 0)] {
            let mut message = server.message(&room, &format!("{number}-{name}"), instant, "tick");
            message.sent_at = at.plus(millis);
            server.put_message(&message);
        }
    }
    room
}

#[test]
fn days_are_those_of_the_time_zone_when_its_clock_changes() {
    let server = TestServer::start();
    // In Berlin 2023-03-26 has 23 hours and 2023-10-29 has 25.
    let room = moments(
        &server,
        &[
            "2023-03-25T23:00:00.000Z",
            "2023-03-26T22:00:00.000Z",
            "2023-10-28T22:00:00.000Z",
            "2023-10-29T23:00:00.000Z",
        ],
    );
    server.work();
    let day = |zone: &str, day: &str| {
        let mut body = with(&json_of(&room), "timeZone", json!(zone));
        (body["from"], body["until"]) = (json!(day), json!(day));
        ids(&server, &body, "clock.json")
    };
    assert_eq!(day("Europe/Berlin", "2023-03-26"), ["0-at", "1-before"]);
    assert_eq!(day("Europe/Berlin", "2023-10-29"), ["2-at", "3-before"]);
    assert_eq!(day("europe/berlin", "2023-10-29"), ["2-at", "3-before"]);
    assert_eq!(day("UTC", "2023-03-26"), ["1-before", "1-at"]);
    assert_eq!(day("", "2023-10-29"), ["3-before", "3-at"]);
}

#[test]
fn a_window_holds_its_first_instant_and_not_its_last_unless_that_is_a_day() {
    let server = TestServer::start();
    let room = moments(&server, &["2024-03-01T00:00:00.000Z", "2024-03-02T00:00:00.000Z"]);
    server.work();
    let window = |from: Value, until: Value| {
        ids(&server, &with(&with(&json_of(&room), "from", from), "until", until), "clock.json")
    };
    assert_eq!(window(json!("2024-03-01"), json!("2024-03-01")), ["0-at", "1-before"]);
    assert_eq!(window(json!("2024-03-01T00:00:00Z"), json!("2024-03-02T00:00:00Z")), ["0-at", "1-before"]);
    assert_eq!(window(json!("2024-03-02T00:00"), Value::Null), ["1-at"]);
    assert_eq!(window(Value::Null, json!("2024-02")), ["0-before"]);
    assert_eq!(window(json!(""), json!(" ")), ["0-before", "0-at", "1-before", "1-at"]);
    assert_eq!(window(Value::Null, json!("2099")), ["0-before", "0-at", "1-before", "1-at"]);
}

#[test]
fn messages_that_come_later_are_no_part_of_it() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    server.say(&room, "now", "2024-03-15T10:20:30.123Z", "in the very moment");
    let id = crate::support::orders::ordered(&admin, &json_of(&room));
    server.later(10_000);
    server.say(&room, "later", "2024-03-15T10:20:30.124Z", "a moment later");
    server.work();
    let path = server.file_of(&server.finished(&id));
    let entries = crate::support::exports::unpack(&path);
    let document: Value = serde_json::from_slice(&entries["talk.json"]).unwrap();
    let ids = document["messages"].as_array().unwrap().iter().map(|message| message["_id"].as_str().unwrap());
    assert_eq!(ids.collect::<Vec<_>>(), ["m1", "m2", "m3", "now"]);
}

/// A room with one message for each key of the query language, which is its id.
fn of_all_kinds(server: &TestServer) -> RoomId {
    let room = server.room(RoomKind::Channel, "kinds", &["admin"]);
    let put = |id: &str, text: &str, change: &dyn Fn(&mut roomscribe::domain::Message)| {
        let mut message = server.message(&room, id, "2024-03-10T12:00:00.000Z", text);
        change(&mut message);
        server.put_message(&message);
    };
    let file = |kind: &str| Json::of(&[json!({"_id": "f", "name": "f", "type": kind})]);
    let nobody = || Replies { count: 1, last: None, followers: Vec::new() };
    put("text", "the next Release is near", &|_| {});
    put("alice", "hello", &|message| message.author = server.user("alice").reference());
    put("mention", "@bob", &|message| message.mentions = Json::of(&[json!({"_id": "b", "username": "bob"})]));
    put("image", "see", &|message| message.files = file("image/png"));
    put("pdf", "see", &|message| message.files = file("application/pdf"));
    put("link", "see https://example.org", &|message| {
        message.urls = Json::of(&[json!({"url": "https://example.org"})]);
    });
    put("smile", "ha", &|message| {
        message.reactions = vec![roomscribe::domain::message::Reaction {
            emoji: ":smile:".to_owned(),
            usernames: vec!["bob".to_owned()],
            names: Vec::new(),
        }];
    });
    put("card", "", &|message| message.attachments = Json::of(&[json!({"text": "quoted"})]));
    put("pin", "keep", &|message| {
        message.pinned = Some(roomscribe::domain::message::Pinned { at: None, by: None });
    });
    put("thread", "who?", &|message| message.replies = Some(nobody()));
    put("reply", "me", &|message| message.thread = Some(MessageId::new("thread")));
    put("edited", "ok", &|message| {
        message.edited = Some(roomscribe::domain::message::Edited {
            at: message.sent_at,
            by: message.author.id.clone(),
            by_username: "bob".to_owned(),
        });
    });
    put("system", "alice", &|message| message.kind = Some("uj".to_owned()));
    put("old", "long ago", &|message| message.sent_at = message.sent_at.plus(-40 * 86_400_000));
    room
}

#[test]
fn every_key_of_the_query_language_chooses() {
    let server = TestServer::start();
    let room = of_all_kinds(&server);
    server.work();
    let found = |query: &str| ids(&server, &with(&json_of(&room), "query", json!(query)), "kinds.json");
    for (query, expected) in [
        ("release", &["text"][..]),
        ("\"next release\"", &["text"]),
        ("from:alice", &["alice"]),
        ("mentions:bob", &["mention"]),
        ("has:mention", &["mention"]),
        ("has:file", &["image", "pdf"]),
        ("has:image", &["image"]),
        ("has:link", &["link"]),
        ("has:reaction", &["smile"]),
        ("has::smile:", &["smile"]),
        ("has:attachment", &["card"]),
        ("is:pinned", &["pin"]),
        ("is:thread", &["thread"]),
        ("is:reply", &["reply"]),
        ("is:edited", &["edited"]),
        ("is:system", &["system"]),
        ("before:2024-03-01", &["old"]),
        ("on:2024-01-30", &["old"]),
        ("after:2024-03-01 (from:alice OR is:pinned)", &["alice", "pin"]),
        ("in:elsewhere", &[]),
        ("in:kinds is:reply", &["reply"]),
    ] {
        assert_eq!(found(query), expected, "{query}");
    }
    assert_eq!(found("").len(), 14);
    assert_eq!(found("-has:file from:bob").len(), 11);
}

#[test]
fn a_query_can_choose_among_rooms() {
    let server = TestServer::start();
    server.talkative_room();
    let other = server.room(RoomKind::Channel, "other", &["admin"]);
    server.say(&other, "o1", "2024-03-02T00:00:00.000Z", "second, too");
    server.work();
    let body = json!({"rooms": ["talk", "other"], "formats": ["json"], "query": "second in:other"});
    let exported = server.made(&server.as_admin(), &body);
    assert_eq!(exported.ids("other.json"), ["o1"]);
    assert_eq!(exported.ids("talk.json"), [""; 0], "a room that was named is there, empty");
    let body = json!({"scope": "visible", "formats": ["json"], "query": "in:#other or (in:talk first)"});
    let exported = server.made(&server.as_admin(), &body);
    assert_eq!(exported.names(), ["other.json", "talk.json"], "and one that was not is left out");
    assert_eq!(
        (exported.ids("other.json"), exported.ids("talk.json")),
        (vec!["o1".into()], vec!["m1".into()])
    );
}

#[test]
fn days_of_a_query_are_those_of_the_time_zone() {
    let server = TestServer::start();
    let room = moments(&server, &["2023-10-28T22:00:00.000Z", "2023-10-29T23:00:00.000Z"]);
    server.work();
    let body = with(&json_of(&room), "query", json!("on:2023-10-29"));
    let body = with(&body, "timeZone", json!("Europe/Berlin"));
    assert_eq!(ids(&server, &body, "clock.json"), ["0-at", "1-before"]);
}

#[test]
fn what_the_server_noted_down_can_be_left_out() {
    let server = TestServer::start();
    let room = of_all_kinds(&server);
    server.work();
    let all = ids(&server, &json_of(&room), "kinds.json");
    let people = ids(&server, &with(&json_of(&room), "systemMessages", json!(false)), "kinds.json");
    assert_eq!((all.len(), people.len()), (14, 13));
    assert!(all.contains(&"system".to_owned()) && !people.contains(&"system".to_owned()));
}
