//! How long messages are kept: general rules, a room's own, and who may set it.

use roomscribe::domain::time::DAY;
use roomscribe::domain::{RoomId, RoomKind};
use roomscribe::service::retention_policies::{Round, Step, step};
use serde_json::{Value, json};

use crate::said::say;
use crate::support::{Caller, TestServer};

/// One going over all rooms.
fn round(server: &TestServer) {
    let mut round = Round::default();
    for _ in 0..100 {
        if step(&server.app, &mut round).expect("readable") == Step::Done {
            return;
        }
    }
    panic!("a round ends");
}

fn set(caller: &Caller<'_>, id: &str, value: Value) {
    caller.post(&format!("settings/{id}"), json!({"value": value})).ok();
}

fn messages(server: &TestServer, room: &RoomId) -> u64 {
    server.app.store.activity(room).expect("readable").messages
}

fn save(caller: &Caller<'_>, room: &RoomId, key: &str, value: Value) -> crate::support::Answer {
    caller.post("rooms.saveRoomSettings", json!({"rid": room.as_str(), key: value}))
}

#[test]
fn old_messages_go_where_the_general_rule_applies() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let talk = server.room(RoomKind::Channel, "talk", &["bob"]);
    let secret = server.room(RoomKind::Group, "secret", &["bob"]);
    for room in [&talk, &secret] {
        say(&server, room, "bob", "old");
    }
    server.clock.advance(31 * DAY);
    for room in [&talk, &secret] {
        say(&server, room, "bob", "new");
    }
    set(&admin, "RetentionPolicy_AppliesToChannels", json!(true));
    round(&server);
    assert_eq!(messages(&server, &talk), 2, "the rules are off");
    set(&admin, "RetentionPolicy_Enabled", json!(true));
    round(&server);
    assert_eq!((messages(&server, &talk), messages(&server, &secret)), (1, 2));
    set(&admin, "RetentionPolicy_AppliesToGroups", json!(true));
    set(&admin, "RetentionPolicy_TTL_Groups", json!(0));
    round(&server);
    assert_eq!(messages(&server, &secret), 2, "a rule without a time is none");
    set(&admin, "RetentionPolicy_TTL_Groups", json!(DAY));
    round(&server);
    assert_eq!(messages(&server, &secret), 1);
    server.clock.advance(DAY + 2000);
    round(&server);
    assert_eq!(messages(&server, &secret), 0);
}

#[test]
fn a_room_has_a_rule_of_its_own() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let [short, spared] = ["short", "spared"].map(|name| server.room(RoomKind::Channel, name, &["admin"]));
    for room in [&short, &spared] {
        say(&server, room, "admin", "old");
    }
    server.clock.advance(3 * DAY);
    for (key, value) in [
        ("retentionEnabled", json!(true)),
        ("retentionOverrideGlobal", json!(true)),
        ("retentionMaxAge", json!(2)),
        ("retentionExcludePinned", json!(false)),
        ("retentionFilesOnly", json!(true)),
        ("retentionIgnoreThreads", json!(true)),
    ] {
        save(&admin, &short, key, value).ok();
    }
    let rule = json!({
        "enabled": true, "overrideGlobal": true, "maxAge": 2, "excludePinned": false,
        "filesOnly": true, "ignoreThreads": true,
    });
    assert_eq!(admin.get("rooms.info", "roomName=short").ok()["room"]["retention"], rule);
    save(&admin, &spared, "retentionEnabled", json!(false)).ok();
    for (id, value) in [
        ("RetentionPolicy_AppliesToChannels", json!(true)),
        ("RetentionPolicy_TTL_Channels", json!(DAY)),
        ("RetentionPolicy_Enabled", json!(true)),
    ] {
        set(&admin, id, value);
    }
    round(&server);
    assert_eq!((messages(&server, &short), messages(&server, &spared)), (1, 1), "only files would go");
    save(&admin, &short, "retentionFilesOnly", json!(false)).ok();
    save(&admin, &short, "retentionMaxAge", json!(4)).ok();
    round(&server);
    assert_eq!(messages(&server, &short), 1, "younger than four days");
    save(&admin, &short, "retentionMaxAge", json!(2)).ok();
    round(&server);
    assert_eq!((messages(&server, &short), messages(&server, &spared)), (0, 1));
}

#[test]
fn setting_a_rule_takes_a_right_and_a_time() {
    let server = TestServer::start();
    let (bob, admin) = (server.as_user("bob"), server.as_admin());
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let refused = save(&bob, &room, "retentionEnabled", json!(true));
    let text = "Editing room retention policy is not allowed [error-action-not-allowed]";
    assert_eq!(refused.refusal(), text);
    save(&admin, &room, "retentionEnabled", json!(true)).ok();
    save(&bob, &room, "retentionEnabled", json!(true)).ok();
    for days in [json!(0), json!(-1)] {
        assert!(save(&admin, &room, "retentionMaxAge", days).refusal().contains("error-invalid-settings"));
    }
    assert_eq!(
        save(&admin, &room, "retentionMaxAge", json!("long")).refusal(),
        "must be number [invalid-params]"
    );
    assert_eq!(admin.get("rooms.info", "roomName=talk").ok()["room"]["retention"], json!({"enabled": true}));
}
