//! Settings that switch off what can be done with messages.

use roomscribe::domain::{RoomId, RoomKind};
use serde_json::{Value, json};

use crate::password_mails::set;
use crate::support::{Caller, TestServer};

fn say(caller: &Caller<'_>, room: &RoomId, mut message: Value) {
    message["rid"] = room.as_str().into();
    caller.post("chat.sendMessage", json!({"message": message})).ok();
}

#[test]
fn pinning_and_starring_are_refused_before_anything_is_looked_for() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    say(&bob, &room, json!({"_id": "m"}));
    set(&server, "Message_AllowPinning", false.into());
    set(&server, "Message_AllowStarring", false.into());
    for (endpoint, what) in [
        ("chat.pinMessage", "pinning"),
        ("chat.unPinMessage", "pinning"),
        ("chat.starMessage", "starring"),
        ("chat.unStarMessage", "starring"),
    ] {
        let expected = json!({
            "success": false,
            "error": format!("Message {what} not allowed [error-action-not-allowed]"),
            "errorType": "error-action-not-allowed",
        });
        for id in ["m", "nope"] {
            let refused = bob.post(endpoint, json!({"messageId": id}));
            assert_eq!((refused.status(), refused.body()), (400, &expected), "{endpoint} {id}");
        }
    }
    let message = bob.get("chat.getMessage", "msgId=m").ok()["message"].clone();
    assert!(message.get("pinned").is_none() && message.get("starred").is_none());
    assert_eq!(bob.get("chat.getMessage", "").refusal(), "The \"msgId\" query parameter must be provided.");
}

#[test]
fn without_threads_nobody_replies_follows_or_reads_them() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    say(&bob, &room, json!({"_id": "m"}));
    say(&bob, &room, json!({"_id": "r", "tmid": "m"}));
    set(&server, "Threads_enabled", false.into());
    let reply = json!({"roomId": room.as_str(), "text": "x", "tmid": "m"});
    assert_eq!(bob.post("chat.postMessage", reply).refusal(), "not-allowed [error-not-allowed]");
    for endpoint in ["chat.followMessage", "chat.unfollowMessage"] {
        assert_eq!(bob.post(endpoint, json!({"mid": "m"})).refusal(), "not-allowed [error-not-allowed]");
    }
    for (endpoint, query) in [
        ("chat.getThreadsList", "rid=nope"),
        ("chat.getThreadMessages", ""),
        ("chat.syncThreadsList", ""),
        ("chat.syncThreadMessages", "tmid=m&updatedSince=never"),
    ] {
        assert_eq!(bob.get(endpoint, query).refusal(), "Threads Disabled [error-not-allowed]", "{endpoint}");
    }
    say(&bob, &room, json!({"_id": "plain"}));
}

#[test]
fn rooms_and_quotes_show_no_more_than_the_settings_say() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let last = || {
        let info = bob.get("channels.info", &format!("roomId={room}"));
        info.ok()["channel"].get("lastMessage").map(|last| last["_id"].clone())
    };
    let link = |id: &str| format!("http://chat.example/channel/talk?msg={id}");
    say(&bob, &room, json!({"_id": "one", "msg": "plan"}));
    say(&bob, &room, json!({"_id": "two", "msg": link("one")}));
    assert_eq!(last(), Some(json!("two")));
    set(&server, "Store_Last_Message", false.into());
    assert_eq!(last(), None);
    let quote = |id: &str| {
        say(&bob, &room, json!({"_id": id, "msg": link("two")}));
        bob.get("chat.getMessage", &format!("msgId={id}")).ok()["message"]["attachments"][0].clone()
    };
    assert_eq!(quote("deep")["attachments"][0]["text"], "plan");
    set(&server, "Message_QuoteChainLimit", 1.into());
    assert_eq!(quote("flat")["attachments"], json!([]));
    set(&server, "Message_MaxAllowedSize", 3.into());
    let message = json!({"message": {"rid": room.as_str(), "msg": "four"}});
    let long = "Message size exceeds Message_MaxAllowedSize [error-message-size-exceeded]";
    assert_eq!(bob.post("chat.sendMessage", message).refusal(), long);
    let posted = json!({"roomId": room.as_str(), "text": "four"});
    assert_eq!(bob.post("chat.postMessage", posted).refusal(), long);
    let edit = json!({"roomId": room.as_str(), "msgId": "one", "text": "four"});
    assert_eq!(bob.post("chat.update", edit).refusal(), long);
}

#[test]
fn who_is_muted_gives_no_reactions_either() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    say(&bob, &room, json!({"_id": "m"}));
    bob.post("rooms.muteUser", json!({"roomId": room.as_str(), "username": "al"})).ok();
    let expected = json!({
        "success": false,
        "error": "You have been muted and cannot speak in this room [error-not-allowed]",
        "errorType": "error-not-allowed",
    });
    let refused = al.post("chat.react", json!({"messageId": "m", "emoji": "bee"}));
    assert_eq!((refused.status(), refused.body()), (400, &expected));
    let unknown = bob.post("chat.react", json!({"messageId": "m", "emoji": ":no_such_emoji:"}));
    assert_eq!(unknown.refusal(), "Invalid emoji provided. [error-not-allowed]");
    bob.post("chat.react", json!({"messageId": "m", "emoji": ":wave_tone3:"})).ok();
    let reactions = bob.get("chat.getMessage", "msgId=m").ok()["message"]["reactions"].clone();
    assert_eq!(reactions, json!({":wave_tone3:": {"usernames": ["bob"]}}));
}

#[test]
fn nothing_is_posted_if_one_of_the_rooms_is_not_there() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let posted = json!({"roomId": [room.as_str(), "nope"], "text": "x"});
    assert_eq!(server.as_user("bob").post("chat.postMessage", posted).refusal(), "[invalid-channel]");
    assert_eq!(server.app.store.activity(&room).expect("readable").messages, 0);
}
