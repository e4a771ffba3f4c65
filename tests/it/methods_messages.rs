//! Methods about messages and threads.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::methods::{call, refusal, result};
use crate::password_mails::set;
use crate::support::{NOW, TestServer};

fn ids(messages: &Value) -> Vec<&str> {
    messages
        .as_array()
        .expect("a list")
        .iter()
        .map(|message| message["_id"].as_str().expect("an id"))
        .collect()
}

#[test]
fn what_only_the_server_says_is_not_sent_changed_or_deleted() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let rid = room.as_str();
    let system = call(&bob, "sendMessage", json!([{"_id": "s", "rid": rid, "msg": "bob", "t": "uj"}]));
    assert!(system.get("result").is_none() && system["error"].is_object(), "{system}");
    assert_eq!(bob.get("chat.getMessage", "msgId=s").body(), &json!({"success": false}));
    let sent = result(&bob, "sendMessage", json!([{"_id": "m", "rid": rid, "msg": "hi https://a.example"}]));
    assert_eq!(
        (&sent["urls"][0]["url"], &sent["md"][0]["type"]),
        (&json!("https://a.example"), &json!("PARAGRAPH"))
    );
    for (change, expected) in [
        (json!({"t": "uj"}), "Cannot update the message t [error-invalid-update-key]"),
        (json!({"_hidden": true}), "Cannot update the message _hidden [error-invalid-update-key]"),
        (json!({"tmid": "x"}), "Cannot update the message tmid [error-invalid-update-key]"),
        (json!({"tmid": "m"}), "Cannot set tmid the same as the _id [error-message-same-as-tmid]"),
        (json!({"u": {"_id": "x"}}), "Cannot update the message u [error-invalid-update-key]"),
    ] {
        let mut message = json!({"_id": "m", "rid": rid, "msg": "changed"});
        message.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(refusal(&bob, "updateMessage", json!([message])), expected);
    }
    let whole = call(&bob, "updateMessage", json!([sent]));
    assert!(whole.get("error").is_none(), "the message as it was sent: {whole}");
    let foreign = refusal(&al, "updateMessage", json!([{"_id": "m", "rid": rid, "msg": "x"}]));
    assert!(foreign.ends_with("[error-action-not-allowed]"), "{foreign}");
    for id in ["m", "nope"] {
        let refused = refusal(&al, "deleteMessage", json!([{"_id": id}]));
        assert_eq!(refused, "Not allowed [error-action-not-allowed]");
    }
    assert_eq!(refusal(&al, "sendMessage", json!([{"rid": "nope", "msg": "x"}])), "[error-invalid-room]");
    assert!(refusal(&al, "getMessages", json!([])).starts_with("Match error: "));
    let receipts = refusal(&bob, "getReadReceipts", json!([{"messageId": "m"}]));
    assert_eq!(receipts, "This is an enterprise feature [error-action-not-allowed]");
}

#[test]
fn messages_are_marked_searched_and_reported() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "talk", &["bob", "al"]);
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    result(&bob, "sendMessage", json!([{"_id": "m", "rid": room.as_str(), "msg": "sea"}]));
    let found = result(&al, "messageSearch", json!(["sea", room.as_str(), 5]));
    assert_eq!(ids(&found["message"]["docs"]), ["m"]);
    let message = || result(&al, "getSingleMessage", json!(["m"]));
    let done = call(&al, "setReaction", json!([":bee:", "m"]));
    assert!(done.get("error").is_none() && done.get("result").is_none(), "{done}");
    assert_eq!(message()["reactions"], json!({":bee:": {"usernames": ["al"]}}));
    call(&al, "setReaction", json!(["bee", "m", false]));
    assert!(message().get("reactions").is_none());
    assert_eq!(
        refusal(&al, "setReaction", json!(["no_such_emoji", "m"])),
        "Invalid emoji provided. [error-not-allowed]"
    );
    let note = result(&bob, "pinMessage", json!([{"_id": "m", "rid": room.as_str()}]));
    assert_eq!((&note["t"], &note["attachments"][0]["text"]), (&json!("message_pinned"), &json!("sea")));
    assert_eq!(message()["pinnedAt"], json!({"$date": NOW}));
    assert_eq!(result(&bob, "unpinMessage", json!([{"_id": "m"}])), true);
    assert!(message().get("pinned").is_none_or(|pinned| pinned == false));
    assert_eq!(
        result(&al, "starMessage", json!([{"_id": "m", "rid": room.as_str(), "starred": true}])),
        true
    );
    assert_eq!(message()["starred"], json!([{"_id": al.id()}]));
    assert_eq!(
        result(&al, "starMessage", json!([{"_id": "m", "rid": room.as_str(), "starred": false}])),
        true
    );
    assert!(message().get("starred").is_none());
    assert_eq!(result(&al, "reportMessage", json!(["m", "rude"])), true);
    assert_eq!(refusal(&al, "reportMessage", json!(["nope", "rude"])), "[error-invalid-message_id]");
    server.clock.advance(10);
    let history = result(&al, "getChannelHistory", json!([{"rid": room.as_str(), "count": 5}]));
    assert!(ids(&history["messages"]).contains(&"m"));
    let all = result(&al, "messages/get", json!([room.as_str(), {"count": 5}]));
    assert!(ids(&all["messages"]).contains(&"m"));
    let changed = result(&al, "messages/get", json!([room.as_str(), {"lastUpdate": {"$date": NOW - 1}}]));
    assert!(ids(&changed["updated"]).contains(&"m") && changed["deleted"] == json!([]));
    let eve = server.as_user("eve");
    assert_eq!(refusal(&eve, "messages/get", json!([room.as_str(), {}])), "Not allowed [error-not-allowed]");
}

#[test]
fn threads_are_read_from_their_beginning_and_then_from_their_end() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "talk", &["bob", "al"]);
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    for (id, thread) in [("p", None), ("r1", Some("p")), ("r2", Some("p")), ("other", None)] {
        let message = json!({"_id": id, "rid": room.as_str(), "msg": id, "tmid": thread});
        result(&bob, "sendMessage", json!([message]));
        server.clock.advance(1);
    }
    let asked = |params: Value| result(&al, "getThreadMessages", json!([params]));
    assert_eq!(ids(&asked(json!({"tmid": "p"}))), ["p", "r2", "r1"]);
    assert_eq!(ids(&asked(json!({"tmid": "p", "limit": 1, "skip": 1}))), ["p", "r1"]);
    assert_eq!(asked(json!({"tmid": "nope"})), json!([]));
    assert_eq!(asked(json!({"tmid": "other"})), json!([]));
    let params = json!([{"tmid": "p", "limit": 101}]);
    assert_eq!(refusal(&al, "getThreadMessages", params), "max limit: 100 [error-not-allowed]");
    assert_eq!(ids(&result(&al, "getThreadsList", json!([{"rid": room.as_str()}]))), ["p"]);
    let nothing = |method: &str, params: Value| {
        let answer = call(&al, method, params);
        assert!(answer.get("result").is_none() && answer.get("error").is_none(), "{method}: {answer}");
    };
    nothing("followMessage", json!([{"mid": "p"}]));
    let followers = |()| result(&bob, "getSingleMessage", json!(["p"]))["replies"].clone();
    assert_eq!(followers(()), json!([bob.id(), al.id()]));
    nothing("unfollowMessage", json!([{"mid": "r1"}]));
    assert_eq!(followers(()), json!([bob.id()]));
    nothing("readThreads", json!(["p"]));
    nothing("readThreads", json!(["nope"]));
    assert_eq!(
        refusal(&al, "followMessage", json!([{"mid": "nope"}])),
        "Invalid message [error-invalid-message]"
    );
    let eve = server.as_user("eve");
    let foreign = refusal(&eve, "getThreadMessages", json!([{"tmid": "p"}]));
    assert_eq!(foreign, "Not allowed [error-not-allowed]");
    assert_eq!(refusal(&eve, "followMessage", json!([{"mid": "p"}])), "not-allowed [error-not-allowed]");

    set(&server, "Threads_enabled", false.into());
    for (method, params) in [
        ("getThreadMessages", json!([{"tmid": "p"}])),
        ("readThreads", json!(["p"])),
        ("getThreadsList", json!([{"rid": room.as_str()}])),
    ] {
        assert_eq!(refusal(&al, method, params), "Threads Disabled [error-not-allowed]", "{method}");
    }
    assert_eq!(refusal(&al, "followMessage", json!([{"mid": "p"}])), "not-allowed [error-not-allowed]");
}
