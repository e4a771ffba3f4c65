//! `rooms.*` of a member: join, open, hide, saveNotification, roles, membersOrderedByRole, and what
//! blocking does to a direct message.

use roomscribe::domain::{Json, RoomKind, User};
use serde_json::{Value, json};

use crate::support::{Caller, TestServer};

const UNAUTHORIZED: &str = "unauthorized";

fn is_unauthorized(answer: &crate::support::Answer) -> bool {
    answer.status() == 403 && answer.body()["error"] == UNAUTHORIZED
}

fn subscription(caller: &Caller<'_>, room: &str) -> Value {
    caller.get("subscriptions.getOne", &format!("roomId={room}")).ok()["subscription"].clone()
}

#[test]
fn people_join_what_they_see_and_know_the_code_of() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let talk = server.room(RoomKind::Channel, "talk", &["bob"]);
    let secret = server.room(RoomKind::Group, "secret", &["bob"]);
    let joined = eve.post("rooms.join", json!({"roomId": talk.as_str()}));
    let room = &joined.ok()["room"];
    assert_eq!((&room["_id"], &room["usersCount"]), (&json!(talk.as_str()), &json!(2)));
    eve.post("rooms.join", json!({"roomName": "talk"})).ok();
    bob.post("channels.setJoinCode", json!({"roomId": talk.as_str(), "joinCode": "sesame"})).ok();
    let al = server.as_user("al");
    let join = |body: Value| al.post("rooms.join", body);
    assert_eq!(join(json!({"roomName": "talk"})).refusal(), "Code required [error-code-required]");
    assert_eq!(
        join(json!({"roomName": "talk", "joinCode": "x"})).refusal(),
        "Invalid code [error-code-invalid]"
    );
    join(json!({"roomName": "talk", "joinCode": "sesame"})).ok();
    let foreign = join(json!({"roomId": secret.as_str()}));
    assert_eq!(
        foreign.body(),
        &json!({"success": false, "error": "not-allowed", "errorType": "Not Allowed"})
    );
    assert_eq!(join(json!({})).body()["errorType"], "error-roomid-param-not-provided");
    bob.post("channels.archive", json!({"roomId": talk.as_str()})).ok();
    let archived = server.as_user("io").post("rooms.join", json!({"roomName": "talk"}));
    assert_eq!(archived.refusal(), "The channel, talk, is archived [error-room-archived]");
    assert_eq!(server.anonymous().post("rooms.join", json!({})).status(), 401);
}

#[test]
fn members_show_and_hide_their_rooms() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let talk = server.room(RoomKind::Channel, "talk", &["bob"]);
    let body = json!({"roomId": talk.as_str()});
    for (endpoint, open) in [("rooms.hide", false), ("rooms.hide", false), ("rooms.open", true)] {
        assert_eq!(bob.post(endpoint, body.clone()).body(), &json!({"success": true}));
        assert_eq!(subscription(&bob, talk.as_str())["open"], open);
        assert!(is_unauthorized(&eve.post(endpoint, body.clone())));
        let unknown = bob.post(endpoint, json!({"roomId": "nothing"}));
        assert_eq!(unknown.refusal(), "Invalid room [error-invalid-room]");
        let missing = bob.post(endpoint, json!({}));
        assert_eq!(missing.refusal(), "must have required property 'roomId' [invalid-params]");
    }
}

#[test]
fn members_choose_what_to_hear_of() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let talk = server.room(RoomKind::Channel, "talk", &["bob"]);
    let save = |notifications: Value| {
        bob.post("rooms.saveNotification", json!({"roomId": talk.as_str(), "notifications": notifications}))
    };
    let chosen = json!({"disableNotifications": "1", "hideUnreadStatus": "0", "desktopNotifications": "mentions",
                        "emailNotifications": "nothing", "audioNotificationValue": "beep"});
    assert_eq!(save(chosen).body(), &json!({"success": true}));
    let kept = subscription(&bob, talk.as_str());
    assert_eq!((&kept["disableNotifications"], &kept["hideUnreadStatus"]), (&json!(true), &json!(false)));
    assert_eq!(
        (&kept["desktopNotifications"], &kept["desktopPrefOrigin"]),
        (&json!("mentions"), &json!("subscription"))
    );
    assert_eq!(
        (&kept["emailNotifications"], &kept["audioNotificationValue"]),
        (&json!("nothing"), &json!("beep"))
    );
    let preferring =
        User { preferences: Json::from_text(r#"{"desktopNotifications":"all"}"#), ..server.user("bob") };
    server
        .app
        .store
        .write::<_, roomscribe::store::Error>(|batch| batch.put_user(&preferring))
        .expect("a user");
    save(json!({"desktopNotifications": "default", "emailNotifications": "default"})).ok();
    let kept = subscription(&bob, talk.as_str());
    assert_eq!((&kept["desktopNotifications"], &kept["desktopPrefOrigin"]), (&json!("all"), &json!("user")));
    assert_eq!((&kept["emailNotifications"], &kept["emailPrefOrigin"]), (&Value::Null, &Value::Null));

    let required = "The 'notifications' param is required";
    assert_eq!(save(json!({})).refusal(), required);
    assert_eq!(bob.post("rooms.saveNotification", json!({"roomId": "x"})).refusal(), required);
    let nowhere = bob.post("rooms.saveNotification", json!({"notifications": {"hideUnreadStatus": "1"}}));
    assert_eq!(nowhere.refusal(), "The 'roomId' param is required");
    assert_eq!(save(json!({"x": "1"})).refusal(), "Invalid settings field [error-invalid-settings]");
    let value = save(json!({"hideUnreadStatus": "1", "mobilePushNotifications": "some"}));
    assert_eq!(value.refusal(), "Invalid settings value [error-invalid-settings]");
    assert_eq!(subscription(&bob, talk.as_str())["hideUnreadStatus"], false, "all or nothing");
    assert!(
        save(json!({"hideUnreadStatus": 1}))
            .refusal()
            .starts_with("Match error: Expected string, got number")
    );
    let body = json!({"roomId": talk.as_str(), "notifications": {"hideUnreadStatus": "1"}});
    assert_eq!(
        eve.post("rooms.saveNotification", body).refusal(),
        "Invalid subscription [error-invalid-subscription]"
    );
}

#[test]
fn who_has_a_role_stands_first() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let talk = server.room(RoomKind::Group, "talk", &["bob", "zoe", "al", "mo", "cy"]);
    let zoe = server.user("zoe").id;
    let body = json!({"roomId": talk.as_str(), "userId": zoe.as_str()});
    bob.post("groups.addModerator", body).ok();
    let list = |query: &str| bob.get("rooms.membersOrderedByRole", &format!("roomId={talk}&{query}"));
    let names = |query: &str| {
        let answer = list(query);
        let rows = answer.ok()["members"].as_array().expect("a list").clone();
        (
            rows.iter()
                .map(|row| row["username"].as_str().expect("a name").to_owned())
                .collect::<Vec<_>>()
                .join(" "),
            answer.ok()["total"].clone(),
        )
    };
    assert_eq!(names(""), ("bob zoe al cy mo".to_owned(), json!(5)));
    assert_eq!(names("offset=1&count=2"), ("zoe al".to_owned(), json!(5)));
    assert_eq!(names("offset=3"), ("cy mo".to_owned(), json!(5)));
    assert_eq!(names("filter=O"), ("bob zoe mo".to_owned(), json!(3)));
    assert_eq!(names("status[]=online").1, 0);
    let first = list("").ok()["members"][0].clone();
    assert_eq!((&first["roles"], &first["_id"]), (&json!(["owner"]), &json!(bob.id())));
    let roles = bob.get("rooms.roles", &format!("rid={talk}"));
    let rows = roles.ok()["roles"].as_array().expect("a list").clone();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1]["u"], json!({"_id": zoe.as_str(), "username": "zoe", "name": "Zoe"}));
    assert_eq!((&rows[1]["roles"], &rows[1]["rid"]), (&json!(["moderator"]), &json!(talk.as_str())));
    let invalid = "Invalid room [error-invalid-room]";
    assert_eq!(eve.get("rooms.roles", &format!("rid={talk}")).refusal(), invalid);
    assert_eq!(eve.get("rooms.membersOrderedByRole", &format!("roomId={talk}")).refusal(), invalid);
    assert_eq!(
        eve.get("rooms.membersOrderedByRole", "").refusal(),
        "must have required property 'roomId' [invalid-params]"
    );
    assert_eq!(eve.get("rooms.roles", "").refusal(), "must have required property 'rid' [invalid-params]");
}

#[test]
fn a_list_of_members_knows_who_was_renamed_and_who_is_gone() {
    let server = TestServer::start();
    let (bob, admin) = (server.as_user("bob"), server.as_admin());
    let talk = server.room(RoomKind::Channel, "talk", &["bob", "al", "zoe"]);
    let names = |query: &str| {
        let answer = bob.get("channels.members", &format!("roomId={talk}&{query}"));
        let rows = answer.ok()["members"].as_array().expect("a list").clone();
        let names: Vec<_> =
            rows.iter().map(|row| row["username"].as_str().expect("a name").to_owned()).collect();
        assert_eq!(answer.ok()["count"], names.len());
        (names.join(" "), answer.ok()["total"].clone())
    };
    assert_eq!(names(""), ("al bob zoe".to_owned(), json!(3)));
    let (al, zoe) = (server.user("al").id, server.user("zoe").id);
    admin.post("users.update", json!({"userId": al.as_str(), "data": {"username": "yan"}})).ok();
    assert_eq!(names(""), ("bob yan zoe".to_owned(), json!(3)));
    assert_eq!(names("sort=%7B%22username%22:-1%7D&count=2").0, "zoe yan");
    admin.post("users.setActiveStatus", json!({"userId": zoe.as_str(), "activeStatus": false})).ok();
    assert_eq!(names(""), ("bob yan".to_owned(), json!(2)));
    admin.post("users.setActiveStatus", json!({"userId": zoe.as_str(), "activeStatus": true})).ok();
    admin.post("users.delete", json!({"userId": al.as_str()})).ok();
    assert_eq!(names(""), ("bob zoe".to_owned(), json!(2)));
    bob.post("channels.kick", json!({"roomId": talk.as_str(), "userId": zoe.as_str()})).ok();
    assert_eq!(names("offset=1"), (String::new(), json!(1)));
    server.app.store.check().expect("everything is readable");
}

#[test]
fn nobody_writes_in_a_blocked_conversation() {
    let server = TestServer::start();
    let (bob, al, eve) = (server.as_user("bob"), server.as_user("al"), server.as_user("eve"));
    let made = bob.post("im.create", json!({"username": "al"}));
    let id = made.ok()["room"]["_id"].as_str().expect("an id").to_owned();
    let block =
        |caller: &Caller<'_>, block: bool| caller.post("im.blockUser", json!({"roomId": id, "block": block}));
    let say =
        |caller: &Caller<'_>| caller.post("chat.sendMessage", json!({"message": {"rid": id, "msg": "hi"}}));
    assert_eq!(block(&bob, true).body(), &json!({"success": true}));
    assert_eq!(
        (subscription(&bob, &id)["blocker"].clone(), subscription(&bob, &id)["blocked"].clone()),
        (json!(true), Value::Null)
    );
    assert_eq!(
        (subscription(&al, &id)["blocker"].clone(), subscription(&al, &id)["blocked"].clone()),
        (Value::Null, json!(true))
    );
    for caller in [&bob, &al] {
        assert_eq!(say(caller).body(), &json!({"success": false, "error": "room_is_blocked"}));
    }
    block(&al, false).ok();
    assert_eq!(say(&al).refusal(), "room_is_blocked", "only who has blocked can let go");
    block(&bob, false).ok();
    say(&al).ok();
    assert!(is_unauthorized(&block(&eve, true)));
    assert!(is_unauthorized(&bob.post("dm.blockUser", json!({"roomId": "GENERAL", "block": true}))));
    assert_eq!(
        bob.post("im.blockUser", json!({})).refusal(),
        "must have required property 'roomId'\n must have required property 'block' [invalid-params]"
    );
    let three = bob.post("im.create", json!({"usernames": "al,eve"}));
    let body = json!({"roomId": three.ok()["room"]["_id"], "block": true});
    assert_eq!(bob.post("im.blockUser", body).refusal(), "Invalid room [error-invalid-room]");
}
