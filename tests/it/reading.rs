//! Reading without an account, what was said to oneself or by others, and what changes a whole room:
//! `addAll`, encryption, hidden system messages, removed files.

use roomscribe::domain::{Json, RoomKind, UploadId};
use roomscribe::service::settings;
use serde_json::{Value, json};

use crate::said::{say, say_with, send_file};
use crate::support::{Answer, Caller, TestServer};

fn texts(answer: &Answer, list: &str) -> String {
    let rows = answer.ok()[list].as_array().expect("a list");
    rows.iter().map(|row| row["msg"].as_str().expect("a text")).collect::<Vec<_>>().join(" ")
}

#[test]
fn anybody_reads_channels_if_the_settings_say_so() {
    let server = TestServer::start();
    let nobody = server.anonymous();
    let talk = server.room(RoomKind::Channel, "talk", &["bob"]);
    server.room(RoomKind::Group, "secret", &["bob"]);
    say(&server, &talk, "bob", "one");
    say(&server, &talk, "bob", "two");
    let read = |query: &str| nobody.get("channels.anonymousread", query);
    assert_eq!(read("roomName=talk").refusal(), "Enable \"Allow Anonymous Read\" [error-not-allowed]");
    for query in ["roomName=secret", "roomId=nothing", ""] {
        assert_eq!(read(query).body()["errorType"], "error-room-not-found", "{query}");
    }
    settings::set(&server.app, "Accounts_AllowAnonymousRead", &json!(true)).expect("set");
    let all = read("roomName=talk");
    assert_eq!((texts(&all, "messages"), &all.ok()["total"]), ("two one".to_owned(), &json!(2)));
    assert_eq!(texts(&read(&format!("roomId={talk}&count=1&offset=1")), "messages"), "one");
    assert_eq!(read("roomName=secret").body()["errorType"], "error-room-not-found");
}

#[test]
fn one_finds_what_was_said_to_oneself() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let talk = server.room(RoomKind::Channel, "talk", &["bob"]);
    let secret = server.room(RoomKind::Group, "secret", &["bob"]);
    for text in ["first", "second"] {
        say_with(&server, &talk, "bob", text, |message| {
            message.mentions = Json::of(&json!([{"_id": eve.id(), "username": "eve"}]));
        });
        say(&server, &talk, "bob", "between");
    }
    let mentions =
        |caller: &Caller<'_>, query: &str| caller.get("channels.getAllUserMentionsByChannel", query);
    let found = mentions(&eve, &format!("roomId={talk}"));
    assert_eq!((texts(&found, "mentions"), &found.ok()["total"]), ("second first".to_owned(), &json!(2)));
    assert_eq!(texts(&mentions(&eve, &format!("roomId={talk}&count=1&offset=1")), "mentions"), "first");
    assert_eq!(
        mentions(&bob, &format!("roomId={talk}")).body(),
        &json!({"mentions": [], "count": 0, "offset": 0, "total": 0, "success": true})
    );
    let invalid = "Invalid room [error-invalid-room]";
    assert_eq!(mentions(&eve, &format!("roomId={secret}")).refusal(), invalid);
    assert_eq!(mentions(&eve, "roomId=nothing").refusal(), invalid);
    assert_eq!(mentions(&eve, "").refusal(), "must have required property 'roomId' [invalid-params]");
    assert_eq!(
        mentions(&eve, &format!("roomId={talk}&x=1")).refusal(),
        "must NOT have additional properties [invalid-params]"
    );
    assert_eq!(
        bob.get("channels.messages", "roomName=talk").refusal(),
        "must have required property 'roomId'\n must NOT have additional properties [invalid-params]"
    );
    assert_eq!(
        texts(&bob.get("channels.messages", &format!("roomId={talk}&mentionIds={}", eve.id())), "messages"),
        "second first"
    );
}

#[test]
fn administrators_read_what_others_say_only_where_that_is_switched_on() {
    let server = TestServer::start();
    let (bob, admin) = (server.as_user("bob"), server.as_admin());
    server.user("al");
    let made = bob.post("im.create", json!({"username": "al"}));
    let id = made.ok()["room"]["_id"].as_str().expect("an id").to_owned();
    say(&server, &roomscribe::domain::RoomId::new(&id), "bob", "hello");
    let others = |caller: &Caller<'_>, query: &str| caller.get("im.messages.others", query);
    assert_eq!(
        others(&admin, &format!("roomId={id}")).body(),
        &json!({"success": false, "error": "This endpoint is disabled [error-endpoint-disabled]",
                "errorType": "error-endpoint-disabled", "details": {"route": "/api/v1/im.messages.others"}})
    );
    settings::set(&server.app, "API_Enable_Direct_Message_History_EndPoint", &json!(true)).expect("set");
    assert_eq!(texts(&others(&admin, &format!("roomId={id}")), "messages"), "hello");
    assert_eq!(others(&bob, &format!("roomId={id}")).status(), 403);
    assert_eq!(
        others(&admin, "").refusal(),
        "The parameter \"roomId\" is required [error-roomid-param-not-provided]"
    );
    assert_eq!(
        admin.get("dm.messages.others", "roomId=GENERAL").refusal(),
        "No direct message room found by the id of: GENERAL [error-room-not-found]"
    );
}

#[test]
fn everybody_is_added_at_once() {
    let server = TestServer::start();
    let (bob, admin) = (server.as_user("bob"), server.as_admin());
    server.user("al");
    let talk = server.room(RoomKind::Channel, "talk", &["bob"]);
    let secret = server.room(RoomKind::Group, "secret", &["bob", "admin"]);
    assert_eq!(
        bob.post("channels.addAll", json!({"roomId": talk.as_str()})).body(),
        &json!({"success": false, "error": "Access to Method Forbidden [403]", "errorType": "403"})
    );
    let all = admin.post("channels.addAll", json!({"roomName": "talk", "activeUsersOnly": true}));
    let room = &all.ok()["channel"];
    assert_eq!((&room["usersCount"], &room["msgs"]), (&json!(4), &json!(3)));
    assert_eq!(admin.post("channels.addAll", json!({"roomName": "talk"})).ok()["channel"]["msgs"], 3);
    let group = admin.post("groups.addAll", json!({"roomId": secret.as_str()}));
    assert_eq!(group.ok()["group"]["usersCount"], 4);
    settings::set(&server.app, "API_User_Limit", &json!(3)).expect("set");
    assert_eq!(
        admin.post("channels.addAll", json!({"roomName": "talk"})).refusal(),
        "User Limit Exceeded [error-user-limit-exceeded]"
    );
    let both = admin.post("channels.addAll", json!({"roomName": "talk", "roomId": talk.as_str()}));
    assert!(both.refusal().contains("must match exactly one schema in oneOf"), "{}", both.text());
}

#[test]
fn rooms_are_encrypted_featured_and_hide_what_they_like() {
    let server = TestServer::start();
    let (bob, al, admin) = (server.as_user("bob"), server.as_user("al"), server.as_admin());
    let id = server.room(RoomKind::Group, "talk", &["bob", "al", "admin"]);
    let set = |caller: &Caller<'_>, body: Value| caller.post("groups.setEncrypted", body);
    let on = json!({"roomId": id.as_str(), "encrypted": true});
    let group = set(&bob, on.clone());
    assert_eq!((&group.ok()["group"]["encrypted"], &group.ok()["group"]["msgs"]), (&json!(true), &json!(1)));
    assert_eq!(
        set(&bob, json!({"roomId": id.as_str()})).refusal(),
        "The bodyParam \"encrypted\" is required"
    );
    assert_eq!(set(&al, on).refusal(), "Editing room is not allowed [error-action-not-allowed]");
    let save = |caller: &Caller<'_>, mut body: Value| {
        body["rid"] = id.as_str().into();
        caller.post("rooms.saveRoomSettings", body)
    };
    let room = || bob.get("rooms.info", &format!("roomId={id}")).ok()["room"].clone();
    assert_eq!(
        save(&bob, json!({"featured": true})).refusal(),
        "Viewing room administration is not allowed [error-action-not-allowed]"
    );
    save(&admin, json!({"featured": true, "favorite": {"favorite": true, "defaultValue": true}})).ok();
    assert_eq!((&room()["featured"], &room()["favorite"]), (&json!(true), &json!(true)));
    save(&admin, json!({"featured": false, "favorite": {"favorite": true, "defaultValue": false}})).ok();
    assert_eq!((&room()["featured"], &room()["favorite"]), (&Value::Null, &Value::Null));
    say_with(&server, &id, "bob", "joined", |message| message.kind = Some("uj".to_owned()));
    let history = || texts(&bob.get("groups.history", &format!("roomId={id}")), "messages");
    assert!(history().contains("joined"));
    save(&bob, json!({"systemMessages": ["uj", "room_e2e_enabled"], "encrypted": true})).ok();
    assert_eq!(
        (room()["sysMes"].clone(), history().contains("joined")),
        (json!(["uj", "room_e2e_enabled"]), false)
    );
    save(&bob, json!({"systemMessages": true})).ok();
    assert_eq!((room()["sysMes"].clone(), history().contains("joined")), (json!(true), true));
    for bad in [json!({"systemMessages": 5}), json!({"favorite": true})] {
        assert_eq!(save(&bob, bad).refusal(), "Invalid settings provided [error-invalid-settings]");
    }
}

#[test]
fn new_people_join_default_rooms_as_favourites_if_the_room_says_so() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let id = server.room(RoomKind::Channel, "start", &["admin"]);
    let body =
        json!({"rid": id.as_str(), "default": true, "favorite": {"favorite": true, "defaultValue": true}});
    admin.post("rooms.saveRoomSettings", body).ok();
    let made = admin.post(
        "users.create",
        json!({"username": "new", "name": "New", "email": "new@example.org", "password": "a-password"}),
    );
    made.ok();
    let new = server.as_user("new");
    let is_favorite = |room: &str| {
        new.get("subscriptions.getOne", &format!("roomId={room}")).ok()["subscription"]["f"].clone()
    };
    assert_eq!((is_favorite(id.as_str()), is_favorite("GENERAL")), (json!(true), Value::Null));
}

#[test]
fn a_file_is_taken_out_of_its_message() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let talk = server.room(RoomKind::Channel, "talk", &["io", "bob", "al"]);
    let sent =
        bob.send_file(&format!("rooms.upload/{talk}"), ("a.txt", "text/plain", b"hello"), &[("msg", "look")]);
    let message = sent.ok()["message"].clone();
    let file = message["file"]["_id"].as_str().expect("an id").to_owned();
    send_file(&server, &talk, "bob", "other.txt", "text/plain");
    let delete = |caller: &Caller<'_>, id: &str| caller.post("uploads.delete", json!({"fileId": id}));
    assert_eq!(delete(&al, &file).status(), 403);
    let waiting = bob.send_file(&format!("rooms.media/{talk}"), ("b.txt", "text/plain", b"hello"), &[]);
    let waiting = waiting.ok()["file"]["_id"].as_str().expect("an id").to_owned();
    assert_eq!(delete(&al, &waiting).status(), 403);
    settings::set(&server.app, "Message_AllowDeleting", &json!(false)).expect("set");
    for file in [&file, &waiting] {
        assert_eq!(delete(&bob, file).status(), 403, "as little as their message");
    }
    settings::set(&server.app, "Message_AllowDeleting", &json!(true)).expect("set");
    assert_eq!(delete(&bob, &waiting).ok()["deletedFiles"], json!([waiting]));
    let unknown = delete(&bob, "nothing");
    assert_eq!((unknown.status(), &unknown.body()["error"]), (404, &json!("Resource not found")));
    assert_eq!(delete(&bob, &file).body(), &json!({"deletedFiles": [file], "success": true}));
    assert!(server.app.store.upload(&UploadId::new(&file)).expect("readable").is_none());
    let id = message["_id"].as_str().expect("an id");
    let kept = bob.get("chat.getMessage", &format!("msgId={id}")).ok()["message"].clone();
    assert_eq!(
        (&kept["msg"], &kept["attachments"], &kept["file"]),
        (&json!("look"), &json!([]), &Value::Null)
    );
    let files = bob.get("channels.files", &format!("roomId={talk}"));
    assert_eq!((&files.ok()["total"], &files.ok()["files"][0]["name"]), (&json!(1), &json!("other.txt")));
    assert_eq!(delete(&bob, &file).status(), 404);
    assert!(
        bob.post("uploads.delete", json!({})).refusal().starts_with("must have required property 'fileId'")
    );
}
