//! What counts as unread: the settings `Unread_Count` and `Unread_Count_DM`.

use roomscribe::domain::{RoomId, RoomKind};
use serde_json::{Value, json};

use crate::password_mails::set;
use crate::support::{Caller, TestServer};

/// Says something a second after whatever happened last.
fn say(server: &TestServer, caller: &Caller<'_>, room: &str, mut message: Value) -> Value {
    server.clock.advance(1000);
    message["rid"] = room.into();
    caller.post("chat.sendMessage", json!({"message": message})).ok()["message"]["_id"].clone()
}

fn unread(caller: &Caller<'_>, room: &str) -> Value {
    caller.get("subscriptions.getOne", &format!("roomId={room}")).ok()["subscription"]["unread"].clone()
}

#[test]
fn administrators_decide_what_counts_in_a_room() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let room: RoomId = server.room(RoomKind::Channel, "talk", &["al", "bob"]);
    let room = room.as_str();
    let first = say(&server, &al, room, json!({"msg": "hi"}));
    for text in ["@bob one", "@bob two", "@all three"] {
        say(&server, &al, room, json!({"msg": text}));
    }
    say(&server, &al, room, json!({"msg": "in a thread", "tmid": first}));
    al.post("channels.setTopic", json!({"roomId": room, "topic": "news"})).ok();
    let cases = [
        ("user_and_group_mentions_only", 3),
        ("all_messages", 4),
        ("user_mentions_only", 2),
        ("group_mentions_only", 1),
    ];
    for (value, expected) in cases {
        set(&server, "Unread_Count", json!(value));
        assert_eq!(unread(&bob, room), expected, "{value}");
        let all = bob.get("subscriptions.get", "");
        assert_eq!(all.ok()["update"][0]["unread"], expected, "{value}");
        assert_eq!(unread(&al, room), 0, "{value}");
    }
    server.clock.advance(1000);
    bob.post("subscriptions.read", json!({"rid": room})).ok();
    for (value, _) in cases {
        set(&server, "Unread_Count", json!(value));
        assert_eq!(unread(&bob, room), 0, "{value}");
    }
}

#[test]
fn in_direct_messages_everything_counts_or_mentions_alone() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let made = al.post("im.create", json!({"username": "bob"}));
    let room = made.ok()["room"]["_id"].as_str().unwrap();
    for text in ["one", "@bob two"] {
        say(&server, &al, room, json!({"msg": text}));
    }
    assert_eq!(unread(&bob, room), 2);
    set(&server, "Unread_Count_DM", json!("mentions_only"));
    assert_eq!(unread(&bob, room), 1);
}
