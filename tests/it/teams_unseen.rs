//! What who manages a team learns of, and does to, those of its rooms that they may not see.

use roomscribe::domain::{RoomId, RoomKind};
use serde_json::{Value, json};

use crate::said::say;
use crate::support::{Answer, Caller, TestServer};
use crate::teams::make;

/// A team of bob's with a private room of al's that bob is not in.
fn team_with_private_room(server: &TestServer) -> RoomId {
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    make(&bob, "crew", 0);
    let members = json!([{"userId": al.id(), "roles": ["owner"]}]);
    bob.post("teams.addMembers", json!({"teamName": "crew", "members": members})).ok();
    let den = server.room(RoomKind::Group, "den", &["al"]);
    al.post("teams.addRooms", json!({"teamName": "crew", "rooms": [den.as_str()]})).ok();
    say(server, &den, "al", "hush");
    den
}

fn last_said(answer: &Answer) -> Value {
    let rows = answer.ok()["rooms"].as_array().expect("a list");
    assert_eq!((rows.len(), &rows[0]["name"]), (1, &json!("den")));
    rows[0]["lastMessage"]["msg"].clone()
}

#[test]
fn the_last_message_of_a_private_room_shows_to_who_sees_the_room() {
    let server = TestServer::start();
    let den = team_with_private_room(&server);
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let query = "teamName=crew";
    let of_al = format!("teamName=crew&userId={}", al.id());
    let lists = |caller: &Caller<'_>| {
        [("teams.listRooms", query), ("teams.listRoomsOfUser", &of_al)]
            .map(|(endpoint, query)| last_said(&caller.get(endpoint, query)))
    };
    assert_eq!(lists(&al), [json!("hush"), json!("hush")]);
    assert_eq!(lists(&bob), [Value::Null, Value::Null]);
    let removed = bob.post("teams.removeRoom", json!({"teamName": "crew", "roomId": den.as_str()}));
    let room = &removed.ok()["room"];
    assert_eq!((&room["name"], room.get("lastMessage")), (&json!("den"), None));
}

#[test]
fn nobody_lets_themselves_into_a_private_room_by_making_all_join_it() {
    let server = TestServer::start();
    let den = team_with_private_room(&server);
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let update = |caller: &Caller<'_>, id: &RoomId| {
        caller.post("teams.updateRoom", json!({"roomId": id.as_str(), "isDefault": true}))
    };
    assert_eq!(update(&bob, &den).refusal(), "invalid-room");
    assert!(bob.get("groups.info", "roomName=den").refusal().contains("error-room-not-found"));
    let deck = server.room(RoomKind::Channel, "deck", &["al"]);
    al.post("teams.addRooms", json!({"teamName": "crew", "rooms": [deck.as_str()]})).ok();
    assert_eq!(update(&bob, &deck).ok()["room"]["teamDefault"], true, "public ones they may");
    assert_eq!(update(&al, &den).ok()["room"]["teamDefault"], true);
    bob.get("groups.info", "roomName=den").ok();
}
