//! `rooms.cleanHistory`: what goes, what stays, and what it leaves behind.

use roomscribe::domain::message::Pinned;
use roomscribe::domain::{Json, MessageId, RoomId, RoomKind};
use roomscribe::store::Error;
use serde_json::{Value, json};

use crate::said::{say, say_with};
use crate::support::{Answer, Caller, TestServer};

const ALWAYS: [&str; 2] = ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.000Z"];

fn clean(caller: &Caller<'_>, room: &RoomId, change: &Value) -> Answer {
    let mut body = json!({"roomId": room.as_str(), "oldest": ALWAYS[0], "latest": ALWAYS[1]});
    for (key, value) in change.as_object().expect("an object") {
        body[key] = value.clone();
    }
    caller.post("rooms.cleanHistory", body)
}

fn count(answer: &Answer) -> u64 {
    answer.ok()["count"].as_u64().expect("a number")
}

/// The texts that are left in a channel, oldest first, and the numbers of the room.
fn left(caller: &Caller<'_>, room: &RoomId) -> (Vec<String>, Value, Value) {
    let said = caller.get("channels.messages", &format!("roomId={room}&count=0&sort=%7B%22ts%22:1%7D"));
    let rows = said.ok()["messages"].as_array().expect("a list");
    let texts = rows.iter().map(|row| row["msg"].as_str().expect("a text").to_owned()).collect();
    let info = caller.get("rooms.info", &format!("roomId={room}"));
    let shown = &info.ok()["room"];
    (texts, shown["msgs"].clone(), shown["lastMessage"]["msg"].clone())
}

#[test]
fn a_window_is_cleared_and_the_numbers_follow() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let room = server.room(RoomKind::Channel, "talk", &["bob", "admin"]);
    let ids: Vec<MessageId> = ["a", "b", "c", "d"].map(|text| say(&server, &room, "bob", text)).to_vec();
    let at = |id: &MessageId| server.app.store.message(id).unwrap().unwrap().sent_at.to_string();
    let window = json!({"oldest": at(&ids[0]), "latest": at(&ids[2])});
    let answer = clean(&admin, &room, &window);
    assert_eq!(answer.ok(), &json!({"_id": room.as_str(), "count": 1, "success": true}), "open at both ends");
    assert_eq!(left(&bob, &room).0, ["a", "c", "d"]);
    let mut inclusive = window;
    inclusive["inclusive"] = json!(true);
    assert_eq!(count(&clean(&admin, &room, &inclusive)), 2);
    assert_eq!(left(&bob, &room), (vec!["d".to_owned()], json!(1), json!("d")));
    assert_eq!(count(&clean(&admin, &room, &inclusive)), 0);
    say(&server, &room, "bob", "e");
    let latest = json!({"oldest": at(&ids[3]), "latest": ALWAYS[1]});
    assert_eq!(count(&clean(&admin, &room, &latest)), 1);
    assert_eq!(left(&bob, &room), (vec!["d".to_owned()], json!(1), json!("d")), "d is the last word again");
    assert_eq!(count(&clean(&admin, &room, &json!({}))), 1);
    assert_eq!(left(&bob, &room), (vec![], json!(0), Value::Null));
}

#[test]
fn what_is_wrong_comes_in_order() {
    let server = TestServer::start();
    let (admin, bob, eve) = (server.as_admin(), server.as_user("bob"), server.as_user("eve"));
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    assert_eq!(
        bob.post("rooms.cleanHistory", json!({"roomId": room.as_str(), "more": 1})).refusal(),
        "must have required property 'latest'\n must have required property 'oldest'\n \
         must NOT have additional properties [invalid-params]"
    );
    let unknown = clean(&admin, &RoomId::new("nowhere"), &json!({}));
    assert!(unknown.refusal().ends_with("does not match any channel [error-room-not-found]"));
    let expected = json!({
        "success": false, "errorType": "error-not-allowed",
        "error": "User does not have access to the room [error-not-allowed]",
    });
    for stranger in [&eve, &admin] {
        assert_eq!(clean(stranger, &room, &json!({})).body(), &expected);
    }
    assert_eq!(clean(&bob, &room, &json!({})).refusal(), "Not allowed [error-not-allowed]");
    bob.post("groups.invite", json!({"roomId": room.as_str(), "username": "admin"})).ok();
    let text = "Body parameter \"latest\" is required.";
    assert_eq!(clean(&admin, &room, &json!({"latest": ""})).refusal(), text);
    let text = "Body parameter \"oldest\" is required.";
    assert_eq!(clean(&admin, &room, &json!({"oldest": "long ago"})).refusal(), text);
    clean(&admin, &room, &json!({})).ok();
    bob.post("groups.archive", json!({"roomId": room.as_str()})).ok();
    let archived = "The channel, secret, is archived [error-room-archived]";
    assert_eq!(clean(&eve, &room, &json!({})).refusal(), archived);
}

#[test]
fn every_option_keeps_what_it_names() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al", "admin"]);
    say_with(&server, &room, "bob", "pinned", |message| message.pinned = Some(Pinned::default()));
    say(&server, &room, "al", "of al");
    let parent = say(&server, &room, "bob", "parent");
    server.clock.advance(1000);
    bob.post(
        "chat.sendMessage",
        json!({"message": {"rid": room.as_str(), "msg": "reply", "tmid": parent.as_str()}}),
    )
    .ok();
    server.clock.advance(1000);
    let made = bob.post("rooms.createDiscussion", json!({"prid": room.as_str(), "t_name": "discussion"}));
    let discussion = made.ok()["discussion"]["_id"].as_str().unwrap().to_owned();
    say_with(&server, &room, "bob", "", |message| message.kind = Some("rm".to_owned()));
    let keep = json!({"excludePinned": true, "ignoreThreads": true, "ignoreDiscussion": true});
    let mut of_al = keep.clone();
    of_al["users"] = json!(["al", "nobody"]);
    assert_eq!(count(&clean(&admin, &room, &of_al)), 1);
    assert_eq!(count(&clean(&admin, &room, &keep)), 0, "what stood for a deleted message is not counted");
    assert_eq!(left(&bob, &room).0, ["pinned", "parent", "reply", "discussion"]);
    assert_eq!(count(&clean(&admin, &room, &json!({"excludePinned": true, "ignoreThreads": true}))), 1);
    let gone = bob.get("rooms.info", &format!("roomId={discussion}"));
    assert!(gone.refusal().contains("error-room-not-found"), "the discussion went, too");
    assert_eq!(count(&clean(&admin, &room, &json!({"excludePinned": true}))), 2);
    assert_eq!(left(&bob, &room).0, ["pinned"]);
    assert_eq!(count(&clean(&admin, &room, &json!({}))), 1);
}

#[test]
fn a_limit_takes_the_oldest_and_a_message_claims_no_foreign_room() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let room = server.room(RoomKind::Channel, "talk", &["bob", "admin"]);
    for text in ["a", "b", "c"] {
        say(&server, &room, "bob", text);
    }
    assert_eq!(count(&clean(&admin, &room, &json!({"limit": 2}))), 2);
    assert_eq!(left(&bob, &room).0, ["c"]);
    say_with(&server, &room, "bob", "lie", |message| {
        message.extra = Json::from_text(r#"{"drid":"GENERAL"}"#);
    });
    assert_eq!(count(&clean(&admin, &room, &json!({}))), 2);
    admin.get("channels.info", "roomName=general").ok();
}

#[test]
fn a_thread_counts_the_replies_that_are_left() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let room = server.room(RoomKind::Channel, "talk", &["bob", "admin"]);
    let parent = say(&server, &room, "bob", "parent");
    let reply = |text: &str| {
        server.clock.advance(1000);
        let message = json!({"rid": room.as_str(), "msg": text, "tmid": parent.as_str()});
        bob.post("chat.sendMessage", json!({"message": message})).ok()["message"]["ts"].clone()
    };
    let times = ["a", "b", "c", "d"].map(reply);
    let middle = json!({"oldest": times[1], "latest": ALWAYS[1]});
    assert_eq!(count(&clean(&admin, &room, &middle)), 2, "two replies in one part");
    let shown = bob.get("chat.getMessage", &format!("msgId={parent}"));
    assert_eq!((&shown.ok()["message"]["tcount"], &shown.body()["message"]["tlm"]), (&json!(2), &times[1]));
}

#[test]
fn files_go_with_their_messages_or_alone() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let room = server.room(RoomKind::Channel, "talk", &["bob", "admin"]);
    let upload = || {
        server.clock.advance(1000);
        bob.send_file(&format!("rooms.upload/{room}"), ("a.txt", "text/plain", b"hello"), &[]).ok();
    };
    let files = || bob.get("channels.files", &format!("roomId={room}")).ok()["total"].clone();
    upload();
    say(&server, &room, "bob", "plain");
    assert_eq!(count(&clean(&admin, &room, &json!({"filesOnly": true}))), 1);
    let said = bob.get("channels.messages", &format!("roomId={room}&sort=%7B%22ts%22:1%7D"));
    let message = &said.ok()["messages"][0];
    assert_eq!(message["attachments"], json!([{"color": "#FD745E", "text": "_File removed by prune_"}]));
    assert_eq!((message.get("file"), files()), (None, json!(0)));
    assert_eq!(left(&bob, &room).1, 2, "both messages are still there");
    assert_eq!(count(&clean(&admin, &room, &json!({"filesOnly": true}))), 0);
    upload();
    assert_eq!(files(), 1);
    assert_eq!(count(&clean(&admin, &room, &json!({}))), 3);
    assert_eq!(files(), 0);
    let blobs = server.app.store.blobs();
    let mut bytes = 0;
    blobs
        .each(|_| {
            bytes += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(bytes, 0, "and the bytes are gone");
}

#[test]
fn a_long_history_is_cleared_bit_by_bit() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let room = server.room(RoomKind::Channel, "talk", &["bob", "admin"]);
    let author = server.user("bob").reference();
    let now = server.app.now();
    // More than one part within one millisecond, and an odd one behind.
    server
        .app
        .store
        .write::<_, Error>(|batch| {
            for number in 0..1203 {
                let id = MessageId::new(format!("m{number:05}"));
                let mut message =
                    roomscribe::domain::Message::new(id, room.clone(), author.clone(), now, "x");
                if number % 3 == 0 {
                    message.pinned = Some(Pinned::default());
                }
                batch.put_message(&message)?;
            }
            let mut activity = batch.activity(&room)?;
            activity.messages = 1203;
            batch.put_activity(&room, &activity)
        })
        .unwrap();
    assert_eq!(count(&clean(&admin, &room, &json!({"excludePinned": true, "limit": 501}))), 501);
    assert_eq!(count(&clean(&admin, &room, &json!({"excludePinned": true}))), 301);
    assert_eq!(left(&bob, &room).1, 401);
    assert_eq!(count(&clean(&admin, &room, &json!({}))), 401);
    assert_eq!(left(&bob, &room), (vec![], json!(0), Value::Null));
}
