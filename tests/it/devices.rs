//! Devices that want to be told of messages.

use serde_json::json;

use crate::support::TestServer;

#[test]
fn a_device_is_remembered_until_it_is_forgotten() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let device = json!({"type": "gcm", "value": "address", "appName": "chat"});
    let answer = bob.post("push.token", device.clone());
    let result = &answer.ok()["result"];
    let expected = json!({
        "_id": result["_id"], "token": {"gcm": "address"}, "appName": "chat", "userId": bob.id(),
        "enabled": true, "createdAt": "2024-03-15T10:20:30.123Z", "_updatedAt": "2024-03-15T10:20:30.123Z",
    });
    assert_eq!(result, &expected);
    let again = bob.post("push.token", device);
    assert_eq!(again.ok()["result"]["_id"], result["_id"], "the same device");
    let headers = [("content-type", "application/json")];
    let stranger = server.as_user("al");
    let delete = |caller: &crate::support::Caller<'_>, body: &str| {
        caller.raw("DELETE", "/api/v1/push.token", &headers, body)
    };
    let unknown = delete(&stranger, r#"{"token": "address"}"#);
    let expected = json!({"success": false, "error": "Resource not found"});
    assert_eq!((unknown.status(), unknown.body()), (404, &expected));
    assert_eq!(delete(&bob, r#"{"token": "address"}"#).ok(), &json!({"success": true}));
    assert_eq!(delete(&bob, r#"{"token": "address"}"#).status(), 404);
    bob.post("push.token", json!({"type": "apn", "value": "b", "appName": "chat"})).ok();
    assert_eq!(bob.raw("DELETE", "/api/v1/push.token?token=b", &[], "").status(), 200);
}

#[test]
fn what_is_no_device_is_refused() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let text = |key: &str, code: &str| {
        format!("The required \"{key}\" body param is missing or invalid. [error-{code}-param-not-valid]")
    };
    let answer = |body| bob.post("push.token", body).refusal().to_owned();
    assert_eq!(answer(json!({})), text("type", "type"));
    assert_eq!(answer(json!({"type": "fax", "value": "v", "appName": "a"})), text("type", "type"));
    assert_eq!(answer(json!({"type": "apn", "value": 5, "appName": "a"})), text("value", "token"));
    assert_eq!(answer(json!({"type": "apn", "value": "v"})), text("appName", "appName"));
    assert_eq!(bob.raw("DELETE", "/api/v1/push.token", &[], "").refusal(), text("token", "token"));
    assert_eq!(server.anonymous().post("push.token", json!({})).status(), 401);
}

#[test]
fn a_user_has_no_more_than_fifty() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    for number in 0..51 {
        server.clock.advance(1);
        bob.post("push.token", json!({"type": "apn", "value": format!("v{number}"), "appName": "a"})).ok();
    }
    let user = server.user("bob");
    let known = server.app.store.push_tokens_of(&user.id).unwrap();
    assert_eq!(known.len(), 50);
    assert!(known.iter().all(|token| token.value != "v0"), "the oldest made room");
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.delete_user(&user)).unwrap();
    assert!(server.app.store.push_tokens_of(&user.id).unwrap().is_empty(), "devices go with their owner");
}

#[test]
fn nothing_is_pushed_through_a_gateway() {
    let server = TestServer::start();
    let expected = json!({"pushGatewayEnabled": false, "defaultPushGateway": false, "success": true});
    assert_eq!(server.as_user("bob").get("push.info", "").ok(), &expected);
}
