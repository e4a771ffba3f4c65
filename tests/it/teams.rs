//! `teams.*`: making teams, who is in them, who sees them, how they end.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, TestServer};

/// A team that the caller makes.
pub(crate) fn make(caller: &Caller<'_>, name: &str, kind: u8) -> Value {
    caller.post("teams.create", json!({"name": name, "type": kind})).ok()["team"].clone()
}

/// Kind, parameter and actor of the records in a room.
pub(crate) fn records(caller: &Caller<'_>, endpoint: &str, room: &Value) -> Vec<String> {
    let said = caller.get(endpoint, &format!("roomId={}&count=0", room.as_str().expect("a text")));
    let rows = said.ok()["messages"].as_array().expect("a list");
    let mut records: Vec<String> = rows
        .iter()
        .map(|row| {
            ["t", "msg", "u"]
                .map(|key| match &row[key] {
                    Value::Object(user) => user["username"].as_str().expect("a text").to_owned(),
                    other => other.as_str().unwrap_or_default().to_owned(),
                })
                .join(" ")
        })
        .collect();
    records.sort();
    records
}

pub(crate) fn denied(answer: &Answer) -> bool {
    answer.status() == 403 && answer.body() == &json!({"success": false, "error": "unauthorized"})
}

#[test]
fn a_team_is_made_with_its_main_room() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    server.user("al");
    let body = json!({"name": "crew", "type": 1, "members": ["al", "nobody"], "room": {"topic": "ships"}});
    let made = bob.post("teams.create", body);
    let team = &made.ok()["team"];
    let expected = json!({
        "_id": team["_id"], "name": "crew", "type": 1, "roomId": team["roomId"],
        "createdAt": "2024-03-15T10:20:30.123Z", "_updatedAt": "2024-03-15T10:20:30.123Z",
        "createdBy": {"_id": bob.id(), "username": "bob"},
    });
    assert_eq!(*team, expected);
    let info = bob.get("rooms.info", "roomName=crew");
    let room = &info.ok()["room"];
    let shown = ["t", "teamId", "teamMain", "topic", "usersCount"].map(|key| room[key].clone());
    assert_eq!(shown, [json!("p"), team["_id"].clone(), json!(true), json!("ships"), json!(2)]);
    let of = json!({"_id": team["_id"], "name": "crew", "roomId": team["roomId"], "type": 1});
    assert_eq!((&info.body()["team"], info.body().get("parent")), (&of, None));
    let own = bob.get("teams.info", "teamName=crew");
    let mut row = expected;
    row["rooms"] = json!(0);
    row["numberOfUsers"] = json!(2);
    assert_eq!(own.ok()["teamInfo"], row);
    assert_eq!(bob.get("teams.list", "").ok()["teams"], json!([row]));
    let shown = bob.get("teams.autocomplete", "name=CR");
    assert_eq!(shown.ok()["teams"][0]["teamId"], team["_id"]);
    assert_eq!(bob.get("teams.autocomplete", "name=rew").ok()["teams"], json!([]));
}

#[test]
fn what_is_wrong_with_a_new_team_is_said() {
    let server = TestServer::start();
    let (bob, admin) = (server.as_user("bob"), server.as_admin());
    server.room(RoomKind::Channel, "talk", &["bob"]);
    make(&bob, "crew", 0);
    let refused = |body: Value| bob.post("teams.create", body).refusal().to_owned();
    assert_eq!(refused(json!({"name": "crew", "type": 0})), "team-name-already-exists");
    assert_eq!(refused(json!({"name": "CREW", "type": 0})), "team-name-already-exists");
    assert_eq!(refused(json!({"name": "bob", "type": 0})), "team-name-already-exists");
    assert_eq!(refused(json!({"name": "talk", "type": 0})), "room-name-already-exists");
    assert_eq!(refused(json!({"name": "x", "type": 0, "owner": "nobody"})), "invalid-user");
    assert_eq!(refused(json!({"type": 0})), "must have required property 'name' [invalid-params]");
    assert_eq!(
        refused(json!({"name": "x", "type": 2})),
        "must be equal to one of the allowed values [invalid-params]"
    );
    assert!(refused(json!({"name": "a b", "type": 0})).contains("error-invalid-room-name"));
    let none = json!({"permissions": [{"_id": "create-team", "roles": []}]});
    admin.post("permissions.update", none).ok();
    assert!(denied(&bob.post("teams.create", json!({"name": "other", "type": 0}))));
}

#[test]
fn a_private_team_shows_to_its_members_only() {
    let server = TestServer::start();
    let (bob, eve, admin) = (server.as_user("bob"), server.as_user("eve"), server.as_admin());
    make(&bob, "open", 0);
    make(&bob, "closed", 1);
    let names = |caller: &Caller<'_>, query: &str| {
        let answer = caller.get("users.listTeams", query);
        let rows = answer.ok()["teams"].as_array().unwrap().clone();
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let query = format!("userId={}", bob.id());
    assert_eq!(names(&bob, &query), ["closed", "open"]);
    assert_eq!(names(&admin, &query), ["closed", "open"]);
    assert_eq!(names(&eve, &query), ["open"]);
    assert_eq!(bob.get("users.listTeams", &query).body()["teams"][0]["isOwner"], true);
    assert_eq!(
        eve.get("users.listTeams", "").refusal(),
        "must have required property 'userId' [invalid-params]"
    );
    eve.get("teams.info", "teamName=open").ok();
    assert!(denied(&eve.get("teams.info", "teamName=closed")));
    admin.get("teams.info", "teamName=closed").ok();
    assert_eq!(eve.get("teams.info", "teamName=none").refusal(), "Team not found");
    assert_eq!(
        eve.get("teams.info", "").refusal(),
        "must have required property 'teamId'\n must have required property 'teamName'\n \
         must match exactly one schema in oneOf [invalid-params]"
    );
    assert_eq!(eve.get("teams.members", "teamName=open").ok()["total"], 1);
    assert_eq!(eve.get("teams.members", "teamName=closed").ok()["members"], json!([]));
    assert_eq!(eve.get("teams.listRooms", "teamName=closed").refusal(), "user-not-on-private-team");
    assert!(denied(&eve.get("teams.listAll", "")));
    let all = admin.get("teams.listAll", "offset=1&count=1");
    assert_eq!((&all.ok()["teams"][0]["name"], &all.body()["total"]), (&json!("open"), &json!(2)));
    assert_eq!(eve.get("teams.list", "").ok()["teams"], json!([]));
}

#[test]
fn people_come_and_go_and_the_main_room_tells_of_it() {
    let server = TestServer::start();
    let (bob, al, eve) = (server.as_user("bob"), server.as_user("al"), server.as_user("eve"));
    let team = make(&bob, "crew", 0);
    let add = |caller: &Caller<'_>, user: &str, roles: Value| {
        let members = json!([{"userId": user, "roles": roles}]);
        caller.post("teams.addMembers", json!({"teamName": "crew", "members": members}))
    };
    assert!(denied(&add(&eve, eve.id(), json!([]))));
    assert_eq!(add(&bob, "nobody", json!([])).refusal(), "invalid-user");
    assert!(add(&bob, al.id(), json!(["admin"])).refusal().starts_with("invalid-role"));
    assert_eq!(add(&bob, al.id(), json!(["moderator"])).ok(), &json!({"success": true}));
    eve.post("channels.join", json!({"roomId": team["roomId"]})).ok();
    let listed = bob.get("teams.members", "teamName=crew");
    let rows = listed.ok()["members"].as_array().unwrap();
    let roles: Vec<String> =
        rows.iter().map(|row| format!("{} {}", row["user"]["username"], row["roles"])).collect();
    assert_eq!(roles, [r#""al" ["moderator"]"#, r#""bob" ["owner"]"#, r#""eve" []"#]);
    assert_eq!(bob.get("teams.members", "teamName=crew&username=ev").ok()["total"], 1);

    let update = |caller: &Caller<'_>, user: &str, roles: Value| {
        caller.post(
            "teams.updateMember",
            json!({"teamName": "crew", "member": {"userId": user, "roles": roles}}),
        )
    };
    assert!(denied(&update(&eve, eve.id(), json!(["owner"]))));
    assert_eq!(update(&bob, "nobody", json!([])).refusal(), "invalid-user");
    let joe = server.user("joe");
    assert_eq!(update(&bob, joe.id.as_str(), json!([])).refusal(), "user-not-on-team");
    assert_eq!(update(&bob, bob.id(), json!([])).refusal(), "last-owner-can-not-be-removed");
    update(&bob, al.id(), json!(["member"])).ok();
    let plain = bob.get("teams.members", "teamName=crew&username=al").ok()["members"][0]["roles"].clone();
    assert_eq!(plain, json!([]), "to be a member is no role");
    assert_eq!(add(&bob, al.id(), json!(["member"])).ok(), &json!({"success": true}));
    assert!(denied(&add(&al, joe.id.as_str(), json!([]))), "no moderator any more");

    let remove = |caller: &Caller<'_>, user: &str| {
        caller.post("teams.removeMember", json!({"teamName": "crew", "userId": user}))
    };
    assert!(denied(&remove(&eve, al.id())));
    assert_eq!(remove(&bob, "nobody").refusal(), "invalid-user");
    assert_eq!(remove(&bob, joe.id.as_str()).refusal(), "user-not-on-team");
    assert_eq!(remove(&bob, bob.id()).refusal(), "last-owner-can-not-be-removed");
    remove(&bob, al.id()).ok();
    let leave = |caller: &Caller<'_>| caller.post("teams.leave", json!({"teamName": "crew"}));
    leave(&eve).ok();
    assert_eq!(leave(&eve).refusal(), "user-not-on-team");
    assert_eq!(leave(&bob).refusal(), "last-owner-can-not-be-removed");
    let expected =
        ["added-user-to-team al bob", "removed-user-from-team al bob", "ujt eve eve", "ult eve eve"];
    assert_eq!(records(&bob, "channels.messages", &team["roomId"]), expected);
}

#[test]
fn rooms_become_teams_and_rooms_again() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let id = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    server.room(RoomKind::Group, "secret", &["bob"]);
    let convert = |caller: &Caller<'_>, body: Value| caller.post("channels.convertToTeam", body);
    let either = "must match exactly one schema in oneOf [invalid-params]";
    assert!(convert(&bob, json!({})).refusal().ends_with(either));
    assert!(convert(&bob, json!({"channelId": "a", "channelName": "b"})).refusal().ends_with(either));
    assert!(denied(&convert(&al, json!({"channelId": id.as_str()}))));
    assert!(denied(&convert(&al, json!({"channelName": "talk"}))));
    assert_eq!(convert(&bob, json!({"channelName": "secret"})).refusal(), "Channel not found");
    let team = convert(&bob, json!({"channelId": id.as_str()})).ok()["team"].clone();
    assert_eq!(
        (&team["name"], &team["type"], &team["roomId"]),
        (&json!("talk"), &json!(0), &json!(id.as_str()))
    );
    assert_eq!(convert(&bob, json!({"channelName": "talk"})).refusal(), "team-name-already-exists");
    assert_eq!(al.get("teams.list", "").ok()["total"], 1, "members are in the team");
    let group = bob.post("groups.convertToTeam", json!({"roomName": "secret"}));
    assert_eq!(group.ok()["team"]["type"], 1);
    let unknown = al.post("groups.convertToTeam", json!({"roomName": "secret"}));
    assert!(unknown.refusal().ends_with("does not match any group [error-room-not-found]"));

    let back = |caller: &Caller<'_>| caller.post("teams.convertToChannel", json!({"teamName": "talk"}));
    assert!(denied(&back(&al)));
    back(&bob).ok();
    assert_eq!(back(&bob).refusal(), "team-does-not-exist");
    let info = bob.get("rooms.info", "roomName=talk");
    assert_eq!((info.ok().get("team"), info.body()["room"].get("teamMain")), (None, None));
    let expected = ["user-converted-to-channel talk bob", "user-converted-to-team talk bob"];
    assert_eq!(records(&bob, "channels.messages", &json!(id.as_str())), expected);
}

#[test]
fn a_team_is_called_like_its_main_room_and_goes_with_it() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let team = make(&bob, "crew", 0);
    bob.post("channels.rename", json!({"roomId": team["roomId"], "name": "Sailors"})).ok();
    assert_eq!(bob.get("teams.info", "teamName=crew").refusal(), "Team not found");
    assert_eq!(bob.get("teams.info", "teamName=Sailors").ok()["teamInfo"]["_id"], team["_id"]);
    let gone = bob.post("channels.delete", json!({"roomId": team["roomId"]}));
    assert_eq!(gone.refusal(), "Cannot delete a team channel [error-cannot-delete-team-channel]");
    let delete = |caller: &Caller<'_>| caller.post("teams.delete", json!({"teamId": team["_id"]}));
    assert!(denied(&delete(&al)));
    assert_eq!(delete(&bob).ok(), &json!({"success": true}));
    assert_eq!(delete(&bob).refusal(), "team-does-not-exist");
    assert!(bob.get("rooms.info", "roomName=Sailors").refusal().contains("error-room-not-found"));
    make(&bob, "sailors", 0);
}

#[test]
fn the_sidepanel_of_a_team_is_chosen_from_two() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let team = make(&bob, "crew", 0);
    let plain = server.room(RoomKind::Channel, "talk", &["bob"]);
    let set = |rid: &Value, value: Value| {
        bob.post("rooms.saveRoomSettings", json!({"rid": rid, "sidepanel": value}))
    };
    let both = json!({"items": ["channels", "discussions"]});
    set(&team["roomId"], both.clone()).ok();
    assert_eq!(bob.get("channels.info", "roomName=crew").ok()["channel"]["sidepanel"], both);
    for wrong in
        [json!({"items": []}), json!({"items": ["x"]}), json!({"items": ["channels", "channels"]}), json!(5)]
    {
        assert_eq!(set(&team["roomId"], wrong).refusal(), "[error-invalid-sidepanel]");
    }
    set(&team["roomId"], Value::Null).ok();
    assert_eq!(bob.get("channels.info", "roomName=crew").ok()["channel"].get("sidepanel"), None);
    assert_eq!(set(&json!(plain.as_str()), both).refusal(), "Invalid room [error-action-not-allowed]");
}
