//! `subscriptions.*`: open or hidden, read or unread.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::said::say;
use crate::support::TestServer;

#[test]
fn a_subscription_has_the_keys_clients_expect() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let id = server.room(RoomKind::Channel, "talk", &["bob"]);
    let one = bob.get("subscriptions.getOne", &format!("roomId={id}"));
    let subscription = &one.ok()["subscription"];
    let now = "2024-03-15T10:20:30.123Z";
    assert_eq!(
        subscription,
        &json!({
            "_id": subscription["_id"], "rid": id.as_str(), "t": "c", "name": "talk", "fname": "talk",
            "u": {"_id": bob.id(), "username": "bob", "name": "Bob"}, "open": true, "alert": false,
            "unread": 0, "userMentions": 0, "groupMentions": 0, "ts": now, "_updatedAt": now,
            "roles": ["owner"],
        })
    );
    let all = bob.get("subscriptions.get", "");
    assert_eq!(all.body(), &json!({"update": [subscription], "remove": [], "success": true}));
    assert_eq!(bob.get("subscriptions.get", &format!("updatedSince={now}")).ok()["update"], json!([]));
    assert_eq!(
        bob.get("subscriptions.get", "updatedSince=x").refusal(),
        "The \"lastUpdate\" query parameter must be a valid date. [error-roomId-param-invalid]"
    );
    let eve = server.as_user("eve").get("subscriptions.getOne", &format!("roomId={id}"));
    assert_eq!(eve.body(), &json!({"subscription": null, "success": true}));
    assert_eq!(
        bob.get("subscriptions.getOne", "").refusal(),
        "must have required property 'roomId' [invalid-params]"
    );
}

#[test]
fn reading_and_unreading_turn_the_alert_off_and_on() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let id = server.room(RoomKind::Channel, "talk", &["bob", "al"]);
    let alert = || {
        let one = bob.get("subscriptions.getOne", &format!("roomId={id}"));
        one.ok()["subscription"]["alert"].clone()
    };
    let unread = |body: Value| bob.post("subscriptions.unread", body);
    assert_eq!(
        unread(json!({"roomId": id.as_str()})).refusal(),
        "There are no messages to mark unread [error-no-message-for-unread]"
    );
    let message = say(&server, &id, "al", "hello");
    assert_eq!(alert(), true);
    server.clock.advance(1000);
    bob.post("subscriptions.read", json!({"rid": id.as_str()})).ok();
    assert_eq!(alert(), false);
    let counters = bob.get("channels.counters", &format!("roomId={id}"));
    assert_eq!((&counters.ok()["unreads"], &counters.ok()["msgs"]), (&json!(0), &json!(1)));
    unread(json!({"roomId": id.as_str()})).ok();
    assert_eq!(alert(), true);
    bob.post("subscriptions.read", json!({"roomId": id.as_str()})).ok();
    unread(json!({"firstUnreadMessage": {"_id": message.as_str()}})).ok();
    assert_eq!(alert(), true);
    say(&server, &id, "al", "more");
    let counters = bob.get("channels.counters", &format!("roomId={id}"));
    assert_eq!(counters.ok()["unreads"], 1, "what came after the message that was marked");

    let own = say(&server, &id, "bob", "mine");
    assert_eq!(
        unread(json!({"firstUnreadMessage": {"_id": own.as_str()}})).refusal(),
        "Not allowed [error-action-not-allowed]"
    );
    let foreign = eve.post("subscriptions.unread", json!({"roomId": id.as_str()}));
    assert_eq!(foreign.refusal(), "Subscription not found [error-subscription-not-found]");
    let foreign = eve.post("subscriptions.read", json!({"rid": id.as_str()}));
    assert_eq!(foreign.refusal(), "[error-invalid-subscription]");
    assert_eq!(
        bob.post("subscriptions.read", json!({})).refusal(),
        "must have required property 'rid'\n must have required property 'roomId'\n \
         must match a schema in anyOf [invalid-params]"
    );
}

#[test]
fn preferences_are_taken_over_when_somebody_joins() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let mut account = server.user("bob");
    account.preferences = roomscribe::domain::Json::from_text(
        r#"{"desktopNotifications":"all","pushNotifications":"default","highlights":["ship"]}"#,
    );
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&account)).unwrap();
    bob.post("channels.join", json!({"roomId": "GENERAL"})).ok();
    let one = bob.get("subscriptions.getOne", "roomId=GENERAL");
    let subscription = &one.ok()["subscription"];
    assert_eq!(subscription["desktopNotifications"], "all");
    assert_eq!(subscription["desktopPrefOrigin"], "user");
    assert_eq!(subscription["userHighlights"], json!(["ship"]));
    assert_eq!(subscription.get("mobilePushNotifications"), None);
}

#[test]
fn the_settings_say_what_counts_as_unread() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "talk", &["al", "bob"]);
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let direct = al.post("im.create", json!({"username": "bob"})).ok()["room"]["_id"].clone();
    server.clock.advance(10);
    let say = |rid: &Value, text: &str| {
        al.post("chat.sendMessage", json!({"message": {"rid": rid, "msg": text}})).ok();
    };
    let rid = json!(room.as_str());
    for text in ["one", "two", "@bob", "@all"] {
        say(&rid, text);
    }
    for text in ["one", "@bob"] {
        say(&direct, text);
    }
    let unread = |rid: &Value, setting: &str, value: &str| {
        server.as_admin().post(&format!("settings/{setting}"), json!({"value": value})).ok();
        let query = format!("roomId={}", rid.as_str().unwrap());
        bob.get("subscriptions.getOne", &query).ok()["subscription"]["unread"].clone()
    };
    for (value, count) in [
        ("all_messages", 4),
        ("user_and_group_mentions_only", 2),
        ("user_mentions_only", 1),
        ("group_mentions_only", 1),
    ] {
        assert_eq!(unread(&rid, "Unread_Count", value), count, "{value}");
    }
    assert_eq!(unread(&direct, "Unread_Count_DM", "all_messages"), 2);
    assert_eq!(unread(&direct, "Unread_Count_DM", "mentions_only"), 1);
    unread(&rid, "Unread_Count", "all_messages");
    let listed = bob.get("subscriptions.get", "").ok()["update"].clone();
    let row = listed.as_array().unwrap().iter().find(|row| row["rid"] == rid).unwrap();
    assert_eq!(row["unread"], 4);
    bob.post("subscriptions.read", json!({"rid": rid})).ok();
    assert_eq!(unread(&rid, "Unread_Count", "all_messages"), 0);
}
