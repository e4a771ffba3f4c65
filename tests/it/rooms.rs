//! `rooms.*`: what holds for every kind of room.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::said::say;
use crate::support::TestServer;

#[test]
fn info_shows_any_kind_of_room_to_who_may_see_it() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let id = server.room(RoomKind::Group, "secret", &["bob"]);
    let info = |query: &str| bob.get("rooms.info", query);
    assert_eq!(info(&format!("roomId={id}")).body(), info("roomName=secret").body());
    let some = info("roomName=secret&fields=%7B%22name%22:1%7D");
    assert_eq!(some.ok()["room"], json!({"_id": id.as_str(), "name": "secret"}));
    let foreign = eve.get("rooms.info", "roomName=secret");
    assert_eq!(
        foreign.body(),
        &json!({"success": false, "error": "not-allowed", "errorType": "Not Allowed"})
    );
    assert_eq!(
        info("").refusal(),
        "The parameter \"roomId\" or \"roomName\" is required [error-roomid-param-not-provided]"
    );
    assert_eq!(
        info("roomName=nothing").refusal(),
        "The required \"roomId\" or \"roomName\" param provided does not match any channel \
         [error-room-not-found]"
    );
    let state = |caller: &crate::support::Caller<'_>, action: &str| {
        caller.post("rooms.changeArchivationState", json!({"rid": id.as_str(), "action": action}))
    };
    assert_eq!(state(&eve, "archive").refusal(), "Not authorized [error-not-authorized]");
    assert_eq!(state(&bob, "burn").refusal(), "must be equal to one of the allowed values [invalid-params]");
    state(&bob, "archive").ok();
    assert_eq!(info("roomName=secret").refusal(), "The channel, secret, is archived [error-room-archived]");
    state(&server.as_admin(), "unarchive").ok();
    info("roomName=secret").ok();
}

#[test]
fn changes_since_an_instant_are_told() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let talk = server.room(RoomKind::Channel, "talk", &["bob"]);
    server.room(RoomKind::Channel, "quiet", &["bob"]);
    server.room(RoomKind::Channel, "elsewhere", &["al"]);
    let names = |query: &str| {
        let answer = bob.get("rooms.get", query);
        let rows = answer.ok()["update"].as_array().unwrap().clone();
        assert_eq!(answer.body()["remove"], json!([]));
        let mut names: Vec<String> =
            rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(""), ["quiet", "talk"]);
    let now = server.app.now().to_string();
    assert!(names(&format!("updatedSince={now}")).is_empty());
    say(&server, &talk, "bob", "hello");
    assert_eq!(names(&format!("updatedSince={now}")), ["talk"]);
    assert_eq!(
        bob.get("rooms.get", "updatedSince=x").refusal(),
        "The \"updatedSince\" query parameter must be a valid date. [error-updatedSince-param-invalid]"
    );
}

#[test]
fn what_has_gone_is_told_until_it_comes_back() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let talk = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let doomed = server.room(RoomKind::Group, "doomed", &["bob", "al"]);
    let subscription = server.app.store.subscription(&talk, &server.user("al").id).unwrap().unwrap().id;
    let since = format!("updatedSince={}", server.app.now());
    server.clock.advance(1000);
    let now = server.app.now().to_string();
    al.post("channels.leave", json!({"roomId": talk.as_str()})).ok();
    bob.post("groups.delete", json!({"roomId": doomed.as_str()})).ok();
    let gone = |id: &str| json!({"_id": id, "_deletedAt": now});
    let rooms = al.get("rooms.get", &since);
    let removed = rooms.ok()["remove"].as_array().unwrap();
    assert_eq!(removed.len(), 2);
    assert!(removed.contains(&gone(talk.as_str())) && removed.contains(&gone(doomed.as_str())));
    let subscriptions = al.get("subscriptions.get", &since);
    assert!(subscriptions.ok()["remove"].as_array().unwrap().contains(&gone(&subscription)));
    assert_eq!(al.get("rooms.get", &format!("updatedSince={now}")).ok()["remove"], json!([]));
    assert_eq!(al.get("rooms.get", "").ok()["remove"], json!([]), "who asks for all needs no removals");
    al.post("channels.join", json!({"roomId": talk.as_str()})).ok();
    assert_eq!(al.get("rooms.get", &since).ok()["remove"], json!([gone(doomed.as_str())]));
    assert_eq!(bob.get("rooms.get", &since).ok()["remove"], json!([gone(doomed.as_str())]));
}

#[test]
fn favourites_are_ones_own() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let id = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let favorite = |body: Value| bob.post("rooms.favorite", body);
    assert_eq!(favorite(json!({"roomName": "talk"})).refusal(), "The 'favorite' param is required");
    favorite(json!({"roomName": "talk", "favorite": true})).ok();
    let is_favorite = |name: &str| {
        let one = server.as_user(name).get("subscriptions.getOne", &format!("roomId={id}"));
        one.ok()["subscription"]["f"].clone()
    };
    assert_eq!((is_favorite("bob"), is_favorite("al")), (json!(true), Value::Null));
    favorite(json!({"roomId": id.as_str(), "favorite": false})).ok();
    assert_eq!(is_favorite("bob"), Value::Null);
    let foreign = eve.post("rooms.favorite", json!({"roomName": "talk", "favorite": true}));
    assert_eq!(foreign.refusal(), "You must be part of a room to favorite it [error-invalid-subscription]");
}

#[test]
fn names_and_memberships_are_looked_up() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let id = server.room(RoomKind::Group, "secret", &["bob"]);
    assert_eq!(
        eve.get("rooms.nameExists", "roomName=secret").body(),
        &json!({"exists": true, "success": true})
    );
    assert_eq!(eve.get("rooms.nameExists", "roomName=nothing").ok()["exists"], false);
    assert_eq!(
        eve.get("rooms.nameExists", "roomId=x").refusal(),
        "must have required property 'roomName'\n must NOT have additional properties [invalid-params]"
    );
    let asked = |query: &str| bob.get("rooms.isMember", &format!("roomId={id}&{query}"));
    assert_eq!(asked("username=bob").body(), &json!({"isMember": true, "success": true}));
    assert_eq!(asked(&format!("userId={}", eve.id())).ok()["isMember"], false);
    assert_eq!(asked("username=nobody").refusal(), "error-user-not-found");
    assert!(asked("username=bob&userId=x").refusal().contains("must match exactly one schema in oneOf"));
    let foreign = eve.get("rooms.isMember", &format!("roomId={id}&username=bob"));
    assert_eq!((foreign.status(), foreign.body()["error"].as_str()), (403, Some("unauthorized")));
    let unknown = eve.get("rooms.isMember", "roomId=nothing&username=bob");
    assert_eq!(unknown.body()["errorType"], "error-room-not-found");
}

#[test]
fn muting_keeps_two_lists() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let id = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let call = |caller: &crate::support::Caller<'_>, what: &str, username: &str| {
        caller.post(&format!("rooms.{what}"), json!({"roomId": id.as_str(), "username": username}))
    };
    let lists = || {
        let info = bob.get("rooms.info", &format!("roomId={id}"));
        let room = &info.ok()["room"];
        (room["muted"].clone(), room["unmuted"].clone())
    };
    assert_eq!(call(&al, "muteUser", "bob").refusal(), "Not allowed [error-not-allowed]");
    assert_eq!(call(&bob, "muteUser", "nobody").refusal(), "Invalid user");
    server.user("eve");
    assert_eq!(call(&bob, "muteUser", "eve").refusal(), "User is not in this room [error-user-not-in-room]");
    call(&bob, "muteUser", "al").ok();
    assert_eq!(lists(), (json!(["al"]), Value::Null));
    call(&bob, "muteUser", "al").ok();
    assert_eq!(lists().0, json!(["al"]), "nobody stands there twice");
    call(&bob, "unmuteUser", "al").ok();
    assert_eq!(lists(), (Value::Null, Value::Null));
    bob.post("channels.setReadOnly", json!({"roomId": id.as_str(), "readOnly": true})).ok();
    call(&bob, "unmuteUser", "al").ok();
    assert_eq!(lists(), (Value::Null, json!(["al"])));
    call(&bob, "muteUser", "al").ok();
    assert_eq!(lists(), (Value::Null, Value::Null));
    let made = bob.post("im.create", json!({"username": "al"}));
    let direct = made.ok()["room"]["_id"].clone();
    let muted = server.as_admin().post("rooms.muteUser", json!({"roomId": direct, "username": "al"}));
    assert_eq!(muted.refusal(), "d is not a valid room type [error-invalid-room-type]");
}

#[test]
fn leaving_and_deleting_know_direct_messages() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let made = bob.post("im.create", json!({"username": "al"}));
    let direct = made.ok()["room"]["_id"].clone();
    let not_allowed = "Not allowed [error-not-allowed]";
    assert_eq!(bob.post("rooms.leave", json!({"roomId": direct})).refusal(), not_allowed);
    assert_eq!(bob.post("rooms.delete", json!({"roomId": direct})).refusal(), not_allowed);
    assert_eq!(bob.post("rooms.delete", json!({})).refusal(), "The 'roomId' param is required");
    let unknown = bob.post("rooms.delete", json!({"roomId": "nothing"}));
    assert_eq!(unknown.refusal(), "Invalid room [error-invalid-room]");
    let id = server.room(RoomKind::Group, "secret", &["bob", "al"]);
    server.as_user("bob").post("groups.archive", json!({"roomName": "secret"})).ok();
    assert_eq!(
        al.post("rooms.leave", json!({"roomName": "secret"})).refusal(),
        "The channel, secret, is archived [error-room-archived]"
    );
    server
        .as_admin()
        .post("rooms.changeArchivationState", json!({"rid": id.as_str(), "action": "unarchive"}))
        .ok();
    assert_eq!(al.post("rooms.leave", json!({"roomName": "secret"})).body(), &json!({"success": true}));
    assert_eq!(bob.post("rooms.delete", json!({"roomId": id.as_str()})).body(), &json!({"success": true}));
}

#[test]
fn several_settings_are_saved_together_or_not_at_all() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let id = server.room(RoomKind::Channel, "talk", &["bob"]);
    let save = |caller: &crate::support::Caller<'_>, mut body: Value| {
        body["rid"] = id.as_str().into();
        caller.post("rooms.saveRoomSettings", body)
    };
    let all = json!({"roomName": "chat", "roomTopic": "t", "readOnly": true, "reactWhenReadOnly": true});
    assert_eq!(save(&bob, all).body(), &json!({"rid": id.as_str(), "success": true}));
    let info = bob.get("rooms.info", &format!("roomId={id}"));
    let room = &info.ok()["room"];
    assert_eq!((&room["name"], &room["topic"]), (&json!("chat"), &json!("t")));
    assert_eq!(
        (&room["ro"], &room["reactWhenReadOnly"], &room["msgs"]),
        (&json!(true), &json!(true), &json!(4))
    );
    let half = save(&bob, json!({"roomTopic": "new", "roomName": "general"}));
    assert_eq!(half.body()["errorType"], "error-duplicate-channel-name");
    assert_eq!(bob.get("rooms.info", &format!("roomId={id}")).ok()["room"]["topic"], "t");
    assert_eq!(
        save(&bob, json!({"nonsense": 1})).refusal(),
        "Invalid settings provided [error-invalid-settings]"
    );
    assert_eq!(
        save(&eve, json!({"roomTopic": "x"})).refusal(),
        "Editing room is not allowed [error-action-not-allowed]"
    );
}
