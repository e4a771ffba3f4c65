//! Methods about rooms and those who are in them.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::methods::{call, refusal, result};
use crate::support::{Caller, NOW, TestServer};

/// Calls a method that has nothing to say.
fn done(caller: &Caller<'_>, method: &str, params: Value) {
    let answer = call(caller, method, params);
    assert!(answer.get("result").is_none() && answer.get("error").is_none(), "{method}: {answer}");
}

/// The kinds and texts of a room's records, the newest first.
fn records(caller: &Caller<'_>, rid: &str) -> Vec<(Value, Value)> {
    let history = result(caller, "loadHistory", json!([rid]));
    let messages = history["messages"].as_array().expect("messages").iter();
    messages.map(|message| (message["t"].clone(), message["msg"].clone())).collect()
}

#[test]
fn rooms_are_found_by_id_name_and_kind() {
    let server = TestServer::start();
    let (channel, group) =
        (server.room(RoomKind::Channel, "talk", &["bob"]), server.room(RoomKind::Group, "inner", &["bob"]));
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let (rid, secret) = (channel.as_str(), group.as_str());
    assert_eq!(result(&bob, "getRoomNameById", json!([rid])), "talk");
    assert_eq!(result(&bob, "getRoomById", json!([rid]))["name"], "talk");
    assert_eq!(result(&bob, "getRoomByTypeAndName", json!(["p", "inner"]))["ro"], false);
    let direct = result(&bob, "createDirectMessage", json!(["eve"]));
    assert_eq!((&direct["t"], &direct["usernames"]), (&json!("d"), &json!(["bob", "eve"])));
    assert_eq!(result(&bob, "getRoomByTypeAndName", json!(["d", direct["rid"]]))["_id"], direct["rid"]);
    for (method, params, expected) in [
        ("getRoomNameById", json!([secret]), "Not allowed [error-not-allowed]"),
        ("getRoomById", json!([secret]), "Not allowed [error-not-allowed]"),
        ("getRoomById", json!(["talk"]), "Not allowed [error-not-allowed]"),
        ("getRoomIdByNameOrId", json!(["inner"]), "Not allowed [error-not-allowed]"),
        ("getRoomByTypeAndName", json!(["c", "nope"]), "Invalid room [error-invalid-room]"),
        ("getRoomByTypeAndName", json!(["p", "talk"]), "Invalid room [error-invalid-room]"),
        ("getRoomByTypeAndName", json!(["p", "inner"]), "No permission [error-no-permission]"),
        ("getUsersOfRoom", json!([]), "Invalid room [error-invalid-room]"),
        ("getUsersOfRoom", json!(["nope"]), "Not allowed [error-not-allowed]"),
        ("getUsersOfRoom", json!([secret]), "Not Authorized [not-authorized]"),
        ("loadNextMessages", json!([""]), "Invalid room [error-invalid-room]"),
        ("loadNextMessages", json!([secret]), "Not allowed [error-not-allowed]"),
        ("loadMissedMessages", json!(["", {"$date": 1}]), "Invalid room [error-invalid-room]"),
        ("loadMissedMessages", json!([rid]), "Match error: Expected Date, got undefined"),
        ("loadHistory", json!([{}]), "Match error: Expected string, got object"),
        ("joinRoom", json!([secret]), "Not allowed [error-not-allowed]"),
        ("createDirectMessage", json!(["nobody"]), "Invalid user [error-invalid-user]"),
    ] {
        assert_eq!(refusal(&eve, method, params.clone()), expected, "{method} {params}");
    }
    assert_eq!(result(&eve, "loadHistory", json!([secret])), false);
    assert_eq!(result(&eve, "loadMissedMessages", json!([secret, {"$date": 1}])), false);
    let members = result(&bob, "getUsersOfRoom", json!([rid, false]));
    assert_eq!((&members["total"], &members["records"]), (&json!(1), &json!([])), "bob is offline");
}

#[test]
fn a_room_with_a_code_opens_to_who_knows_it() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    bob.post("channels.setJoinCode", json!({"roomId": room.as_str(), "joinCode": "open"})).ok();
    let rid = room.as_str();
    assert!(refusal(&al, "joinRoom", json!([rid])).ends_with("[error-code-required]"));
    assert!(refusal(&al, "joinRoom", json!([rid, "wrong"])).ends_with("[error-code-invalid]"));
    assert_eq!(result(&al, "joinRoom", json!([rid, "open"])), true);
    assert_eq!(records(&al, rid)[0], (json!("uj"), json!("al")));
}

#[test]
fn members_come_and_go_and_have_their_own_view() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    server.user("eve");
    let rid = room.as_str();
    assert_eq!(result(&bob, "addUsersToRoom", json!([{"rid": rid, "users": ["al", "bob"]}])), true);
    assert_eq!(records(&bob, rid), [(json!("au"), json!("al"))], "who is in it already is passed over");
    assert_eq!(result(&bob, "addUserToRoom", json!([{"rid": rid, "username": "eve"}])), true);
    server.clock.advance(1);
    assert_eq!(result(&bob, "removeUserFromRoom", json!([{"rid": rid, "username": "eve"}])), true);
    assert_eq!(records(&bob, rid)[0], (json!("ru"), json!("eve")));
    for (params, expected) in [
        (json!([{"rid": rid, "users": ["nobody"]}]), "Invalid username [error-invalid-username]"),
        (json!([{"rid": rid, "users": "eve"}]), "Invalid arguments [error-invalid-arguments]"),
    ] {
        assert_eq!(refusal(&bob, "addUsersToRoom", params), expected);
    }
    let params = json!([{"rid": rid, "users": ["eve"]}]);
    assert_eq!(refusal(&al, "addUsersToRoom", params), "Not allowed [error-not-allowed]");

    let own = |key: &str| {
        let rows = result(&al, "subscriptions/get", json!([]));
        rows.as_array().unwrap().iter().find(|row| row["rid"] == rid).unwrap()[key].clone()
    };
    done(&al, "toggleFavorite", json!([rid, true]));
    assert_eq!(own("f"), true);
    done(&al, "hideRoom", json!([rid]));
    assert_eq!(own("open"), false);
    done(&al, "openRoom", json!([rid]));
    assert_eq!(own("open"), true);
    result(&bob, "sendMessage", json!([{"_id": "m", "rid": rid, "msg": "@al"}]));
    done(&al, "readMessages", json!([rid]));
    assert_eq!(own("unread"), 0);
    done(&al, "unreadMessages", json!([null, rid]));
    assert_eq!(own("alert"), true);
    done(&al, "unreadMessages", json!([{"_id": "m"}]));
    let since = result(&al, "subscriptions/get", json!([{"$date": NOW - 1}]));
    assert!(since["update"].as_array().unwrap().iter().any(|row| row["rid"] == rid), "{since}");
    done(&al, "leaveRoom", json!([rid]));
    assert_eq!(result(&bob, "getRoomRoles", json!([rid]))[0]["roles"], json!(["owner"]));
}

#[test]
fn rooms_are_changed_cleared_and_erased() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "talk", &["bob", "al"]);
    let (bob, al, admin) = (server.as_user("bob"), server.as_user("al"), server.as_admin());
    let rid = room.as_str();
    let saved = result(&bob, "saveRoomSettings", json!([rid, {"roomTopic": "sea", "readOnly": true}]));
    assert_eq!(saved, json!({"result": true, "rid": rid}));
    let seen = result(&bob, "getRoomById", json!([rid]));
    assert_eq!((&seen["topic"], &seen["ro"]), (&json!("sea"), &json!(true)));
    let nothing = refusal(&bob, "saveRoomSettings", json!([rid]));
    assert_eq!(nothing, "Invalid settings provided [error-invalid-settings]");
    result(&bob, "saveRoomSettings", json!([rid, "readOnly", false]));
    assert_eq!(result(&bob, "muteUserInRoom", json!([{"rid": rid, "username": "al"}])), true);
    assert!(refusal(&al, "sendMessage", json!([{"rid": rid, "msg": "x"}])).contains("You_have_been_muted"));
    assert_eq!(result(&bob, "unmuteUserInRoom", json!([{"rid": rid, "username": "al"}])), true);
    assert_eq!(result(&bob, "ignoreUser", json!([{"rid": rid, "userId": al.id(), "ignore": true}])), true);
    done(&bob, "archiveRoom", json!([rid]));
    assert!(
        refusal(&al, "sendMessage", json!([{"rid": rid, "msg": "x"}])).ends_with("[error-room-archived]")
    );
    done(&admin, "unarchiveRoom", json!([rid]));

    result(&al, "sendMessage", json!([{"rid": rid, "msg": "x"}]));
    let window = json!({
        "roomId": rid, "latest": {"$date": NOW}, "oldest": {"$date": NOW}, "fromUsers": ["al"],
    });
    let refused = refusal(&bob, "cleanRoomHistory", json!([window]));
    assert_eq!(refused, "Not allowed [error-not-allowed]", "owners may not");
    assert_eq!(refusal(&admin, "cleanRoomHistory", json!([window])), "Not allowed [error-not-allowed]");
    bob.post("groups.invite", json!({"roomId": rid, "username": "admin"})).ok();
    assert_eq!(result(&admin, "cleanRoomHistory", json!([window])), 1, "the ends belong to the window");
    assert_eq!(result(&bob, "eraseRoom", json!([rid])), true);
    assert_eq!(refusal(&bob, "getRoomById", json!([rid])), "Not allowed [error-not-allowed]");
    let made = result(&bob, "createPrivateGroup", json!(["inner", ["al"], true]));
    assert_eq!((&made["t"], &made["ro"], &made["rid"]), (&json!("p"), &json!(true), &made["_id"]));
}

#[test]
fn people_are_blocked_deactivated_and_edited() {
    let server = TestServer::start();
    let (bob, al, admin) = (server.as_user("bob"), server.as_user("al"), server.as_admin());
    let rid = result(&bob, "createDirectMessage", json!(["al"]))["rid"].clone();
    assert_eq!(result(&bob, "blockUser", json!([{"rid": rid, "blocked": al.id()}])), true);
    assert!(refusal(&al, "sendMessage", json!([{"rid": rid, "msg": "x"}])).contains("room_is_blocked"));
    assert_eq!(result(&bob, "unblockUser", json!([{"rid": rid, "blocked": al.id()}])), true);
    result(&al, "sendMessage", json!([{"rid": rid, "msg": "x"}]));
    assert_eq!(
        refusal(&bob, "setUserActiveStatus", json!([al.id(), false])),
        "Not allowed [error-not-allowed]"
    );
    assert_eq!(result(&admin, "setUserActiveStatus", json!([al.id(), false])), true);
    assert_eq!(al.get("me", "").status(), 401);
    assert_eq!(result(&admin, "setUserActiveStatus", json!([al.id(), true])), true);

    let new =
        json!([{"email": "eve@example.org", "name": "Eve", "username": "eve", "password": "secret-eve"}]);
    let id = result(&admin, "insertOrUpdateUser", new.clone());
    assert_eq!(result(&admin, "insertOrUpdateUser", json!([{"_id": id, "name": "Eva"}])), true);
    assert_eq!(admin.get("users.info", "username=eve").ok()["user"]["name"], "Eva");
    for params in [new, json!([{"_id": id, "name": "x"}]), json!([{"_id": bob.id(), "verified": true}])] {
        let refused = refusal(&bob, "insertOrUpdateUser", params.clone());
        assert!(refused.ends_with("[error-action-not-allowed]"), "{params}: {refused}");
    }
    assert_eq!(result(&admin, "listCustomUserStatus", json!([])), json!([]));
    let roles = result(&bob, "getUserRoles", json!([]));
    assert!(roles.as_array().unwrap().iter().any(|row| row["username"] == "admin"), "{roles}");
}

#[test]
fn rooms_and_people_are_searched() {
    let server = TestServer::start();
    server.room(RoomKind::Channel, "talk", &["bob"]);
    let al = server.as_user("al");
    let found = result(&al, "spotlight", json!(["talk", [], {"users": true, "rooms": true}]));
    assert_eq!((&found["rooms"][0]["name"], &found["users"]), (&json!("talk"), &json!([])));
    let people = result(&al, "spotlight", json!(["bob", [], {"users": true, "rooms": false}]));
    assert_eq!((&people["users"][0]["username"], &people["rooms"]), (&json!("bob"), &json!([])));
    let browsed = result(
        &al,
        "browseChannels",
        json!([{"text": "tal", "type": "channels", "sortBy": "name", "limit": 5}]),
    );
    assert_eq!((&browsed["total"], &browsed["results"][0]["name"]), (&json!(1), &json!("talk")));
    let since = result(&al, "permissions/get", json!([{"$date": NOW}]));
    assert_eq!(since, json!({"update": [], "remove": []}));
    let all = result(&al, "permissions/get", json!([]));
    assert!(all.as_array().unwrap().iter().any(|row| row["_id"] == "create-c"));
    let unknown = refusal(&al, "slashCommand", json!([{"cmd": "nope", "params": "", "msg": {"rid": "x"}}]));
    assert!(unknown.starts_with("The command provided does not exist"), "{unknown}");
}
