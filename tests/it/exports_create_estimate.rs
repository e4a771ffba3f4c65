//! `exports.create` with `dryRun`: what an export would be, counted where it is small.

use roomscribe::domain::{Json, RoomId, RoomKind};
use roomscribe::store::Error;
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::orders::{estimated, json_of, with};

/// The channel `talk` with three files, of which one is lost, and a copy of one under another name.
fn with_files(server: &TestServer) -> RoomId {
    let room = server.talkative_room();
    server.upload(&room, "f1", "notes.txt", b"our notes");
    server.upload(&room, "f2", "plan.txt", &[b'x'; 5000]);
    for (id, files) in [
        ("m4", json!([{"_id": "f1", "name": "notes.txt"}, {"_id": "f2", "name": "plan.txt"}])),
        ("m5", json!([{"_id": "f1", "name": "notes.txt"}, {"_id": "gone", "name": "gone.txt"}])),
        ("m6", json!([{"_id": "f1", "name": "copy.txt"}])),
    ] {
        let mut message = server.message(&room, id, "2024-03-15T10:01:00.000Z", "see");
        message.files = Json::of(&files);
        server.put_message(&message);
    }
    room
}

#[test]
fn small_exports_are_counted_to_the_byte() {
    let server = TestServer::start();
    let room = with_files(&server);
    let other = server.room(RoomKind::Group, "other", &["admin"]);
    server.say(&other, "o1", "2024-03-02T00:00:00.000Z", "there");
    server.work();
    let admin = server.as_admin();
    let of = |body: Value| with(&body, "formats", json!(["json", "csv"]));
    for (body, rooms) in [
        (json_of(&room), 1),
        (with(&json_of(&room), "formats", json!(["text"])), 1),
        (with(&json_of(&room), "formats", json!(["html", "json", "markdown"])), 1),
        (of(json!({"rooms": ["talk", "other"]})), 2),
        (of(json!({"scope": "visible"})), 3),
        (of(json!({"scope": "server", "query": "has:file or there"})), 3),
        (of(json!({"thread": "m4"})), 1),
        (of(json!({"messages": ["m4", "m6"]})), 1),
        (with(&json_of(&room), "transforms", json!(["anonymize"])), 1),
        (
            with(&with(&json_of(&room), "from", json!("2024-03-01")), "until", json!("2024-03-15T10:01:00Z")),
            1,
        ),
    ] {
        let estimate = estimated(&admin, &body);
        let exported = server.made(&admin, &body);
        let bytes: usize = exported.entries.values().map(Vec::len).sum();
        let pages = exported.names().iter().filter(|name| name.rsplit('.').next() == Some("html")).count();
        assert_eq!(estimate["bytes"], bytes, "{body}: {estimate}");
        assert_eq!(estimate["pages"], pages, "{body}");
        assert_eq!(estimate["messages"], exported.job.messages, "{body}");
        assert_eq!((&estimate["exact"], &estimate["rooms"]), (&json!(true), &json!(rooms)), "{body}");
    }
    let estimate = estimated(&admin, &json_of(&room));
    assert_eq!((&estimate["files"], &estimate["missingFiles"]), (&json!(4), &json!(1)));
}

/// Puts so many messages into a room.
fn fill(server: &TestServer, room: &RoomId, count: i64) {
    let first = server.message(room, "n", "2024-01-01T00:00:00.000Z", "just as long as all of the others");
    for part in 0..count.div_euclid(1000) {
        let written = server.app.store.write::<_, Error>(|batch| {
            for number in part * 1000..(part + 1) * 1000 {
                let mut message = first.clone();
                message.id = roomscribe::domain::MessageId::new(format!("n{number:06}"));
                message.sent_at = first.sent_at.plus(number * 1000);
                message.thread =
                    (number > 0 && number % 2 == 0).then(|| roomscribe::domain::MessageId::new("n000001"));
                message.replies = (number == 1).then(|| roomscribe::domain::message::Replies {
                    count: 1,
                    last: None,
                    followers: Vec::new(),
                });
                batch.put_message(&message)?;
            }
            let mut activity = batch.activity(room)?;
            activity.messages += 1000;
            batch.put_activity(room, &activity)
        });
        written.expect("kept");
    }
}

#[test]
fn large_exports_are_judged_by_their_beginning() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "long", &["admin"]);
    fill(&server, &room, 20_000);
    let admin = server.as_admin();
    let exact = estimated(&admin, &json_of(&room));
    assert_eq!((&exact["exact"], &exact["messages"]), (&json!(true), &json!(20_000)));
    let rest = server.room(RoomKind::Channel, "rest", &["admin"]);
    for number in 0..2000 {
        let at = format!("2024-01-02T00:{:02}:{:02}.000Z", number / 60, number % 60);
        server.say(&rest, &format!("r{number}"), &at, "just as long as all of the others");
    }
    server.work();
    let inexact = |body: &Value| {
        let estimate = estimated(&admin, body);
        let exported = server.made(&admin, body);
        let bytes: usize = exported.entries.values().map(Vec::len).sum();
        for (key, found) in [("bytes", bytes as u64), ("messages", exported.job.messages)] {
            let guess = estimate[key].as_u64().unwrap();
            assert!(guess >= found / 2 && guess <= found * 2, "{key} of {body}: {guess} for {found}");
        }
        assert_eq!(estimate["exact"], false);
    };
    inexact(&with(&json_of(&room), "rooms", json!(["long", "rest"])));
    let window = with(&json_of(&room), "rooms", json!(["long", "rest"]));
    inexact(&with(&with(&window, "from", json!("2024-01-01")), "formats", json!(["text"])));
    // A thread is judged by its own length and not by its room's.
    let thread = json!({"thread": "n000001", "formats": ["json"]});
    let estimate = estimated(&admin, &thread);
    assert_eq!((&estimate["exact"], &estimate["messages"]), (&json!(true), &json!(10_000)));
}
