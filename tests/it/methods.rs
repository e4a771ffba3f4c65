//! Methods of the realtime API over REST: `method.call` and `method.callAnon`.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, TestServer};

pub(crate) fn message(method: &str, params: &Value) -> Value {
    let message = json!({"msg": "method", "id": "7", "method": method, "params": params});
    json!({"message": message.to_string()})
}

/// The answer that stands in the reply's `message`.
pub(crate) fn inner(reply: &Answer) -> Value {
    let text = reply.ok()["message"].as_str().expect("a text").to_owned();
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&answer["msg"], &answer["id"]), (&json!("result"), &json!("7")));
    answer
}

pub(crate) fn call(caller: &Caller<'_>, method: &str, params: Value) -> Value {
    inner(&caller.post("method.call/x", message(method, &params)))
}

pub(crate) fn result(caller: &Caller<'_>, method: &str, params: Value) -> Value {
    let answer = call(caller, method, params);
    assert!(answer["error"].is_null(), "{method}: {answer}");
    answer["result"].clone()
}

pub(crate) fn refusal(caller: &Caller<'_>, method: &str, params: Value) -> String {
    call(caller, method, params)["error"]["message"].as_str().unwrap_or("no error").to_owned()
}

#[test]
fn the_method_in_the_message_is_run_whatever_the_path_says() {
    let server = TestServer::start();
    server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let body =
        json!({"message": r#"{"msg":"method","id":42,"method":"getRoomIdByNameOrId","params":["talk"]}"#});
    let reply = bob.post("method.call/permissions:get", body);
    let text = reply.ok()["message"].as_str().unwrap();
    let answer: Value = serde_json::from_str(text).unwrap();
    assert_eq!(answer["id"], "42", "a number comes back as a text");
    assert_eq!(answer["result"], result(&bob, "getRoomByTypeAndName", json!(["c", "talk"]))["_id"]);
}

#[test]
fn what_is_no_call_is_refused_before_anything_is_run() {
    let server = TestServer::start();
    server.user("bob");
    let bob = server.as_user("bob");
    for bad in ["", "[]", "{}", r#"{"msg":"method","method":"getServerInfo","params":[]}"#] {
        let reply = bob.post("method.call/x", json!({"message": bad}));
        assert_eq!(reply.refusal(), "Invalid method call");
    }
    let reply = bob.post("method.call/x", json!({}));
    assert_eq!(reply.refusal(), "must have required property 'message' [invalid-params]");
    let reply = bob.post("method.call/x", json!({"message": "{}", "more": 1}));
    assert_eq!(reply.refusal(), "must NOT have additional properties [invalid-params]");
    let anonymous = server.anonymous().post("method.call/x", json!({}));
    assert_eq!(anonymous.status(), 401, "who calls is asked before what");
}

#[test]
fn errors_are_answers_with_status_200() {
    let server = TestServer::start();
    server.user("bob");
    let bob = server.as_user("bob");
    let unknown = call(&bob, "noSuchThing", json!([]));
    let expected = json!({
        "isClientSafe": true,
        "error": 404,
        "reason": "Method 'noSuchThing' not found",
        "message": "Method 'noSuchThing' not found [404]",
        "errorType": "Meteor.Error",
    });
    assert_eq!(unknown["error"], expected);
    assert!(unknown.get("result").is_none());
    let mistyped = call(&bob, "getRoomIdByNameOrId", json!([]));
    let expected = json!({
        "message": "Match error: Expected string, got undefined",
        "path": "",
        "sanitizedError": {
            "isClientSafe": true,
            "error": 400,
            "reason": "Match failed",
            "message": "Match failed [400]",
            "errorType": "Meteor.Error",
        },
        "errorType": "Match.Error",
    });
    assert_eq!(mistyped["error"], expected);
    assert_eq!(refusal(&bob, "getRoomIdByNameOrId", json!(["nope"])), "Not allowed [error-not-allowed]");
    assert_eq!(refusal(&bob, "joinRoom", json!(["nope"])), "Invalid room [error-invalid-room]");
}

#[test]
fn who_is_not_logged_in_gets_what_everybody_may_have() {
    let server = TestServer::start();
    server.user("bob");
    let anonymous = server.anonymous();
    let settings = inner(&anonymous.post("method.callAnon/x", message("public-settings/get", &json!([]))));
    let settings = settings["result"].as_array().unwrap();
    assert!(settings.iter().any(|setting| setting["_id"] == "Site_Name"));
    assert!(settings.iter().all(|setting| setting["_id"] != "SMTP_Password"));
    let rooms = inner(&anonymous.post("method.callAnon/x", message("rooms/get", &json!([]))));
    assert_eq!(rooms["error"]["message"], "Invalid user [error-invalid-user]");
    let private = result(&server.as_user("bob"), "private-settings/get", json!([]));
    assert_eq!(private, json!([]), "users see no private settings");
    let private = result(&server.as_admin(), "private-settings/get", json!([]));
    assert!(private.as_array().unwrap().iter().any(|setting| setting["_id"] == "SMTP_Host"));
}

#[test]
fn messages_are_sent_changed_and_read_back() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "talk", &["bob"]);
    let bob = server.as_user("bob");
    for number in 0..5 {
        let sent = result(
            &bob,
            "sendMessage",
            json!([{"_id": format!("m{number}"), "rid": room.as_str(), "msg": number.to_string()}]),
        );
        assert_eq!(sent["ts"], json!({"$date": 1_710_498_030_123_i64 + number * 10}));
        server.clock.advance(10);
    }
    let ids = |answer: &Value| -> Vec<String> {
        let messages = answer["messages"].as_array().unwrap_or_else(|| answer.as_array().unwrap());
        messages.iter().map(|message| message["_id"].as_str().unwrap().to_owned()).collect()
    };
    let date = |number: i64| json!({"$date": 1_710_498_030_123_i64 + number * 10});
    let rid = room.as_str();
    assert_eq!(ids(&result(&bob, "loadHistory", json!([rid, null, 2]))), ["m4", "m3"]);
    assert_eq!(ids(&result(&bob, "loadHistory", json!([rid, date(2), 9]))), ["m1", "m0"]);
    let unread = result(&bob, "loadHistory", json!([rid, null, 2, date(0)]));
    assert_eq!((&unread["unreadNotLoaded"], &unread["firstUnread"]["_id"]), (&json!(2), &json!("m1")));
    assert_eq!(ids(&result(&bob, "loadNextMessages", json!([rid, date(1), 2]))), ["m2", "m3"]);
    assert_eq!(ids(&result(&bob, "loadMissedMessages", json!([rid, date(2)]))), ["m4", "m3"]);
    let around = result(&bob, "loadSurroundingMessages", json!([{"_id": "m2", "rid": rid}, 3]));
    assert_eq!(ids(&around), ["m1", "m2", "m3"]);
    assert_eq!((&around["moreBefore"], &around["moreAfter"]), (&json!(true), &json!(true)));
    assert_eq!(result(&bob, "loadHistory", json!(["nope"])), false);

    let changed = call(&bob, "updateMessage", json!([{"_id": "m2", "rid": rid, "msg": "changed"}]));
    assert!(changed.get("result").is_none() && changed.get("error").is_none(), "{changed}");
    assert_eq!(result(&bob, "getSingleMessage", json!(["m2"]))["msg"], "changed");
    let moved = refusal(&bob, "updateMessage", json!([{"_id": "m2", "rid": "elsewhere", "msg": "x"}]));
    assert_eq!(moved, "Cannot update the message rid [error-invalid-update-key]");
    call(&bob, "deleteMessage", json!([{"_id": "m2"}]));
    assert_eq!(ids(&result(&bob, "getMessages", json!([["m1", "m2"]]))), ["m1"]);
    server.user("al");
    assert_eq!(
        refusal(&server.as_user("al"), "getMessages", json!([["m1"]])),
        "Not allowed [error-not-allowed]"
    );
}

#[test]
fn rooms_are_made_joined_and_listed() {
    let server = TestServer::start();
    server.user("al");
    server.user("bob");
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let room = result(&bob, "createChannel", json!(["news", ["al"], false]));
    let rid = room["rid"].as_str().unwrap();
    assert_eq!(room["name"], "news");
    assert_eq!(result(&al, "leaveRoom", json!([rid])), Value::Null);
    assert_eq!(result(&al, "joinRoom", json!([rid])), true);
    assert_eq!(result(&al, "joinRoom", json!([rid])), true, "twice is as good");
    let rooms = result(&al, "rooms/get", json!([]));
    assert!(rooms.as_array().unwrap().iter().any(|room| room["_id"] == rid && room["t"] == "c"));
    let since = result(&al, "rooms/get", json!([{"$date": 0}]));
    assert!(since["update"].is_array() && since["remove"].is_array());
    let direct = result(&al, "createDirectMessage", json!(["bob"]));
    assert_eq!(direct["t"], "d");
    let unknown = refusal(&al, "createDirectMessage", json!(["nobody"]));
    assert!(unknown.ends_with("[error-invalid-user]"), "{unknown}");
    let params = json!([{"rid": direct["rid"], "users": ["al"]}]);
    assert_eq!(
        refusal(&al, "addUsersToRoom", params),
        "Can't invite user to direct rooms [error-cant-invite-for-direct-room]"
    );
    let members = result(&bob, "getUsersOfRoom", json!([rid, true, {"limit": 10}]));
    assert_eq!((&members["total"], members["records"].as_array().unwrap().len()), (&json!(2), 2));
    assert_eq!(result(&bob, "saveRoomSettings", json!([rid, "roomTopic", "weather"]))["result"], true);
    assert_eq!(result(&bob, "getRoomById", json!([rid]))["topic"], "weather");
}
