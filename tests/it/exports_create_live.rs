//! Exports of rooms in which people go on writing, editing and deleting.

use roomscribe::domain::message::Replies;
use roomscribe::domain::{JobState, Json, Message, RoomId, RoomKind};
use roomscribe::store::Error;
use serde_json::json;

use crate::support::TestServer;
use crate::support::exports::unpack;
use crate::support::orders::{json_of, ordered, with};

/// A thread `t` with the reply `r`, and the messages `a` and `b` around that.
fn threaded(server: &TestServer) -> RoomId {
    let room = server.room(RoomKind::Channel, "talk", &["admin"]);
    let mut beginning = server.message(&room, "t", "2024-03-01T00:00:00.000Z", "the beginning");
    beginning.replies = Some(Replies { count: 1, last: None, followers: Vec::new() });
    server.put_message(&beginning);
    server.say(&room, "a", "2024-03-02T00:00:00.000Z", "between");
    server.put_message(&reply(server, &room, "r", "2024-03-03T00:00:00.000Z"));
    server.say(&room, "b", "2024-03-04T00:00:00.000Z", "at the end");
    room
}

fn reply(server: &TestServer, room: &RoomId, id: &str, at: &str) -> Message {
    let mut reply = server.message(room, id, at, &format!("the reply {id}"));
    reply.thread = Some(roomscribe::domain::MessageId::new("t"));
    reply
}

fn change(server: &TestServer, id: &str, change: impl FnOnce(&mut Message)) {
    let mut message =
        server.app.store.message(&roomscribe::domain::MessageId::new(id)).expect("readable").expect("there");
    change(&mut message);
    server.put_message(&message);
}

/// The text that comes of the room if `meddle` happens when so many of its messages were read.
fn text_after(read: u64, query: &str, meddle: impl FnOnce(&TestServer, &RoomId)) -> String {
    let (server, gate) = TestServer::start_gated();
    let room = threaded(&server);
    let body = with(&with(&json_of(&room), "formats", json!(["text"])), "query", json!(query));
    let id = ordered(&server.as_admin(), &body);
    // They are counted once before they are read.
    gate.close_after(4 + read);
    server.work();
    server.wait_until("the messages are being read", || {
        server.app.running.of(&roomscribe::domain::JobId::new(&id)).is_some_and(|job| job.messages() == read)
    });
    meddle(&server, &room);
    gate.open();
    let job = server.finished(&id);
    assert_eq!(job.state, JobState::Done, "{:?}", job.failure);
    String::from_utf8(unpack(&server.file_of(&job))["talk.txt"].clone()).expect("UTF-8")
}

#[test]
fn a_reply_is_written_once_though_its_thread_is_deleted_or_edited_meanwhile() {
    let deleted = text_after(2, "", |server, _| {
        let beginning = server.app.store.message(&roomscribe::domain::MessageId::new("t")).unwrap().unwrap();
        server.app.store.write::<_, Error>(|batch| batch.delete_message(&beginning)).unwrap();
    });
    assert_eq!(deleted.matches("the reply r").count(), 1, "{deleted}");
    let edited = text_after(2, "-between", |server, _| {
        change(server, "t", |message| "not between any more".clone_into(&mut message.text));
    });
    assert_eq!(edited.matches("the reply r").count(), 1, "{edited}");
}

#[test]
fn what_is_said_after_the_order_is_no_part_of_it() {
    let text = text_after(1, "", |server, room| {
        server.later(1000);
        server.say(room, "late", "2024-03-15T10:20:31.000Z", "too late");
        server.put_message(&reply(server, room, "r9", "2024-03-15T10:20:31.000Z"));
    });
    assert!(!text.contains("too late") && !text.contains("the reply r9"), "{text}");
    assert_eq!(text.matches("at the end").count(), 1);
}

#[test]
fn a_room_that_is_deleted_while_it_is_read_fails_the_export_and_says_so() {
    let (server, gate) = TestServer::start_gated();
    let room = threaded(&server);
    let id = ordered(&server.as_admin(), &json_of(&room));
    gate.close_after(5);
    server.work();
    server.wait_until("the messages are being read", || {
        server.app.running.of(&roomscribe::domain::JobId::new(&id)).is_some_and(|job| job.messages() > 0)
    });
    let record = server.app.store.room(&room).unwrap().unwrap();
    server.app.store.write::<_, Error>(|batch| batch.delete_room(&record)).unwrap();
    gate.open();
    let job = server.finished(&id);
    assert_eq!(
        (job.state, job.failure.as_deref()),
        (JobState::Failed, Some("the room was deleted while it was exported"))
    );
}

#[test]
fn rooms_that_are_deleted_before_their_turn_are_missing_from_all_one_may_see() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let other = server.room(RoomKind::Channel, "other", &["admin"]);
    let admin = server.as_admin();
    let all = ordered(&admin, &json!({"scope": "visible", "formats": ["json"]}));
    let listed = ordered(&admin, &json!({"rooms": [room.as_str(), other.as_str()], "formats": ["json"]}));
    let record = server.app.store.room(&other).unwrap().unwrap();
    server.app.store.write::<_, Error>(|batch| batch.delete_room(&record)).unwrap();
    server.work();
    let names: Vec<String> = unpack(&server.file_of(&server.finished(&all))).into_keys().collect();
    assert_eq!(names, ["general.json", "talk.json"]);
    assert_eq!(server.finished(&listed).failure.as_deref(), Some("the room was deleted"));
}

#[test]
fn files_whose_names_differ_in_case_only_are_told_apart() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.upload(&room, "f1", "notes.txt", b"our notes");
    server.upload(&room, "F1", "other.txt", b"other notes");
    let mut message = server.message(&room, "m4", "2024-03-15T10:01:00.000Z", "see");
    let named = |id: &str, name: &str| json!({"_id": id, "name": name});
    let files = [named("f1", "A.txt"), named("f1", "a.txt"), named("F1", "a.TXT"), named("f1", "A.txt")];
    message.files = Json::of(&files);
    server.put_message(&message);
    server.work();
    let body = with(&json_of(&room), "formats", json!(["json", "text"]));
    let estimate = crate::support::orders::estimated(&server.as_admin(), &body);
    let exported = server.made(&server.as_admin(), &body);
    let bytes: usize = exported.entries.values().map(Vec::len).sum();
    assert_eq!((&estimate["files"], &estimate["bytes"]), (&json!(4), &json!(bytes)));
    let document = exported.document("json/talk.json");
    let files = document["messages"][3]["exportedFiles"].as_array().unwrap();
    let bytes_of = |file: &serde_json::Value| {
        let path = file["path"].as_str().unwrap().strip_prefix("../").unwrap();
        exported.entries[path].clone()
    };
    let bytes: Vec<Vec<u8>> = files.iter().map(bytes_of).collect();
    assert_eq!(bytes, [&b"our notes"[..], b"our notes", b"other notes", b"our notes"]);
    assert_eq!(files[0]["path"], files[3]["path"]);
    let mut lower: Vec<String> = exported.names().iter().map(|name| name.to_lowercase()).collect();
    lower.dedup();
    assert_eq!(lower.len(), exported.entries.len(), "{lower:?}");
}
