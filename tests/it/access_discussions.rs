//! A discussion follows its parent: what was begun in public is closed to strangers once its parent is.

use roomscribe::domain::{RoomId, RoomKind, User};
use roomscribe::service::{access, settings};
use serde_json::{Value, json};

use crate::cost::counted;
use crate::said::say;
use crate::support::{Caller, TestServer};
use crate::teams::make;

/// A public channel of bob's with a discussion that al is in.
struct Scene {
    parent: RoomId,
    discussion: RoomId,
    name: String,
}

fn scene(server: &TestServer, parent: &str) -> Scene {
    let (bob, parent) = (server.as_user("bob"), server.room(RoomKind::Channel, parent, &["bob"]));
    server.user("al");
    let body = json!({"prid": parent.as_str(), "t_name": "plans", "users": ["al"]});
    let made = bob.post("rooms.createDiscussion", body);
    let made = &made.ok()["discussion"];
    assert_eq!(made["t"], "c");
    let text = |key: &str| made[key].as_str().expect("a text").to_owned();
    let discussion = RoomId::new(text("_id"));
    say(server, &discussion, "bob", "hush");
    Scene { parent, discussion, name: text("name") }
}

fn lists(rows: &Value, room: &RoomId) -> bool {
    rows.as_array().expect("a list").iter().any(|row| row["_id"] == room.as_str())
}

/// In which ways somebody gets at the discussion.
fn ways_in(server: &TestServer, caller: &Caller<'_>, scene: &Scene) -> Vec<&'static str> {
    let id = scene.discussion.as_str();
    let by_id = format!("roomId={id}");
    let asked = [
        ("channels.history", by_id.clone()),
        ("channels.messages", by_id.clone()),
        ("channels.info", format!("roomName={}", scene.name)),
        ("channels.members", by_id.clone()),
        ("rooms.info", by_id.clone()),
        ("chat.search", format!("{by_id}&searchText=hush")),
        ("channels.anonymousread", by_id),
    ];
    let mut ways = Vec::new();
    for (endpoint, query) in asked {
        ways.extend((caller.get(endpoint, &query).status() == 200).then_some(endpoint));
    }
    let listed = caller.get("channels.list", "count=0");
    ways.extend(lists(&listed.ok()["channels"], &scene.discussion).then_some("channels.list"));
    let found = caller.get("spotlight", "query=%23plans");
    ways.extend(lists(&found.ok()["rooms"], &scene.discussion).then_some("spotlight"));
    for (way, looker) in [("avatar", caller), ("avatar unknown", &server.anonymous())] {
        let picture = looker.raw("GET", &format!("/avatar/room/{id}"), &[], "");
        ways.extend((picture.status() == 200).then_some(way));
    }
    ways
}

fn is_closed_to_strangers(server: &TestServer, scene: &Scene) {
    let eve = server.as_user("eve");
    assert_eq!(ways_in(server, &eve, scene), [""; 0]);
    let body = json!({"roomId": scene.discussion.as_str()});
    assert_eq!(eve.post("channels.join", body).status(), 400);
    let said = json!({"roomId": scene.discussion.as_str(), "text": "hello"});
    assert_eq!(eve.post("chat.postMessage", said).status(), 400);
    let membership = server.app.store.subscription(&scene.discussion, &server.user("eve").id);
    assert!(membership.expect("readable").is_none());
}

fn room(server: &TestServer, id: &RoomId) -> roomscribe::domain::Room {
    server.app.store.room(id).expect("readable").expect("a room")
}

#[test]
fn a_discussion_closes_when_its_parent_becomes_private() {
    let server = TestServer::start();
    settings::set(&server.app, "Accounts_AllowAnonymousRead", &json!(true)).expect("set");
    let scene = scene(&server, "talk");
    let (al, eve) = (server.as_user("al"), server.as_user("eve"));
    let all = [
        "channels.history",
        "channels.messages",
        "channels.info",
        "channels.members",
        "rooms.info",
        "chat.search",
        "channels.anonymousread",
        "channels.list",
        "spotlight",
        "avatar",
        "avatar unknown",
    ];
    assert_eq!(ways_in(&server, &eve, &scene), all, "it was open");
    let private = json!({"rid": scene.parent.as_str(), "roomType": "p"});
    server.as_user("bob").post("rooms.saveRoomSettings", private).ok();
    is_closed_to_strangers(&server, &scene);
    let member = ways_in(&server, &al, &scene);
    for way in ["channels.history", "channels.list", "avatar"] {
        assert!(member.contains(&way), "a member of the discussion alone still sees it: {member:?}");
    }
    let said = json!({"roomId": scene.discussion.as_str(), "text": "still here"});
    al.post("chat.postMessage", said).ok();
}

#[test]
fn a_discussion_closes_when_its_parent_comes_to_a_private_team() {
    let server = TestServer::start();
    settings::set(&server.app, "Accounts_AllowAnonymousRead", &json!(true)).expect("set");
    let scene = scene(&server, "talk");
    let (bob, joe) = (server.as_user("bob"), server.as_user("joe"));
    make(&bob, "closed", 1);
    let joins = json!({"teamName": "closed", "members": [{"userId": joe.id()}]});
    bob.post("teams.addMembers", joins).ok();
    let rooms = json!({"teamName": "closed", "rooms": [scene.parent.as_str()]});
    bob.post("teams.addRooms", rooms).ok();
    is_closed_to_strangers(&server, &scene);
    let of_team = ways_in(&server, &joe, &scene);
    for way in ["channels.history", "chat.search", "channels.list", "spotlight", "avatar"] {
        assert!(of_team.contains(&way), "the team sees it: {of_team:?}");
    }
    joe.post("channels.join", json!({"roomId": scene.discussion.as_str()})).ok();
}

#[test]
fn nobody_but_its_members_sees_a_discussion_whose_parent_is_gone() {
    let server = TestServer::start();
    let scene = scene(&server, "talk");
    server.as_admin().post("rooms.delete", json!({"roomId": scene.parent.as_str()})).ok();
    is_closed_to_strangers(&server, &scene);
    server.as_user("al").get("channels.history", &format!("roomId={}", scene.discussion)).ok();
}

#[test]
fn whether_a_member_sees_a_discussion_costs_one_read_more_than_for_a_channel() {
    let (server, counting) = counted();
    let scene = scene(&server, "talk");
    let cost = |user: &User, id: &RoomId| {
        let room = room(&server, id);
        counting.take();
        assert!(access::can_see(&server.app, user, &room).expect("readable"));
        counting.take()[0]
    };
    let bob = server.user("bob");
    let (channel, discussion) = (cost(&bob, &scene.parent), cost(&bob, &scene.discussion));
    assert!(discussion <= channel + 1, "{discussion} reads instead of {channel}");
}

#[test]
fn the_picture_of_a_channel_of_a_private_team_shows_to_the_team() {
    let server = TestServer::start();
    let (bob, joe, eve) = (server.as_user("bob"), server.as_user("joe"), server.as_user("eve"));
    let inner = server.room(RoomKind::Channel, "inner", &["bob"]);
    let path = format!("/avatar/room/{inner}");
    let seen = |caller: &Caller<'_>| {
        let picture = caller.raw("GET", &path, &[], "");
        (picture.status(), picture.header("cache-control").to_owned())
    };
    let open = (200, "public, max-age=0, must-revalidate".to_owned());
    assert_eq!([seen(&server.anonymous()), seen(&eve)], [open.clone(), open]);
    make(&bob, "closed", 1);
    let joins = json!({"teamName": "closed", "members": [{"userId": joe.id()}]});
    bob.post("teams.addMembers", joins).ok();
    bob.post("teams.addRooms", json!({"teamName": "closed", "rooms": [inner.as_str()]})).ok();
    for stranger in [&server.anonymous(), &eve] {
        assert_eq!(seen(stranger).0, 404);
    }
    assert_eq!(seen(&joe), (200, "private, max-age=0, must-revalidate".to_owned()));
}
