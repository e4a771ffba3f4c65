//! The contract of every transform, and what becomes of a conversation.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use export_sdk::conformance::{self, Transformed, sample_messages, transformed};
use export_sdk::{
    Author, Edited, Member, Message, Pinned, Reaction, Registry, Replies, Room, RoomKind, Settings, Timestamp,
};
use serde_json::value::RawValue;
use serde_json::{Value, json};

const BOB: Author<'_> = Author { id: "idOfBob", username: "bob", name: Some("Bob Miller") };
const ANN: Author<'_> = Author { id: "idOfAnn", username: "ann", name: None };

fn raw(json: &'static str) -> &'static RawValue {
    serde_json::from_str(json).unwrap()
}

fn new<'a>(id: &'a str, author: Author<'a>, text: &'a str) -> Message<'a> {
    Message::new(id, "r1", author, Timestamp::default(), text)
}

fn member(author: Author<'_>) -> Member<'_> {
    let mut member = Member::new(author.id, author.username);
    member.name = author.name;
    member
}

fn run(options: Value, room: &Room<'_>, members: &[Member<'_>], messages: &[Message<'_>]) -> Transformed {
    let mut registry = Registry::default();
    let settings = Settings::new("anonymize", toml::Table::new(), "data");
    transform_anonymize::register(&mut registry, &settings).unwrap();
    transformed(registry.transform("anonymize").unwrap(), &options, room, members, messages).unwrap()
}

/// In the room of Bob and Ann, Ann being announced first.
fn one(options: Value, message: Message<'_>) -> Value {
    let members = [member(ANN), member(BOB)];
    run(options, &Room::new("r1", "general"), &members, &[message]).messages.remove(0)
}

#[test]
fn it_keeps_the_contract() {
    conformance::transform(transform_anonymize::register, "anonymize", Value::Null);
    let options = json!({"keep": ["al"], "files": "drop"});
    conformance::transform(transform_anonymize::register, "anonymize", options);
}

#[test]
fn members_count_first_and_keep_their_roles() {
    let mut owner = member(BOB);
    owner.roles = vec!["owner"];
    let mut room = Room::new("r1", "team-bob");
    room.topic = "Ask Bob Miller or @ann";
    let left = run(Value::Null, &room, &[member(ANN), owner], &[new("m", BOB, "x")]);
    assert_eq!(
        left.members,
        [
            json!({"_id": "user1", "username": "user1"}),
            json!({"_id": "user2", "username": "user2", "name": "User 2", "roles": ["owner"]}),
        ]
    );
    assert_eq!(left.messages[0]["u"], json!({"_id": "user2", "username": "user2", "name": "User 2"}));
    assert_eq!(left.room["name"], "team-user2");
    assert_eq!(left.room["topic"], "Ask User 2 or @user1");
}

#[test]
fn a_message_names_nobody_in_any_field() {
    let mut message = new("m1", BOB, "Thanks @ann and @stranger; Bob Miller");
    message.edited = Some(Edited { at: Timestamp::default(), by_id: "idOfAnn", by_username: "ann" });
    message.pinned = Some(Pinned { at: None, by: Some(("idOfEve", "eve")) });
    message.reactions =
        vec![Reaction { emoji: ":bee:", usernames: vec!["eve", "bob"], names: vec!["Eve", "Bob Miller"] }];
    message.replies = Some(Replies { count: 1, last: None, followers: vec!["idOfEve", "idOfZoe"] });
    message.starred = vec!["idOfBob"];
    message.mentions =
        Some(raw(r#"[{"_id":"idOfAnn","username":"ann","name":"Ann B","type":"user","avatar":"x"},
            {"_id":"all","username":"all"},7]"#));
    message.urls = Some(raw(r#"[{"url":"https://x.y/eve","meta":{"ogTitle":"By Eve"}}]"#));
    message.extra = vec![
        ("alias".into(), raw(r#""Bob Miller""#)),
        ("avatar".into(), raw(r#""https://x.y/bob.png""#)),
        ("groupable".into(), raw("false")),
        ("emoji".into(), raw(r#"":robot:""#)),
        ("customFields".into(), raw(r#"{"phone":"1"}"#)),
    ];
    assert_eq!(
        one(Value::Null, message),
        json!({
            "_id": "m1", "rid": "r1", "msg": "Thanks @user1 and @someone; User 2",
            "ts": "1970-01-01T00:00:00.000Z",
            "u": {"_id": "user2", "username": "user2", "name": "User 2"},
            "_updatedAt": "1970-01-01T00:00:00.000Z",
            "tcount": 1, "replies": ["user3", "user4"],
            "mentions": [
                {"_id": "user1", "username": "user1", "name": "User 1", "type": "user"},
                {"_id": "all", "username": "all"},
            ],
            "urls": [{"url": "https://x.y/user3", "meta": {"ogTitle": "By User 3"}}],
            "reactions": {":bee:": {"usernames": ["user3", "user2"], "names": ["User 3", "User 2"]}},
            "starred": [{"_id": "user2"}],
            "pinned": true, "pinnedBy": {"_id": "user3", "username": "user3"},
            "editedAt": "1970-01-01T00:00:00.000Z", "editedBy": {"_id": "user1", "username": "user1"},
            "alias": "User 2", "groupable": false, "emoji": ":robot:",
        })
    );
}

#[test]
fn quotes_and_cards_keep_their_texts_and_looks() {
    let mut message = new("m1", ANN, "");
    message.attachments = Some(raw(
        r##"[{"text":"@bob said","author_name":"Bob Miller","author_icon":"/avatar/bob","color":"#f00",
            "message_link":"https://x.y/direct/idOfAnnidOfBob?msg=m0","actions":[{"text":"x"}],
            "attachments":[{"author_name":"Unknown Person","text":"ok"}]},
            {"title":"Build of bob","fields":[{"short":true,"title":"By","value":"bob","x":"bob"}],"mine":1},"bob"]"##,
    ));
    assert_eq!(
        one(Value::Null, message)["attachments"],
        json!([
            {"text": "@user2 said", "author_name": "User 2", "color": "#f00",
             "message_link": "https://x.y/direct/user1user2?msg=m0",
             "attachments": [{"author_name": "User 3", "text": "ok"}]},
            {"title": "Build of user2", "fields": [{"short": true, "title": "By", "value": "user2"}]},
        ])
    );
}

#[test]
fn looks_take_no_words() {
    let mut message = new("m1", ANN, "");
    message.attachments = Some(raw(
        r#"[{"text":"t","color":"bob","ts":"bob","type":"xbob","format":"for bob","image_type":"image/bob",
            "image_preview":"bob","image_size":"bob","collapsed":"bob","video_type":"a video of xbob"},
            {"color":"danger","ts":"2024-01-01T00:00:00.000Z","type":"file","format":"PNG","image_size":1,
            "image_type":"image/svg+xml","collapsed":true,"image_preview":"AAAA"}]"#,
    ));
    message.files_json = Some(raw(r#"[{"_id":"f1","name":"a","type":"bob","format":"bob","size":"bob"}]"#));
    message.urls = Some(raw(r#"[{"url":"x","meta":{"bob":"x"}}]"#));
    message.reactions = vec![
        Reaction { emoji: ":bob_dance:", usernames: vec!["ann"], names: vec![] },
        Reaction { emoji: ":Bob Miller:", usernames: vec!["ann"], names: vec![] },
    ];
    let left = one(Value::Null, message);
    assert_eq!(
        left["attachments"],
        json!([
            {"text": "t"},
            {"color": "danger", "ts": "2024-01-01T00:00:00.000Z", "type": "file", "format": "PNG",
             "image_size": 1, "image_type": "image/svg+xml", "collapsed": true},
        ])
    );
    assert_eq!(left["files"], json!([{"_id": "f1", "name": "file-1"}]));
    assert_eq!(left["urls"], json!([{"url": "x", "meta": {"user2": "x"}}]));
    let emoji: Vec<_> = left["reactions"].as_object().unwrap().keys().collect();
    assert_eq!(emoji, [":user2_dance:", ":User2:"]);
}

#[test]
fn files_are_numbered_or_dropped() {
    let picture = || {
        let mut message = new("m1", ANN, "look");
        message.file_json = Some(raw(r#"{"_id":"f1","name":"bob at home.PNG","type":"image/png"}"#));
        message.files_json =
            Some(raw(r#"[{"_id":"f1","name":"bob at home.PNG","type":"image/png","size":1,"format":"PNG"},
                {"_id":"t1","name":"thumb-bob at home.PNG","type":"image/png","size":1},
                {"_id":"f2","name":"cv.bob","type":"text/plain","size":2}]"#));
        message.attachments = Some(raw(
            r#"[{"title":"bob at home.PNG","type":"file","title_link":"/file-upload/f1/bob%20at%20home.PNG",
                "title_link_download":true,"image_url":"/file-upload/t1/thumb-bob%20at%20home.PNG",
                "image_type":"image/png","image_preview":"AAAA","description":"bob at home"},
                {"title":"cv.bob","type":"file","title_link":"/file-upload/f2/cv.bob"},
                {"title":"older.pdf","title_link":"https://x.y/file-upload/f9/older.pdf"}]"#,
        ));
        message
    };
    let kept = one(Value::Null, picture());
    assert_eq!(kept["file"], json!({"_id": "f1", "type": "image/png", "name": "file-1.png"}));
    let names: Vec<_> = kept["files"].as_array().unwrap().iter().map(|file| &file["name"]).collect();
    assert_eq!(names, ["file-1.png", "thumb-file-1.png", "file-3"]);
    assert_eq!(
        kept["attachments"],
        json!([
            {"title": "file-1.png", "type": "file", "title_link": "/file-upload/f1/file-1.png",
             "title_link_download": true, "image_url": "/file-upload/t1/thumb-file-1.png",
             "image_type": "image/png", "description": "user2 at home"},
            {"title": "file-3", "type": "file", "title_link": "/file-upload/f2/file-3"},
            {"title": "file.pdf", "title_link": "https://x.y/file-upload/f9/file.pdf"},
        ])
    );
    let dropped = one(json!({"files": "drop"}), picture());
    assert!(dropped.get("file").is_none() && dropped.get("files").is_none());
    assert_eq!(
        dropped["attachments"],
        json!([
            {"title": "file-1.png", "type": "file", "image_type": "image/png", "description": "user2 at home"},
            {"title": "file-3", "type": "file"},
            {"title": "file.pdf"},
        ])
    );
}

#[test]
fn system_messages_name_pseudonyms() {
    let said = |kind, text| {
        let mut message = new("m1", ANN, text);
        message.kind = Some(kind);
        one(Value::Null, message)["msg"].clone()
    };
    assert_eq!(said("au", "bob"), "user2");
    assert_eq!(said("ru", "gone"), "user3");
    assert_eq!(said("room_changed_topic", "bob's room"), "user2's room");
    assert_eq!(said("rm", ""), "");
}

#[test]
fn a_direct_message_is_named_after_pseudonyms() {
    let mut room = Room::new("idOfAnnidOfBob", "");
    room.kind = RoomKind::Direct;
    room.name = None;
    room.title = "bob, ann".into();
    let mut message = new("m1", BOB, "hi");
    message.room = room.id;
    let left = run(Value::Null, &room, &[member(ANN), member(BOB)], &[message]);
    assert_eq!(left.room["_id"], "user1user2");
    assert_eq!(left.room["fname"], "user2, user1");
    assert_eq!(left.messages[0]["rid"], "user1user2");
}

#[test]
fn who_is_kept_stays_in_every_field() {
    let mut message = new("m1", BOB, "I, Bob Miller (@bob), met ann");
    message.starred = vec!["idOfBob", "idOfAnn"];
    message.attachments = Some(raw(r#"[{"author_name":"Bob Miller"},{"author_name":"ann"}]"#));
    let left = one(json!({"keep": ["@BOB"]}), message);
    assert_eq!(left["u"], json!({"_id": "idOfBob", "username": "bob", "name": "Bob Miller"}));
    assert_eq!(left["msg"], "I, Bob Miller (@bob), met user1");
    assert_eq!(left["starred"], json!([{"_id": "idOfBob"}, {"_id": "user1"}]));
    assert_eq!(left["attachments"], json!([{"author_name": "Bob Miller"}, {"author_name": "user1"}]));
}

#[test]
fn somebody_who_writes_late_has_the_pseudonym_early_messages_use() {
    let eve = Author { id: "idOfEve", username: "eve", name: Some("Eve") };
    let mut first = new("m1", BOB, "Where is Eve?");
    first.replies = Some(Replies { count: 1, last: None, followers: vec!["idOfEve"] });
    let mut second = new("m2", BOB, "");
    second.reactions = vec![Reaction { emoji: ":bee:", usernames: vec!["eve"], names: vec![] }];
    let messages = [first, second, new("m3", eve, "Here")];
    let left = run(Value::Null, &Room::new("r1", "general"), &[], &messages).messages;
    assert_eq!(left[0]["msg"], "Where is User 2?");
    assert_eq!(left[0]["replies"], json!(["user2"]));
    assert_eq!(left[1]["reactions"], json!({":bee:": {"usernames": ["user2"]}}));
    assert_eq!(left[2]["u"], json!({"_id": "user2", "username": "user2", "name": "User 2"}));
}

#[test]
fn wrong_options_are_refused_by_name() {
    let mut registry = Registry::default();
    let settings = Settings::new("anonymize", toml::Table::new(), "data");
    transform_anonymize::register(&mut registry, &settings).unwrap();
    let refused = registry.transform("anonymize").unwrap().check(&json!({"files": "burn"})).unwrap_err();
    assert!(refused.to_string().contains("burn") && refused.to_string().contains("`drop`"), "{refused}");
}

#[test]
fn every_sample_keeps_its_place_and_time() {
    let messages = sample_messages();
    let left = run(Value::Null, &Room::new("GENERAL", "general"), &[], &messages).messages;
    assert_eq!(left.len(), messages.len());
    for (left, message) in left.iter().zip(&messages) {
        assert_eq!((&left["_id"], &left["ts"]), (&json!(message.id), &json!(message.sent_at)));
    }
}
