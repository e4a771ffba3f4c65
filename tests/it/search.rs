//! `chat.search`: what it finds, in which order, for whom, and what it refuses.

use roomscribe::domain::message::Pinned;
use roomscribe::domain::{Activity, Json, Message, MessageId, RoomId, RoomKind, SearchRun, Time};
use roomscribe::service::settings;
use roomscribe::store::{Error, Span};
use roomscribe::work::{indexing, sweep};
use serde_json::{Value, json};

use crate::said::{say, say_with};
use crate::support::{Caller, NOW, TestServer};

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn answer(caller: &Caller<'_>, room: &RoomId, text: &str, page: &str) -> Value {
    let query = format!("roomId={room}&searchText={}&{page}", encoded(text));
    caller.get("chat.search", &query).ok().clone()
}

/// The texts that are found, in their order.
fn found(caller: &Caller<'_>, room: &RoomId, text: &str) -> Vec<String> {
    let answer = answer(caller, room, text, "");
    let texts = answer["messages"].as_array().expect("a list").iter();
    texts.map(|message| message["msg"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn a_search_answers_messages_a_page_at_a_time_and_nothing_else() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    let bob = server.as_user("bob");
    for number in 0..5 {
        say(&server, &room, "bob", &format!("msg{number} to search"));
    }
    say(&server, &room, "bob", "something else");
    let all = answer(&bob, &room, "MSG search", "");
    let id = all["messages"][0]["_id"].as_str().expect("an id");
    let expected = bob.get("chat.getMessage", &format!("msgId={id}")).ok()["message"].clone();
    assert_eq!(expected["msg"], "msg4 to search");
    assert_eq!(all["messages"][0], expected);
    assert_eq!(all.as_object().expect("an object").len(), 2, "messages and success");
    let page = |page: &str| {
        let answer = answer(&bob, &room, "msg", page);
        answer["messages"].as_array().expect("a list").iter().map(|message| message["msg"].clone()).collect()
    };
    let texts = |numbers: &[u32]| -> Vec<Value> {
        numbers.iter().map(|number| format!("msg{number} to search").into()).collect()
    };
    assert_eq!(Vec::<Value>::clone(&page("count=1")), texts(&[4]));
    assert_eq!(Vec::<Value>::clone(&page("count=2&offset=1")), texts(&[3, 2]));
    assert_eq!(Vec::<Value>::clone(&page("count=3&offset=5")), texts(&[]));
}

#[test]
fn what_is_missing_or_not_allowed_is_refused() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let refused = |caller: &Caller<'_>, query: &str| {
        let answer = caller.get("chat.search", query);
        (answer.refusal().to_owned(), answer.body()["errorType"].as_str().expect("a type").to_owned())
    };
    let refusal = |code: &str, text: &str| (format!("{text} [{code}]"), code.to_owned());
    let no_room =
        refusal("error-roomId-param-not-provided", "The required \"roomId\" query param is missing.");
    let no_text =
        refusal("error-searchText-param-not-provided", "The required \"searchText\" query param is missing.");
    let not_allowed = refusal("error-not-allowed", "Not allowed");
    assert_eq!(refused(&bob, ""), no_room);
    assert_eq!(refused(&bob, "searchText=x"), no_room);
    assert_eq!(refused(&bob, &format!("roomId={room}")), no_text);
    assert_eq!(refused(&eve, &format!("roomId={room}&searchText=")), no_text);
    assert_eq!(refused(&eve, &format!("roomId={room}&searchText=x")), not_allowed);
    assert_eq!(refused(&server.as_admin(), &format!("roomId={room}&searchText=x")), not_allowed);
    assert_eq!(refused(&bob, "roomId=unknown&searchText=x"), not_allowed);
    let (text, code) = refused(&bob, &format!("roomId={room}&searchText={}", encoded("/(/")));
    assert_eq!(code, "error-invalid-search-pattern", "{text}");
    assert_eq!(server.anonymous().get("chat.search", "roomId=x&searchText=x").status(), 401);
}

#[test]
fn texts_patterns_and_operators_find_what_they_say() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let bob = server.as_user("bob");
    let bob_id = server.user("bob").id;
    say(&server, &room, "al", "The Release of STRAßE 7");
    say_with(&server, &room, "bob", "release notes", |message| {
        message.pinned = Some(Pinned::default());
        message.urls = Json::from_text(r#"[{"url":"https://x.y","meta":{}}]"#);
    });
    say_with(&server, &room, "al", "hello @bob", |message| {
        message.mentions = Json::from_text(r#"[{"_id":"b","username":"bob"}]"#);
        message.starred = vec![bob_id];
    });
    say_with(&server, &room, "bob", "", |message| {
        message.attachments = Json::from_text(r#"[{"title":"plan.pdf","description":"next year"}]"#);
        message.files = Json::from_text(r#"[{"_id":"f","name":"plan.pdf"}]"#);
    });
    let both = ["release notes", "The Release of STRAßE 7"];
    assert_eq!(found(&bob, &room, "RELEASE"), both);
    assert_eq!(found(&bob, &room, "release order:asc"), [both[1], both[0]]);
    assert_eq!(found(&bob, &room, "straße release"), [both[1]]);
    assert_eq!(found(&bob, &room, "\"release notes\""), [both[0]]);
    assert_eq!(found(&bob, &room, "\"notes release\""), Vec::<String>::new());
    assert_eq!(found(&bob, &room, "re"), both);
    assert_eq!(found(&bob, &room, "/^release/"), [both[0]]);
    assert_eq!(found(&bob, &room, "/^the release/i"), [both[1]]);
    assert_eq!(found(&bob, &room, "from:al"), ["hello @bob", both[1]]);
    assert_eq!(found(&bob, &room, "from:me release"), [both[0]]);
    assert_eq!(found(&bob, &room, "from:nobody"), Vec::<String>::new());
    assert_eq!(found(&bob, &room, "mention:bob"), ["hello @bob"]);
    assert_eq!(found(&bob, &room, "has:star"), ["hello @bob"]);
    assert_eq!(found(&server.as_user("al"), &room, "has:star"), Vec::<String>::new());
    assert_eq!(found(&bob, &room, "is:pinned"), [both[0]]);
    assert_eq!(found(&bob, &room, "has:url"), [both[0]]);
    assert_eq!(found(&bob, &room, "has:file"), [""]);
    assert_eq!(found(&bob, &room, "PLAN.pdf"), [""]);
    assert_eq!(found(&bob, &room, "on:15/03/2024 release"), both);
    assert_eq!(found(&bob, &room, "before:15/03/2024"), Vec::<String>::new());
    assert_eq!(found(&bob, &room, "after:15/03/2024"), Vec::<String>::new());
    assert_eq!(found(&bob, &room, "after:14/03/2024 before:16/03/2024").len(), 4);
    assert_eq!(found(&bob, &room, "rel.*notes"), Vec::<String>::new());
    settings::set(&server.app, "Message_AlwaysSearchRegExp", &json!(true)).unwrap();
    assert_eq!(found(&bob, &room, "REL.*notes"), [both[0]]);
}

#[test]
fn what_is_deleted_or_hidden_is_never_found() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    say_with(&server, &room, "bob", "needle", |message| {
        message.extra = Json::from_text(r#"{"_hidden":true}"#);
    });
    say_with(&server, &room, "bob", "needle joined", |message| message.kind = Some("uj".to_owned()));
    let gone = say(&server, &room, "bob", "needle gone");
    let kept = say(&server, &room, "bob", "needle kept");
    let delete = |id: &MessageId| {
        bob.post("chat.delete", json!({"roomId": room.as_str(), "msgId": id.as_str()})).ok();
    };
    delete(&gone);
    assert_eq!(found(&bob, &room, "needle"), ["needle kept", "needle joined"]);
    settings::set(&server.app, "Hide_System_Messages", &json!(["uj"])).unwrap();
    assert_eq!(found(&bob, &room, "needle"), ["needle kept"]);
    settings::set(&server.app, "Message_ShowDeletedStatus", &json!(true)).unwrap();
    delete(&kept);
    assert_eq!(found(&bob, &room, "needle"), Vec::<String>::new());
    assert_eq!(found(&bob, &room, "from:bob"), Vec::<String>::new(), "an empty place is nobody's");
}

#[test]
fn the_index_goes_with_its_room() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    for number in 0..40 {
        say(&server, &room, "bob", &format!("number {number}"));
    }
    let runs = || server.app.store.count::<SearchRun>(Span::all(), 100).unwrap();
    indexing::pass(&server.app, None, 8, || true).unwrap();
    assert_eq!(runs(), 4);
    let record = server.app.store.room(&room).unwrap().expect("a room");
    server.app.store.write::<_, Error>(|batch| batch.delete_room(&record)).unwrap();
    while sweep::sweep_some(&server.app).unwrap() {}
    assert_eq!(runs(), 0);
}

#[test]
fn background_work_indexes_what_is_there() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let messages: Vec<_> = (0..600)
        .map(|number| {
            let at = Time::from_millis(NOW - 1_000_000 + number);
            let author = server.user("bob").reference();
            Message::new(MessageId::random(), room.clone(), author, at, "one of many")
        })
        .collect();
    server
        .app
        .store
        .write::<_, Error>(|batch| {
            batch.put_activity(&room, &Activity::default())?;
            messages.iter().try_for_each(|message| batch.put_message(message))
        })
        .unwrap();
    server.work();
    server.app.index_bell.notify_one();
    let sealed = || server.app.store.count::<SearchRun>(Span::all(), 2).unwrap() == 1;
    server.wait_until("the run is sealed", sealed);
    assert_eq!(found(&server.as_user("bob"), &room, "many").len(), 50);
}
