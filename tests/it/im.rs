//! `im.*` and `dm.*`: direct messages.

use serde_json::{Value, json};

use crate::said::say;
use crate::support::TestServer;
use roomscribe::domain::RoomId;

#[test]
fn two_people_have_one_conversation_whoever_opens_it() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let mut ids = [bob.id(), al.id()];
    ids.sort_unstable();
    let id = ids.concat();
    let made = bob.post("im.create", json!({"username": "al"}));
    let room = json!({"t": "d", "rid": id, "_id": id, "usernames": ["bob", "al"]});
    assert_eq!(made.body(), &json!({"room": room, "success": true}));
    assert_eq!(al.post("dm.create", json!({"usernames": "bob , al"})).body(), made.body());
    let listed = bob.get("im.list", "");
    let row = &listed.ok()["ims"][0];
    let now = "2024-03-15T10:20:30.123Z";
    assert_eq!(
        row,
        &json!({"_id": id, "t": "d", "msgs": 0, "usersCount": 2, "usernames": ["bob", "al"],
                "uids": [bob.id(), al.id()], "ts": now, "ro": false, "sysMes": true, "default": false,
                "_updatedAt": now})
    );
    assert_eq!(al.get("dm.list", "").ok()["total"], 1);
    say(&server, &RoomId::new(&id), "bob", "hello");
    let row = bob.get("im.list", "").ok()["ims"][0].clone();
    assert_eq!(
        (&row["lastMessage"]["msg"], &row["lm"]),
        (&json!("hello"), &json!("2024-03-15T10:20:31.123Z"))
    );
}

#[test]
fn the_other_side_sees_the_conversation_with_the_first_message() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let made = bob.post("im.create", json!({"username": "al"}));
    let id = made.ok()["room"]["_id"].as_str().unwrap().to_owned();
    let of_al = || al.get("subscriptions.getOne", &format!("roomId={id}")).ok()["subscription"].clone();
    assert_eq!(
        (&of_al()["open"], &of_al()["name"], &of_al()["fname"]),
        (&json!(false), &json!("bob"), &json!("Bob"))
    );
    say(&server, &RoomId::new(&id), "bob", "hello");
    assert_eq!((&of_al()["open"], &of_al()["alert"]), (&json!(true), &json!(true)));
    al.post("im.close", json!({"roomId": id, "userId": "x"})).ok();
    assert_eq!(
        al.post("im.close", json!({"roomId": id})).refusal(),
        "The direct message room, is already closed to the sender"
    );
    al.post("im.open", json!({"roomId": id})).ok();
    assert_eq!(of_al()["open"], true);
}

#[test]
fn creating_refuses_unknown_people_too_many_and_unclear_wishes() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    server.user("al");
    let refused = |body: Value| bob.post("im.create", body).refusal().to_owned();
    assert_eq!(
        refused(json!({})),
        "must have required property 'usernames'\n must have required property 'username'\n \
         must match exactly one schema in oneOf [invalid-params]"
    );
    let both = refused(json!({"username": "al", "usernames": "al"}));
    assert!(both.contains("must match exactly one schema in oneOf"), "{both}");
    assert_eq!(refused(json!({"username": "nobody"})), "Invalid user [error-invalid-user]");
    assert_eq!(refused(json!({"username": "al", "excludeSelf": true})), "Invalid user [error-invalid-user]");
    let crowd: Vec<String> = (0..8).map(|number| format!("u{number}")).collect();
    for name in &crowd {
        server.user(name);
    }
    assert_eq!(
        refused(json!({"usernames": crowd})),
        "You cannot add more than 8 users, including yourself to a direct message \
         [error-direct-message-max-user-exceeded]"
    );
}

#[test]
fn who_lacks_the_permission_gets_only_what_is_there() {
    let server = TestServer::start();
    let (bob, guest) = (server.as_user("bob"), server.as_user("guest"));
    let mut account = server.user("guest");
    account.roles = vec!["guest".to_owned()];
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&account)).unwrap();
    let create = || guest.post("im.create", json!({"username": "bob"}));
    assert_eq!(create().refusal(), "Not allowed [error-not-allowed]");
    bob.post("im.create", json!({"username": "guest"})).ok();
    assert_eq!(create().ok()["room"]["usernames"], json!(["bob", "guest"]));
}

#[test]
fn larger_conversations_are_found_by_their_members() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    for name in ["al", "joe"] {
        server.user(name);
    }
    let id = |answer: crate::support::Answer| answer.ok()["room"]["_id"].clone();
    let first = id(bob.post("im.create", json!({"usernames": "al,eve"})));
    assert_eq!(first.as_str().unwrap().len(), 17);
    assert_eq!(id(eve.post("im.create", json!({"usernames": ["bob", "al"]}))), first);
    assert_ne!(id(bob.post("im.create", json!({"usernames": "al,eve,joe"}))), first);
    let others = bob.post("im.create", json!({"usernames": "al,joe", "excludeSelf": true}));
    assert_eq!(others.ok()["room"]["usernames"], json!(["al", "joe"]));
    assert_eq!(bob.get("im.list", "").ok()["total"], 2);
    let members = bob.get("im.members", &format!("roomId={}", first.as_str().unwrap()));
    let names: Vec<&str> = members.ok()["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["username"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["al", "bob", "eve"]);
}

#[test]
fn notes_to_oneself_may_be_switched_off() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let notes = bob.get("im.messages", "username=bob");
    assert_eq!((&notes.ok()["messages"], &notes.ok()["total"]), (&json!([]), &json!(0)));
    let own = bob.post("im.create", json!({"username": "bob"}));
    assert_eq!(own.ok()["room"]["usernames"], json!(["bob"]));
    let off = json!(false);
    roomscribe::service::settings::set(&server.app, "Message_AllowDirectMessagesToYourself", &off).unwrap();
    assert_eq!(
        bob.post("im.create", json!({"username": "bob"})).refusal(),
        "Invalid user [error-invalid-user]"
    );
}

#[test]
fn strangers_and_unknown_rooms_are_the_same() {
    let server = TestServer::start();
    let (bob, eve, admin) = (server.as_user("bob"), server.as_user("eve"), server.as_admin());
    server.user("al");
    let made = bob.post("im.create", json!({"username": "al"}));
    let id = made.ok()["room"]["_id"].as_str().unwrap().to_owned();
    for stranger in [&eve, &admin] {
        for room in [id.as_str(), "nothing"] {
            for call in ["open", "close", "setTopic"] {
                let answer = stranger.post(&format!("im.{call}"), json!({"roomId": room, "topic": "x"}));
                assert_eq!((answer.status(), answer.body()["error"].as_str()), (403, Some("unauthorized")));
            }
            assert_eq!(stranger.get("im.counters", &format!("roomId={room}")).status(), 403);
            for call in ["messages", "history", "files", "members"] {
                let answer = stranger.get(&format!("im.{call}"), &format!("roomId={room}"));
                assert_eq!(answer.refusal(), "[invalid-channel]");
            }
        }
    }
    assert_eq!(
        bob.get("im.messages", "").refusal(),
        "must have required property 'roomId'\n must have required property 'username'\n \
         must match exactly one schema in oneOf [invalid-params]"
    );
    let both = bob.get("im.history", &format!("roomId={id}&username=al"));
    assert!(both.refusal().ends_with("must match exactly one schema in oneOf [invalid-params]"));
    let stranger = bob.get("im.members", &format!("roomId={id}&nonsense=1"));
    assert_eq!(stranger.refusal(), "must NOT have additional properties [invalid-params]");
    assert!(bob.post("im.delete", json!({})).refusal().ends_with("in oneOf [invalid-params]"));
    assert_eq!(
        bob.get("im.counters", "").refusal(),
        "Query param \"roomId\" or \"username\" is required [error-room-param-not-provided]"
    );
    assert_eq!(
        bob.post("im.open", json!({})).refusal(),
        "Body param \"roomId\" is required [error-room-param-not-provided]"
    );
    let everyone = admin.get("im.list.everyone", "");
    assert_eq!((&everyone.ok()["total"], &everyone.ok()["ims"][0]["_id"]), (&json!(1), &json!(id)));
    assert_eq!(bob.get("im.list.everyone", "").status(), 403);
    let counted = admin.get("im.counters", &format!("roomId={id}&userId={}", bob.id()));
    assert_eq!((&counted.ok()["joined"], &counted.ok()["members"]), (&json!(true), &json!(2)));
}

#[test]
fn the_topic_belongs_to_the_members_and_deleting_to_administrators() {
    let server = TestServer::start();
    let (bob, admin) = (server.as_user("bob"), server.as_admin());
    server.user("al");
    let made = bob.post("im.create", json!({"username": "al"}));
    let id = made.ok()["room"]["_id"].as_str().unwrap().to_owned();
    let set = |topic: &str| bob.post("im.setTopic", json!({"roomId": id, "topic": topic}));
    assert_eq!(set("plans").body(), &json!({"topic": "plans", "success": true}));
    let row = bob.get("im.list", "").ok()["ims"][0].clone();
    assert_eq!((&row["topic"], &row["msgs"]), (&json!("plans"), &json!(1)));
    assert_eq!(set("").body()["topic"], "");
    assert_eq!(bob.post("im.delete", json!({"username": "al"})).refusal(), "Not allowed [error-not-allowed]");
    admin.post("im.delete", json!({"roomId": id})).ok();
    assert_eq!(bob.post("im.open", json!({"roomId": id})).status(), 403);
    assert_eq!(bob.get("im.list", "").ok()["total"], 0);
    assert_eq!(admin.post("im.delete", json!({"roomId": id})).refusal(), "[invalid-channel]");
}
