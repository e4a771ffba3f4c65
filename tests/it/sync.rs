//! What a client that was away is told: `chat.syncMessages`, `chat.getDeletedMessages` and the same for
//! threads.

use std::collections::BTreeSet;

use roomscribe::domain::{RoomId, RoomKind};
use roomscribe::service::settings;
use serde_json::{Value, json};

use crate::support::{Caller, TestServer};

/// A millisecond later something is said.
fn say(server: &TestServer, caller: &Caller<'_>, room: &RoomId, id: &str, thread: Option<&str>) {
    server.clock.advance(1);
    let message = json!({"rid": room.as_str(), "_id": id, "msg": id, "tmid": thread});
    caller.post("chat.sendMessage", json!({"message": message})).ok();
}

fn delete(server: &TestServer, caller: &Caller<'_>, room: &RoomId, id: &str) {
    server.clock.advance(1);
    caller.post("chat.delete", json!({"roomId": room.as_str(), "msgId": id})).ok();
}

fn ids(messages: &Value) -> Vec<&str> {
    let messages = messages.as_array().expect("a list").iter();
    messages.map(|message| message["_id"].as_str().expect("an id")).collect()
}

#[test]
fn what_was_sent_changed_and_deleted_since_is_told() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    for id in ["old", "edited", "gone", "never touched"] {
        say(&server, &bob, &room, id, None);
    }
    server.clock.advance(10);
    let since = server.app.now();
    say(&server, &al, &room, "new", None);
    server.clock.advance(1);
    bob.post("chat.react", json!({"messageId": "edited", "emoji": "bee"})).ok();
    delete(&server, &bob, &room, "gone");
    server.clock.advance(1);
    al.post("chat.starMessage", json!({"messageId": "new"})).ok();
    let query = format!("roomId={room}&lastUpdate={since}");
    let reply = bob.get("chat.syncMessages", &query).ok().clone();
    assert_eq!(ids(&reply["result"]["updated"]), ["new", "edited"], "the newest change first");
    assert_eq!(reply["result"]["updated"][1]["reactions"], json!({":bee:": {"usernames": ["bob"]}}));
    let gone = json!([{"_id": "gone", "_deletedAt": since.plus(3).to_string()}]);
    assert_eq!(reply["result"]["deleted"], gone);
    assert!(reply["result"].get("cursor").is_none());
    let later = format!("roomId={room}&lastUpdate={}", server.app.now());
    assert_eq!(
        bob.get("chat.syncMessages", &later).ok()["result"],
        json!({"updated": [], "deleted": []}),
        "what is of that very instant was told before"
    );
    let listed = al.get("chat.getDeletedMessages", &format!("roomId={room}&since={since}"));
    let expected =
        json!({"messages": [{"_id": "gone"}], "count": 1, "offset": 0, "total": 1, "success": true});
    assert_eq!(listed.ok(), &expected);
}

#[test]
fn a_message_whose_sender_has_a_slow_clock_is_told_all_the_same() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let before = server.app.now().plus(-1);
    let sent_at = server.app.now().plus(-9000).to_string();
    bob.post("chat.sendMessage", json!({"message": {"rid": room.as_str(), "_id": "slow", "ts": sent_at}}))
        .ok();
    let reply = bob.get("chat.syncMessages", &format!("roomId={room}&lastUpdate={before}"));
    assert_eq!(ids(&reply.ok()["result"]["updated"]), ["slow"]);
}

/// Follows a cursor until it ends, and gathers what there is.
fn follow(caller: &Caller<'_>, query: &str, cursor: &str, start: &str, list: &str) -> Vec<String> {
    let (mut at, mut seen) = (start.to_owned(), Vec::new());
    for _ in 0..100 {
        let reply = caller.get("chat.syncMessages", &format!("{query}&{cursor}={at}")).ok()["result"].clone();
        seen.extend(ids(&reply[list]).into_iter().map(ToOwned::to_owned));
        match reply["cursor"][cursor].as_str() {
            Some(next) => next.clone_into(&mut at),
            None => return seen,
        }
    }
    panic!("{query}: the cursor has no end");
}

#[test]
fn cursors_lead_over_everything_once_in_both_directions() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let mut order = Vec::new();
    for number in 0..23 {
        let id = format!("m{number}");
        if number % 4 == 0 {
            // Several of one millisecond.
            server.clock.advance(-1);
        }
        say(&server, &bob, &room, &id, None);
        order.push(id);
    }
    for number in [3, 20, 7] {
        server.clock.advance(1);
        let id = format!("m{number}");
        bob.post("chat.react", json!({"messageId": id, "emoji": "bee"})).ok();
        order.retain(|known| *known != id);
        order.push(id);
    }
    let query = format!("roomId={room}&type=UPDATED&count=4");
    let forwards = follow(&bob, &query, "next", "0", "updated");
    let as_set = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!((forwards.len(), as_set(&forwards)), (23, as_set(&order)));
    assert_eq!(forwards[20..], order[20..], "in the order of the changes");
    let end = server.app.now().plus(1).millis().to_string();
    let mut backwards = follow(&bob, &query, "previous", &end, "updated");
    backwards.reverse();
    assert_eq!(backwards, forwards);

    // Without a cursor the newest come, and both ways lead on from there.
    let start = bob.get("chat.syncMessages", &query).ok()["result"].clone();
    let newest: Vec<&str> = forwards.iter().rev().take(4).map(String::as_str).collect();
    assert_eq!(ids(&start["updated"]), newest);
    let now = server.app.now().millis().to_string();
    assert_eq!(start["cursor"]["next"], now.as_str());
    let rest = follow(&bob, &query, "previous", start["cursor"]["previous"].as_str().unwrap(), "updated");
    assert_eq!(rest.len(), 19);
    let nothing = bob.get("chat.syncMessages", &format!("{query}&next={now}")).ok()["result"].clone();
    assert_eq!(nothing, json!({"updated": [], "deleted": [], "cursor": {"next": null, "previous": null}}));
    for number in 0..9 {
        delete(&server, &bob, &room, &format!("m{number}"));
    }
    let query = format!("roomId={room}&type=DELETED&count=2");
    let gone = follow(&bob, &query, "next", "0", "deleted");
    assert_eq!(gone, (0..9).map(|number| format!("m{number}")).collect::<Vec<_>>());
}

#[test]
fn refusals_of_syncing_are_told_in_rocket_chats_words() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let cases = [
        ("", "The required \"roomId\" query param is missing. [error-roomId-param-not-provided]"),
        (
            "roomId=none",
            "The required \"lastUpdate\" query param is missing. [error-lastUpdate-param-not-provided]",
        ),
        (
            "roomId=none&lastUpdate=soon",
            "The \"lastUpdate\" query parameter must be a valid date. [error-roomId-param-invalid]",
        ),
        ("roomId=none&lastUpdate=2024-03-15", "Not allowed [error-not-allowed]"),
        ("roomId=none&type=UPDATED", "Not allowed [error-not-allowed]"),
        (
            "roomId=none&next=5",
            "The \"type\" parameter is required when using the \"next\" or \"previous\" parameters \
             [error-type-param-required]",
        ),
        (
            "roomId=none&type=OTHER",
            "The \"type\" parameter must be either \"UPDATED\" or \"DELETED\" [error-type-param-not-supported]",
        ),
        (
            "roomId=none&type=UPDATED&next=5&previous=5",
            "You cannot provide both \"next\" and \"previous\" parameters [error-cursor-conflict]",
        ),
        (
            "roomId=none&type=DELETED&next=soon",
            "The \"next\" query parameter must be a number of milliseconds. [error-cursor-param-invalid]",
        ),
    ];
    for (query, expected) in cases {
        assert_eq!(bob.get("chat.syncMessages", query).refusal(), expected, "{query}");
    }
    let query = format!("roomId={room}&lastUpdate=2024-03-15");
    assert_eq!(eve.get("chat.syncMessages", &query).refusal(), "Not allowed [error-not-allowed]");
    let deleted = |query: &str| bob.get("chat.getDeletedMessages", query).refusal().to_owned();
    assert_eq!(deleted(""), "[The required \"roomId\" query param is missing.]");
    assert_eq!(deleted("roomId=none"), "[The required \"since\" query param is missing.]");
    assert_eq!(deleted("roomId=none&since=x"), "[The \"since\" query parameter must be a valid date.]");
    assert_eq!(deleted("roomId=none&since=2024-03-15"), "Not allowed [error-not-allowed]");
    assert_eq!(server.anonymous().get("chat.syncMessages", &query).status(), 401);
    assert_eq!(server.anonymous().get("chat.getDeletedMessages", "").status(), 401);
}

#[test]
fn threads_and_their_replies_are_told() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    say(&server, &bob, &room, "quiet", None);
    say(&server, &bob, &room, "reply of quiet", Some("quiet"));
    say(&server, &bob, &room, "busy", None);
    say(&server, &bob, &room, "kept", Some("busy"));
    say(&server, &bob, &room, "gone", Some("busy"));
    let since = server.app.now();
    say(&server, &bob, &room, "new", Some("busy"));
    say(&server, &bob, &room, "beside", None);
    delete(&server, &bob, &room, "gone");
    let at = server.app.now();
    server.clock.advance(1);
    bob.post("chat.react", json!({"messageId": "kept", "emoji": "bee"})).ok();
    let threads = bob.get("chat.syncThreadsList", &format!("rid={room}&updatedSince={since}"));
    assert_eq!(ids(&threads.ok()["threads"]["update"]), ["busy"]);
    assert_eq!(threads.ok()["threads"]["remove"], json!([]), "no thread has gone");
    let query = format!("tmid=busy&updatedSince={since}");
    let replies = bob.get("chat.syncThreadMessages", &query).ok()["messages"].clone();
    assert_eq!(ids(&replies["update"]), ["kept", "new"]);
    assert_eq!(replies["remove"], json!([{"_id": "gone", "_deletedAt": at.to_string()}]));
}

#[test]
fn refusals_of_syncing_threads_come_in_order() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    say(&server, &bob, &room, "parent", None);
    let list =
        |caller: &Caller<'_>, query: &str| caller.get("chat.syncThreadsList", query).refusal().to_owned();
    let replies =
        |caller: &Caller<'_>, query: &str| caller.get("chat.syncThreadMessages", query).refusal().to_owned();
    let missing = "The required param \"updatedSince\" is missing. [error-updatedSince-param-invalid]";
    let invalid =
        "The \"updatedSince\" query parameter must be a valid date. [error-updatedSince-param-invalid]";
    let not_allowed = "Not Allowed [error-not-allowed]";
    assert_eq!(
        list(&bob, ""),
        "The required \"rid\" query param is missing. [error-room-id-param-not-provided]"
    );
    assert_eq!(list(&bob, "rid=none"), missing);
    assert_eq!(list(&bob, "rid=none&updatedSince=x"), invalid);
    assert_eq!(list(&bob, "rid=none&updatedSince=2024-03-15"), not_allowed);
    assert_eq!(list(&eve, &format!("rid={room}&updatedSince=2024-03-15")), not_allowed);
    assert_eq!(replies(&bob, ""), "The required \"tmid\" query param is missing. [error-invalid-params]");
    assert_eq!(replies(&bob, "tmid=none"), missing);
    assert_eq!(replies(&bob, "tmid=none&updatedSince=x"), invalid);
    assert_eq!(replies(&bob, "tmid=none&updatedSince=2024-03-15"), "Invalid Message [error-invalid-message]");
    assert_eq!(replies(&eve, "tmid=parent&updatedSince=2024-03-15"), not_allowed);
    settings::set(&server.app, "Threads_enabled", &json!(false)).unwrap();
    let disabled = "Threads Disabled [error-not-allowed]";
    assert_eq!((list(&bob, ""), replies(&bob, "updatedSince=x")), (disabled.to_owned(), disabled.to_owned()));
}
