//! `integrations.*`: made, listed, removed, and refused in the right words.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::support::{Answer, TestServer};

/// What makes an incoming integration that posts into a channel.
pub(crate) fn incoming(channel: &str) -> Value {
    json!({
        "type": "webhook-incoming", "name": "robot", "enabled": true, "username": "rocket.cat",
        "channel": channel, "scriptEnabled": false,
    })
}

/// What makes an outgoing one.
pub(crate) fn outgoing(event: &str, channel: &str, url: &str) -> Value {
    json!({
        "type": "webhook-outgoing", "name": "teller", "enabled": true, "username": "rocket.cat",
        "channel": channel, "scriptEnabled": false, "event": event, "urls": [url],
    })
}

/// The same object with other values.
pub(crate) fn with(mut object: Value, changes: Value) -> Value {
    for (key, value) in changes.as_object().expect("an object") {
        object[key] = value.clone();
    }
    object
}

/// Lets a role do something.
pub(crate) fn grant(server: &TestServer, permission: &str, roles: &[&str]) {
    let body = json!({"permissions": [{"_id": permission, "roles": roles}]});
    server.as_admin().post("permissions.update", body).ok();
}

fn said(answer: &Answer) -> (u16, &Value) {
    (answer.status(), answer.body())
}

#[test]
fn an_incoming_integration_is_answered_whole() {
    let server = TestServer::start();
    let admin = server.as_admin();
    server.user("bob");
    let given = with(
        incoming("#general, @bob"),
        json!({"alias": "R2", "avatar": "https://example.org/x.png", "emoji": ":robot:",
               "overrideDestinationChannelEnabled": true, "script": "class Script {}"}),
    );
    let answer = admin.post("integrations.create", given);
    let made = &answer.ok()["integration"];
    let (id, token) = (made["_id"].as_str().unwrap(), made["token"].as_str().unwrap());
    assert_eq!((id.len(), token.len()), (17, 48));
    let at = "2024-03-15T10:20:30.123Z";
    let expected = json!({
        "_id": id, "type": "webhook-incoming", "name": "robot", "enabled": true,
        "username": "rocket.cat", "userId": "rocket.cat", "channel": ["#general", "@bob"],
        "alias": "R2", "avatar": "https://example.org/x.png", "emoji": ":robot:",
        "scriptEnabled": false, "script": "class Script {}", "token": token,
        "overrideDestinationChannelEnabled": true,
        "_createdAt": at, "_createdBy": {"_id": admin.id(), "username": "admin"}, "_updatedAt": at,
    });
    assert_eq!(made, &expected);
    let got = admin.get("integrations.get", &format!("integrationId={id}"));
    assert_eq!(got.ok(), &json!({"integration": expected, "success": true}));
    let by = |who: &str| admin.get("integrations.get", &format!("integrationId={id}&createdBy={who}"));
    assert_eq!(by(admin.id()).status(), 200);
    assert_eq!(by("bob").refusal(), "The integration does not exists.");
    let listed = admin.get("integrations.list", "");
    let rows = json!({"integrations": [expected], "items": 1, "count": 1, "offset": 0, "total": 1,
                      "success": true});
    assert_eq!(listed.ok(), &rows);
}

#[test]
fn an_outgoing_integration_is_answered_whole() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let given = with(
        outgoing("sendMessage", "all_public_channels", "http://example.com"),
        json!({"triggerWords": ["robot", " "], "retryCount": 3, "retryDelay": "powers-of-two",
               "token": "mine", "targetRoom": "#general"}),
    );
    let answer = admin.post("integrations.create", given);
    let made = &answer.ok()["integration"];
    let at = "2024-03-15T10:20:30.123Z";
    let expected = json!({
        "_id": made["_id"], "type": "webhook-outgoing", "name": "teller", "enabled": true,
        "username": "rocket.cat", "userId": "rocket.cat", "channel": ["all_public_channels"],
        "alias": "", "avatar": "", "emoji": "", "scriptEnabled": false, "script": "", "token": "mine",
        "event": "sendMessage", "urls": ["http://example.com"], "triggerWords": ["robot"],
        "triggerWordAnywhere": false, "runOnEdits": true, "targetRoom": "#general",
        "impersonateUser": false, "retryFailedCalls": true, "retryCount": 3,
        "retryDelay": "powers-of-two",
        "_createdAt": at, "_createdBy": {"_id": admin.id(), "username": "admin"}, "_updatedAt": at,
    });
    assert_eq!(made, &expected);
    let no_place = with(outgoing("userCreated", "", "http://example.com"), json!({"channel": null}));
    let made = admin.post("integrations.create", no_place);
    assert_eq!(made.ok()["integration"]["channel"], json!([]));
    assert_eq!(made.ok()["integration"]["token"].as_str().unwrap().len(), 48);
}

#[test]
fn what_makes_no_integration_is_told() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let refused = |changes: Value| {
        let answer = admin.post("integrations.create", with(incoming("#general"), changes));
        (answer.refusal().to_owned(), answer.body()["errorType"].as_str().map(str::to_owned))
    };
    let coded = |text: &str, code: &str| (format!("{text} [{code}]"), Some(code.to_owned()));
    let start = coded("Invalid channel. Start with @ or #", "error-invalid-channel-start-with-chars");
    assert_eq!(refused(json!({"channel": "general"})), start);
    assert_eq!(refused(json!({"channel": "all_public_channels"})), start);
    assert_eq!(refused(json!({"channel": ""})), coded("Invalid Channel", "error-invalid-channel"));
    let room = coded("Invalid room", "error-invalid-room");
    assert_eq!(refused(json!({"channel": "#general,#nowhere"})), room);
    assert_eq!(refused(json!({"channel": "@nobody"})), room);
    assert_eq!(refused(json!({"username": "nobody"})), coded("Invalid user", "error-invalid-user"));
    assert_eq!(refused(json!({"avatar": "javascript:x"})).0, "Invalid href value provided");
    assert_eq!(refused(json!({"type": "pigeon"})), ("Invalid integration type.".to_owned(), None));
    let scripts = "This server runs no scripts: set \"scriptEnabled\" to false, or leave \"script\" empty";
    let script = json!({"scriptEnabled": true, "script": "class Script {}"});
    assert_eq!(refused(script), coded(scripts, "integration-scripts-disabled"));
    let out = |changes: Value| refused(with(outgoing("sendMessage", "#general", "http://a.b"), changes));
    assert_eq!(out(json!({"event": "rain"})), coded("Invalid event type", "error-invalid-event-type"));
    assert_eq!(out(json!({"urls": [" "]})), coded("Invalid URLs", "error-invalid-urls"));
    let no_web = "Invalid URLs: one must begin with https://";
    assert_eq!(out(json!({"urls": ["ftp://a.b"]})), coded(no_web, "error-invalid-urls"));
    let target = coded("Invalid Target Room", "error-invalid-targetRoom");
    assert_eq!(out(json!({"targetRoom": "#nowhere"})), target);
    let words = "retryDelay is one of powers-of-ten, powers-of-two, increments-of-two";
    assert_eq!(out(json!({"retryDelay": "soon"})), coded(words, "error-invalid-retry-delay"));
    let missing = admin.post("integrations.create", json!({"type": "webhook-incoming"}));
    let texts = ["name", "enabled", "username", "scriptEnabled"];
    let texts = texts.map(|name| format!("must have required property '{name}'")).join("\n ");
    assert_eq!(missing.refusal(), format!("{texts} [invalid-params]"));
    assert_eq!(admin.get("integrations.list", "").ok()["total"], 0);
}

#[test]
fn what_is_not_there_is_told() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let get = |query: &str| admin.get("integrations.get", query).refusal().to_owned();
    assert_eq!(get(""), "The query parameter \"integrationId\" is required.");
    assert_eq!(get("integrationId=none"), "The integration does not exists.");
    let remove = |body: Value| admin.post("integrations.remove", body).refusal().to_owned();
    let nothing = "An integrationId or target_url needs to be provided.";
    assert_eq!(remove(json!({"type": "webhook-incoming"})), nothing);
    let id = json!({"type": "webhook-incoming", "integrationId": "none"});
    assert_eq!(remove(id.clone()), "No integration found.");
    assert_eq!(remove(with(id, json!({"type": "pigeon"}))), "Invalid integration type.");
    let url = json!({"type": "webhook-outgoing", "target_url": "http://a.b"});
    assert_eq!(remove(url), "No integration found.");
    assert_eq!(admin.get("integrations.history", "").refusal(), "Invalid integration id.");
    let none = json!({"history": [], "items": 0, "count": 0, "offset": 0, "total": 0, "success": true});
    assert_eq!(admin.get("integrations.history", "id=none").ok(), &none);
}

#[test]
fn an_integration_is_removed_by_id_or_by_address() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let made = admin.post("integrations.create", incoming("#general"));
    let made = made.ok()["integration"].clone();
    let wrong = json!({"type": "webhook-outgoing", "integrationId": made["_id"]});
    assert_eq!(admin.post("integrations.remove", wrong.clone()).refusal(), "No integration found.");
    let right = with(wrong, json!({"type": "webhook-incoming"}));
    let removed = admin.post("integrations.remove", right.clone());
    assert_eq!(removed.ok(), &json!({"integration": made, "success": true}));
    assert_eq!(admin.post("integrations.remove", right).refusal(), "No integration found.");
    let given = outgoing("sendMessage", "#general", "http://a.b/c");
    let made = admin.post("integrations.create", given);
    let body = json!({"type": "webhook-outgoing", "target_url": "http://a.b/c"});
    let removed = admin.post("integrations.remove", body);
    assert_eq!(removed.ok()["integration"], made.ok()["integration"]);
    assert_eq!(admin.get("integrations.list", "").ok()["total"], 0);
}

#[test]
fn lists_are_filtered_sorted_and_cut() {
    let server = TestServer::start();
    let admin = server.as_admin();
    for name in ["b", "a", "c"] {
        admin.post("integrations.create", with(incoming("#general"), json!({"name": name}))).ok();
        server.clock.advance(1);
    }
    let out = with(outgoing("sendMessage", "#general", "http://a.b"), json!({"name": "d"}));
    admin.post("integrations.create", out).ok();
    let names = |query: &str| {
        let answer = admin.get("integrations.list", query);
        let rows = answer.ok()["integrations"].as_array().unwrap().clone();
        rows.iter().map(|row| row["name"].as_str().unwrap()).collect::<String>()
    };
    assert_eq!(names(""), "bacd");
    assert_eq!(names("sort=%7B%22name%22:-1%7D"), "dcba");
    assert_eq!(names("offset=1&count=2"), "ac");
    assert_eq!(names("type=webhook-outgoing"), "d");
    assert_eq!(names("name=a"), "a");
    let room = |query: &str| {
        let answer = admin.get("channels.getIntegrations", query);
        (answer.ok()["total"].clone(), answer.ok()["integrations"][0]["name"].clone())
    };
    assert_eq!(room("roomId=GENERAL"), (json!(4), json!("b")));
    assert_eq!(room("roomName=general&offset=3"), (json!(4), json!("d")));
}

#[test]
fn who_may_manage_nothing_is_told_so() {
    let server = TestServer::start();
    let made = server.as_admin().post("integrations.create", incoming("#general"));
    let id = made.ok()["integration"]["_id"].as_str().unwrap().to_owned();
    let bob = server.as_user("bob");
    let create = bob.post("integrations.create", incoming("#general"));
    assert_eq!(create.refusal(), "Unauthorized [not_authorized]");
    let forbidden = json!({
        "success": false,
        "error": "User does not have the permissions required for this action [error-unauthorized]",
    });
    let query = format!("integrationId={id}");
    let remove = json!({"type": "webhook-incoming", "integrationId": id});
    let put = [("content-type", "application/json")];
    let update = json!({"type": "webhook-incoming", "integrationId": id, "name": "x"}).to_string();
    for answer in [
        bob.get("integrations.list", ""),
        bob.get("integrations.get", &query),
        bob.get("integrations.history", &format!("id={id}")),
        bob.post("integrations.remove", remove),
        bob.raw("PUT", "/api/v1/integrations.update", &put, update),
    ] {
        assert_eq!(said(&answer), (403, &forbidden));
    }
    let plain = json!({"success": false, "error": "unauthorized"});
    assert_eq!(said(&bob.get("channels.getIntegrations", "roomId=GENERAL")), (403, &plain));
    assert_eq!(server.anonymous().get("integrations.list", "").status(), 401);
}

#[test]
fn who_manages_their_own_sees_and_does_no_more() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let secret = server.room(RoomKind::Group, "secret", &["admin"]);
    admin.post("integrations.create", incoming("#general")).ok();
    grant(&server, "manage-own-incoming-integrations", &["user"]);
    let bob = server.as_user("bob");
    let as_self = with(incoming("#general"), json!({"username": "bob", "name": "own"}));
    bob.post("integrations.create", as_self.clone()).ok();
    bob.post("integrations.create", with(as_self.clone(), json!({"username": "rocket.cat"}))).ok();
    let refused =
        |changes: Value| bob.post("integrations.create", with(as_self.clone(), changes)).refusal().to_owned();
    assert_eq!(refused(json!({"username": "admin"})), "Invalid user [error-invalid-user]");
    assert_eq!(refused(json!({"channel": "#secret"})), "Invalid Channel [error-invalid-channel]");
    let out = outgoing("sendMessage", "#general", "http://a.b");
    assert_eq!(bob.post("integrations.create", out).refusal(), "Unauthorized [not_authorized]");
    assert_eq!(bob.get("integrations.list", "").ok()["total"], 2);
    assert_eq!(bob.get("channels.getIntegrations", "roomId=GENERAL").ok()["total"], 2);
    assert_eq!(admin.get("channels.getIntegrations", "roomId=GENERAL").ok()["total"], 3);
    admin.post("integrations.create", incoming("#secret")).ok();
    let in_group = |query: &str| {
        let query = format!("roomId={}{query}", secret.as_str());
        admin.get("groups.getIntegrations", &query).ok()["total"].clone()
    };
    assert_eq!(in_group(""), 1);
    let wide = outgoing("sendMessage", "all_private_groups", "http://a.b");
    admin.post("integrations.create", wide).ok();
    assert_eq!(in_group(""), 2);
    assert_eq!(in_group("&includeAllPrivateGroups=false"), 1);
    let wide = outgoing("sendMessage", "all_public_channels", "http://a.b");
    admin.post("integrations.create", wide).ok();
    let all = |query: &str| admin.get("channels.getIntegrations", query).ok()["total"].clone();
    assert_eq!(all("roomId=GENERAL"), 4);
    assert_eq!(all("roomId=GENERAL&includeAllPublicChannels=false"), 3);
}
