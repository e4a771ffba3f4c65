//! What becomes of what deleted and renamed people wrote.

use roomscribe::domain::rewriting::Rewriting;
use roomscribe::domain::{Message, MessageId, RoomId, RoomKind, Time, UserId};
use roomscribe::service::{check, erasure};
use roomscribe::store::{Direction, Span};
use roomscribe::work::sweep;
use serde_json::{Value, json};

use crate::support::{Caller, TestServer};

fn set(server: &TestServer, id: &str, value: Value) {
    server.as_admin().post(&format!("settings/{id}"), json!({"value": value})).ok();
}

fn say(caller: &Caller<'_>, room: &RoomId, text: &str, thread: Option<&str>) -> String {
    let mut message = json!({"rid": room.as_str(), "msg": text});
    if let Some(thread) = thread {
        message["tmid"] = thread.into();
    }
    let answer = caller.post("chat.sendMessage", json!({"message": message}));
    answer.ok()["message"]["_id"].as_str().expect("an id").to_owned()
}

fn message(server: &TestServer, id: &str) -> Option<Message> {
    server.app.store.message(&MessageId::new(id)).expect("readable")
}

fn sweep(server: &TestServer) {
    while sweep::sweep_some(&server.app).expect("swept") {}
}

fn pending(server: &TestServer) -> usize {
    server.app.store.list::<Rewriting>(Span::all(), Direction::Ascending, 0, 9).expect("readable").len()
}

fn assert_whole(server: &TestServer) {
    let findings = check::check(&server.app.store, server.directory()).expect("readable");
    assert_eq!(findings.complaints, [""; 0]);
}

#[test]
fn what_a_deleted_person_wrote_is_deleted_in_the_background() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let den = server.room(RoomKind::Group, "den", &["al", "bob"]);
    let hers = say(&al, &den, "hello", None);
    let his = say(&bob, &den, "hi", None);
    let reply = say(&bob, &den, "in a thread", Some(&hers));
    server.clock.advance(1000);
    let file = ("a.txt", "text/plain", &b"secret"[..]);
    bob.send_file(&format!("rooms.upload/{den}"), file, &[]).ok();
    let last = say(&bob, &den, "bye", None);
    server.as_admin().post("users.delete", json!({"username": "bob"})).ok();
    assert_eq!(pending(&server), 1);
    assert!(message(&server, &his).is_some(), "the answer did not wait");
    sweep(&server);
    assert_eq!(pending(&server), 0);
    for id in [&his, &reply, &last] {
        assert!(message(&server, id).is_none());
    }
    assert!(message(&server, &hers).unwrap().replies.is_none(), "nobody has replied any more");
    let activity = server.app.store.activity(&den).unwrap();
    assert_eq!((activity.messages, activity.last_message), (1, Some(MessageId::new(hers))));
    assert_whole(&server);
}

#[test]
fn a_thread_keeps_its_beginning_without_its_author() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let den = server.room(RoomKind::Group, "den", &["al", "bob"]);
    let begin = say(&bob, &den, "private", None);
    let reply = say(&al, &den, "an answer", Some(&begin));
    server.as_admin().post("users.delete", json!({"username": "bob"})).ok();
    sweep(&server);
    let place = message(&server, &begin).unwrap();
    assert_eq!((place.text.as_str(), place.kind.as_deref()), ("", Some("rm")));
    assert_eq!(place.author.username, "rocket.cat");
    assert!(message(&server, &reply).is_some());
}

#[test]
fn what_a_deleted_person_wrote_may_stay_without_a_name_or_with_it() {
    for (erasure, username, alias) in
        [("Unlink", "rocket.cat", json!("Removed User")), ("Keep", "bob", Value::Null)]
    {
        let server = TestServer::start();
        set(&server, "Message_ErasureType", json!(erasure));
        set(&server, "Accounts_AllowDeleteOwnAccount", json!(true));
        let bob = server.as_user("bob");
        let den = server.room(RoomKind::Channel, "den", &["al", "bob"]);
        let id = say(&bob, &den, "hi", None);
        server.clock.advance(1000);
        let secret = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
        server
            .as_admin()
            .post("users.update", json!({"userId": bob.id(), "data": {"password": "secret"}}))
            .ok();
        server.as_user("bob").post("users.deleteOwnAccount", json!({"password": secret})).ok();
        sweep(&server);
        let answer = server.as_user("al").get("chat.getMessage", &format!("msgId={id}"));
        let seen = &answer.ok()["message"];
        assert_eq!(
            (&seen["u"]["username"], &seen["alias"], &seen["msg"]),
            (&json!(username), &alias, &json!("hi"))
        );
        assert_eq!(seen["u"]["_id"] == bob.id(), erasure == "Keep");
        assert_eq!(pending(&server), 0);
        assert_whole(&server);
    }
}

/// Puts messages of a user without going through the API.
fn fill(server: &TestServer, room: &RoomId, user: &str, count: i64) {
    let author = server.user(user).reference();
    for start in (0..count).step_by(1000) {
        server
            .app
            .store
            .write::<_, roomscribe::store::Error>(|batch| {
                for number in start..(start + 1000).min(count) {
                    let id = MessageId::new(format!("{room}-{number:06}"));
                    let at = Time::from_millis(number);
                    batch.put_message(&Message::new(id, room.clone(), author.clone(), at, "x"))?;
                }
                let mut activity = batch.activity(room)?;
                activity.messages += (start + 1000).min(count).unsigned_abs() - start.unsigned_abs();
                batch.put_activity(room, &activity)
            })
            .expect("written");
    }
}

#[test]
fn an_erasure_goes_on_where_it_was_interrupted() {
    let server = TestServer::start();
    let others = server.room(RoomKind::Channel, "others", &["al"]);
    let his = server.room(RoomKind::Channel, "his", &["al", "bob"]);
    fill(&server, &others, "al", 6000);
    fill(&server, &his, "bob", 1200);
    let bob = server.user("bob").id;
    server.as_admin().post("users.delete", json!({"username": "bob"})).ok();
    let count = || server.app.store.activity(&his).unwrap().messages;
    let mark = || server.app.store.get::<Rewriting>(&(bob.clone(),)).unwrap();
    let (mut parts, mut before) = (0, mark());
    while erasure::sweep(&server.app).unwrap() {
        parts += 1;
        let now = mark();
        assert_ne!(now, before, "every part goes further");
        before = now;
    }
    assert!(parts >= 4, "{parts} parts: none was large");
    assert_eq!(count(), 0);
    assert_eq!(server.app.store.activity(&others).unwrap().messages, 6000);
    assert_whole(&server);
}

#[test]
fn a_running_server_erases_by_itself_after_a_restart() {
    let server = TestServer::start();
    let den = server.room(RoomKind::Channel, "den", &["al", "bob"]);
    fill(&server, &den, "bob", 700);
    server.as_admin().post("users.delete", json!({"username": "bob"})).ok();
    assert!(erasure::sweep(&server.app).unwrap());
    assert_eq!(server.app.store.activity(&den).unwrap().messages, 200, "a part is done");
    let server = server.reopen();
    assert_eq!(pending(&server), 1, "the mark is on disk");
    sweep(&server);
    assert_eq!((pending(&server), server.app.store.activity(&den).unwrap().messages), (0, 0));
}

#[test]
fn a_new_login_name_reaches_what_was_said_before() {
    let server = TestServer::start();
    let (admin, al, bob) = (server.as_admin(), server.as_user("al"), server.as_user("bob"));
    let den = server.room(RoomKind::Channel, "den", &["al", "bob"]);
    let his = say(&bob, &den, "hi", None);
    let mention = say(&al, &den, "hello @bob", None);
    bob.post("chat.react", json!({"messageId": mention, "emoji": "smile"})).ok();
    let name = |name: &str| {
        admin.post("users.update", json!({"userId": bob.id(), "data": {"username": name}})).ok();
    };
    name("robert");
    name("rob");
    sweep(&server);
    assert_eq!(message(&server, &his).unwrap().author.username, "rob");
    let seen = message(&server, &mention).unwrap();
    assert_eq!(seen.mentions.value()[0]["username"], "rob");
    assert_eq!(
        (seen.author.username.as_str(), &seen.reactions[0].usernames),
        ("al", &vec!["rob".to_owned()])
    );
    assert_eq!(seen.text, "hello @bob", "what people wrote stays as they wrote it");
    assert_eq!(pending(&server), 0);
    admin.post("users.update", json!({"userId": bob.id(), "data": {"name": "Bobby"}})).ok();
    assert_eq!(pending(&server), 0, "a display name is kept as it was");
    assert!(server.app.store.user(&UserId::new(bob.id())).unwrap().is_some());
}
