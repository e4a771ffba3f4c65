//! Ignoring, discussions, marks by list, and two calls about the privacy of messages.

use roomscribe::domain::{Json, RoomId, RoomKind};
use roomscribe::service::settings;
use serde_json::{Value, json};

use crate::said::{say, say_with};
use crate::support::{Caller, TestServer};

fn ids(messages: &Value) -> Vec<&str> {
    let messages = messages.as_array().expect("a list").iter();
    messages.map(|message| message["_id"].as_str().expect("an id")).collect()
}

#[test]
fn a_member_is_ignored_in_one_room_by_one_user() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al", "eve"]);
    let (bob, al, eve) = (server.as_user("bob"), server.as_user("al"), server.as_user("eve"));
    let ignored = |caller: &Caller<'_>| {
        let query = format!("roomId={room}");
        caller.get("subscriptions.getOne", &query).ok()["subscription"]["ignored"].clone()
    };
    let ignore = |other: &str, how: &str| {
        bob.get("chat.ignoreUser", &format!("rid={room}&userId={other}{how}")).ok();
    };
    assert_eq!(ignored(&bob), Value::Null);
    ignore(al.id(), "");
    ignore(eve.id(), "&ignore=True");
    ignore(eve.id(), "&ignore=1");
    assert_eq!(ignored(&bob), json!([al.id(), eve.id()]));
    assert_eq!(ignored(&al), Value::Null, "nobody else's affair");
    ignore(al.id(), "&ignore=false");
    assert_eq!(ignored(&bob), json!([eve.id()]));
    ignore(eve.id(), "&ignore=0");
    assert_eq!(ignored(&bob), json!([]));
}

#[test]
fn refusals_of_ignoring_are_told_in_rocket_chats_words() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let (bob, stranger) = (server.as_user("bob"), server.as_user("stranger"));
    let refused =
        |caller: &Caller<'_>, query: &str| caller.get("chat.ignoreUser", query).refusal().to_owned();
    let missing = "The required \"rid\" param is missing. [error-room-id-param-not-provided]";
    assert_eq!(refused(&bob, ""), missing);
    let missing = "The required \"userId\" param is missing. [error-user-id-param-not-provided]";
    assert_eq!(refused(&bob, "rid=none"), missing);
    let invalid = "Invalid subscription [error-invalid-subscription]";
    assert_eq!(refused(&bob, &format!("rid=none&userId={}", bob.id())), invalid);
    assert_eq!(refused(&bob, &format!("rid={room}&userId={}", stranger.id())), invalid);
    assert_eq!(refused(&stranger, &format!("rid={room}&userId={}", bob.id())), invalid);
    assert_eq!(server.anonymous().get("chat.ignoreUser", "").status(), 401);
}

#[test]
fn discussions_of_a_room_are_listed_and_found_by_their_title() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "secret", &["bob"]);
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let mut made = Vec::new();
    for title in ["Release (plan)", "Party", "release party"] {
        let id = say_with(&server, &room, "bob", title, |message| {
            message.kind = Some("discussion-created".to_owned());
            message.extra = Json::of(&json!({"drid": "d", "dcount": 0}));
        });
        made.push(id.to_string());
    }
    say(&server, &room, "bob", "release of something else");
    let list = |query: &str| bob.get("chat.getDiscussions", &format!("roomId={room}{query}")).ok().clone();
    let all = list("");
    assert_eq!(ids(&all["messages"]), [&*made[2], &*made[1], &*made[0]], "the latest first");
    assert_eq!((&all["total"], &all["messages"][0]["drid"]), (&json!(3), &json!("d")));
    let page = list("&count=1&offset=1");
    assert_eq!((ids(&page["messages"]), &page["total"]), (vec![&*made[1]], &json!(3)));
    assert_eq!(ids(&list("&text=RELEASE")["messages"]), [&*made[2], &*made[0]]);
    assert_eq!(ids(&list("&text=(plan)")["messages"]), [&*made[0]], "the text is no pattern");
    assert_eq!(list("&text=%20")["total"], 2, "a blank is a text, too");
    let refused =
        |caller: &Caller<'_>, query: &str| caller.get("chat.getDiscussions", query).refusal().to_owned();
    let missing = "The required \"roomId\" query param is missing. [error-invalid-params]";
    assert_eq!(refused(&bob, ""), missing);
    assert_eq!(refused(&bob, "roomId=none"), "error-not-allowed");
    assert_eq!(refused(&eve, &format!("roomId={room}")), "error-not-allowed");
}

#[test]
fn marks_are_found_through_the_room_too_alone_and_together() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let send = |id: &str, text: &str| {
        server.clock.advance(1);
        let message = json!({"rid": room.as_str(), "_id": id, "msg": text});
        bob.post("chat.sendMessage", json!({"message": message})).ok();
    };
    send("to al", "@al");
    send("to both", "@al @bob");
    send("to bob", "@bob");
    send("plain", "x");
    for (caller, id) in [(&bob, "to al"), (&al, "to al"), (&al, "plain"), (&bob, "to both")] {
        caller.post("chat.starMessage", json!({"messageId": id})).ok();
    }
    bob.post("chat.pinMessage", json!({"messageId": "to both"})).ok();
    let found = |query: &str| {
        let reply = bob.get("channels.messages", &format!("roomId={room}&{query}")).ok().clone();
        let found = ids(&reply["messages"]).join(", ");
        assert_eq!(reply["total"], reply["count"], "{query}");
        found
    };
    let (me, other) = (bob.id(), al.id());
    assert_eq!(found("pinned=true"), "to both");
    assert_eq!(found(&format!("starredIds={me}")), "to both, to al");
    assert_eq!(found(&format!("starredIds={me},{other}")), "plain, to both, to al");
    assert_eq!(found(&format!("mentionIds={other}&sort=%7B%22ts%22:1%7D")), "to al, to both");
    assert_eq!(found(&format!("mentionIds[]={me}&mentionIds[]={other}")), "to bob, to both, to al");
    assert_eq!(found(&format!("starredIds={me}&mentionIds={me}")), "to both");
    assert_eq!(found(&format!("pinned=true&mentionIds={me}&starredIds={other}")), "");
    let page =
        bob.get("channels.messages", &format!("roomId={room}&starredIds={me},{other}&count=1&offset=1"));
    assert_eq!((ids(&page.ok()["messages"]), &page.ok()["total"]), (vec!["to both"], &json!(3)));
    assert_eq!(
        ids(&al.get("chat.getMentionedMessages", &format!("roomId={room}")).ok()["messages"]),
        ["to both", "to al"]
    );
    // An edit names others.
    bob.post("chat.update", json!({"roomId": room.as_str(), "msgId": "to al", "text": "@bob"})).ok();
    assert_eq!(found(&format!("mentionIds={other}")), "to both");
    let refused = |name: &str| server.as_admin().get(name, "roomId=none").refusal().to_owned();
    assert_eq!(refused("chat.getPinnedMessages"), "Not allowed [error-not-allowed]");
    assert_eq!(refused("chat.getStarredMessages"), "error-not-allowed");
    assert_eq!(refused("chat.getMentionedMessages"), "error-not-allowed");
}

#[test]
fn threads_are_listed_by_their_last_reply_and_by_who_follows() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let send = |caller: &Caller<'_>, id: &str, thread: Option<&str>| {
        server.clock.advance(1);
        let message = json!({"rid": room.as_str(), "_id": id, "msg": id, "tmid": thread});
        caller.post("chat.sendMessage", json!({"message": message})).ok();
    };
    for id in ["first", "second", "third"] {
        send(&bob, id, None);
    }
    for (reply, thread) in [("r1", "second"), ("r2", "third"), ("r3", "first")] {
        send(&bob, reply, Some(thread));
    }
    send(&al, "r4", Some("second"));
    let list = |caller: &Caller<'_>, query: &str| {
        let reply = caller.get("chat.getThreadsList", &format!("rid={room}{query}")).ok().clone();
        assert_eq!(reply["total"], ids(&reply["threads"]).len(), "{query}");
        ids(&reply["threads"]).join(", ")
    };
    assert_eq!(list(&bob, ""), "second, first, third");
    assert_eq!(list(&bob, "&text=IR"), "first, third");
    assert_eq!(list(&al, "&type=following"), "second");
    assert_eq!(list(&bob, "&type=unread"), "second", "his own replies are no news to him");
    bob.post("subscriptions.read", json!({"rid": room.as_str(), "readThreads": true})).ok();
    assert_eq!(list(&bob, "&type=unread"), "");
    server.clock.advance(1);
    bob.post("chat.delete", json!({"roomId": room.as_str(), "msgId": "r2"})).ok();
    assert_eq!(list(&bob, ""), "second, first", "without a reply there is no thread");
    let page = bob.get("chat.getThreadsList", &format!("rid={room}&count=1&offset=1")).ok().clone();
    assert_eq!((ids(&page["threads"]), &page["total"]), (vec!["first"], &json!(2)));
    let missing = bob.get("chat.getThreadsList", "");
    assert_eq!(missing.refusal(), "Match error: Missing key 'rid'");
    settings::set(&server.app, "Threads_enabled", &json!(false)).unwrap();
    let disabled = bob.get("chat.getThreadsList", "rid=none");
    assert_eq!(disabled.refusal(), "Threads Disabled [error-not-allowed]");
}

#[test]
fn clients_note_down_how_their_secret_talk_goes_and_nothing_else() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "secret", &["bob", "al"]);
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let note = |caller: &Caller<'_>, room: &RoomId, kind: &str| {
        caller.post("chat.otr", json!({"roomId": room.as_str(), "type": kind}))
    };
    note(&bob, &room, "user_joined_otr").ok();
    let said = bob.get("groups.messages", &format!("roomId={room}")).ok()["messages"][0].clone();
    assert_eq!((&said["t"], &said["msg"]), (&json!("user_joined_otr"), &json!("bob")));
    let refused = |body: Value| bob.post("chat.otr", body).refusal().to_owned();
    let missing = "The required \"roomId\" query param is missing. [error-invalid-params]";
    assert_eq!(refused(json!({})), missing);
    let missing = "The required \"type\" query param is missing. [error-invalid-params]";
    assert_eq!(refused(json!({"roomId": "none"})), missing);
    assert!(note(&bob, &room, "uj").refusal().starts_with("The \"type\" must be one of user_joined_otr"));
    let not_allowed = "Not allowed [error-not-allowed]";
    assert_eq!(note(&eve, &room, "user_joined_otr").refusal(), not_allowed);
    assert_eq!(note(&bob, &RoomId::new("none"), "user_joined_otr").refusal(), not_allowed);
    assert_eq!(server.app.store.activity(&room).unwrap().messages, 1, "nothing else was noted down");
    for query in ["", "messageId=none"] {
        let receipts = bob.get("chat.getMessageReadReceipts", query);
        let enterprise = "This is an enterprise feature [error-action-not-allowed]";
        assert_eq!(receipts.refusal(), enterprise, "before every parameter");
    }
}

#[test]
fn marks_and_reports_name_a_message() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    bob.post("chat.sendMessage", json!({"message": {"_id": "m", "rid": room.as_str()}})).ok();
    let refused = |caller: &Caller<'_>, endpoint: &str, body: Value| {
        let answer = caller.post(endpoint, body);
        (answer.refusal().to_owned(), answer.body()["errorType"].as_str().unwrap_or_default().to_owned())
    };
    let missing = "The required \"messageId\" param is missing. [error-messageid-param-not-provided]";
    let required = "The required \"messageId\" param is required. [error-messageid-param-not-provided]";
    for (endpoint, text) in [
        ("chat.react", missing),
        ("chat.pinMessage", missing),
        ("chat.unPinMessage", required),
        ("chat.starMessage", required),
        ("chat.unStarMessage", required),
    ] {
        let code = "error-messageid-param-not-provided";
        assert_eq!(refused(&bob, endpoint, json!({})), (text.to_owned(), code.to_owned()), "{endpoint}");
        assert_eq!(refused(&bob, endpoint, json!({"messageId": "none"})).1, "error-message-not-found");
    }
    let gone = "Message you are unpinning was not found [error-invalid-message]";
    let foreign = refused(&eve, "chat.unPinMessage", json!({"messageId": "m"}));
    assert_eq!(foreign, (gone.to_owned(), "error-invalid-message".to_owned()));
    let nothing = "must have required property 'messageId'\n must have required property 'description' [invalid-params]";
    assert_eq!(
        refused(&bob, "chat.reportMessage", json!({})),
        (nothing.to_owned(), "invalid-params".to_owned())
    );
    let more = json!({"messageId": "m", "description": "x", "more": 1});
    let text = "must NOT have additional properties [invalid-params]";
    assert_eq!(refused(&bob, "chat.reportMessage", more).0, text);
}
