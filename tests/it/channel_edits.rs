//! `channels.*`: who is in a channel, and what can be changed about it.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, TestServer};

fn create(caller: &Caller<'_>, name: &str) -> Value {
    caller.post("channels.create", json!({"name": name})).ok()["channel"].clone()
}

fn room_of(answer: &Answer) -> &Value {
    &answer.ok()["channel"]
}

#[test]
fn inviting_kicking_and_leaving_leave_their_traces() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let id = create(&bob, "talk")["_id"].as_str().unwrap().to_owned();
    let invited = bob.post("channels.invite", json!({"roomId": id, "userId": eve.id()}));
    assert_eq!((&room_of(&invited)["msgs"], &room_of(&invited)["usersCount"]), (&json!(1), &json!(2)));
    let invite = |caller: &Caller<'_>, body: Value| {
        let mut body = body;
        body["roomId"] = json!(id);
        let answer = caller.post("channels.invite", body);
        (answer.refusal().to_owned(), answer.body()["errorType"].clone())
    };
    assert_eq!(invite(&bob, json!({"usernames": ["nobody"]})).0, "invalid-user-invite-list");
    assert_eq!(invite(&bob, json!({"usernames": ["nobody"]})).1, "Cannot invite if no users are provided");
    assert_eq!(invite(&bob, json!({})).1, "error-users-params-not-provided");
    server.user("al");
    assert_eq!(invite(&eve, json!({"username": "al"})).0, "Not allowed [error-not-allowed]");
    let both = bob.post("channels.invite", json!({"roomId": id, "usernames": ["al", "eve", "al"]}));
    assert_eq!((&room_of(&both)["msgs"], &room_of(&both)["usersCount"]), (&json!(2), &json!(3)));

    let kick = |caller: &Caller<'_>, username: &str| {
        caller.post("channels.kick", json!({"roomId": id, "username": username}))
    };
    assert_eq!(kick(&eve, "al").refusal(), "Not allowed [error-not-allowed]");
    assert_eq!(room_of(&kick(&bob, "al"))["usersCount"], 2);
    assert_eq!(kick(&bob, "al").refusal(), "User is not in this room [error-user-not-in-room]");
    assert_eq!(
        kick(&bob, "nobody").refusal(),
        "The required \"userId\" or \"username\" param provided does not match any users [error-invalid-user]"
    );
    let last = "You are the last owner. Please set new owner before leaving the room. \
                [error-you-are-last-owner]";
    assert_eq!(kick(&bob, "bob").refusal(), last);
    let leave = |caller: &Caller<'_>| caller.post("channels.leave", json!({"roomId": id}));
    assert_eq!(leave(&bob).refusal(), last);
    assert_eq!(room_of(&leave(&eve))["usersCount"], 1);
    assert_eq!(leave(&eve).refusal(), "You are not in this room [error-user-not-in-room]");
    let said = bob.get("channels.messages", &format!("roomId={id}&sort=%7B%22ts%22:1%7D"));
    let mut kinds: Vec<String> = said.ok()["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| format!("{} {} {}", record["t"], record["u"]["username"], record["msg"]))
        .collect();
    kinds.sort();
    let expected = [r#""ru" "bob" "al""#, r#""uj" "al" "al""#, r#""uj" "eve" "eve""#, r#""ul" "eve" "eve""#];
    assert_eq!(kinds, expected);
}

#[test]
fn properties_change_leave_a_trace_and_refuse_what_is_the_same() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let id = create(&bob, "talk")["_id"].as_str().unwrap().to_owned();
    let set = |what: &str, key: &str, value: Value| {
        bob.post(&format!("channels.{what}"), json!({"roomId": id, key: value}))
    };
    for (what, key, words) in [
        ("setTopic", "topic", Some("topic")),
        ("setDescription", "description", Some("description")),
        ("setPurpose", "purpose", Some("purpose (description)")),
        ("setAnnouncement", "announcement", None),
    ] {
        let answer = set(what, key, json!(key));
        assert_eq!(answer.body(), &json!({key: key, "success": true}));
        if let Some(words) = words {
            let same = format!("The channel {words} is the same as what it would be changed to.");
            assert_eq!(set(what, key, json!(key)).refusal(), same);
        }
        let missing = bob.post(&format!("channels.{what}"), json!({"roomId": id}));
        assert_eq!(missing.refusal(), format!("The bodyParam \"{key}\" is required"));
    }
    assert_eq!(set("setTopic", "topic", json!("")).body()["topic"], "");
    let room = bob.get("channels.info", &format!("roomId={id}"));
    let room = room_of(&room);
    assert_eq!(
        (&room["msgs"], room.get("topic"), &room["description"]),
        (&json!(5), None, &json!("purpose"))
    );

    let renamed = set("rename", "name", json!("chat"));
    assert_eq!((&room_of(&renamed)["name"], &room_of(&renamed)["fname"]), (&json!("chat"), &json!("chat")));
    assert_eq!(
        set("rename", "name", json!("chat")).refusal(),
        "The channel name is the same as what it would be renamed to."
    );
    assert_eq!(set("rename", "name", json!("general")).body()["errorType"], "error-duplicate-channel-name");
    assert_eq!(bob.get("channels.info", "roomName=talk").body()["errorType"], "error-room-not-found");
    create(&bob, "talk");

    assert_eq!(room_of(&set("setReadOnly", "readOnly", json!(true)))["ro"], true);
    assert_eq!(
        set("setReadOnly", "readOnly", json!("true")).refusal(),
        "The channel read only setting is the same as what it would be changed to."
    );
    assert_eq!(
        room_of(&set("setCustomFields", "customFields", json!({"a": 1})))["customFields"],
        json!({"a": 1})
    );
    assert_eq!(room_of(&set("setCustomFields", "customFields", json!({})))["customFields"], json!({}));
    assert_eq!(
        set("setCustomFields", "customFields", json!("")).refusal(),
        "The bodyParam \"customFields\" is required with a type like object."
    );
    assert_eq!(set("setType", "type", json!("x")).refusal(), "The bodyParam \"type\" is required");
    assert_eq!(
        set("setType", "type", json!("c")).refusal(),
        "The channel type is the same as what it would be changed to."
    );
    let private = set("setType", "type", json!("p"));
    assert_eq!((&room_of(&private)["t"], &room_of(&private)["name"]), (&json!("p"), &json!("chat")));
}

#[test]
fn strangers_change_nothing_and_default_is_for_administrators() {
    let server = TestServer::start();
    let (bob, eve, admin) = (server.as_user("bob"), server.as_user("eve"), server.as_admin());
    create(&bob, "talk");
    for (what, key, value) in [
        ("rename", "name", json!("x")),
        ("setTopic", "topic", json!("x")),
        ("setReadOnly", "readOnly", json!(true)),
        ("setType", "type", json!("p")),
        ("setJoinCode", "joinCode", json!("x")),
        ("setCustomFields", "customFields", json!({})),
    ] {
        let answer = eve.post(&format!("channels.{what}"), json!({"roomName": "talk", key: value}));
        assert_eq!(answer.refusal(), "Editing room is not allowed [error-action-not-allowed]", "{what}");
    }
    assert_eq!(
        eve.post("channels.delete", json!({"roomName": "talk"})).refusal(),
        "Not allowed [error-not-allowed]"
    );
    let set = |caller: &Caller<'_>, body: Value| caller.post("channels.setDefault", body);
    let body = || json!({"roomName": "talk", "default": "1"});
    assert_eq!(
        set(&bob, body()).refusal(),
        "Viewing room administration is not allowed [error-action-not-allowed]"
    );
    assert_eq!(room_of(&set(&admin, body()))["default"], true);
    assert_eq!(set(&admin, body()).body()["errorType"], "error-channels-setdefault-missing-default-param");
    let missing = set(&admin, json!({"roomName": "talk"}));
    assert_eq!(missing.body()["errorType"], "error-channels-setdefault-is-same");
}

#[test]
fn roles_are_given_taken_and_listed() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let id = server.room(RoomKind::Channel, "talk", &["bob", "eve", "al"]);
    let change = |caller: &Caller<'_>, what: &str, username: &str| {
        let user = server.user(username).id;
        caller.post(&format!("channels.{what}"), json!({"roomId": id.as_str(), "userId": user.as_str()}))
    };
    assert_eq!(change(&eve, "addOwner", "eve").refusal(), "Not allowed [error-not-allowed]");
    assert_eq!(change(&bob, "addOwner", "eve").body(), &json!({"success": true}));
    assert_eq!(
        change(&bob, "addOwner", "eve").refusal(),
        "User is already an owner [error-user-already-owner]"
    );
    assert_eq!(change(&eve, "removeOwner", "bob").body(), &json!({"success": true}));
    assert_eq!(change(&eve, "removeOwner", "bob").refusal(), "User is not an owner [error-user-not-owner]");
    assert_eq!(
        change(&eve, "removeOwner", "eve").refusal(),
        "This is the last owner. Please set a new owner before removing this one. [error-remove-last-owner]"
    );
    server.user("joe");
    assert_eq!(
        change(&eve, "addLeader", "joe").refusal(),
        "User is not in this room [error-user-not-in-room]"
    );
    change(&eve, "addModerator", "al").ok();
    change(&eve, "addLeader", "al").ok();
    let roles = bob.get("channels.roles", &format!("roomId={id}"));
    let rows = roles.ok()["roles"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["u"], json!({"_id": server.user("al").id.as_str(), "username": "al"}));
    assert_eq!(rows[0]["roles"], json!(["moderator", "leader"]));
    assert!(rows[0]["_id"].is_string() && rows[0]["rid"] == id.as_str());
    assert_eq!(rows[1]["roles"], json!(["owner"]));
    let moderators = bob.get("channels.moderators", &format!("roomId={id}"));
    let al = json!({"_id": server.user("al").id.as_str(), "username": "al", "name": "Al"});
    assert_eq!(moderators.ok()["moderators"], json!([al]));
    let said = bob.get("channels.messages", &format!("roomId={id}&count=100"));
    let records = said.ok()["messages"].as_array().unwrap();
    assert_eq!(records.len(), 4);
    assert!(records.iter().any(|record| record["t"] == "subscription-role-removed"
        && record["role"] == "owner"
        && record["msg"] == "bob"));
}

#[test]
fn members_are_sorted_searched_and_paged() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let id = server.room(RoomKind::Channel, "talk", &["bob", "zoe", "al"]);
    let mut zoe = server.user("zoe");
    zoe.status = "online".to_owned();
    zoe.nickname = Some("The Boss".to_owned());
    let mut al = server.user("al");
    al.active = false;
    server
        .app
        .store
        .write::<_, roomscribe::store::Error>(|batch| {
            batch.put_user(&zoe)?;
            batch.put_user(&al)
        })
        .unwrap();
    let stranger = server.as_user("eve");
    let names = |query: &str| {
        let answer = stranger.get("channels.members", &format!("roomId={id}&{query}"));
        let rows = answer.ok()["members"].as_array().unwrap().clone();
        let names: Vec<String> =
            rows.iter().map(|row| row["username"].as_str().unwrap().to_owned()).collect();
        (names.join(" "), answer.body()["total"].clone())
    };
    assert_eq!(names(""), ("bob zoe".to_owned(), json!(2)), "only active accounts");
    assert_eq!(names("sort=%7B%22username%22:-1%7D&count=1"), ("zoe".to_owned(), json!(2)));
    assert_eq!(names("filter=boss"), ("zoe".to_owned(), json!(1)));
    assert_eq!(names("status[]=offline"), ("bob".to_owned(), json!(1)));
    let online = stranger.get("channels.online", &format!("query=%7B%22_id%22:%22{id}%22%7D"));
    assert_eq!(online.ok()["online"], json!([{"_id": zoe.id.as_str(), "username": "zoe"}]));
    assert_eq!(bob.get("channels.online", "query=%7B%7D").refusal(), "Invalid query");
    assert_eq!(bob.get("channels.online", "_id=nothing").refusal(), "Channel does not exists");
}
