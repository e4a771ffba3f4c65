//! What administrators decide about messages: what stays of deleted ones, how long they may be
//! changed, which words and which plain texts are allowed.

use roomscribe::domain::{MessageId, RoomId, RoomKind};
use roomscribe::service::settings;
use roomscribe::store::schema::HiddenMessage;
use roomscribe::store::{Direction, Span};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, TestServer};

fn set(server: &TestServer, id: &str, value: &Value) {
    settings::set(&server.app, id, value).expect("a setting");
}

fn say(caller: &Caller<'_>, room: &RoomId, mut message: Value) -> Answer {
    message["rid"] = room.as_str().into();
    caller.post("chat.sendMessage", json!({"message": message}))
}

fn update(caller: &Caller<'_>, room: &RoomId, id: &str, text: &str) -> Answer {
    caller.post("chat.update", json!({"roomId": room.as_str(), "msgId": id, "text": text}))
}

fn delete(caller: &Caller<'_>, room: &RoomId, id: &str) -> Answer {
    caller.post("chat.delete", json!({"roomId": room.as_str(), "msgId": id}))
}

/// The texts that are hidden in a room, in the order of messages and times.
fn hidden(server: &TestServer, room: &RoomId) -> Vec<String> {
    let span = Span::of(&(room.clone(),));
    let kept = server.app.store.list::<HiddenMessage>(span, Direction::Ascending, 0, 99).expect("readable");
    kept.into_iter().map(|(_, HiddenMessage(message))| message.text).collect()
}

#[test]
fn a_deleted_message_leaves_a_place_where_that_shall_be_seen() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    set(&server, "Message_ShowDeletedStatus", &json!(true));
    say(&bob, &room, json!({"_id": "m", "msg": "@bob https://x.y"})).ok();
    bob.post("chat.starMessage", json!({"messageId": "m"})).ok();
    bob.post("chat.react", json!({"messageId": "m", "emoji": "bee"})).ok();
    server.clock.advance(1000);
    let before = server.app.now().plus(-1);
    delete(&bob, &room, "m").ok();
    let at = server.app.now().to_string();
    let place = bob.get("chat.getMessage", "msgId=m").ok()["message"].clone();
    let expected = json!({
        "_id": "m", "rid": room.as_str(), "msg": "", "ts": "2024-03-15T10:20:30.123Z", "t": "rm",
        "u": {"_id": bob.id(), "username": "bob", "name": "Bob"}, "_updatedAt": at, "mentions": [],
        "urls": [], "attachments": [], "editedAt": at, "editedBy": {"_id": bob.id(), "username": "bob"},
    });
    assert_eq!(place, expected);
    for list in ["chat.getStarredMessages", "chat.getMentionedMessages"] {
        assert_eq!(bob.get(list, &format!("roomId={room}")).ok()["total"], 0, "{list}");
    }
    let query = format!("roomId={room}&since={before}");
    assert_eq!(bob.get("chat.getDeletedMessages", &query).ok()["total"], 0, "it is still there");
    let sync = bob.get("chat.syncMessages", &format!("roomId={room}&lastUpdate={before}"));
    assert_eq!(sync.ok()["result"]["updated"], json!([expected]));
    assert_eq!(
        update(&bob, &room, "m", "x").refusal(),
        "Message editing not allowed [error-action-not-allowed]"
    );
}

#[test]
fn versions_are_kept_where_that_is_wanted_and_nobody_sees_them() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    say(&bob, &room, json!({"_id": "m", "msg": "zero"})).ok();
    update(&bob, &room, "m", "one").ok();
    assert_eq!(hidden(&server, &room), Vec::<String>::new(), "nobody wants them yet");
    set(&server, "Message_KeepHistory", &json!(true));
    update(&bob, &room, "m", "two").ok();
    update(&bob, &room, "m", "three").ok();
    update(&bob, &room, "m", "three").ok();
    delete(&bob, &room, "m").ok();
    assert_eq!(hidden(&server, &room), ["one", "two", "three"], "within a millisecond, too");
    let all = bob.get("channels.messages", &format!("roomId={room}")).ok().clone();
    assert_eq!((&all["messages"], &all["total"]), (&json!([]), &json!(0)));
    assert_eq!(bob.get("chat.getMessage", "msgId=m").status(), 400);
}

#[test]
fn the_file_of_a_deleted_message_is_gone_or_hidden() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let send = || {
        server.clock.advance(1);
        let endpoint = format!("rooms.upload/{room}");
        let sent = bob.send_file(&endpoint, ("a.txt", "text/plain", b"abc"), &[]).ok()["message"].clone();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        (text(&sent["_id"]), text(&sent["file"]["_id"]), text(&sent["attachments"][0]["title_link"]))
    };
    let files = || bob.get("channels.files", &format!("roomId={room}")).ok()["total"].clone();
    let bytes = |link: &str| bob.raw("GET", link, &[], "").status();
    for keeps in [false, true] {
        set(&server, "Message_KeepHistory", &json!(keeps));
        let (id, file, link) = send();
        assert_eq!((files(), bytes(&link)), (json!(1), 200));
        // By the file, as newer clients do it.
        let answer = bob.post("chat.delete", json!({"roomId": room.as_str(), "fileId": file}));
        assert_eq!(answer.ok()["_id"], id.as_str());
        assert_eq!((files(), bytes(&link)), (json!(0), 404), "kept: {keeps}");
        let upload = server.app.store.upload(&roomscribe::domain::UploadId::new(file.clone())).unwrap();
        assert_eq!(upload.is_some(), keeps);
        let again = bob.post("chat.delete", json!({"roomId": room.as_str(), "fileId": file}));
        assert_eq!(again.refusal(), format!("No message found with the id of \"{file}\"."));
    }
    // With the room everything goes.
    let record = server.app.store.room(&room).unwrap().unwrap();
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.delete_room(&record)).unwrap();
    while server.app.store.clear_deleted_room().unwrap() {}
    let empty = Vec::<String>::new();
    assert_eq!((server.blobs(), hidden(&server, &room)), (0, empty));
}

#[test]
fn late_changes_are_refused_but_to_those_who_may() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["owner", "bob"]);
    let (owner, bob) = (server.as_user("owner"), server.as_user("bob"));
    set(&server, "Message_AllowDeleting_BlockDeleteInMinutes", &json!(2));
    say(&bob, &room, json!({"_id": "early", "msg": "x"})).ok();
    say(&bob, &room, json!({"_id": "late", "msg": "x"})).ok();
    server.clock.advance(119_999);
    delete(&bob, &room, "early").ok();
    server.clock.advance(1);
    let refused = "Not allowed [error-action-not-allowed]";
    assert_eq!(delete(&bob, &room, "late").refusal(), refused);
    delete(&owner, &room, "late").ok();
    set(&server, "Message_AllowDeleting_BlockDeleteInMinutes", &json!(0));
    set(&server, "Message_AllowDeleting", &json!(false));
    say(&bob, &room, json!({"_id": "m", "msg": "x"})).ok();
    assert_eq!(delete(&bob, &room, "m").refusal(), refused);
    set(&server, "Message_AllowEditing", &json!(false));
    let refused = "Message editing not allowed [error-action-not-allowed]";
    assert_eq!(update(&bob, &room, "m", "y").refusal(), refused);
}

#[test]
fn unwanted_words_become_stars_when_sent_and_when_edited() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let text = "This has badword BadWord2 and crap";
    let kept = || say(&bob, &room, json!({"msg": text})).ok()["message"]["msg"].clone();
    assert_eq!(kept(), text, "the filter is off");
    set(&server, "Message_AllowBadWordsFilter", &json!(true));
    set(&server, "Message_BadWordsFilterList", &json!("badword, badword2"));
    assert_eq!(kept(), "This has ******* ******** and ****");
    set(&server, "Message_BadWordsWhitelist", &json!("Crap"));
    let sent = say(&bob, &room, json!({"_id": "m", "msg": text})).ok()["message"].clone();
    let clean = "This has ******* ******** and crap";
    assert_eq!((&sent["msg"], &sent["md"][0]["value"][0]["value"]), (&json!(clean), &json!(clean)));
    assert_eq!(update(&bob, &room, "m", "a badword").ok()["message"]["msg"], "a *******");
    let posted = bob.post("chat.postMessage", json!({"roomId": room.as_str(), "text": "badword"}));
    assert_eq!(posted.ok()["message"]["msg"], "*******");
}

#[test]
fn custom_fields_must_be_as_the_administrator_described_them() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let schema = json!({"properties": {"level": {"type": "string"}}, "required": ["level"]});
    say(&bob, &room, json!({"_id": "m", "msg": "x"})).ok();
    let change = |fields: Value| {
        let body = json!({"roomId": room.as_str(), "msgId": "m", "text": "x", "customFields": fields});
        bob.post("chat.update", body)
    };
    assert_eq!(change(json!({})).refusal(), "Custom fields not enabled");
    set(&server, "Message_CustomFields_Enabled", &json!(true));
    set(&server, "Message_CustomFields", &json!(schema.to_string()));
    for bad in [json!({}), json!({"level": 5}), json!({"level": "a", "other": 1}), json!("level")] {
        assert_eq!(change(bad.clone()).refusal(), "Invalid custom fields", "{bad}");
        assert_eq!(say(&bob, &room, json!({"customFields": bad})).refusal(), "Invalid custom fields");
    }
    let fields = json!({"level": "high"});
    let changed = change(fields.clone()).ok()["message"].clone();
    assert_eq!((&changed["customFields"], &changed["msg"]), (&fields, &json!("x")));
    assert!(changed["editedAt"].is_string(), "saved though the text is the same");
    let posted = json!({"channel": "#talk", "customFields": fields});
    assert_eq!(bob.post("chat.postMessage", posted).ok()["message"]["customFields"], fields);
    say(&bob, &room, json!({"msg": "without any"})).ok();
}

#[test]
fn previews_are_made_of_the_links_that_were_chosen() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    let text = "https://a.b https://c.d";
    let urls = |answer: Answer| answer.ok()["message"]["urls"].clone();
    let plain = |url: &str| json!({"url": url, "meta": {}});
    let skipped = |url: &str| json!({"url": url, "meta": {}, "ignoreParse": true});
    let message = json!({"rid": room.as_str(), "_id": "m", "msg": text});
    let sent = bob.post("chat.sendMessage", json!({"message": message, "previewUrls": ["https://c.d"]}));
    assert_eq!(urls(sent), json!([skipped("https://a.b"), plain("https://c.d")]));
    let body = json!({"roomId": room.as_str(), "msgId": "m", "text": text, "previewUrls": []});
    let edited = bob.post("chat.update", body);
    assert_eq!(urls(edited), json!([skipped("https://a.b"), skipped("https://c.d")]));
    let wrong = bob.post("chat.sendMessage", json!({"message": {"rid": room.as_str()}, "previewUrls": 5}));
    assert_eq!(wrong.refusal(), "Match error: Expected array, got number in field previewUrls");
}

#[test]
fn plain_text_in_an_encrypted_room_may_be_forbidden() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    let bob = server.as_user("bob");
    let mut record = server.app.store.room(&room).unwrap().unwrap();
    record.encrypted = Some(true);
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_room(&record)).unwrap();
    set(&server, "E2E_Allow_Unencrypted_Messages", &json!(false));
    say(&bob, &room, json!({"msg": "nobody encrypts yet"})).ok();
    set(&server, "E2E_Enable", &json!(true));
    let refused = "Not allowed to send un-encrypted messages in an encrypted room [error-not-allowed]";
    assert_eq!(say(&bob, &room, json!({"msg": "plain"})).refusal(), refused);
    say(&bob, &room, json!({"msg": "c2VjcmV0", "t": "e2e"})).ok();
}

#[test]
fn quotes_name_people_as_the_room_does() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    say(&bob, &room, json!({"_id": "m", "msg": "said"})).ok();
    let quote = || {
        let sent = say(&bob, &room, json!({"msg": "http://chat.example/channel/talk?msg=m"}));
        sent.ok()["message"]["attachments"][0]["author_name"].clone()
    };
    assert_eq!(quote(), "bob");
    set(&server, "UI_Use_Real_Name", &json!(true));
    assert_eq!(quote(), "Bob");
    assert!(server.app.store.message(&MessageId::new("m")).unwrap().is_some());
}

#[test]
fn a_name_that_is_not_ones_own_needs_a_permission_in_every_call() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let bob = server.as_user("bob");
    for key in ["alias", "username", "avatar", "icon_url"] {
        let posted = bob.post("chat.postMessage", json!({"roomId": room.as_str(), key: "/avatar/x"}));
        assert_eq!(posted.refusal(), "Not enough permission", "{key}");
    }
    let mut record = server.user("robot");
    record.roles = vec!["bot".to_owned()];
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&record)).unwrap();
    let body = json!({"channel": "#talk", "text": "a", "msg": "b", "alias": "A", "username": "U",
        "icon_url": "https://x.y/z.png", "emoji": ":x:"});
    let message = server.as_user("robot").post("chat.postMessage", body).ok()["message"].clone();
    assert_eq!((&message["msg"], &message["alias"]), (&json!("a"), &json!("U")));
    assert_eq!((&message["avatar"], message.get("emoji")), (&json!("https://x.y/z.png"), None));
    for bad in ["javascript:alert(1)", "//x.y/z.png"] {
        let posted =
            server.as_user("robot").post("chat.postMessage", json!({"channel": "#talk", "avatar": bad}));
        assert_eq!(posted.refusal(), "Invalid href value provided", "{bad}");
    }
}
