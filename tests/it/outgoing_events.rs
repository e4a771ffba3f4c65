//! What outgoing integrations wait for: events, words, places.

use roomscribe::domain::{RoomKind, WaitingCall};
use roomscribe::store::{Batch, Direction, Error, Span};
use serde_json::{Value, json};

use crate::integrations::{grant, incoming, outgoing, with};
use crate::outgoing::{Receiver, history, made, private, say};
use crate::support::TestServer;

const NOWHERE: &str = "http://a.b";

/// What is told since the last time, in the order it happened; it is forgotten then.
fn told(server: &TestServer) -> Vec<Value> {
    server.clock.advance(1);
    let store = &server.app.store;
    let waiting = store.list::<WaitingCall>(Span::all(), Direction::Ascending, 0, 100).expect("readable");
    for (key, _) in &waiting {
        let forget = |batch: &mut Batch<'_>| {
            batch.delete::<WaitingCall>(key);
            Ok::<_, Error>(())
        };
        store.write(forget).expect("written");
    }
    waiting.into_iter().map(|(_, call)| call.data.value()).collect()
}

fn texts(server: &TestServer) -> Vec<String> {
    told(server).iter().map(|data| data["text"].as_str().unwrap_or("-").to_owned()).collect()
}

#[test]
fn words_decide_which_messages_count() {
    let server = TestServer::start();
    let given = with(outgoing("sendMessage", "#general", NOWHERE), json!({"triggerWords": ["robot", "hey"]}));
    let integration = made(&server, given);
    say(&server, "robot, come");
    let heard = told(&server);
    assert_eq!((&heard[0]["trigger_word"], heard.len()), (&json!("robot"), 1));
    say(&server, "come, robot");
    assert!(told(&server).is_empty());
    let anywhere = json!({"type": "webhook-outgoing", "integrationId": integration["_id"],
                          "triggerWordAnywhere": true});
    crate::integrations_edits::update(&server.as_admin(), &anywhere).ok();
    say(&server, "come, robot");
    assert_eq!(texts(&server), ["come, robot"]);
}

#[test]
fn edits_count_if_that_is_wanted() {
    let server = TestServer::start();
    let given = outgoing("sendMessage", "#general", NOWHERE);
    made(&server, with(given.clone(), json!({"runOnEdits": false, "name": "deaf"})));
    let message = say(&server, "before");
    assert_eq!(texts(&server), ["before"]);
    made(&server, given);
    let edit = json!({"roomId": "GENERAL", "msgId": message["_id"], "text": "after"});
    server.as_admin().post("chat.update", edit).ok();
    let heard = told(&server);
    assert_eq!((&heard[0]["text"], &heard[0]["isEdited"]), (&json!("after"), &json!(true)));
    assert_eq!((&heard[0]["integration"]["name"], heard.len()), (&json!("teller"), 1));
}

#[test]
fn only_messages_of_the_right_places_count() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let channel = server.room(RoomKind::Channel, "side", &["admin"]);
    let group = server.room(RoomKind::Group, "secret", &["admin"]);
    server.user("bob");
    let send = |target: &str, text: &str| {
        admin.post("chat.postMessage", json!({"channel": target, "text": text})).ok();
    };
    for (place, expected) in [
        ("#general", &["general"][..]),
        ("all_public_channels", &["general", "side"]),
        ("all_private_groups", &["secret"]),
        ("all_direct_messages", &["bob", "cat"]),
        ("@bob", &["bob"]),
        ("@rocket.cat,#side", &["cat", "side"]),
    ] {
        let integration = made(&server, outgoing("sendMessage", place, NOWHERE));
        for (target, text) in [
            ("#general", "general"),
            (channel.as_str(), "side"),
            (group.as_str(), "secret"),
            ("@bob", "bob"),
            ("@rocket.cat", "cat"),
        ] {
            send(target, text);
        }
        let mut heard = texts(&server);
        heard.sort();
        assert_eq!(heard, expected, "{place}");
        let body = json!({"type": "webhook-outgoing", "integrationId": integration["_id"]});
        admin.post("integrations.remove", body).ok();
    }
}

#[test]
fn what_programs_say_is_not_told() {
    let server = TestServer::start();
    made(&server, outgoing("sendMessage", "#general", NOWHERE));
    let way_in = made(&server, incoming("#general"));
    let path = format!("/hooks/{}/{}", way_in["_id"].as_str().unwrap(), way_in["token"].as_str().unwrap());
    let json = [("content-type", "application/json")];
    assert_eq!(server.anonymous().raw("POST", &path, &json, r#"{"text":"x"}"#).status(), 200);
    let robot = json!({"channel": "#general", "text": "y", "bot": {"i": "other"}});
    server.as_admin().post("chat.postMessage", robot).ok();
    assert!(told(&server).is_empty());
}

#[test]
fn a_file_is_told_twice_over() {
    let server = TestServer::start();
    made(&server, outgoing("fileUploaded", "#general", NOWHERE));
    say(&server, "no file");
    assert!(told(&server).is_empty());
    server
        .as_admin()
        .send_file("rooms.upload/GENERAL", ("a.txt", "text/plain", b"hi"), &[("msg", "look")])
        .ok();
    let heard = told(&server);
    assert_eq!((&heard[0]["text"], &heard[0]["file"]["name"]), (&json!("look"), &json!("a.txt")));
    assert_eq!(heard[0]["room"], json!({"_id": "GENERAL", "t": "c", "name": "general"}));
    assert_eq!(heard[0]["user"]["username"], "admin");
}

#[test]
fn rooms_and_people_that_come_and_go_are_told() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    for event in ["roomCreated", "roomArchived", "userCreated"] {
        made(&server, with(outgoing(event, "", NOWHERE), json!({"channel": null})));
    }
    let id = admin.post("channels.create", json!({"name": "new"})).ok()["channel"]["_id"].clone();
    let created = told(&server);
    assert_eq!(
        (&created[0]["channel_name"], &created[0]["owner"]["username"]),
        (&json!("new"), &json!("admin"))
    );
    for event in ["roomJoined", "roomLeft"] {
        made(&server, outgoing(event, "#new", NOWHERE));
    }
    bob.post("channels.join", json!({"roomId": id})).ok();
    let joined = told(&server);
    assert_eq!((&joined[0]["user_name"], &joined[0]["room"]["name"]), (&json!("bob"), &json!("new")));
    bob.post("channels.leave", json!({"roomId": id})).ok();
    assert_eq!(told(&server)[0]["user_id"], bob.id());
    bob.post("channels.join", json!({"roomId": "GENERAL"})).ok();
    assert!(told(&server).is_empty(), "another room");
    admin.post("channels.invite", json!({"roomId": id, "userId": bob.id()})).ok();
    assert_eq!(told(&server)[0]["user_name"], "bob");
    admin.post("channels.archive", json!({"roomId": id})).ok();
    assert_eq!(told(&server)[0]["channel_id"], id);
    admin.post("channels.unarchive", json!({"roomId": id})).ok();
    assert!(told(&server).is_empty());
    let account =
        json!({"username": "eve", "name": "Eve", "email": "eve@example.org", "password": "eve-password"});
    admin.post("users.create", account).ok();
    let made = told(&server);
    assert_eq!((&made[0]["user_name"], &made[0]["user"]["name"]), (&json!("eve"), &json!("Eve")));
}

#[test]
fn who_leaves_a_group_hears_no_more_of_it() {
    let server = TestServer::start();
    let group = server.room(RoomKind::Group, "secret", &["admin", "bob"]);
    grant(&server, "manage-own-outgoing-integrations", &["user"]);
    let bob = server.as_user("bob");
    let given = with(outgoing("sendMessage", "#secret", NOWHERE), json!({"username": "bob"}));
    bob.post("integrations.create", given).ok();
    let send = |text: &str| {
        let body = json!({"channel": group.as_str(), "text": text});
        server.as_admin().post("chat.postMessage", body).ok();
    };
    send("for bob, too");
    assert_eq!(texts(&server), ["for bob, too"]);
    bob.post("groups.leave", json!({"roomId": group.as_str()})).ok();
    send("not for bob");
    assert!(told(&server).is_empty());
}

#[test]
fn an_answer_goes_where_it_is_wanted() {
    let server = TestServer::start_with(private);
    let receiver = Receiver::new();
    server.room(RoomKind::Channel, "answers", &["admin"]);
    let given = with(
        outgoing("sendMessage", "#general", &receiver.url()),
        json!({"targetRoom": "#answers", "impersonateUser": true}),
    );
    let integration = made(&server, given);
    server.work();
    say(&server, "hello");
    receiver.answer("200 OK", r#"{"text":"there","attachments":[{"title":"card"}]}"#);
    server.wait_until("the call is noted", || !history(&server, &integration).is_empty());
    let answers = server.as_admin().get("channels.info", "roomName=answers");
    let last = &answers.ok()["channel"]["lastMessage"];
    assert_eq!((&last["msg"], &last["u"]["username"]), (&json!("there"), &json!("admin")));
    assert_eq!(last["attachments"][0]["title"], "card");
}

#[test]
fn an_answer_follows_no_thread_into_another_room() {
    let server = TestServer::start_with(private);
    let receiver = Receiver::new();
    let other = server.room(RoomKind::Channel, "other", &["admin"]);
    let message = json!({"rid": other.as_str(), "_id": "there", "msg": "parent"});
    server.as_admin().post("chat.sendMessage", json!({"message": message})).ok();
    let integration = made(&server, outgoing("sendMessage", "#general", &receiver.url()));
    server.work();
    say(&server, "hello");
    receiver.answer("200 OK", r#"{"text":"drawn away","tmid":"there"}"#);
    server.wait_until("the call is noted", || !history(&server, &integration).is_empty());
    let replies = server.as_admin().get("chat.getThreadMessages", "tmid=there");
    assert_eq!(replies.ok()["total"], 0);
    let found = history(&server, &integration).remove(0);
    assert!(found.to_string().contains("error-invalid-thread"), "{found}");
}
