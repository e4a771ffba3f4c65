//! The rooms of a team: who puts them in, who sees them, who joins them without being asked.

use roomscribe::domain::{RoomId, RoomKind};
use serde_json::{Value, json};

use crate::support::{Caller, TestServer};
use crate::teams::{denied, make, records};

fn put_in(caller: &Caller<'_>, team: &str, rooms: &[&RoomId]) -> crate::support::Answer {
    let rooms: Vec<&str> = rooms.iter().map(|room| room.as_str()).collect();
    caller.post("teams.addRooms", json!({"teamName": team, "rooms": rooms}))
}

fn names(answer: &crate::support::Answer) -> Vec<String> {
    let rows = answer.ok()["rooms"].as_array().expect("a list");
    rows.iter().map(|row| row["name"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn a_channel_of_a_private_team_shows_to_the_team() {
    let server = TestServer::start();
    let (bob, al, eve) = (server.as_user("bob"), server.as_user("al"), server.as_user("eve"));
    make(&bob, "closed", 1);
    make(&bob, "open", 0);
    bob.post("teams.addMembers", json!({"teamName": "closed", "members": [{"userId": al.id()}]})).ok();
    let inner = server.room(RoomKind::Channel, "inner", &["bob"]);
    let outer = server.room(RoomKind::Channel, "outer", &["bob"]);
    eve.get("channels.info", "roomName=inner").ok();
    put_in(&bob, "closed", &[&inner]).ok();
    put_in(&bob, "open", &[&outer]).ok();
    eve.get("channels.info", "roomName=outer").ok();
    assert!(eve.get("channels.info", "roomName=inner").refusal().contains("error-room-not-found"));
    assert_eq!(eve.post("chat.postMessage", json!({"roomId": inner.as_str(), "text": "x"})).status(), 400);
    let info = al.get("rooms.info", "roomName=inner");
    assert_eq!(
        (&info.ok()["team"]["name"], &info.body()["parent"]["name"]),
        (&json!("closed"), &json!("closed"))
    );
    al.post("channels.join", json!({"roomId": inner.as_str()})).ok();
    al.post("teams.leave", json!({"teamName": "closed"})).ok();
    al.get("channels.info", "roomName=inner").ok();
    let discussion = json!({"prid": inner.as_str(), "t_name": "x"});
    let made = bob.post("rooms.createDiscussion", discussion);
    assert_eq!(made.ok()["discussion"]["t"], "p", "not open to whom its parent is closed");
    let of_inner =
        bob.get("rooms.info", &format!("roomId={}", made.body()["discussion"]["_id"].as_str().unwrap()));
    assert_eq!((&of_inner.ok()["parent"]["name"], of_inner.body().get("team")), (&json!("inner"), None));
}

#[test]
fn rooms_are_put_into_a_team_by_their_owners() {
    let server = TestServer::start();
    let (bob, al, eve) = (server.as_user("bob"), server.as_user("al"), server.as_user("eve"));
    let team = make(&bob, "crew", 0);
    make(&bob, "other", 0);
    let own = server.room(RoomKind::Group, "own", &["bob"]);
    let foreign = server.room(RoomKind::Channel, "foreign", &["al"]);
    let hidden = server.room(RoomKind::Group, "hidden", &["al"]);
    let refused = put_in(&eve, "crew", &[&own]);
    let expected = json!({"success": false, "error": "error-no-permission-team-channel"});
    assert_eq!((refused.status(), refused.body()), (403, &expected));
    assert_eq!(put_in(&bob, "none", &[&own]).refusal(), "team-does-not-exist");
    assert_eq!(put_in(&bob, "crew", &[&RoomId::new("nowhere")]).refusal(), "invalid-room");
    assert_eq!(put_in(&bob, "crew", &[&hidden]).refusal(), "invalid-room");
    assert_eq!(put_in(&bob, "crew", &[&own, &foreign]).refusal(), "error-no-owner-channel");
    let added = put_in(&bob, "crew", &[&own]);
    assert_eq!(added.ok()["rooms"][0]["teamId"], team["_id"]);
    assert_eq!(put_in(&bob, "other", &[&own]).refusal(), "room-already-on-team");
    let again = bob.post("groups.convertToTeam", json!({"roomName": "own"}));
    assert_eq!(again.refusal(), "team-name-already-exists");

    let list = |caller: &Caller<'_>, query: &str| {
        names(&caller.get("teams.listRooms", &format!("teamName=crew{query}")))
    };
    assert_eq!(list(&bob, ""), ["own"]);
    assert!(list(&eve, "").is_empty(), "a private room shows to its members");
    assert_eq!(list(&bob, "&filter=OW"), ["own"]);
    assert!(list(&bob, "&filter=x").is_empty() && list(&bob, "&type=autoJoin").is_empty());
    assert_eq!(bob.get("teams.listRooms", "teamName=none").refusal(), "team-does-not-exist");

    let take_out = |caller: &Caller<'_>, team: &str| {
        caller.post("teams.removeRoom", json!({"teamName": team, "roomId": own.as_str()}))
    };
    assert!(denied(&take_out(&al, "crew")));
    assert_eq!(take_out(&bob, "other").refusal(), "room-not-on-that-team");
    let taken = take_out(&bob, "crew");
    assert_eq!((&taken.ok()["room"]["name"], taken.body()["room"].get("teamId")), (&json!("own"), None));
    let unknown = bob.post("teams.removeRoom", json!({"teamName": "crew", "roomId": "nowhere"}));
    assert_eq!(unknown.refusal(), "invalid-room");
    put_in(&bob, "crew", &[&own]).ok();
    bob.post("groups.delete", json!({"roomId": own.as_str()})).ok();
    let expected = [
        "user-added-room-to-team own bob",
        "user-added-room-to-team own bob",
        "user-deleted-room-from-team own bob",
        "user-removed-room-from-team own bob",
    ];
    assert_eq!(records(&bob, "channels.messages", &team["roomId"]), expected);
}

#[test]
fn who_joins_a_team_joins_the_rooms_that_all_join() {
    let server = TestServer::start();
    let (bob, al, eve, admin) =
        (server.as_user("bob"), server.as_user("al"), server.as_user("eve"), server.as_admin());
    let team = make(&bob, "crew", 0);
    let room = server.room(RoomKind::Group, "deck", &["bob"]);
    al.post("channels.join", json!({"roomId": team["roomId"]})).ok();
    let update = |caller: &Caller<'_>, is_default: bool| {
        caller.post("teams.updateRoom", json!({"roomId": room.as_str(), "isDefault": is_default}))
    };
    assert_eq!(update(&bob, true).refusal(), "team-does-not-exist");
    put_in(&bob, "crew", &[&room]).ok();
    assert!(denied(&update(&al, true)));
    let updated = update(&bob, true);
    assert_eq!(
        (&updated.ok()["room"]["teamDefault"], &updated.body()["room"]["usersCount"]),
        (&json!(true), &json!(2))
    );
    let main = bob.post("teams.updateRoom", json!({"roomId": team["roomId"], "isDefault": true}));
    assert_eq!(main.refusal(), "room-not-on-that-team");
    assert_eq!(names(&bob.get("teams.listRooms", "teamName=crew&type=autoJoin")), ["deck"]);
    eve.post("channels.join", json!({"roomId": team["roomId"]})).ok();
    eve.get("groups.info", "roomName=deck").ok();
    let said = records(&eve, "groups.messages", &json!(room.as_str()));
    assert_eq!(said, ["uj al al", "uj eve eve"]);

    let of = |caller: &Caller<'_>, query: &str| {
        caller.get("teams.listRoomsOfUser", &format!("teamName=crew{query}"))
    };
    assert_eq!(of(&bob, "").ok()["rooms"][0]["isLastOwner"], true);
    assert_eq!(of(&eve, "").ok()["rooms"][0]["isLastOwner"], false);
    assert_eq!(names(&of(&bob, &format!("&userId={}", eve.id()))), ["deck"]);
    assert!(denied(&of(&eve, &format!("&userId={}", bob.id()))));
    assert_eq!(of(&bob, "&userId=nobody").refusal(), "invalid-user");
    assert!(names(&of(&eve, "&canUserDelete=true")).is_empty());
    assert_eq!(names(&of(&bob, "&canUserDelete=true")), ["deck"]);

    admin.post("channels.setDefault", json!({"roomId": team["roomId"], "default": true})).ok();
    let favorite = json!({"permissions": [{"_id": "edit-room", "roles": ["admin"]}]});
    admin.post("permissions.update", favorite).ok();
    let new = json!({"username": "joe", "email": "joe@example.org", "pass": "joe-password", "name": "Joe"});
    server.anonymous().post("users.register", new).ok();
    let joe = server.as_user("joe");
    let rooms = joe.get("rooms.get", "");
    let mut joined: Vec<&str> =
        rooms.ok()["update"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    joined.sort_unstable();
    assert_eq!(joined, ["crew", "deck", "general"]);
    update(&bob, false).ok();
    assert!(names(&bob.get("teams.listRooms", "teamName=crew&type=autoJoin")).is_empty());
}

#[test]
fn the_rooms_of_a_team_survive_it_unless_they_are_named() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    for end in ["delete", "convertToChannel"] {
        let name = format!("crew-{end}");
        make(&bob, &name, 0);
        let [kept, gone] =
            ["kept", "gone"].map(|word| server.room(RoomKind::Channel, &format!("{word}-{end}"), &["bob"]));
        put_in(&bob, &name, &[&kept, &gone]).ok();
        let members = json!([{"userId": al.id(), "roles": ["owner"]}]);
        bob.post("teams.addMembers", json!({"teamName": name, "members": members})).ok();
        let body = json!({"teamName": name, "roomsToRemove": [gone.as_str(), "GENERAL"]});
        let refused = al.post(&format!("teams.{end}"), body.clone());
        assert_eq!(refused.refusal(), "Not allowed [error-not-allowed]", "al does not own that room");
        bob.post(&format!("teams.{end}"), body).ok();
        let info = |room: &RoomId| bob.get("rooms.info", &format!("roomId={room}"));
        assert_eq!(info(&kept).ok()["room"].get("teamId"), None::<&Value>);
        assert!(info(&gone).refusal().contains("error-room-not-found"));
        info(&RoomId::new("GENERAL")).ok();
    }
}

#[test]
fn who_is_removed_from_a_team_is_removed_from_the_rooms_that_are_named() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    make(&bob, "crew", 0);
    let [one, other] = ["one", "other"].map(|name| server.room(RoomKind::Group, name, &["bob", "al"]));
    let elsewhere = server.room(RoomKind::Group, "elsewhere", &["bob", "al"]);
    put_in(&bob, "crew", &[&one, &other]).ok();
    bob.post("teams.addMembers", json!({"teamName": "crew", "members": [{"userId": al.id()}]})).ok();
    let rooms = json!([one.as_str(), elsewhere.as_str()]);
    bob.post("teams.removeMember", json!({"teamName": "crew", "userId": al.id(), "rooms": rooms})).ok();
    let sees = |room: &RoomId| al.get("rooms.info", &format!("roomId={room}")).status() == 200;
    assert_eq!([&one, &other, &elsewhere].map(sees), [false, true, true]);
}

#[test]
fn a_room_is_made_in_a_team_or_with_the_people_of_teams() {
    let server = TestServer::start();
    let (bob, al, eve) = (server.as_user("bob"), server.as_user("al"), server.as_user("eve"));
    let team = make(&bob, "crew", 1);
    bob.post("teams.addMembers", json!({"teamName": "crew", "members": [{"userId": al.id()}]})).ok();
    let inside = |name: &str| json!({"name": name, "extraData": {"teamId": team["_id"]}});
    let group = bob.post("groups.create", inside("cabin"));
    assert_eq!(group.ok()["group"]["teamId"], team["_id"]);
    bob.post("channels.create", inside("deck")).ok();
    assert!(denied(&al.post("channels.create", inside("hold"))));
    let unknown = json!({"name": "x", "extraData": {"teamId": "none"}});
    assert_eq!(bob.post("channels.create", unknown).refusal(), "team-does-not-exist");
    assert!(eve.get("channels.info", "roomName=deck").refusal().contains("error-room-not-found"));
    let said = records(&bob, "groups.messages", &team["roomId"]);
    assert!(said.contains(&"user-added-room-to-team cabin bob".to_owned()), "{said:?}");
    let with = |caller: &Caller<'_>, name: &str| {
        let made = caller.post("groups.create", json!({"name": name, "teams": ["crew", "none"]}));
        made.ok()["group"]["usersCount"].clone()
    };
    assert_eq!((with(&al, "both"), with(&eve, "alone")), (json!(2), json!(1)));
}

#[test]
fn nobody_is_called_like_a_team() {
    let server = TestServer::start();
    make(&server.as_user("bob"), "crew", 0);
    let new = json!({"username": "Crew", "email": "c@example.org", "pass": "crew-password", "name": "Crew"});
    let refused = server.anonymous().post("users.register", new);
    assert_eq!(refused.status(), 400, "{}", refused.text());
}

#[test]
fn the_rooms_of_a_team_that_dies_with_its_owner_are_free() {
    let server = TestServer::start();
    let (bob, admin, eve) = (server.as_user("bob"), server.as_admin(), server.as_user("eve"));
    make(&bob, "crew", 1);
    let room = server.room(RoomKind::Channel, "deck", &["bob", "admin"]);
    put_in(&bob, "crew", &[&room]).ok();
    assert!(eve.get("channels.info", "roomName=deck").refusal().contains("error-room-not-found"));
    admin.post("users.delete", json!({"userId": bob.id(), "confirmRelinquish": true})).ok();
    assert_eq!(eve.get("channels.info", "roomName=deck").ok()["channel"].get("teamId"), None);
}
