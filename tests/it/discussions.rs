//! Discussions: begun in a room, told of there, seen by whoever sees it.

use roomscribe::domain::{Json, RoomId, RoomKind};
use serde_json::{Value, json};

use crate::said::{say, say_with};
use crate::support::{Answer, Caller, TestServer};

fn begin(caller: &Caller<'_>, body: Value) -> Answer {
    caller.post("rooms.createDiscussion", body)
}

fn id_of(answer: &Answer) -> String {
    answer.ok()["discussion"]["_id"].as_str().expect("a text").to_owned()
}

/// The records of a room that tell of discussions.
fn told(caller: &Caller<'_>, endpoint: &str, room: &RoomId) -> Vec<Value> {
    let said = caller.get(endpoint, &format!("roomId={room}&count=0"));
    let records = said.ok()["messages"].as_array().expect("a list").clone();
    records.into_iter().filter(|record| record["t"] == "discussion-created").collect()
}

#[test]
fn a_discussion_is_a_room_that_its_parent_tells_of() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let parent = server.room(RoomKind::Channel, "talk", &["bob"]);
    let body = json!({"prid": parent.as_str(), "t_name": "Lunch & more", "users": ["al", "nobody"]});
    let made = begin(&bob, body);
    let discussion = &made.ok()["discussion"];
    assert_eq!(discussion["_id"], discussion["rid"]);
    let shown = ["t", "fname", "prid", "topic", "usersCount", "msgs"].map(|key| discussion[key].clone());
    let parent_id = json!(parent.as_str());
    let expected = [json!("c"), json!("Lunch & more"), parent_id, json!("talk"), json!(2), json!(0)];
    assert_eq!(shown, expected);
    assert_eq!(discussion["name"].as_str().unwrap().len(), 17);
    let record = &told(&bob, "channels.messages", &parent)[0];
    assert_eq!((&record["msg"], &record["drid"]), (&json!("Lunch & more"), &discussion["_id"]));
    assert_eq!((&record["dcount"], record.get("dlm")), (&json!(0), None));

    let id = id_of(&made);
    server.clock.advance(5000);
    let sent = al.post("chat.sendMessage", json!({"message": {"rid": id, "msg": "hungry"}}));
    let record = &told(&bob, "channels.messages", &parent)[0];
    assert_eq!((&record["dcount"], &record["dlm"]), (&json!(1), &sent.ok()["message"]["ts"]));
    assert_eq!(record["_updatedAt"], sent.ok()["message"]["_updatedAt"]);
    al.post("chat.delete", json!({"roomId": id, "msgId": sent.body()["message"]["_id"]})).ok();
    let record = &told(&bob, "channels.messages", &parent)[0];
    assert_eq!((&record["dcount"], record.get("dlm")), (&json!(0), None));

    let eve = server.as_user("eve");
    eve.post("channels.join", json!({"roomId": id})).ok();
    let said = eve.get("channels.messages", &format!("roomId={id}"));
    assert_eq!(
        (&said.ok()["messages"][0]["t"], &said.body()["messages"][0]["msg"]),
        (&json!("ut"), &json!("eve"))
    );
    let info = eve.get("rooms.info", &format!("roomId={id}"));
    let parent = json!({
        "_id": parent.as_str(), "t": "c", "name": "talk", "fname": "talk",
        "u": {"_id": bob.id(), "username": "bob", "name": "Bob"},
    });
    assert_eq!((&info.ok()["parent"], info.body().get("team")), (&parent, None));
}

#[test]
fn a_discussion_of_a_private_room_shows_to_its_members_only() {
    let server = TestServer::start();
    let (bob, al, eve) = (server.as_user("bob"), server.as_user("al"), server.as_user("eve"));
    let parent = server.room(RoomKind::Group, "secret", &["bob", "al"]);
    let made = begin(&bob, json!({"prid": parent.as_str(), "t_name": "plan", "reply": "first"}));
    assert_eq!(made.ok()["discussion"]["t"], "p");
    let id = id_of(&made);
    assert_eq!(made.ok()["discussion"]["lastMessage"]["msg"], "first");
    let said = al.get("groups.messages", &format!("roomId={id}"));
    assert_eq!(said.ok()["messages"][0]["msg"], "first", "though al is no member");
    assert_eq!(eve.get("rooms.info", &format!("roomId={id}")).refusal(), "not-allowed");
    let record = &told(&bob, "groups.messages", &parent)[0];
    assert_eq!(record["dcount"], 1);
}

#[test]
fn a_message_is_discussed_once_with_its_author() {
    let server = TestServer::start();
    let (bob, al, joe) = (server.as_user("bob"), server.as_user("al"), server.as_user("joe"));
    let parent = server.room(RoomKind::Channel, "talk", &["bob", "al", "joe"]);
    let about = say(&server, &parent, "al", "what about this?");
    let body = json!({"prid": parent.as_str(), "t_name": "this", "pmid": about.as_str(), "topic": "that"});
    let made = begin(&bob, body.clone());
    let discussion = &made.ok()["discussion"];
    assert_eq!((&discussion["usersCount"], &discussion["topic"]), (&json!(2), &json!("that")));
    assert_eq!(discussion["description"], "what about this?");
    let record = &told(&bob, "channels.messages", &parent)[0];
    assert_eq!(record["attachments"][0]["text"], "what about this?");
    assert_eq!(record["attachments"][0]["author_name"], "al");
    let id = id_of(&made);
    let again = begin(&joe, body);
    let known = json!({"discussion": {"_id": id, "rid": id}, "success": true});
    assert_eq!(again.ok(), &known);
    assert_eq!(told(&bob, "channels.messages", &parent).len(), 1);
    let members = al.get("channels.members", &format!("roomId={id}"));
    assert_eq!(members.ok()["total"], 3, "joe has joined it");
}

#[test]
fn what_is_wrong_with_a_discussion_is_said_in_order() {
    let server = TestServer::start();
    let (bob, eve, admin) = (server.as_user("bob"), server.as_user("eve"), server.as_admin());
    let parent = server.room(RoomKind::Group, "secret", &["bob"]);
    let other = server.room(RoomKind::Channel, "talk", &["bob"]);
    let elsewhere = say(&server, &other, "bob", "elsewhere");
    let refused = |caller: &Caller<'_>, change: Value| {
        let mut body = json!({"prid": parent.as_str(), "t_name": "x"});
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        begin(caller, body).refusal().to_owned()
    };
    assert_eq!(refused(&bob, json!({"prid": ""})), "Body parameter \"prid\" is required.");
    assert_eq!(refused(&bob, json!({"t_name": null})), "Body parameter \"t_name\" is required.");
    assert_eq!(refused(&bob, json!({"users": "al"})), "Body parameter \"users\" must be an array.");
    let text = "Body parameter \"encrypted\" must be a boolean when included.";
    assert_eq!(refused(&bob, json!({"encrypted": "yes"})), text);
    assert_eq!(refused(&bob, json!({"prid": "nowhere"})), "[error-invalid-room]");
    assert_eq!(refused(&eve, json!({})), "[error-not-allowed]");
    assert_eq!(refused(&bob, json!({"pmid": "nothing"})), "Invalid message [error-invalid-message]");
    assert_eq!(
        refused(&bob, json!({"pmid": elsewhere.as_str()})),
        "Root message room ID does not match parent room ID  [error-invalid-arguments]"
    );
    let inner = id_of(&begin(&bob, json!({"prid": parent.as_str(), "t_name": "inner"})));
    assert_eq!(
        refused(&bob, json!({"prid": inner})),
        "Cannot create nested discussions [error-nested-discussion]"
    );
    admin.post("channels.setReadOnly", json!({"roomId": other.as_str(), "readOnly": true})).ok();
    let read_only = "[You can't send messages because the room is readonly.]";
    assert_eq!(refused(&eve, json!({"prid": other.as_str()})), read_only);
    let not_allowed = "You are not allowed to create a discussion [error-action-not-allowed]";
    admin.post("settings/Discussion_enabled", json!({"value": false})).ok();
    assert_eq!(refused(&bob, json!({"prid": "nowhere"})), not_allowed);
    admin.post("settings/Discussion_enabled", json!({"value": true})).ok();
    let none = json!({"permissions": [
        {"_id": "start-discussion", "roles": []}, {"_id": "start-discussion-other-user", "roles": ["owner"]},
    ]});
    admin.post("permissions.update", none).ok();
    assert_eq!(refused(&eve, json!({})), not_allowed);
    begin(&bob, json!({"prid": parent.as_str(), "t_name": "an owner may"})).ok();
}

#[test]
fn an_encrypted_room_lets_nobody_speak_in_the_clear() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let made = bob.post("groups.create", json!({"name": "dark", "extraData": {"encrypted": true}}));
    let parent = made.ok()["group"]["_id"].clone();
    let body = json!({"prid": parent, "t_name": "x", "reply": "in the clear"});
    assert_eq!(
        begin(&bob, body).refusal(),
        "Encrypted discussions must not receive an initial reply. [error-invalid-arguments]"
    );
    begin(&bob, json!({"prid": parent, "t_name": "x", "encrypted": true})).ok();
}

#[test]
fn who_claims_to_tell_of_a_room_learns_nothing_about_it() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let parent = server.room(RoomKind::Group, "secret", &["bob"]);
    let id = id_of(&begin(&bob, json!({"prid": parent.as_str(), "t_name": "plan"})));
    let other = server.room(RoomKind::Channel, "talk", &["eve"]);
    for drid in [id.as_str(), parent.as_str()] {
        say_with(&server, &other, "eve", "look", |message| {
            message.kind = Some("discussion-created".to_owned());
            message.extra = Json::of(&json!({"drid": drid}));
        });
    }
    for rid in [id.as_str(), parent.as_str()] {
        bob.post("chat.sendMessage", json!({"message": {"rid": rid, "msg": "hush"}})).ok();
    }
    for record in told(&eve, "channels.messages", &other) {
        assert_eq!((record.get("dcount"), record.get("dlm")), (None, None));
    }
    assert_eq!(told(&bob, "groups.messages", &parent)[0]["dcount"], 1, "the true one still tells");
}

#[test]
fn the_discussions_of_a_room_are_listed_by_title() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let parent = server.room(RoomKind::Group, "secret", &["bob"]);
    for title in ["b", "a", "C"] {
        server.clock.advance(1000);
        begin(&bob, json!({"prid": parent.as_str(), "t_name": title})).ok();
    }
    let list = |query: &str| {
        let answer = bob.get("rooms.getDiscussions", &format!("roomId={parent}{query}"));
        let rows = answer.ok()["discussions"].as_array().unwrap();
        let titles = rows.iter().map(|row| row["fname"].as_str().unwrap()).collect::<String>();
        let counts = ["count", "offset", "total"].map(|key| answer.body()[key].as_u64().unwrap());
        (titles, counts)
    };
    assert_eq!(list(""), ("abC".to_owned(), [3, 0, 3]));
    assert_eq!(list("&offset=1&count=1"), ("b".to_owned(), [1, 1, 3]));
    assert_eq!(list("&sort=%7B%22fname%22:-1%7D"), ("Cba".to_owned(), [3, 0, 3]));
    assert_eq!(list("&sort=%7B%22ts%22:-1%7D&count=2"), ("Ca".to_owned(), [2, 0, 3]));
    assert_eq!(
        bob.get("rooms.getDiscussions", "").refusal(),
        "The parameter \"roomId\" or \"roomName\" is required [error-roomid-param-not-provided]"
    );
    let foreign = eve.get("rooms.getDiscussions", "roomName=secret");
    let expected = json!({"success": false, "error": "not-allowed", "errorType": "Not Allowed"});
    assert_eq!(foreign.body(), &expected);
    bob.post("groups.archive", json!({"roomName": "secret"})).ok();
    assert_eq!(
        bob.get("rooms.getDiscussions", "roomName=secret").refusal(),
        "The channel, secret, is archived [error-room-archived]"
    );
}
