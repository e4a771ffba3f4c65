//! `channels.*`: public rooms.

use roomscribe::domain::{RoomId, RoomKind};
use serde_json::{Value, json};

use crate::said::say;
use crate::support::{Answer, Caller, TestServer};

fn create(caller: &Caller<'_>, name: &str) -> Value {
    caller.post("channels.create", json!({"name": name})).ok()["channel"].clone()
}

fn room_of(answer: &Answer) -> &Value {
    &answer.ok()["channel"]
}

#[test]
fn a_new_channel_has_exactly_the_keys_clients_expect() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let body = json!({"name": "talk", "members": ["al", "nobody"], "customFields": {"a": 1}});
    server.user("al");
    let answer = bob.post("channels.create", body);
    let id = room_of(&answer)["_id"].clone();
    let now = "2024-03-15T10:20:30.123Z";
    let expected = json!({
        "_id": id, "t": "c", "name": "talk", "fname": "talk", "msgs": 0, "usersCount": 2,
        "customFields": {"a": 1}, "u": {"_id": bob.id(), "username": "bob", "name": "Bob"},
        "ts": now, "ro": false, "sysMes": true, "default": false, "_updatedAt": now,
    });
    assert_eq!(answer.body(), &json!({"channel": expected, "success": true}));
    let info = bob.get("channels.info", "roomName=talk");
    assert_eq!(info.body(), answer.body());
    let own = bob.get("subscriptions.getOne", &format!("roomId={}", id.as_str().unwrap()));
    assert_eq!(own.ok()["subscription"]["roles"], json!(["owner"]));
}

#[test]
fn names_must_be_valid_and_free() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let refusal = |name: &str| {
        let answer = bob.post("channels.create", json!({"name": name}));
        (answer.refusal().to_owned(), answer.body()["errorType"].clone())
    };
    for bad in ["a b", "ä", "System", "user", "a/b"] {
        let text = format!("{bad} is not a valid room name. [error-invalid-room-name]");
        assert_eq!(refusal(bad), (text, json!("error-invalid-room-name")));
    }
    assert_eq!(refusal(&"x".repeat(129)).1, "error-invalid-room-name");
    let taken = "A channel with name 'general' exists [error-duplicate-channel-name]";
    assert_eq!(refusal("general").0, taken);
    create(&bob, "old");
    bob.post("channels.archive", json!({"roomName": "old"})).ok();
    let archived = "There's an archived channel with name old [error-archived-duplicate-name]";
    assert_eq!(refusal("old").0, archived);
    let group = bob.post("groups.create", json!({"name": "general"}));
    assert_eq!(group.refusal(), taken, "channels and groups share their names");
}

#[test]
fn creating_checks_parameters_and_permissions() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let refused = |body: Value| bob.post("channels.create", body).refusal().to_owned();
    assert_eq!(refused(json!({})), "Param \"name\" is required");
    assert_eq!(
        refused(json!({"name": "x", "members": "al"})),
        "Param \"members\" must be an array if provided"
    );
    assert_eq!(
        refused(json!({"name": "x", "customFields": [1]})),
        "Param \"customFields\" must be an object if provided"
    );
    let mut guest = server.user("guest");
    guest.roles = vec!["guest".to_owned()];
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&guest)).unwrap();
    let answer = server.as_user("guest").post("channels.create", json!({"name": "x"}));
    assert_eq!((answer.status(), answer.body()["error"].as_str()), (403, Some("unauthorized")));
    assert_eq!(server.anonymous().post("channels.create", json!({"name": "x"})).status(), 401);
    let extra = json!({"topic": "t", "broadcast": true, "featured": true});
    let room = bob.post("channels.create", json!({"name": "x", "extraData": extra}));
    let room = room_of(&room);
    assert_eq!(
        (&room["ro"], &room["reactWhenReadOnly"], &room["topic"]),
        (&json!(true), &json!(false), &json!("t"))
    );
    assert!(room.get("featured").is_none(), "only known keys are taken");
}

#[test]
fn a_room_is_named_by_id_or_name_and_groups_are_no_channels() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let group = server.room(RoomKind::Group, "secret", &["bob"]);
    let text = "The required \"roomId\" or \"roomName\" param provided does not match any channel \
                [error-room-not-found]";
    assert_eq!(bob.get("channels.info", &format!("roomId={group}")).refusal(), text);
    assert_eq!(bob.get("channels.info", "roomName=General").refusal(), text);
    assert_eq!(bob.get("channels.info", "").refusal(), text);
    let both = bob.post("channels.join", json!({"roomId": "GENERAL", "roomName": "general"}));
    assert!(both.refusal().contains("must match exactly one schema in oneOf"), "{}", both.refusal());
    assert_eq!(both.body()["errorType"], "invalid-params");
    assert_eq!(
        bob.post("channels.join", json!({})).refusal(),
        "must have required property 'roomId'\n must have required property 'roomName'\n \
         must match exactly one schema in oneOf [invalid-params]"
    );
}

#[test]
fn lists_are_paged_in_the_order_of_names() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    for name in ["c", "a", "b"] {
        create(&bob, name);
    }
    server.room(RoomKind::Group, "aa", &["bob"]);
    let names = |endpoint: &str, query: &str| {
        let answer = bob.get(endpoint, query);
        let body = answer.ok().clone();
        let rooms = body["channels"].as_array().unwrap();
        let names: Vec<String> = rooms.iter().map(|room| room["name"].as_str().unwrap().to_owned()).collect();
        (names.join(" "), body["count"].clone(), body["offset"].clone(), body["total"].clone())
    };
    assert_eq!(names("channels.list", ""), ("a b c general".to_owned(), json!(4), json!(0), json!(4)));
    assert_eq!(names("channels.list", "offset=1&count=2"), ("b c".to_owned(), json!(2), json!(1), json!(4)));
    assert_eq!(names("channels.list", "sort=%7B%22name%22:-1%7D&count=1").0, "general");
    assert_eq!(names("channels.list.joined", "offset=2"), ("c".to_owned(), json!(1), json!(2), json!(3)));
    let stranger = server.as_user("eve").get("channels.list.joined", "roomId=x");
    assert_eq!(
        stranger.body(),
        &json!({"channels": [], "count": 0, "offset": 0, "total": 0, "success": true})
    );
}

#[test]
fn joining_may_need_a_code() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    create(&bob, "talk");
    let coded = bob.post("channels.setJoinCode", json!({"roomName": "talk", "joinCode": "123"}));
    let room = room_of(&coded);
    assert_eq!(
        (&room["joinCodeRequired"], room.get("joinCode"), &room["msgs"]),
        (&json!(true), None, &json!(0))
    );
    let join = |code: Value| eve.post("channels.join", json!({"roomName": "talk", "joinCode": code}));
    assert_eq!(join(Value::Null).refusal(), "Code required [error-code-required]");
    assert_eq!(join(json!("1")).refusal(), "Invalid code [error-code-invalid]");
    let joined = join(json!("123"));
    assert_eq!((&room_of(&joined)["usersCount"], &room_of(&joined)["msgs"]), (&json!(2), &json!(1)));
    assert_eq!(room_of(&join(Value::Null))["msgs"], 1, "who is in needs no code and leaves no trace");
    let id = room["_id"].as_str().unwrap();
    let own = eve.get("subscriptions.getOne", &format!("roomId={id}"));
    let own = &own.ok()["subscription"];
    assert_eq!((&own["open"], &own["alert"], &own["unread"]), (&json!(true), &json!(true), &json!(1)));
    let said = bob.get("channels.messages", &format!("roomId={id}"));
    let record = &said.ok()["messages"][0];
    assert_eq!(
        (&record["t"], &record["msg"], &record["u"]["username"]),
        (&json!("uj"), &json!("eve"), &json!("eve"))
    );
    assert_eq!(bob.get("channels.info", "roomName=talk").ok()["channel"].get("joinCode"), None);
    assert_eq!(server.as_admin().get("channels.info", "roomName=talk").ok()["channel"]["joinCode"], "123");
}

#[test]
fn archived_channels_are_not_joined_and_not_archived_twice() {
    let server = TestServer::start();
    let (bob, admin) = (server.as_user("bob"), server.as_admin());
    create(&bob, "talk");
    let talk = || json!({"roomName": "talk"});
    assert_eq!(
        server.as_user("eve").post("channels.archive", talk()).refusal(),
        "Not authorized [error-not-authorized]"
    );
    assert_eq!(bob.post("channels.archive", talk()).body(), &json!({"success": true}));
    let archived = "The channel, talk, is archived [error-room-archived]";
    assert_eq!(bob.post("channels.archive", talk()).refusal(), archived);
    assert_eq!(server.as_user("eve").post("channels.join", talk()).refusal(), archived);
    assert_eq!(bob.get("channels.info", "roomName=talk").ok()["channel"]["archived"], true);
    assert_eq!(bob.post("channels.unarchive", talk()).refusal(), "Not authorized [error-not-authorized]");
    admin.post("channels.unarchive", talk()).ok();
    assert_eq!(admin.post("channels.unarchive", talk()).refusal(), "The channel, talk, is not archived");
    assert_eq!(bob.get("channels.info", "roomName=talk").ok()["channel"]["msgs"], 2);
}

#[test]
fn a_channel_is_hidden_and_shown_again() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let id = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let call = |caller: &Caller<'_>, what: &str| {
        caller.post(&format!("channels.{what}"), json!({"roomId": id.as_str()}))
    };
    assert_eq!(call(&bob, "open").refusal(), "The channel, talk, is already open to the sender");
    call(&bob, "close").ok();
    assert_eq!(call(&bob, "close").refusal(), "The channel, talk, is already closed to the sender");
    let counters = bob.get("channels.counters", &format!("roomId={id}"));
    assert_eq!(
        counters.body(),
        &json!({"joined": false, "members": null, "unreads": null, "unreadsFrom": null, "msgs": null,
                "latest": null, "userMentions": null, "success": true})
    );
    say(&server, &id, "al", "anybody here?");
    assert_eq!(
        call(&bob, "open").refusal(),
        "The channel, talk, is already open to the sender",
        "news open it"
    );
    assert_eq!(call(&eve, "open").refusal(), "The user/callee is not in the channel \"talk\".");
    assert_eq!(call(&eve, "close").refusal(), "The user/callee is not in the channel \"talk.");
}

#[test]
fn deleting_clears_away_the_room_and_frees_its_name() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let id = RoomId::new(create(&bob, "talk")["_id"].as_str().unwrap());
    let message = say(&server, &id, "bob", "hello");
    bob.post("channels.delete", json!({"roomId": id.as_str()})).ok();
    assert_eq!(bob.get("channels.info", "roomName=talk").body()["errorType"], "error-room-not-found");
    assert_eq!(bob.get("subscriptions.getOne", &format!("roomId={id}")).ok()["subscription"], Value::Null);
    while server.app.store.clear_deleted_room().unwrap() {}
    assert!(server.app.store.message(&message).unwrap().is_none());
    create(&bob, "talk");
}
