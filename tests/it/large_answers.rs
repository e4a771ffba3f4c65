//! Answers stay small, however many messages are asked for and however large they are.

use roomscribe::domain::message::Reaction;
use roomscribe::domain::{Json, Message, MessageId, RoomId, RoomKind, Time};
use roomscribe::store::Error;
use serde_json::{Value, json};

use crate::methods::result;
use crate::support::{NOW, TestServer};

/// Bytes of a large message, and how many of them are too many for an answer.
const LARGE: usize = 60_000;
const MANY: i64 = 150;

/// A room with so many messages of so many bytes, a millisecond apart.
fn filled(server: &TestServer, many: i64, size: usize) -> RoomId {
    let room = server.room(RoomKind::Group, "talk", &["bob"]);
    let author = server.user("bob").reference();
    server
        .app
        .store
        .write::<_, Error>(|batch| {
            (0..many).try_for_each(|number| {
                let id = MessageId::new(format!("m{number}"));
                let at = Time::from_millis(NOW - many + number);
                batch.put_message(&Message::new(id, room.clone(), author.clone(), at, "x".repeat(size)))
            })
        })
        .expect("written");
    room
}

fn ids(messages: &Value) -> Vec<String> {
    let messages = messages.as_array().expect("a list").iter();
    messages.map(|message| message["_id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn methods_answer_no_more_messages_than_a_page_may_hold() {
    let server = TestServer::start();
    let room = filled(&server, 150, 1);
    let bob = server.as_user("bob");
    let (rid, huge) = (room.as_str(), 10_000_000);
    let newest: Vec<String> = (50..150).rev().map(|number| format!("m{number}")).collect();
    assert_eq!(ids(&result(&bob, "loadHistory", json!([rid, null, huge]))["messages"]), newest);
    let oldest: Vec<String> = (0..100).map(|number| format!("m{number}")).collect();
    assert_eq!(ids(&result(&bob, "loadNextMessages", json!([rid, null, huge]))["messages"]), oldest);
    let around = result(&bob, "loadSurroundingMessages", json!([{"rid": rid, "_id": "m75"}, huge]));
    let middle: Vec<String> = (25..=125).map(|number| format!("m{number}")).collect();
    assert_eq!(ids(&around["messages"]), middle);
    assert_eq!((&around["moreBefore"], &around["moreAfter"]), (&json!(true), &json!(true)));
}

#[test]
fn large_messages_end_an_answer_early_and_the_rest_can_be_asked_for() {
    let server = TestServer::start();
    let room = filled(&server, MANY, LARGE);
    let bob = server.as_user("bob");
    let all: Vec<String> = (0..MANY).map(|number| format!("m{number}")).collect();
    let is_short = |messages: &Value| {
        let count = messages.as_array().expect("a list").len();
        assert!(count > 1 && messages.to_string().len() < 6 << 20, "{count}");
    };

    let (mut seen, mut since) = (Vec::new(), Value::Null);
    while seen.len() < all.len() {
        let next = result(&bob, "loadNextMessages", json!([room.as_str(), since, 100]))["messages"].clone();
        is_short(&next);
        since = next.as_array().and_then(|list| list.last()).expect("there is more")["ts"].clone();
        seen.extend(ids(&next));
    }
    assert_eq!(seen, all);

    let (mut seen, mut at) = (Vec::new(), "0".to_owned());
    loop {
        let query = format!("roomId={room}&type=UPDATED&count=100&next={at}");
        let turn = bob.get("chat.syncMessages", &query).ok()["result"].clone();
        is_short(&turn["updated"]);
        seen.extend(ids(&turn["updated"]));
        let Some(next) = turn["cursor"]["next"].as_str() else { break };
        next.clone_into(&mut at);
    }
    assert_eq!(seen, all);

    is_short(&result(&bob, "loadHistory", json!([room.as_str(), null, 100]))["messages"]);
    let since = Time::from_millis(NOW - MANY - 1);
    let missed = json!([room.as_str(), {"$date": since.millis()}]);
    is_short(&result(&bob, "loadMissedMessages", missed));
    is_short(
        &bob.get("chat.syncMessages", &format!("roomId={room}&lastUpdate={since}")).ok()["result"]["updated"],
    );
    is_short(&bob.get("groups.history", &format!("roomId={room}&count=100")).ok()["messages"]);
    let around = result(&bob, "loadSurroundingMessages", json!([{"rid": room.as_str(), "_id": "m40"}, 100]));
    assert_eq!((&around["moreBefore"], &around["moreAfter"]), (&json!(true), &json!(true)));
}

#[test]
fn all_that_people_add_to_a_message_has_weight() {
    let server = TestServer::start();
    let author = server.user("bob").reference();
    let mut message = Message::new(MessageId::new("m"), RoomId::new("r"), author, server.app.now(), "four");
    message.attachments = Json::from_text("[{}]");
    let names = || vec!["bob".to_owned(), "al".to_owned()];
    message.reactions = vec![Reaction { emoji: ":bee:".to_owned(), usernames: names(), names: names() }];
    assert_eq!(message.weight(), 4 + 4 + 10);
}
