//! `integrations.update`: what changes, what stays, what is refused.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::integrations::{grant, incoming, outgoing, with};
use crate::support::{Answer, Caller, TestServer};

pub(crate) fn update(caller: &Caller<'_>, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    caller.raw("PUT", "/api/v1/integrations.update", &headers, body.to_string())
}

#[test]
fn what_is_not_given_stays() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let made = admin.post("integrations.create", with(incoming("#general"), json!({"alias": "R2"})));
    let made = made.ok()["integration"].clone();
    server.clock.advance(1000);
    let body = json!({"type": "webhook-incoming", "integrationId": made["_id"], "enabled": false,
                      "name": "other"});
    let changed = update(&admin, &body);
    let later = json!({"enabled": false, "name": "other", "_updatedAt": "2024-03-15T10:20:31.123Z"});
    assert_eq!(changed.ok(), &json!({"integration": with(made, later), "success": true}));
}

#[test]
fn an_outgoing_one_changes_its_event_and_with_it_its_places() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let given = with(outgoing("sendMessage", "#general", "http://a.b"), json!({"triggerWords": ["x"]}));
    let made = admin.post("integrations.create", given);
    let id = made.ok()["integration"]["_id"].clone();
    let body = json!({"type": "webhook-outgoing", "integrationId": id, "event": "userCreated"});
    let changed = update(&admin, &body);
    let changed = &changed.ok()["integration"];
    assert_eq!((&changed["channel"], &changed["triggerWords"]), (&json!([]), &json!([])));
    let body = with(body, json!({"event": "roomLeft"}));
    assert_eq!(update(&admin, &body).refusal(), "Invalid Channel [error-invalid-channel]");
    let body = with(body, json!({"channel": "#general"}));
    assert_eq!(update(&admin, &body).ok()["integration"]["event"], "roomLeft");
}

#[test]
fn what_cannot_be_changed_is_told() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let made = admin.post("integrations.create", with(incoming("#general"), json!({"script": "x"})));
    let id = made.ok()["integration"]["_id"].clone();
    let body = json!({"type": "webhook-incoming", "integrationId": id});
    let refused = |changes: Value| update(&admin, &with(body.clone(), changes)).refusal().to_owned();
    assert_eq!(refused(json!({"integrationId": "none"})), "No integration found.");
    assert_eq!(refused(json!({"type": "webhook-outgoing"})), "No integration found.");
    assert_eq!(refused(json!({"type": "pigeon"})), "Invalid integration type.");
    assert!(refused(json!({"scriptEnabled": true})).ends_with("[integration-scripts-disabled]"));
    let missing = "must have required property 'type'\n must have required property 'integrationId' \
                   [invalid-params]";
    assert_eq!(update(&admin, &json!({})).refusal(), missing);
    grant(&server, "manage-own-incoming-integrations", &["user"]);
    assert_eq!(update(&server.as_user("bob"), &body).refusal(), "No integration found.");
}

#[test]
fn only_who_manages_all_lets_others_speak() {
    let server = TestServer::start();
    grant(&server, "manage-own-outgoing-integrations", &["user"]);
    let bob = server.as_user("bob");
    let given = outgoing("sendMessage", "#general", "http://a.b");
    let made = bob.post("integrations.create", given.clone());
    let id = made.ok()["integration"]["_id"].clone();
    let body = json!({"type": "webhook-outgoing", "integrationId": id, "impersonateUser": true});
    let text = "Only who manages all outgoing integrations may set impersonateUser [not_authorized]";
    assert_eq!(update(&bob, &body).refusal(), text);
    server.user("ann");
    for channel in ["all_private_groups", "@ann"] {
        let wide = bob.post("integrations.create", with(given.clone(), json!({"channel": channel})));
        assert_eq!(wide.refusal(), "Invalid Channel [error-invalid-channel]");
    }
    bob.post("integrations.create", with(given, json!({"channel": "@bob"}))).ok();
    assert_eq!(update(&server.as_admin(), &body).ok()["integration"]["impersonateUser"], true);
}

#[test]
fn a_room_that_is_renamed_keeps_its_integrations() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let room = server.room(RoomKind::Channel, "before", &["admin"]);
    let made = admin.post("integrations.create", incoming("#before"));
    let id = made.ok()["integration"]["_id"].as_str().unwrap().to_owned();
    admin.post("channels.rename", json!({"roomId": room.as_str(), "name": "after"})).ok();
    let got = admin.get("integrations.get", &format!("integrationId={id}"));
    assert_eq!(got.ok()["integration"]["channel"], json!(["#after"]));
}

#[test]
fn who_manages_their_own_changes_none_that_speaks_as_somebody_else() {
    let server = TestServer::start();
    let admin = server.as_admin();
    grant(&server, "manage-own-incoming-integrations", &["user"]);
    let bob = server.as_user("bob");
    let given = with(incoming("#general"), json!({"username": "bob"}));
    let made = bob.post("integrations.create", given);
    let id = made.ok()["integration"]["_id"].clone();
    let change = |changes: Value| with(json!({"type": "webhook-incoming", "integrationId": id}), changes);
    update(&bob, &change(json!({"alias": "B"}))).ok();
    update(&admin, &change(json!({"username": "admin"}))).ok();
    let wider = change(json!({"overrideDestinationChannelEnabled": true}));
    assert_eq!(update(&bob, &wider).refusal(), "Invalid user [error-invalid-user]");
    let kept = admin.get("integrations.get", &format!("integrationId={}", id.as_str().unwrap()));
    assert_eq!(kept.ok()["integration"]["overrideDestinationChannelEnabled"], false);
    update(&bob, &with(wider.clone(), json!({"username": "bob"}))).ok();
    update(&bob, &wider).ok();
    update(&admin, &change(json!({"username": "admin"}))).ok();
    assert_eq!(update(&admin, &wider).ok()["integration"]["username"], "admin");
}
