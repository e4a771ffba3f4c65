//! Endpoints of rooms and accounts that no other test asks, and refusals that no other test provokes.

use roomscribe::domain::{RoomId, RoomKind};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, TestServer};

fn unauthorized(answer: &Answer) {
    assert_eq!((answer.status(), answer.body()["error"].as_str()), (403, Some("unauthorized")));
}

/// Leaves a permission to these roles.
fn grant(server: &TestServer, permission: &str, roles: &[&str]) {
    let body = json!({"permissions": [{"_id": permission, "roles": roles}]});
    server.as_admin().post("permissions.update", body).ok();
}

fn body(room: &RoomId, more: Value) -> Value {
    let mut body = more;
    body["roomId"] = room.as_str().into();
    body
}

#[test]
fn roles_are_taken_and_rooms_opened_in_both_families() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    for (family, kind) in [("channels", RoomKind::Channel), ("groups", RoomKind::Group)] {
        let room = server.room(kind, family, &["bob", "al"]);
        let post = |caller: &Caller<'_>, endpoint: &str, more: Value| {
            caller.post(&format!("{family}.{endpoint}"), body(&room, more))
        };
        for role in ["Owner", "Moderator", "Leader"] {
            let whom = json!({"userId": al.id()});
            let roles =
                || server.app.store.subscription(&room, &server.user("al").id).unwrap().unwrap().roles;
            post(&bob, &format!("add{role}"), whom.clone()).ok();
            assert_eq!(roles(), [role.to_lowercase()], "{family}");
            post(&bob, &format!("remove{role}"), whom).ok();
            assert!(roles().is_empty(), "{family}");
        }
        post(&al, "close", json!({})).ok();
        post(&al, "open", json!({})).ok();
        assert!(post(&al, "open", json!({})).refusal().contains("is already open"));
        post(&bob, "archive", json!({})).ok();
        // An administrator who is not in a group does not even find it.
        let reopened = post(&server.as_admin(), "unarchive", json!({}));
        assert_eq!(reopened.status(), if kind == RoomKind::Channel { 200 } else { 400 }, "{family}");
        al.post("users.setStatus", json!({"status": "away"})).ok();
        let expected = json!({"online": [{"_id": al.id(), "username": "al"}], "success": true});
        for query in [format!("_id={room}"), format!("query=%7B%22_id%22:%22{room}%22%7D")] {
            assert_eq!(bob.get(&format!("{family}.online"), &query).body(), &expected, "{family}");
        }
    }
    let group = server.app.store.room_by_name("groups").unwrap().unwrap();
    grant(&server, "unarchive-room", &["owner"]);
    bob.post("groups.unarchive", body(&group.id, json!({}))).ok();
    assert!(!server.app.store.room(&group.id).unwrap().unwrap().archived);
}

#[test]
fn who_is_online_is_told_of_rooms_that_one_may_see() {
    let server = TestServer::start();
    let eve = server.as_user("eve");
    let group = server.room(RoomKind::Group, "secret", &["bob"]);
    assert_eq!(eve.get("channels.online", "_id=x").refusal(), "Channel does not exists");
    let text = "Not Allowed [error-not-allowed]";
    assert_eq!(eve.get("groups.online", &format!("_id={group}")).refusal(), text);
}

#[test]
fn permissions_that_are_withdrawn_are_missed() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let talk = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let secret = server.room(RoomKind::Group, "secret", &["bob", "al"]);
    grant(&server, "leave-c", &["admin"]);
    assert_eq!(
        al.post("channels.leave", body(&talk, json!({}))).refusal(),
        "Not allowed [error-not-allowed]"
    );
    grant(&server, "leave-p", &["admin"]);
    assert_eq!(
        al.post("groups.leave", body(&secret, json!({}))).refusal(),
        "Not allowed [error-not-allowed]"
    );
    grant(&server, "create-c", &["admin"]);
    let opened = bob.post("groups.setType", body(&secret, json!({"type": "c"})));
    let text = "Changing a private group to a public channel is not allowed [error-action-not-allowed]";
    assert_eq!(opened.refusal(), text);
    grant(&server, "view-c-room", &["admin"]);
    unauthorized(&bob.get("channels.list", ""));
    let loud = json!({"name": "loud", "members": ["al"], "extraData": {"broadcast": true}});
    let loud = bob.post("groups.create", loud).ok()["group"]["_id"].as_str().unwrap().to_owned();
    bob.get("groups.members", &format!("roomId={loud}")).ok();
    unauthorized(&al.get("groups.members", &format!("roomId={loud}")));
}

#[test]
fn files_go_nowhere_without_a_right_to_the_room() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    let png = ("a.png", "image/png", &b"x"[..]);
    unauthorized(&eve.send_file(&format!("rooms.upload/{room}"), png, &[]));
    unauthorized(&eve.send_file(&format!("rooms.media/{room}"), png, &[]));
    let id = bob.send_file(&format!("rooms.media/{room}"), png, &[]).ok()["file"]["_id"].clone();
    let confirm = format!("rooms.mediaConfirm/{room}/{}", id.as_str().unwrap());
    unauthorized(&eve.post(&confirm, json!({})));
    let other = b"Content-Disposition: form-data; name=\"other\"; filename=\"a.png\"\r\n\r\nx".to_vec();
    assert_eq!(bob.send_form(&format!("rooms.media/{room}"), &[other]).refusal(), "[invalid-field]");
    bob.post(&confirm, json!({})).ok();
    let query = format!("roomId={room}");
    assert_eq!(bob.get("rooms.images", &query).ok()["files"][0]["_id"], id);
    unauthorized(&eve.get("rooms.images", &query));
    unauthorized(&eve.get("rooms.images", "roomId=x"));
    let talk = server.room(RoomKind::Channel, "talk", &["bob"]);
    bob.send_file(&format!("rooms.upload/{talk}"), png, &[]).ok();
    let images = eve.get("channels.images", &format!("roomId={talk}"));
    assert_eq!(images.ok()["files"][0]["name"], "a.png");
}

#[test]
fn a_direct_message_tells_its_history_and_files_to_its_members_alone() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    server.user("al");
    let made = bob.post("im.create", json!({"username": "al"}));
    let id = made.ok()["room"]["_id"].as_str().unwrap().to_owned();
    bob.post("chat.postMessage", json!({"roomId": id, "text": "hi"})).ok();
    bob.send_file(&format!("rooms.upload/{id}"), ("a.txt", "text/plain", b"x"), &[]).ok();
    for prefix in ["im", "dm"] {
        let query = format!("roomId={id}");
        let history = bob.get(&format!("{prefix}.history"), &query);
        assert_eq!(history.ok()["messages"].as_array().unwrap().len(), 2);
        assert_eq!(bob.get(&format!("{prefix}.files"), &query).ok()["files"][0]["name"], "a.txt");
        for endpoint in ["history", "files", "messages", "members"] {
            let refused = eve.get(&format!("{prefix}.{endpoint}"), &query);
            assert_eq!(refused.refusal(), "[invalid-channel]", "{prefix}.{endpoint}");
            assert_eq!(refused.body()["errorType"], "invalid-channel");
        }
    }
}

#[test]
fn rooms_and_accounts_refuse_what_they_cannot_find() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    server.user("al");
    let missing = "The parameter \"roomId\" or \"roomName\" is required [error-roomid-param-not-provided]";
    assert_eq!(bob.get("rooms.info", "").refusal(), missing);
    let settings = bob.post("rooms.saveRoomSettings", json!({"rid": "x", "roomTopic": "t"}));
    assert_eq!(settings.refusal(), "Invalid room [error-invalid-room]");
    let renamed = bob.post("users.updateOwnBasicInfo", json!({"data": {"username": "al"}}));
    assert_eq!(renamed.refusal(), "Could not save user identity [error-could-not-save-identity]");
    for selector in ["x", "%7B%22conditions%22:%7B%22$nor%22:%5B%5D%7D%7D"] {
        let refused = bob.get("users.autocomplete", &format!("selector={selector}"));
        assert_eq!(refused.refusal(), "error-invalid-query", "{selector}");
    }
    let token = bob.post("users.generatePersonalAccessToken", json!({}));
    assert_eq!(token.refusal(), "The 'tokenName' param is required");
}

#[test]
fn other_sessions_end_and_ones_own_goes_on() {
    let server = TestServer::start();
    let (here, there) = (server.as_user("bob"), server.as_user("bob"));
    assert_eq!(here.post("users.removeOtherTokens", json!({})).ok(), &json!({"success": true}));
    here.get("me", "").ok();
    assert_eq!(there.get("me", "").status(), 401);
}
