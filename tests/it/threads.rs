//! Threads: replies, followers, and what stays when their beginning is deleted.

use roomscribe::domain::{MessageId, RoomId, RoomKind};
use roomscribe::service::settings;
use serde_json::{Value, json};

use crate::support::{Caller, TestServer};

fn say(caller: &Caller<'_>, room: &RoomId, id: &str, thread: Option<&str>) -> Value {
    let message = json!({"rid": room.as_str(), "_id": id, "msg": format!("text of {id}"), "tmid": thread});
    caller.post("chat.sendMessage", json!({"message": message})).ok()["message"].clone()
}

#[test]
fn replies_gather_under_the_message_that_began_the_thread() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    say(&bob, &room, "parent", None);
    server.clock.advance(10);
    say(&al, &room, "one", Some("parent"));
    server.clock.advance(10);
    // Without a room, and in reply to a reply: it goes where the thread is.
    let message = json!({"_id": "two", "msg": "y", "tmid": "one"});
    let reply = bob.post("chat.sendMessage", json!({"message": message})).ok()["message"].clone();
    assert_eq!((&reply["tmid"], &reply["rid"]), (&json!("parent"), &json!(room.as_str())));
    let parent = bob.get("chat.getMessage", "msgId=parent").ok()["message"].clone();
    assert_eq!((&parent["tcount"], &parent["tlm"]), (&json!(2), &json!("2024-03-15T10:20:30.143Z")));
    assert_eq!(parent["replies"], json!([bob.id(), al.id()]));
    let activity = server.app.store.activity(&room).unwrap();
    assert_eq!(activity.last_message, Some(MessageId::new("parent")), "a thread is beside the room");
    assert_eq!(activity.messages, 3);
    let replies = bob.get("chat.getThreadMessages", "tmid=parent&offset=1&count=5").ok().clone();
    assert_eq!((&replies["messages"], &replies["total"]), (&json!([reply]), &json!(2)));
    let query = format!("rid={room}&text=OF%20PARENT");
    assert_eq!(bob.get("chat.getThreadsList", &query).ok()["threads"], json!([parent]));
    assert_eq!(bob.get("chat.getThreadsList", &format!("rid={room}&text=other")).ok()["total"], 0);
    assert_eq!(say(&bob, &room, "lost", Some("unknown"))["tmid"], "unknown");
}

#[test]
fn deleting_leaves_an_empty_place_where_others_replied() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let bob = server.as_user("bob");
    for (id, thread) in [("parent", None), ("one", Some("parent")), ("two", Some("parent"))] {
        server.clock.advance(10);
        say(&bob, &room, id, thread);
    }
    let delete = |id| bob.post("chat.delete", json!({"roomId": room.as_str(), "msgId": id})).ok().clone();
    let message = |id| bob.get("chat.getMessage", &format!("msgId={id}"));
    delete("two");
    assert_eq!(message("parent").ok()["message"]["tcount"], 1);
    assert_eq!(message("parent").ok()["message"]["tlm"], "2024-03-15T10:20:30.143Z");
    delete("parent");
    let place = message("parent").ok()["message"].clone();
    assert_eq!((&place["t"], &place["msg"], &place["tcount"]), (&json!("rm"), &json!(""), &json!(1)));
    assert_eq!(
        (&place["urls"], &place["mentions"], &place["attachments"]),
        (&json!([]), &json!([]), &json!([]))
    );
    assert_eq!(place["editedBy"]["username"], "bob");
    delete("one");
    assert!(message("parent").ok()["message"].get("tcount").is_none());
    let activity = server.app.store.activity(&room).unwrap();
    assert_eq!((activity.messages, activity.last_message), (0, None));
}

#[test]
fn threads_are_followed_and_left() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "secret", &["bob", "al"]);
    let (bob, al, eve) = (server.as_user("bob"), server.as_user("al"), server.as_user("eve"));
    say(&bob, &room, "parent", None);
    say(&bob, &room, "one", Some("parent"));
    let following = |caller: &Caller<'_>| {
        caller.get("chat.getThreadsList", &format!("rid={room}&type=following")).ok()["total"].clone()
    };
    assert_eq!(following(&al), 0);
    al.post("chat.followMessage", json!({"mid": "one"})).ok();
    assert_eq!(following(&al), 1);
    al.post("chat.unfollowMessage", json!({"mid": "parent"})).ok();
    assert_eq!(following(&al), 0);
    let refused = |caller: &Caller<'_>, body| caller.post("chat.followMessage", body).refusal().to_owned();
    assert_eq!(refused(&al, json!({})), "[The required \"mid\" body param is missing.]");
    assert_eq!(refused(&al, json!({"mid": "none"})), "Invalid message [error-invalid-message]");
    assert_eq!(refused(&eve, json!({"mid": "parent"})), "not-allowed [error-not-allowed]");
    let not_allowed = "Not Allowed [error-not-allowed]";
    assert_eq!(eve.get("chat.getThreadsList", &format!("rid={room}")).refusal(), not_allowed);
    assert_eq!(eve.get("chat.getThreadMessages", "tmid=parent").refusal(), not_allowed);
    let missing = "The required \"tmid\" query param is missing. [error-invalid-params]";
    assert_eq!(al.get("chat.getThreadMessages", "").refusal(), missing);
    assert_eq!(
        al.get("chat.getThreadMessages", "tmid=no").refusal(),
        "Invalid Message [error-invalid-message]"
    );
    settings::set(&server.app, "Threads_enabled", &json!(false)).unwrap();
    assert_eq!(al.get("chat.getThreadMessages", "tmid=no").refusal(), "Threads Disabled [error-not-allowed]");
    assert_eq!(refused(&al, json!({"mid": "parent"})), "not-allowed [error-not-allowed]");
    let reply = json!({"message": {"rid": room.as_str(), "tmid": "parent"}});
    assert_eq!(bob.post("chat.sendMessage", reply).refusal(), "not-allowed [error-not-allowed]");
}
