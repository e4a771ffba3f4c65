//! Who may do what in a private group, row by row.

use roomscribe::domain::{RoomId, RoomKind};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, TestServer};

/// What a caller gets to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Login,
    Hidden,
    Refused,
}
use Outcome::{Done, Hidden, Login, Refused};

fn outcome(answer: &Answer) -> Outcome {
    match answer.status() {
        200 => Done,
        401 => Login,
        _ if answer.text().contains("error-room-not-found") => Hidden,
        400 | 403 => Refused,
        other => panic!("{other}: {}", answer.text()),
    }
}

/// A group with an owner, a moderator and a plain member.
fn group(server: &TestServer, name: &str) -> RoomId {
    let id = server.room(RoomKind::Group, name, &["owner", "moderator", "member", "target"]);
    let moderator = server.user("moderator").id;
    let membership = server.app.store.subscription(&id, &moderator).expect("readable");
    let mut membership = membership.expect("a member");
    membership.roles = vec!["moderator".to_owned()];
    server
        .app
        .store
        .write::<_, roomscribe::store::Error>(|batch| batch.put_subscription(&membership))
        .expect("a membership");
    id
}

fn callers(server: &TestServer) -> [Caller<'_>; 6] {
    [
        server.anonymous(),
        server.as_user("stranger"),
        server.as_admin(),
        server.as_user("member"),
        server.as_user("moderator"),
        server.as_user("owner"),
    ]
}

#[test]
fn only_members_read_a_group() {
    let server = TestServer::start();
    let id = group(&server, "secret");
    let expected = [Login, Hidden, Hidden, Done, Done, Done];
    for endpoint in ["info", "members", "messages", "history", "files", "counters", "roles", "moderators"] {
        let outcomes = callers(&server)
            .map(|caller| outcome(&caller.get(&format!("groups.{endpoint}"), &format!("roomId={id}"))));
        assert_eq!(outcomes, expected, "groups.{endpoint}");
    }
    let query = format!("roomId={id}");
    let info = callers(&server).map(|caller| outcome(&caller.get("rooms.info", &query)));
    assert_eq!(info, [Login, Refused, Refused, Done, Done, Done]);
}

#[test]
fn each_role_changes_what_it_may() {
    let rows: [(&str, Value, [Outcome; 6]); 15] = [
        ("rename", json!({}), [Login, Hidden, Hidden, Refused, Done, Done]),
        ("setTopic", json!({"topic": "t"}), [Login, Hidden, Hidden, Refused, Done, Done]),
        ("setAnnouncement", json!({"announcement": "t"}), [Login, Hidden, Hidden, Refused, Done, Done]),
        ("setCustomFields", json!({"customFields": {"a": 1}}), [Login, Hidden, Hidden, Refused, Done, Done]),
        ("setReadOnly", json!({"readOnly": true}), [Login, Hidden, Hidden, Refused, Refused, Done]),
        ("setType", json!({"type": "c"}), [Login, Hidden, Hidden, Refused, Done, Done]),
        ("invite", json!({"username": "guest"}), [Login, Hidden, Hidden, Refused, Done, Done]),
        ("kick", json!({"username": "target"}), [Login, Hidden, Hidden, Refused, Done, Done]),
        ("addOwner", json!({"userId": "target"}), [Login, Hidden, Hidden, Refused, Refused, Done]),
        ("addModerator", json!({"userId": "target"}), [Login, Hidden, Hidden, Refused, Refused, Done]),
        ("addLeader", json!({"userId": "target"}), [Login, Hidden, Hidden, Refused, Refused, Done]),
        ("archive", json!({}), [Login, Hidden, Hidden, Refused, Refused, Done]),
        ("unarchive", json!({}), [Login, Hidden, Hidden, Refused, Refused, Refused]),
        ("delete", json!({}), [Login, Hidden, Hidden, Refused, Refused, Done]),
        ("leave", json!({}), [Login, Hidden, Hidden, Done, Done, Refused]),
    ];
    let server = TestServer::start();
    server.user("guest");
    let target = server.user("target").id;
    let callers = callers(&server);
    for (endpoint, body, expected) in rows {
        for (place, expected) in expected.into_iter().enumerate() {
            // A group for each, so that no caller finds what another one has done.
            let id = group(&server, &format!("{endpoint}-{place}"));
            let mut body = body.clone();
            body["roomId"] = id.as_str().into();
            if endpoint == "rename" {
                body["name"] = format!("renamed-{place}").into();
            }
            if body["userId"] == "target" {
                body["userId"] = target.as_str().into();
            }
            let before = server.app.store.room(&id).unwrap();
            let answer = callers[place].post(&format!("groups.{endpoint}"), body);
            assert_eq!(outcome(&answer), expected, "groups.{endpoint} by {place}: {}", answer.text());
            if expected != Done {
                assert_eq!(server.app.store.room(&id).unwrap(), before, "groups.{endpoint} by {place}");
            }
        }
    }
}

#[test]
fn administrators_delete_but_never_read_what_they_are_not_in() {
    let server = TestServer::start();
    let id = group(&server, "secret");
    let admin = server.as_admin();
    assert_eq!(outcome(&admin.get("groups.messages", &format!("roomId={id}"))), Hidden);
    let body = json!({"roomId": id.as_str()});
    assert_eq!(outcome(&server.as_user("stranger").post("rooms.delete", body.clone())), Refused);
    assert_eq!(outcome(&admin.post("rooms.delete", body)), Done);
    assert!(server.app.store.room(&id).unwrap().is_none());
}

#[test]
fn a_discussion_shows_to_the_members_of_its_parent() {
    let server = TestServer::start();
    let id = group(&server, "secret");
    let discussion = server.room(RoomKind::Group, "talk", &["owner"]);
    let mut room = server.app.store.room(&discussion).unwrap().unwrap();
    room.parent = Some(id.clone());
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_room(&room)).unwrap();
    let query = format!("roomId={discussion}");
    let outcomes = callers(&server).map(|caller| outcome(&caller.get("groups.info", &query)));
    assert_eq!(outcomes, [Login, Hidden, Hidden, Done, Done, Done]);
    let info = server.as_user("member").get("rooms.info", &query);
    let parent = &info.ok()["parent"];
    assert_eq!((&parent["_id"], &parent["name"]), (&json!(id.as_str()), &json!("secret")));
    let renamed = json!({"roomId": discussion.as_str(), "name": "any words, even these!"});
    let renamed = server.as_user("owner").post("groups.rename", renamed);
    assert_eq!(renamed.ok()["group"]["fname"], "any words, even these!");
    assert_eq!(renamed.ok()["group"]["name"], "talk");
}
