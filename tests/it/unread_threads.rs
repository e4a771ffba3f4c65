//! Threads that members have not read: what makes them so, and what ends it.

use roomscribe::domain::{RoomId, RoomKind, UnreadThreads, User};
use roomscribe::service::{direct, settings};
use serde_json::{Value, json};

use crate::methods::{refusal, result};
use crate::support::{Caller, TestServer};

/// Sends a message of that id a second later, as a reply if `thread` is one.
fn say(server: &TestServer, username: &str, room: &RoomId, (id, thread): (&str, Option<&str>), text: &str) {
    server.clock.advance(1000);
    let message = json!({"rid": room.as_str(), "_id": id, "msg": text, "tmid": thread});
    server.as_user(username).post("chat.sendMessage", json!({"message": message})).ok();
}

/// A channel of bob, al and eve where bob began two threads and al replied in both.
fn talk(server: &TestServer) -> RoomId {
    let room = server.room(RoomKind::Channel, "talk", &["al", "bob", "eve"]);
    for parent in ["one", "two"] {
        say(server, "bob", &room, (parent, None), &format!("this is {parent}"));
    }
    for parent in ["two", "one"] {
        say(server, "al", &room, (&format!("{parent} al"), Some(parent)), "a reply");
    }
    room
}

fn subscription(caller: &Caller<'_>, room: &RoomId) -> Value {
    caller.get("subscriptions.getOne", &format!("roomId={room}")).ok()["subscription"].clone()
}

/// Threads unread at all, with a mention, with a mention of everybody; and whether the room alerts.
fn unread(caller: &Caller<'_>, room: &RoomId) -> Value {
    let own = subscription(caller, room);
    json!([own["tunread"], own["tunreadUser"], own["tunreadGroup"], own["alert"]])
}

fn nothing() -> Value {
    json!([null, null, null, false])
}

fn stored(server: &TestServer, username: &str, room: &RoomId) -> UnreadThreads {
    server.app.store.unread_threads(&server.user(username).id, room).expect("readable")
}

#[test]
fn a_reply_is_unread_for_every_follower_but_its_author() {
    let server = TestServer::start();
    let room = talk(&server);
    let (bob, al, eve) = (server.as_user("bob"), server.as_user("al"), server.as_user("eve"));
    let own = subscription(&bob, &room);
    assert_eq!(unread(&bob, &room), json!([["one", "two"], [], [], true]));
    assert_eq!((&own["unread"], &own["open"]), (&json!(0), &json!(true)));
    let all = bob.get("subscriptions.get", "").ok()["update"].clone();
    assert!(all.as_array().expect("rows").contains(&own), "{all}");
    assert_eq!(unread(&al, &room), nothing());
    eve.post("subscriptions.read", json!({"rid": room.as_str()})).ok();
    assert_eq!(unread(&eve, &room), nothing(), "she follows neither");

    eve.post("chat.followMessage", json!({"mid": "two"})).ok();
    assert_eq!(unread(&eve, &room), nothing(), "what was said before she came is not new");
    say(&server, "bob", &room, ("two bob", Some("two")), "an answer");
    assert_eq!(unread(&eve, &room), json!([["two"], [], [], true]));
    assert_eq!(unread(&al, &room), json!([["two"], [], [], true]));
    let other = server.room(RoomKind::Channel, "other", &["bob"]);
    assert_eq!(unread(&bob, &other), nothing());
}

#[test]
fn a_thread_in_a_direct_message_does_not_count_as_unread() {
    let server = TestServer::start();
    let users = ["bob", "al"].map(|name| server.user(name));
    let members = users.iter().map(User::reference).collect();
    let room = direct::create(&server.app, direct::room_id(&users[0].id, &users[1].id), members);
    let room = room.expect("a conversation").id;
    say(&server, "bob", &room, ("one", None), "hello");
    say(&server, "al", &room, ("reply", Some("one")), "in the thread");
    let bob = server.as_user("bob");
    assert_eq!(unread(&bob, &room), json!([["one"], [], [], true]));
    assert_eq!(subscription(&bob, &room)["unread"], 0);
}

#[test]
fn mentions_in_a_thread_have_lists_of_their_own() {
    let server = TestServer::start();
    let room = talk(&server);
    server.user("stranger");
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    eve.post("subscriptions.read", json!({"rid": room.as_str()})).ok();
    say(&server, "al", &room, ("1", Some("one")), "@bob, @eve and @stranger: look");
    assert_eq!(unread(&bob, &room), json!([["one", "two"], ["one"], [], true]));
    assert_eq!(unread(&eve, &room), json!([["one"], ["one"], [], true]), "who is mentioned follows");
    assert_eq!(stored(&server, "stranger", &room), UnreadThreads::default(), "but must be in the room");
    say(&server, "al", &room, ("2", Some("two")), "@all of you");
    say(&server, "al", &room, ("3", Some("one")), "@here");
    say(&server, "al", &room, ("4", Some("one")), "nobody in particular");
    assert_eq!(unread(&bob, &room), json!([["one", "two"], ["one"], ["one", "two"], true]));
    assert_eq!(unread(&eve, &room), json!([["one"], ["one"], ["one"], true]));
    let own = subscription(&bob, &room);
    assert_eq!(
        (&own["unread"], &own["userMentions"], &own["groupMentions"]),
        (&json!(0), &json!(0), &json!(0))
    );
}

#[test]
fn reading_a_room_leaves_its_threads_unless_they_are_read_too() {
    let server = TestServer::start();
    let room = talk(&server);
    let bob = server.as_user("bob");
    let read = |body: Value| bob.post("subscriptions.read", body);
    say(&server, "al", &room, ("plain", None), "in the room");
    server.clock.advance(1000);
    for body in [json!({"rid": room.as_str()}), json!({"roomId": room.as_str(), "readThreads": false})] {
        assert_eq!(read(body).ok(), &json!({"success": true}));
        assert_eq!(unread(&bob, &room), json!([["one", "two"], [], [], true]));
    }
    let refused = read(json!({"rid": room.as_str(), "readThreads": "perhaps"}));
    assert_eq!(refused.refusal(), "must be boolean [invalid-params]");
    assert_eq!(
        server
            .as_user("zoe")
            .post("subscriptions.read", json!({"rid": room.as_str(), "readThreads": true}))
            .refusal(),
        "[error-invalid-subscription]"
    );
    read(json!({"rid": room.as_str(), "readThreads": true})).ok();
    assert_eq!(unread(&bob, &room), nothing());
    say(&server, "al", &room, ("again", Some("one")), "more");
    assert_eq!(unread(&bob, &room), json!([["one"], [], [], true]));
    assert_eq!(result(&bob, "readMessages", json!([room.as_str()])), Value::Null);
    assert_eq!(unread(&bob, &room), json!([["one"], [], [], true]));
    assert_eq!(result(&bob, "readMessages", json!([room.as_str(), true])), Value::Null);
    assert_eq!(unread(&bob, &room), nothing());
}

#[test]
fn reading_a_thread_leaves_the_room_and_the_other_threads() {
    let server = TestServer::start();
    let room = talk(&server);
    let bob = server.as_user("bob");
    say(&server, "al", &room, ("plain", None), "in the room");
    let since = server.app.now();
    server.clock.advance(1000);
    let before = subscription(&bob, &room)["ls"].clone();
    let thread = result(&bob, "getThreadMessages", json!([{"tmid": "one"}]));
    assert_eq!((&thread[0]["_id"], &thread[1]["_id"]), (&json!("one"), &json!("one al")));
    assert_eq!(unread(&bob, &room), json!([["two"], [], [], true]));
    let changed = bob.get("subscriptions.get", &format!("updatedSince={since}")).ok()["update"].clone();
    assert_eq!(changed, json!([subscription(&bob, &room)]));
    assert_eq!(result(&bob, "readThreads", json!(["unknown"])), Value::Null);
    assert_eq!(unread(&bob, &room)[0], json!(["two"]));
    assert_eq!(result(&bob, "readThreads", json!(["two"])), Value::Null);
    assert_eq!(unread(&bob, &room), json!([null, null, null, true]), "the room itself has news");
    assert_eq!(subscription(&bob, &room)["ls"], before);
    bob.post("subscriptions.read", json!({"rid": room.as_str()})).ok();
    assert_eq!(unread(&bob, &room), nothing());

    let quiet = subscription(&bob, &room);
    server.clock.advance(1000);
    assert_eq!(result(&bob, "readThreads", json!(["two"])), Value::Null);
    assert_eq!(subscription(&bob, &room), quiet, "nothing new, nothing changed");
    settings::set(&server.app, "Threads_enabled", &json!(false)).unwrap();
    assert_eq!(refusal(&bob, "readThreads", json!(["two"])), "Threads Disabled [error-not-allowed]");
}

#[test]
fn who_stops_following_or_leaves_has_nothing_unread() {
    let server = TestServer::start();
    let room = talk(&server);
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    bob.post("chat.unfollowMessage", json!({"mid": "one"})).ok();
    assert_eq!(unread(&bob, &room), json!([["two"], [], [], true]));
    say(&server, "al", &room, ("later", Some("one")), "without bob");
    assert_eq!(unread(&bob, &room)[0], json!(["two"]));
    bob.post("channels.leave", json!({"roomId": room.as_str()})).ok();
    assert_eq!(stored(&server, "bob", &room), UnreadThreads::default());
    say(&server, "al", &room, ("last", Some("two")), "he still follows");
    assert_eq!(stored(&server, "bob", &room), UnreadThreads::default(), "but is not in the room");
    bob.post("channels.join", json!({"roomId": room.as_str()})).ok();
    assert_eq!(subscription(&bob, &room).get("tunread"), None);
    say(&server, "al", &room, ("back", Some("two")), "again");
    assert_eq!(unread(&bob, &room)[0], json!(["two"]));
    al.post("channels.kick", json!({"roomId": room.as_str(), "userId": bob.id()})).ok();
    assert_eq!(stored(&server, "bob", &room), UnreadThreads::default());
}

#[test]
fn what_is_deleted_is_not_unread() {
    let server = TestServer::start();
    let room = talk(&server);
    let bob = server.as_user("bob");
    let delete = |caller: &str, id: &str| {
        server.clock.advance(1000);
        let body = json!({"roomId": room.as_str(), "msgId": id});
        server.as_user(caller).post("chat.delete", body).ok();
    };
    delete("bob", "one");
    assert_eq!(unread(&bob, &room), json!([["two"], [], [], true]), "the place of the parent is left");
    say(&server, "al", &room, ("another", Some("two")), "more");
    delete("al", "two al");
    assert_eq!(unread(&bob, &room)[0], json!(["two"]), "a reply is left");
    delete("al", "another");
    assert_eq!(unread(&bob, &room), nothing());

    say(&server, "al", &room, ("three", Some("two")), "back");
    assert_eq!(stored(&server, "bob", &room).all.len(), 1);
    server.as_user("al").post("channels.delete", json!({"roomId": room.as_str()})).ok();
    while server.app.store.clear_deleted_room().unwrap() {}
    assert_eq!(stored(&server, "bob", &room), UnreadThreads::default());
    server.app.store.check().expect("a sound store");
}

#[test]
fn unread_threads_are_listed_the_latest_first() {
    let server = TestServer::start();
    let room = talk(&server);
    let bob = server.as_user("bob");
    let list = |query: &str| {
        let reply = bob.get("chat.getThreadsList", &format!("rid={room}&type=unread{query}")).ok().clone();
        let rows = reply["threads"].as_array().expect("rows").clone();
        let ids: Vec<Value> = rows.iter().map(|row| row["_id"].clone()).collect();
        (json!(ids), reply["total"].clone())
    };
    assert_eq!(list(""), (json!(["one", "two"]), json!(2)));
    assert_eq!(list("&count=1&offset=1"), (json!(["two"]), json!(2)));
    assert_eq!(list("&text=IS%20TWO"), (json!(["two"]), json!(1)));
    bob.post("subscriptions.read", json!({"rid": room.as_str()})).ok();
    say(&server, "al", &room, ("more", Some("two")), "a reply");
    assert_eq!(list(""), (json!(["two", "one"]), json!(2)), "reading the room reads no thread");
    result(&bob, "readThreads", json!(["two"]));
    assert_eq!(list(""), (json!(["one"]), json!(1)));
    say(&server, "bob", &room, ("own", Some("two")), "an own reply");
    assert_eq!(list(""), (json!(["one"]), json!(1)));
    let following = bob.get("chat.getThreadsList", &format!("rid={room}&type=following"));
    assert_eq!(following.ok()["total"], 2);
    let passer = server.as_user("zoe").get("chat.getThreadsList", &format!("rid={room}&type=unread"));
    assert_eq!(passer.ok()["threads"], json!([]));
}

#[test]
fn a_hidden_room_comes_back_with_a_reply_to_a_thread_one_follows() {
    let server = TestServer::start();
    let room = talk(&server);
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let close = |caller: &Caller<'_>| caller.post("channels.close", json!({"roomId": room.as_str()}));
    let is_open = |caller: &Caller<'_>| {
        let joined = caller.get("channels.counters", &format!("roomId={room}")).ok()["joined"].clone();
        assert_eq!(subscription(caller, &room)["open"], joined);
        joined
    };
    close(&bob).ok();
    close(&eve).ok();
    assert_eq!((is_open(&bob), is_open(&eve)), (json!(false), json!(false)));
    assert_eq!(unread(&bob, &room)[0], json!(["one", "two"]), "hidden is not read");
    let again = "The channel, talk, is already closed to the sender";
    assert_eq!(close(&bob).refusal(), again);
    for reply in ["first", "second"] {
        say(&server, "al", &room, (reply, Some("one")), "it goes on");
        assert_eq!((is_open(&bob), is_open(&eve)), (json!(true), json!(false)));
        close(&bob).ok();
        assert_eq!(is_open(&bob), false);
    }
    say(&server, "al", &room, ("third", Some("one")), "it goes on");
    result(&bob, "readThreads", json!(["one"]));
    assert_eq!(is_open(&bob), true, "who reads in a room does not lose it");
}
