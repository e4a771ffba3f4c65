//! `/hooks/…`: other programs post into rooms.

use roomscribe::domain::{RoomId, RoomKind};
use serde_json::{Value, json};

use crate::integrations::{incoming, outgoing, with};
use crate::integrations_edits::update;
use crate::support::{Answer, TestServer};

/// An incoming integration: its id and the path of its posts.
fn made(server: &TestServer, given: Value) -> (String, String) {
    let answer = server.as_admin().post("integrations.create", given);
    let integration = &answer.ok()["integration"];
    let text = |key: &str| integration[key].as_str().expect("a text").to_owned();
    (text("_id"), format!("/hooks/{}/{}", text("_id"), text("token")))
}

fn post(server: &TestServer, path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    server.anonymous().raw("POST", path, &headers, body.to_string())
}

fn messages(server: &TestServer, room: &str) -> Vec<Value> {
    let answer = server.as_admin().get("channels.messages", &format!("roomId={room}"));
    let rows = answer.ok()["messages"].as_array().expect("rows").clone();
    rows.into_iter().filter(|row| row["t"].is_null()).collect()
}

fn said(answer: &Answer) -> (u16, &Value) {
    (answer.status(), answer.body())
}

fn done() -> Value {
    json!({"success": true})
}

#[test]
fn a_post_becomes_a_message_of_the_integrations_user() {
    let server = TestServer::start();
    let given = with(incoming("#general"), json!({"alias": "R2", "emoji": ":robot:"}));
    let (id, path) = made(&server, given);
    let answer = post(&server, &path, &json!({"text": "hello"}));
    assert_eq!(said(&answer), (200, &done()));
    assert_eq!(answer.header("content-type"), "application/json");
    let message = messages(&server, "GENERAL").remove(0);
    assert_eq!((&message["msg"], &message["u"]["username"]), (&json!("hello"), &json!("rocket.cat")));
    assert_eq!((&message["alias"], &message["emoji"]), (&json!("R2"), &json!(":robot:")));
    assert_eq!((&message["bot"], &message["groupable"]), (&json!({"i": id}), &json!(false)));
    server.clock.advance(1);
    let own = json!({"text": "x", "username": "BB8", "icon_url": "https://example.org/bb8.png",
                     "attachments": [{"title": "card", "msg": "inside"}]});
    assert_eq!(post(&server, &path, &own).status(), 200);
    let message = messages(&server, "GENERAL").remove(0);
    assert_eq!((&message["alias"], &message["emoji"]), (&json!("BB8"), &Value::Null));
    assert_eq!(message["avatar"], "https://example.org/bb8.png");
    assert_eq!(message["attachments"], json!([{"title": "card", "text": "inside"}]));
}

#[test]
fn a_post_may_be_a_form_or_a_query_and_have_the_old_path() {
    let server = TestServer::start();
    let (id, path) = made(&server, incoming("#general"));
    let token = path.rsplit('/').next().unwrap();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let nobody = server.anonymous();
    let payload = "payload=%7B%22text%22%3A%22from+a+form%22%7D";
    assert_eq!(said(&nobody.raw("POST", &path, &form, payload)), (200, &done()));
    assert_eq!(said(&nobody.raw("POST", &path, &form, "text=plain+form")), (200, &done()));
    assert_eq!(said(&nobody.raw("GET", &format!("{path}?text=asked"), &[], "")), (200, &done()));
    let old = format!("/hooks/{id}/somebody/{token}");
    assert_eq!(said(&post(&server, &old, &json!({"text": "old"}))), (200, &done()));
    let mut texts: Vec<Value> = messages(&server, "GENERAL").iter().map(|row| row["msg"].clone()).collect();
    texts.sort_by_key(ToString::to_string);
    assert_eq!(texts, [json!("asked"), json!("from a form"), json!("old"), json!("plain form")]);
}

#[test]
fn what_says_nothing_posts_nothing() {
    let server = TestServer::start();
    let (_, path) = made(&server, incoming("#general"));
    for body in ["", "{}", "{\"text\":\"\"}", "{\"text\":null,\"attachments\":[]}"] {
        let answer = server.anonymous().raw("POST", &path, &[("content-type", "application/json")], body);
        assert_eq!(said(&answer), (200, &done()), "{body}");
    }
    let unknown = post(&server, &path, &json!({"message": "hello"}));
    let complaint = "There is nothing to post: write `text` or `attachments`";
    assert_eq!(said(&unknown), (400, &json!({"success": false, "error": complaint})));
    assert_eq!(server.anonymous().raw("GET", &path, &[], "").status(), 200);
    assert_eq!(server.anonymous().raw("HEAD", &format!("{path}?text=x"), &[], "").status(), 200);
    assert!(messages(&server, "GENERAL").is_empty());
}

#[test]
fn who_does_not_know_the_token_is_refused() {
    let server = TestServer::start();
    let (id, path) = made(&server, incoming("#general"));
    let unknown = json!({"success": false, "error": "Invalid integration id or token provided."});
    for wrong in [format!("{path}x"), format!("/hooks/{id}/{id}"), path.replace("/hooks/", "/hooks/x")] {
        assert_eq!(said(&post(&server, &wrong, &json!({"text": "x"}))), (404, &unknown), "{wrong}");
    }
    let out = json!({"type": "webhook-outgoing", "name": "o", "enabled": true, "username": "admin",
                     "scriptEnabled": false, "event": "userCreated", "urls": ["http://a.b"]});
    let (_, way_out) = made(&server, out);
    assert_eq!(said(&post(&server, &way_out, &json!({"text": "x"}))), (404, &unknown));
    let body = json!({"type": "webhook-incoming", "integrationId": id, "enabled": false});
    update(&server.as_admin(), &body).ok();
    let answer = post(&server, &path, &json!({"text": "x"}));
    assert_eq!((answer.status(), answer.text()), (503, "Service Unavailable"));
    assert!(messages(&server, "GENERAL").is_empty());
}

#[test]
fn a_post_goes_elsewhere_only_if_it_may() {
    let server = TestServer::start();
    let other = server.room(RoomKind::Channel, "other", &["admin"]);
    let (id, path) = made(&server, incoming("#general"));
    let elsewhere = json!({"text": "x", "channel": "#other"});
    let text = "overriding destination channel is disabled for this integration";
    assert_eq!(post(&server, &path, &elsewhere).body(), &json!({"success": false, "error": text}));
    let by_id = json!({"text": "x", "roomId": other.as_str()});
    assert_eq!(post(&server, &path, &by_id).refusal(), text);
    let body = json!({"type": "webhook-incoming", "integrationId": id,
                      "overrideDestinationChannelEnabled": true});
    update(&server.as_admin(), &body).ok();
    assert_eq!(post(&server, &path, &elsewhere).status(), 200);
    assert_eq!(messages(&server, other.as_str()).len(), 1);
    assert!(messages(&server, "GENERAL").is_empty());
    let nowhere = post(&server, &path, &json!({"text": "x", "channel": "#nowhere"}));
    assert_eq!(nowhere.refusal(), "[invalid-channel]");
    let bob = server.as_user("bob");
    assert_eq!(post(&server, &path, &json!({"text": "psst", "channel": "@bob"})).status(), 200);
    let direct = bob.get("im.list", "");
    assert_eq!(direct.ok()["ims"][0]["lastMessage"]["msg"], "psst");
}

#[test]
fn a_post_can_do_no_more_than_the_integrations_user() {
    let server = TestServer::start();
    let secret = server.room(RoomKind::Group, "secret", &["admin"]);
    let (_, path) = made(&server, incoming("#secret"));
    assert_eq!(post(&server, &path, &json!({"text": "x"})).refusal(), "error-not-allowed");
    server.as_admin().post("groups.invite", json!({"roomId": secret.as_str(), "userId": "rocket.cat"})).ok();
    assert_eq!(post(&server, &path, &json!({"text": "x"})).status(), 200);
    server.as_admin().post("groups.archive", json!({"roomId": secret.as_str()})).ok();
    assert!(post(&server, &path, &json!({"text": "x"})).refusal().contains("[error-room-archived]"));
}

#[test]
fn a_user_who_is_gone_posts_nothing() {
    let server = TestServer::start();
    server.user("bob");
    let (_, path) = made(&server, with(incoming("#general"), json!({"username": "bob"})));
    let mut bob = server.user("bob");
    bob.active = false;
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&bob)).unwrap();
    let answer = post(&server, &path, &json!({"text": "x"}));
    assert_eq!(answer.refusal(), "Invalid user [error-invalid-user]");
    assert!(server.app.store.room(&RoomId::new("GENERAL")).unwrap().is_some());
}

#[test]
fn hostile_posts_are_refused() {
    let server = TestServer::start();
    let (_, path) = made(&server, incoming("#general"));
    let nobody = server.anonymous();
    let json = [("content-type", "application/json")];
    for bad in ["[1]", "{", "\"x\"", "{\"payload\":\"[]\"}"] {
        assert_eq!(nobody.raw("POST", &path, &json, bad).status(), 400, "{bad}");
    }
    let large = format!("{{\"text\":\"{}\"}}", "x".repeat(1024 * 1024));
    assert_eq!(nobody.raw("POST", &path, &json, large).status(), 413);
    let script = json!({"text": "x", "icon_url": "javascript:alert(1)"});
    assert_eq!(post(&server, &path, &script).refusal(), "Invalid href value provided");
    assert_eq!(nobody.raw("DELETE", &path, &[], "").status(), 404);
    assert!(messages(&server, "GENERAL").is_empty());
}

#[test]
fn an_integration_takes_only_so_many_posts_a_minute() {
    let server = TestServer::start_with(|config| config.integrations.posts_per_minute = 2);
    let (_, one) = made(&server, incoming("#general"));
    let (_, other) = made(&server, incoming("#general"));
    let status = |path: &str| post(&server, path, &json!({"text": "x"})).status();
    assert_eq!([status(&one), status(&one), status(&one), status(&other)], [200, 200, 429, 200]);
    server.clock.advance(60_000);
    assert_eq!(status(&one), 200);
}

#[test]
fn services_subscribe_by_themselves() {
    let server = TestServer::start();
    let (_, path) = made(&server, with(incoming("#general"), json!({"username": "admin"})));
    let at = |act: &str| path.replace("/hooks/", &format!("/hooks/{act}/"));
    let sample = server.anonymous().raw("GET", &at("sample"), &[], "");
    assert_eq!(sample.body().as_array().map(Vec::len), Some(3));
    assert_eq!(sample.body()[0]["user_name"], "admin");
    let body = json!({"event": "newMessageOnChannel", "name": "zap", "target_url": "https://a.b/c",
                      "data": {"channel_name": "general", "trigger_words": ["zap"]}});
    assert_eq!(said(&post(&server, &at("add"), &body)), (200, &done()));
    let admin = server.as_admin();
    let list = || admin.get("integrations.list", "type=webhook-outgoing").ok()["integrations"].clone();
    let made = &list()[0];
    assert_eq!((&made["urls"], &made["channel"]), (&json!(["https://a.b/c"]), &json!(["#general"])));
    assert_eq!((&made["name"], &made["triggerWords"]), (&json!("zap"), &json!(["zap"])));
    let gone = json!({"target_url": "https://a.b/c"});
    assert_eq!(said(&post(&server, &at("remove"), &gone)), (200, &done()));
    assert_eq!(list(), json!([]));
    assert_eq!(post(&server, &at("remove"), &gone).refusal(), "integration-not-found");
    let (_, weak) = self::made(&server, incoming("#general"));
    let refused = post(&server, &weak.replace("/hooks/", "/hooks/add/"), &body);
    assert_eq!(refused.refusal(), "Unauthorized [not_authorized]");
}

#[test]
fn a_service_subscribes_only_to_where_it_posts() {
    let server = TestServer::start();
    let admin = server.as_admin();
    for name in ["bob", "ann"] {
        server.user(name);
    }
    let secret = server.room(RoomKind::Group, "secret", &["admin"]);
    let given = with(incoming("#general,@bob"), json!({"username": "admin"}));
    let (_, path) = made(&server, given);
    let at = |act: &str| path.replace("/hooks/", &format!("/hooks/{act}/"));
    let url = "https://a.b/c";
    let wish = |event: &str, key: &str, name: &str| {
        let body = json!({"event": event, "target_url": url, "data": {key: name}});
        post(&server, &at("add"), &body)
    };
    let listening = || {
        let answer = admin.get("integrations.list", "type=webhook-outgoing");
        answer.ok()["integrations"].as_array().expect("rows").clone()
    };
    let refused = "Subscribe to one of the rooms that this integration posts to [error-invalid-channel]";
    for name in ["bob,all_private_groups,all_direct_messages", "bob,ann", "ann", "admin", "", "bob,"] {
        assert_eq!(wish("newMessageToUser", "username", name).refusal(), refused, "{name}");
    }
    for name in ["secret", secret.as_str(), "general,secret", "general,all_private_groups", "nowhere", ""] {
        assert_eq!(wish("newMessageOnChannel", "channel_name", name).refusal(), refused, "{name}");
    }
    assert_eq!(wish("newMessageOnChannel", "other", "general").refusal(), refused);
    assert!(listening().is_empty());

    assert_eq!(said(&wish("newMessageToUser", "username", "bob")), (200, &done()));
    let direct = server.as_user("bob").get("im.list", "").ok()["ims"][0]["_id"].clone();
    let direct = direct.as_str().expect("a conversation with the integration's user");
    assert_eq!(listening()[0]["channel"], json!([format!("#{direct}")]), "no other conversation of bob");
}

#[test]
fn a_service_removes_only_what_it_could_have_made() {
    let server = TestServer::start();
    let (_, path) = made(&server, with(incoming("#general"), json!({"username": "admin"})));
    let url = "https://a.b/c";
    let wide = outgoing("sendMessage", "all_private_groups", url);
    made(&server, wide);
    let gone = post(&server, &path.replace("/hooks/", "/hooks/remove/"), &json!({"target_url": url}));
    assert_eq!(gone.refusal(), "integration-not-found");
    let left = server.as_admin().get("integrations.list", "type=webhook-outgoing");
    assert_eq!(left.ok()["total"], 1);
}

#[test]
fn a_thread_draws_no_post_into_another_room() {
    let server = TestServer::start();
    let other = server.room(RoomKind::Channel, "other", &["admin"]);
    let say = |room: &str, id: &str| {
        let message = json!({"rid": room, "_id": id, "msg": "parent"});
        server.as_admin().post("chat.sendMessage", json!({"message": message})).ok();
    };
    say(other.as_str(), "there");
    say("GENERAL", "here");
    let (_, path) = made(&server, incoming("#general"));
    let reply = |path: &str, thread: &str| post(&server, path, &json!({"text": "x", "tmid": thread}));
    let refused = reply(&path, "there");
    assert!(refused.refusal().ends_with("[error-invalid-thread]"), "{}", refused.refusal());
    assert_eq!(messages(&server, other.as_str()).len(), 1);
    assert_eq!(messages(&server, "GENERAL").len(), 1);
    assert_eq!(reply(&path, "here").status(), 200);
    let replies = |thread: &str| {
        let answer = server.as_admin().get("chat.getThreadMessages", &format!("tmid={thread}"));
        answer.ok()["total"].clone()
    };
    assert_eq!((replies("here"), replies("there")), (json!(1), json!(0)));
    let (_, both) = made(&server, incoming("#general,#other"));
    assert_eq!(reply(&both, "there").status(), 200);
    assert_eq!((replies("here"), replies("there")), (json!(1), json!(1)), "said once, in its thread");
}
