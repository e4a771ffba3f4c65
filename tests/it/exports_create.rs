//! `exports.create`: whose messages, in which formats, how laid out, and what is said about it.

use roomscribe::domain::message::Replies;
use roomscribe::domain::{MessageId, RoomId, RoomKind};
use roomscribe::service::direct;
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::orders::{create, json_of, with};

/// Puts a message of `bob`'s that answers another.
fn reply(server: &TestServer, room: &RoomId, id: &str, at: &str, thread: &str) {
    let mut message = server.message(room, id, at, "a reply");
    message.thread = Some(MessageId::new(thread));
    server.put_message(&message);
}

/// Puts a message of `bob`'s with which a thread began.
fn beginning(server: &TestServer, room: &RoomId, id: &str, at: &str) {
    let mut message = server.message(room, id, at, "a beginning");
    message.replies = Some(Replies { count: 1, last: None, followers: Vec::new() });
    server.put_message(&message);
}

#[test]
fn an_order_is_answered_with_the_export_as_it_stands() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let body = json!({
        "rooms": ["#talk"], "from": "2024-03-01", "until": "2024-03-05", "timeZone": "Europe/Berlin",
        "query": " from:me ", "systemMessages": false, "formats": ["json", {"id": "csv", "options": {"bom": true}}],
        "transforms": [{"id": "redact"}], "notify": false, "dryRun": null, "archive": "bag",
    });
    let answer = create(&server.as_admin(), &body);
    let mut export = answer.ok()["export"].clone();
    assert!(export["_id"].take().as_str().is_some_and(|id| id.len() == 17));
    let expected = json!({
        "_id": null, "rid": room.as_str(), "roomName": "talk", "formats": ["json", "csv"], "type": "file",
        "state": "queued", "messages": 0, "bytes": 0, "attempts": 0, "createdAt": "2024-03-15T10:20:30.123Z",
        "from": "2024-02-29T23:00:00.000Z", "until": "2024-03-05T23:00:00.000Z", "timeZone": "Europe/Berlin",
        "query": "from:me", "systemMessages": false, "transforms": ["redact"],
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&export[key], value, "{key}");
    }
}

#[test]
fn rooms_are_named_by_id_or_by_name() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.work();
    for name in [room.as_str(), "talk", "#talk"] {
        let body = json!({"rooms": [name], "formats": "json"});
        let exported = server.made(&server.as_admin(), &body);
        assert_eq!(exported.ids("talk.json"), ["m1", "m2", "m3"], "{name}");
    }
    // A name that is another room's id does not stand before it.
    let impostor = server.room(RoomKind::Channel, room.as_str(), &["bob"]);
    server.say(&impostor, "i1", "2024-03-01T00:00:00.000Z", "me, too");
    assert_eq!(server.made(&server.as_admin(), &json_of(&room)).ids("talk.json"), ["m1", "m2", "m3"]);
    let by_name = json!({"rooms": [format!("#{room}")], "formats": ["json"]});
    assert_eq!(server.made(&server.as_admin(), &by_name).ids(&format!("{room}.json")), ["i1"]);
}

#[test]
fn several_rooms_come_in_their_order_each_under_a_name_of_its_own() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let other = server.room(RoomKind::Group, "Talk", &["admin"]);
    server.say(&other, "o1", "2024-03-02T00:00:00.000Z", "there");
    server.work();
    let body = json!({"rooms": [other.as_str(), room.as_str()], "formats": ["json"]});
    let exported = server.made(&server.as_admin(), &body);
    assert_eq!(exported.job.order.title, "2 rooms");
    assert_eq!(exported.job.messages, 4);
    assert_eq!(exported.names(), ["Talk.json", "talk-2.json"]);
    assert_eq!(exported.ids("Talk.json"), ["o1"]);
    assert_eq!(exported.ids("talk-2.json"), ["m1", "m2", "m3"]);
}

#[test]
fn a_thread_is_its_beginning_and_all_replies_in_time() {
    let server = TestServer::start();
    let room = server.talkative_room();
    beginning(&server, &room, "t", "2024-03-10T00:00:00.000Z");
    reply(&server, &room, "r2", "2024-03-12T00:00:00.000Z", "t");
    reply(&server, &room, "r1", "2024-03-11T00:00:00.000Z", "t");
    // Brought in from elsewhere, with a clock that was wrong.
    reply(&server, &room, "r0", "2024-03-09T00:00:00.000Z", "t");
    server.work();
    let body = json!({"thread": "t", "formats": ["json"]});
    let exported = server.made(&server.as_admin(), &body);
    assert_eq!(exported.ids("talk.json"), ["r0", "t", "r1", "r2"]);
    let part = with(&body, "from", json!("2024-03-11"));
    assert_eq!(server.made(&server.as_admin(), &part).ids("talk.json"), ["r1", "r2"]);
    let alone = json!({"thread": "m1", "formats": ["json"]});
    assert_eq!(server.made(&server.as_admin(), &alone).ids("talk.json"), ["m1"]);
}

#[test]
fn chosen_messages_come_oldest_first_and_once() {
    let server = TestServer::start();
    server.talkative_room();
    server.work();
    let body = json!({"messages": ["m3", "m1", "m3"], "formats": ["json"]});
    let exported = server.made(&server.as_admin(), &body);
    assert_eq!(exported.ids("talk.json"), ["m1", "m3"]);
    let filtered = with(&body, "query", json!("third"));
    assert_eq!(server.made(&server.as_admin(), &filtered).ids("talk.json"), ["m3"]);
}

#[test]
fn visible_is_what_its_owner_sees_and_server_is_everything() {
    let server = TestServer::start();
    server.talkative_room();
    let secret = server.room(RoomKind::Group, "secret", &["olga"]);
    server.say(&secret, "s1", "2024-03-02T00:00:00.000Z", "psst");
    let (olga, bob) = (server.user("olga"), server.user("bob"));
    let between = direct::room_id(&olga.id, &bob.id);
    direct::create(&server.app, between.clone(), vec![olga.reference(), bob.reference()]).unwrap();
    server.say(&between, "d1", "2024-03-03T00:00:00.000Z", "you and me");
    server.work();
    let of = |scope: &str| server.made(&server.as_admin(), &json!({"scope": scope, "formats": ["json"]}));
    let seen = of("visible");
    assert_eq!(seen.names(), ["general.json", "talk.json"]);
    assert_eq!(seen.job.order.title, "All rooms of admin");
    let all = of("server");
    let direct = format!("{between}.json");
    let mut expected = vec!["general.json", "secret.json", "talk.json", &direct];
    expected.sort_unstable();
    assert_eq!(all.names(), expected);
    assert_eq!((all.ids("secret.json"), all.ids(&direct)), (vec!["s1".to_owned()], vec!["d1".to_owned()]));
}

#[test]
fn a_room_that_was_brought_in_later_is_there_with_its_history() {
    let server = TestServer::start();
    server.talkative_room();
    server.room(RoomKind::Channel, "new", &["admin"]);
    server.work();
    // All rooms of this test were made today.
    let body = json!({"scope": "visible", "until": "2024-03-01", "formats": ["json"]});
    let exported = server.made(&server.as_admin(), &body);
    assert_eq!(exported.names(), ["talk.json"]);
    assert_eq!(exported.ids("talk.json"), ["m1", "m2"]);
}

#[test]
fn several_formats_have_directories_and_share_the_files() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.upload(&room, "f1", "notes.txt", b"our notes");
    let mut message = server.message(&room, "m4", "2024-03-15T10:01:00.000Z", "see");
    message.files = roomscribe::domain::Json::of(&[json!({"_id": "f1", "name": "notes.txt"})]);
    server.put_message(&message);
    server.work();
    let body = with(&json_of(&room), "formats", json!(["text", "json"]));
    let exported = server.made(&server.as_admin(), &body);
    assert_eq!(exported.names(), ["assets/f1-notes.txt", "json/talk.json", "text/talk.txt"]);
    assert_eq!(exported.ids("json/talk.json"), ["m1", "m2", "m3", "m4"]);
    let message = &exported.document("json/talk.json")["messages"][3];
    assert_eq!(message["exportedFiles"][0]["path"], "../assets/f1-notes.txt", "{message}");
    let text = String::from_utf8(exported.entries["text/talk.txt"].clone()).unwrap();
    assert!(text.contains("../assets/f1-notes.txt"), "{text}");
    assert_eq!(exported.job.messages, 4);
}

#[test]
fn the_layout_is_the_formats_unless_it_is_said() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.work();
    let is_bag = |format: &str, archive: Value| {
        let body = with(&with(&json_of(&room), "formats", json!([format])), "archive", archive);
        let names = server.zipped(&server.as_admin(), &body);
        let bagged = names.keys().filter(|name| name.contains("/data/")).count();
        assert_eq!(bagged == 0, names.contains_key("manifest-sha256.txt"), "{names:?}");
        bagged > 0
    };
    assert!(is_bag("json", Value::Null) && is_bag("slack", json!("bag")) && is_bag("json", json!("")));
    assert!(!is_bag("slack", Value::Null) && !is_bag("json", json!("plain")));
}

#[test]
fn its_owner_is_told_by_mail_if_they_want_that() {
    let server = TestServer::start_with(|config| {
        config.mail.url = "smtp://127.0.0.1:1?tls=none".to_owned();
        config.mail.from.push_str("chat@example.org");
    });
    let room = server.talkative_room();
    server.work();
    let is_told = |job: &str| server.app.store.mail(&format!("{job}-done")).unwrap().is_some();
    let untold = server.made(&server.as_admin(), &json_of(&room)).job;
    let told = server.made(&server.as_admin(), &with(&json_of(&room), "notify", json!(true))).job;
    assert!(is_told(told.id.as_str()) && !is_told(untold.id.as_str()));
}

#[test]
fn an_export_is_handed_to_the_delivery_that_was_chosen() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.work();
    let delivery = json!({"id": "email", "options": {"to": ["ann@example.org"]}});
    let body = with(&json_of(&room), "delivery", delivery);
    let id = crate::support::orders::ordered(&server.as_admin(), &body);
    assert_eq!(server.finished(&id).receipt.as_deref(), Some("1 mail queued, with the export"));
    server.wait_until("the mail is written", || server.names_in("outbox").len() == 1);
}
