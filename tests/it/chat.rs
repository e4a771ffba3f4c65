//! Sending, changing, marking and deleting messages.

use roomscribe::domain::{MessageId, RoomId, RoomKind};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, NOW, TestServer};

/// Sends a message object to a room.
fn say(caller: &Caller<'_>, room: &RoomId, mut message: Value) -> Answer {
    message["rid"] = room.as_str().into();
    caller.post("chat.sendMessage", json!({"message": message}))
}

/// The id of a message that was sent.
fn sent(answer: &Answer) -> String {
    answer.ok()["message"]["_id"].as_str().expect("an id").to_owned()
}

fn subscription(server: &TestServer, room: &RoomId, username: &str) -> roomscribe::domain::Subscription {
    let user = server.user(username);
    server.app.store.subscription(room, &user.id).expect("readable").expect("a member")
}

#[test]
fn a_message_is_what_was_said_and_what_the_server_makes_of_it() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let bob = server.as_user("bob");
    let text = "hi @al, see #talk and https://x.y/z `@bob`";
    let answer =
        say(&bob, &room, json!({"_id": "own-id", "msg": text, "bot": {"i": "js.SDK"}, "u": {"_id": "x"}}));
    let expected = json!({"message": {
        "_id": "own-id", "rid": room.as_str(), "msg": text, "ts": "2024-03-15T10:20:30.123Z",
        "u": {"_id": bob.id(), "username": "bob", "name": "Bob"}, "_updatedAt": "2024-03-15T10:20:30.123Z",
        "mentions": [{"_id": server.user("al").id.as_str(), "username": "al", "name": "Al", "type": "user"}],
        "channels": [{"_id": room.as_str(), "name": "talk"}],
        "urls": [{"url": "https://x.y/z", "meta": {}}], "bot": {"i": "js.SDK"},
        "md": [{"type": "PARAGRAPH", "value": [{"type": "PLAIN_TEXT", "value": text}]}],
    }, "success": true});
    assert_eq!(answer.ok(), &expected);
    assert_eq!(bob.get("chat.getMessage", "msgId=own-id").ok()["message"], expected["message"]);
    // The same again changes nothing and succeeds; somebody else's id is not taken over.
    assert_eq!(say(&bob, &room, json!({"_id": "own-id", "msg": "again"})).ok(), &expected);
    let taken = say(&server.as_user("al"), &room, json!({"_id": "own-id", "msg": "x"}));
    let text = "There is another message of this id; choose another one [error-message-id-taken]";
    assert_eq!(taken.refusal(), text);
    let activity = server.app.store.activity(&room).unwrap();
    assert_eq!((activity.messages, activity.last_message), (1, Some(MessageId::new("own-id"))));
}

#[test]
fn sending_counts_for_those_it_is_addressed_to() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al", "eve"]);
    let bob = server.as_user("bob");
    say(&bob, &room, json!({"msg": "@al @al @stranger"})).ok();
    say(&bob, &room, json!({"msg": "@all @here"})).ok();
    let activity = server.app.store.activity(&room).unwrap();
    assert_eq!((activity.messages, activity.group_mentions), (2, 1));
    let (own, al, eve) = (
        subscription(&server, &room, "bob"),
        subscription(&server, &room, "al"),
        subscription(&server, &room, "eve"),
    );
    assert_eq!((al.unread, al.user_mentions, al.group_mentions(&activity)), (1, 1, 1));
    assert_eq!((eve.unread, eve.user_mentions, eve.group_mentions(&activity)), (0, 0, 1));
    assert_eq!((own.unread, own.group_mentions(&activity), own.is_alerted(&activity)), (0, 0, false));
    assert!(own.last_replied.is_some());
    let posted = bob.post("chat.postMessage", json!({"channel": "@al", "text": " psst "}));
    let direct = RoomId::new(posted.ok()["message"]["rid"].as_str().unwrap());
    assert_eq!(posted.ok()["message"]["msg"], "psst");
    let activity = server.app.store.activity(&direct).unwrap();
    let al = subscription(&server, &direct, "al");
    assert!(al.unread == 1 && al.user_mentions == 0 && al.is_open(&activity));
}

#[test]
fn refusals_of_sending_are_told_in_rocket_chats_words() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    assert_eq!(
        bob.post("chat.sendMessage", json!({})).refusal(),
        "The \"message\" parameter must be provided. [error-invalid-params]"
    );
    let cases = [
        (json!({"t": "uj"}), "Cannot send system messages using 'chat.sendMessage'"),
        (
            json!({"msg": "x".repeat(5001)}),
            "Message size exceeds Message_MaxAllowedSize [error-message-size-exceeded]",
        ),
        (json!({"tshow": true}), "tshow provided but missing tmid [invalid-params]"),
        (json!({"alias": "Boss"}), "Not enough permission"),
        (json!({"avatar": "http://x.y/z.png"}), "Not enough permission"),
        (json!({"customFields": {}}), "Custom fields not enabled"),
        (json!({"attachments": [{"title_link": "javascript:alert(1)"}]}), "Invalid href value provided"),
        (json!({"attachments": [{"text": 5}]}), "Match error: Expected string, got number in field text"),
        (
            json!({"attachments": [{"text": "x".repeat(70_000)}]}),
            "A message holds at most 65536 bytes with its attachments. Send a file instead. [error-too-large]",
        ),
        (json!({"msg": 5}), "Match error: Expected string, got number in field msg"),
        (json!({"_id": "x".repeat(129)}), "must NOT have more than 128 characters [invalid-params]"),
        (json!({"ts": NOW - 61_000}), "Message timestamp is out of sync [error-message-ts-out-of-sync]"),
    ];
    for (message, expected) in cases {
        assert_eq!(say(&bob, &room, message).refusal(), expected);
    }
    let missing = bob.post("chat.sendMessage", json!({"message": {"msg": "x"}}));
    assert_eq!(missing.refusal(), "The 'rid' property on the message object is missing.");
    assert_eq!(say(&bob, &RoomId::new("nowhere"), json!({})).refusal(), "error-invalid-room");
    assert_eq!(say(&eve, &room, json!({"msg": "x"})).refusal(), "error-not-allowed");
    assert_eq!(eve.post("chat.postMessage", json!({"channel": "#secret"})).refusal(), "error-not-allowed");
    assert_eq!(eve.post("chat.postMessage", json!({"channel": "#none"})).refusal(), "[invalid-channel]");
    assert_eq!(eve.post("chat.postMessage", json!({"text": "x"})).refusal(), "[invalid-channel]");
    assert_eq!(eve.post("chat.postMessage", json!({"channel": []})).refusal(), "unknown-error");
    assert_eq!(server.anonymous().post("chat.sendMessage", json!({})).status(), 401);
    assert_eq!(server.app.store.activity(&room).unwrap().messages, 0, "nothing of it was kept");
}

#[test]
fn rooms_may_be_closed_to_some_or_all_writers() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "news", &["bob", "al", "eve", "mute"]);
    let change = |change: &dyn Fn(&mut roomscribe::domain::Room)| {
        let mut record = server.app.store.room(&room).unwrap().unwrap();
        change(&mut record);
        server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_room(&record)).unwrap();
    };
    change(&|room| {
        room.read_only = true;
        room.unmuted = vec!["al".to_owned()];
        room.muted = vec!["mute".to_owned()];
    });
    say(&server.as_user("bob"), &room, json!({"msg": "owner"})).ok();
    say(&server.as_user("al"), &room, json!({"msg": "unmuted"})).ok();
    let read_only = "You can't send messages because the room is readonly.";
    assert_eq!(say(&server.as_user("eve"), &room, json!({})).refusal(), read_only);
    change(&|room| room.read_only = false);
    assert_eq!(say(&server.as_user("mute"), &room, json!({})).refusal(), "You_have_been_muted");
    change(&|room| room.archived = true);
    let archived = "The channel, news, is archived [error-room-archived]";
    assert_eq!(say(&server.as_user("bob"), &room, json!({})).refusal(), archived);
    let all = server.room(RoomKind::Channel, "all", &["bob"]);
    let guest = server.as_user("guest");
    let mut record = server.user("guest");
    record.roles = vec!["bot".to_owned()];
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&record)).unwrap();
    let refused = "Notify all in this room not allowed [error-action-not-allowed]";
    assert_eq!(say(&guest, &all, json!({"msg": "@all"})).refusal(), refused);
    say(&guest, &all, json!({"msg": "`@all`", "alias": "Robot", "avatar": "/avatar/x"})).ok();
}

#[test]
fn posting_joins_public_channels_and_answers_about_the_first_target() {
    let server = TestServer::start();
    let (one, two) =
        (server.room(RoomKind::Channel, "one", &["al"]), server.room(RoomKind::Channel, "two", &["al"]));
    let bob = server.as_user("bob");
    let body = json!({"channel": ["#one", two.as_str()], "text": "hi", "emoji": ":x:", "attachments": "none",
        "tmid": null});
    let posted = bob.post("chat.postMessage", body);
    let message = &posted.ok()["message"];
    assert_eq!((&posted.ok()["channel"], &posted.ok()["ts"]), (&json!("#one"), &json!(NOW)));
    assert_eq!(
        (&message["groupable"], &message["parseUrls"], &message["emoji"]),
        (&json!(false), &json!(true), &json!(":x:"))
    );
    for room in [&one, &two] {
        assert!(server.app.store.subscription(room, &server.user("bob").id).unwrap().is_some());
        assert_eq!(server.app.store.activity(room).unwrap().messages, 2, "that he joined, and what he said");
    }
    let cards = json!({"roomId": "one", "attachments": [{"msg": " text "}], "text": "https://x.y"});
    let message = bob.post("chat.postMessage", cards).ok()["message"].clone();
    assert_eq!((&message["attachments"][0]["text"], &message["urls"]), (&json!("text"), &json!([])));
}

#[test]
fn links_to_messages_become_quotes_for_those_who_may_read_them() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let secret = server.room(RoomKind::Group, "secret", &["bob"]);
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    say(&bob, &secret, json!({"_id": "hidden", "msg": "the plan"})).ok();
    let link = "http://chat.example/group/secret?msg=hidden";
    let quoted = say(&bob, &room, json!({"_id": "q1", "msg": link})).ok()["message"].clone();
    assert_eq!(
        quoted["attachments"],
        json!([{
            "text": "the plan", "author_name": "bob", "author_icon": "/avatar/bob", "attachments": [],
            "ts": "2024-03-15T10:20:30.123Z", "message_link": link,
        }])
    );
    assert_eq!(quoted["urls"], json!([{"url": link, "meta": {}, "ignoreParse": true}]));
    let seen = say(&eve, &room, json!({"msg": link})).ok()["message"].clone();
    assert!(!seen.to_string().contains("the plan"));
    // A chain ends after two; a forged quote is not kept; an edit drops the quote.
    let chain = say(&bob, &room, json!({"_id": "q2", "msg": "http://chat.example/x?msg=q1"}));
    assert_eq!(chain.ok()["message"]["attachments"][0]["attachments"][0]["text"], "the plan");
    let chain = say(&bob, &room, json!({"msg": "http://chat.example/x?msg=q2"}));
    assert_eq!(chain.ok()["message"]["attachments"][0]["attachments"][0]["attachments"], json!([]));
    let forged = say(&bob, &room, json!({"attachments": [{"message_link": "http://x.y", "text": "lie"}]}));
    assert_eq!(forged.ok()["message"]["attachments"], json!([]));
    let edited = bob.post("chat.update", json!({"roomId": room.as_str(), "msgId": "q1", "text": "no link"}));
    assert_eq!(edited.ok()["message"]["attachments"], json!([]));
}

#[test]
fn a_message_is_edited_by_its_author_or_an_owner() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["owner", "bob", "eve"]);
    let bob = server.as_user("bob");
    let id = sent(&say(&bob, &room, json!({"msg": "first"})));
    let edit = |caller: &Caller<'_>, text: &str| {
        caller.post("chat.update", json!({"roomId": room.as_str(), "msgId": id, "text": text}))
    };
    assert!(edit(&bob, "first").ok()["message"].get("editedAt").is_none(), "nothing changed");
    server.clock.advance(60_000);
    let message = edit(&bob, "second @eve").ok()["message"].clone();
    assert_eq!(message["editedBy"], json!({"_id": bob.id(), "username": "bob"}));
    assert_eq!(
        (&message["editedAt"], &message["mentions"][0]["username"]),
        (&json!("2024-03-15T10:21:30.123Z"), &json!("eve"))
    );
    let refused = "Message editing not allowed [error-action-not-allowed]";
    assert_eq!(edit(&server.as_user("eve"), "mine").refusal(), refused);
    assert_eq!(edit(&server.as_user("owner"), "tidy").ok()["message"]["msg"], "tidy");
    let bad = |body: Value| bob.post("chat.update", body).refusal().to_owned();
    assert_eq!(bad(json!({})), "Match error: Missing key 'roomId'");
    assert_eq!(
        bad(json!({"roomId": "r", "msgId": 5, "text": ""})),
        "Match error: Expected string, got number in field msgId"
    );
    assert_eq!(
        bad(json!({"roomId": "r", "msgId": "x", "text": ""})),
        "No message found with the id of \"x\"."
    );
    assert_eq!(
        bad(json!({"roomId": "r", "msgId": id, "text": ""})),
        "The room id provided does not match where the message is from."
    );
    roomscribe::service::settings::set(&server.app, "Message_AllowEditing_BlockEditInMinutes", &json!(0.5))
        .unwrap();
    assert_eq!(edit(&bob, "late").refusal(), "Message editing is blocked [error-message-editing-blocked]");
}

#[test]
fn a_deleted_message_gives_its_place_to_the_one_before() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["owner", "bob", "eve"]);
    let bob = server.as_user("bob");
    let first = sent(&say(&bob, &room, json!({"msg": "first"})));
    server.clock.advance(1);
    let second = sent(&say(&bob, &room, json!({"msg": "second"})));
    let delete = |caller: &Caller<'_>, id: &str, as_user: bool| {
        caller.post("chat.delete", json!({"roomId": room.as_str(), "msgId": id, "asUser": as_user}))
    };
    let refused = "Not allowed [error-action-not-allowed]";
    assert_eq!(delete(&server.as_user("eve"), &second, false).refusal(), refused);
    let text = "Unauthorized. You must have the permission \"force-delete-message\" to delete other's message as them.";
    assert_eq!(delete(&server.as_user("eve"), &second, true).refusal(), text);
    assert_eq!(bob.post("chat.delete", json!({})).refusal(), "Match error: Missing key 'msgId'");
    let answer = delete(&bob, &second, false);
    let expected = json!({"_id": second, "ts": (NOW + 1).to_string(), "success": true,
        "message": {"_id": second, "rid": room.as_str(), "u": {"_id": bob.id(), "username": "bob", "name": "Bob"}}});
    assert_eq!(answer.ok(), &expected);
    let activity = server.app.store.activity(&room).unwrap();
    assert_eq!((activity.messages, activity.last_message), (1, Some(MessageId::new(first.clone()))));
    let gone = bob.get("chat.getMessage", &format!("msgId={second}"));
    assert_eq!((gone.status(), gone.body()), (400, &json!({"success": false})));
    delete(&server.as_user("owner"), &first, true).ok();
    assert_eq!(server.app.store.activity(&room).unwrap().last_message, None);
    let group = server.room(RoomKind::Group, "secret", &["owner"]);
    let theirs = sent(&say(&server.as_user("owner"), &group, json!({"msg": "x"})));
    let admin = server.as_admin().post("chat.delete", json!({"roomId": group.as_str(), "msgId": theirs}));
    assert_eq!(admin.refusal(), refused, "who cannot see a room deletes nothing there");
    assert_eq!(
        server.as_admin().get("chat.getMessage", &format!("msgId={theirs}")).refusal(),
        "Not allowed [error-not-allowed]"
    );
}

#[test]
fn messages_get_reactions_stars_and_pins() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["owner", "bob"]);
    let (owner, bob) = (server.as_user("owner"), server.as_user("bob"));
    let id = sent(&say(&bob, &room, json!({"msg": "x"})));
    let message =
        |caller: &Caller<'_>| caller.get("chat.getMessage", &format!("msgId={id}")).ok()["message"].clone();
    bob.post("chat.react", json!({"messageId": id, "emoji": "smile"})).ok();
    owner.post("chat.react", json!({"messageId": id, "reaction": ":smile:", "shouldReact": true})).ok();
    assert_eq!(message(&bob)["reactions"], json!({":smile:": {"usernames": ["bob", "owner"]}}));
    bob.post("chat.react", json!({"messageId": id, "emoji": ":smile:"})).ok();
    assert_eq!(message(&bob)["reactions"], json!({":smile:": {"usernames": ["owner"]}}));
    let refused = |body: Value| bob.post("chat.react", body).refusal().to_owned();
    assert_eq!(
        refused(json!({})),
        "The required \"messageId\" param is missing. [error-messageid-param-not-provided]"
    );
    assert_eq!(
        refused(json!({"messageId": "none"})),
        "The provided \"messageId\" does not match any existing message. [error-message-not-found]"
    );
    assert_eq!(
        refused(json!({"messageId": id})),
        "The required \"emoji\" param is missing. [error-emoji-param-not-provided]"
    );
    assert_eq!(
        refused(json!({"messageId": id, "emoji": "<b>"})),
        "Invalid emoji provided. [error-not-allowed]"
    );
    bob.post("chat.starMessage", json!({"messageId": id})).ok();
    assert_eq!(message(&bob)["starred"], json!([{"_id": bob.id()}]));
    assert!(message(&owner).get("starred").is_none(), "a star is private");
    let query = format!("roomId={room}");
    assert_eq!(bob.get("chat.getStarredMessages", &query).ok()["total"], 1);
    bob.post("chat.unStarMessage", json!({"messageId": id})).ok();
    assert!(message(&bob).get("starred").is_none());
    assert_eq!(
        bob.post("chat.pinMessage", json!({"messageId": id})).refusal(),
        "Not Authorized [not-authorized]"
    );
    let note = owner.post("chat.pinMessage", json!({"messageId": id})).ok()["message"].clone();
    assert_eq!((&note["t"], &note["attachments"][0]["text"]), (&json!("message_pinned"), &json!("x")));
    assert_eq!(message(&bob)["pinnedBy"], json!({"_id": owner.id(), "username": "owner"}));
    assert_eq!(bob.get("chat.getPinnedMessages", &query).ok()["messages"], json!([message(&bob)]));
    owner.post("chat.unPinMessage", json!({"messageId": id})).ok();
    assert_eq!(bob.get("chat.getPinnedMessages", &query).ok()["total"], 0);
    let stranger = server.as_user("eve").post("chat.pinMessage", json!({"messageId": id}));
    assert_eq!(stranger.refusal(), "Message you are pinning was not found [error-invalid-message]");
}

#[test]
fn messages_sent_at_once_are_all_counted() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let bob = server.as_user("bob");
    say(&bob, &room, json!({"_id": "parent"})).ok();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    say(&bob, &room, json!({"msg": "@al", "tmid": "parent", "tshow": true})).ok();
                }
            });
        }
    });
    let activity = server.app.store.activity(&room).unwrap();
    let parent = server.app.store.message(&MessageId::new("parent")).unwrap().unwrap();
    assert_eq!((activity.messages, parent.replies.unwrap().count), (21, 20));
    assert_eq!(subscription(&server, &room, "al").user_mentions, 20);
}

#[test]
fn a_join_code_keeps_posters_out_and_a_block_keeps_friends_apart() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "club", &["al"]);
    let mut record = server.app.store.room(&room).unwrap().unwrap();
    record.join_code = Some("sesame".to_owned());
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_room(&record)).unwrap();
    let bob = server.as_user("bob");
    let posted = bob.post("chat.postMessage", json!({"channel": "#club", "text": "hi"}));
    assert_eq!(posted.refusal(), "Code required [error-code-required]");
    assert!(server.app.store.subscription(&room, &server.user("bob").id).unwrap().is_none());
    let direct = bob.post("chat.postMessage", json!({"channel": "@al", "text": "hi"}));
    let direct = RoomId::new(direct.ok()["message"]["rid"].as_str().unwrap());
    let mut al = subscription(&server, &direct, "al");
    al.extra = roomscribe::domain::Json::of(&json!({"blocker": true}));
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_subscription(&al)).unwrap();
    assert_eq!(say(&server.as_user("al"), &direct, json!({})).refusal(), "room_is_blocked");
}
