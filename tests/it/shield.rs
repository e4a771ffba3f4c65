//! The small picture for other sites.

use serde_json::json;

use crate::support::{Answer, TestServer};

fn shield(server: &TestServer, query: &str) -> Answer {
    server.anonymous().raw("GET", &format!("/api/v1/shield.svg?{query}"), &[], "")
}

fn refusal(server: &TestServer, query: &str) -> String {
    shield(server, query).refusal().to_owned()
}

#[test]
fn a_shield_is_a_picture_that_says_what_it_is_asked_for() {
    let server = TestServer::start();
    let plain = shield(&server, "name=roomscribe&channel=general");
    assert_eq!(plain.status(), 200);
    assert_eq!(plain.header("content-type"), "image/svg+xml;charset=utf-8");
    assert!(plain.text().starts_with("<svg ") && plain.text().contains(">JOIN CHAT<"), "{}", plain.text());
    assert!(shield(&server, "type=channel&name=x&channel=general").text().contains(">#general<"));
    assert!(shield(&server, "type=online&name=x&channel=x").text().contains(">1 Online<"), "the cat");
    server.user("bob");
    assert!(shield(&server, "type=user&username=bob&name=x&channel=x").text().contains(">@bob<"));
    let hostile = shield(&server, "type=channel&name=%3Cscript%3E&channel=%22%3E%3Cscript%3E");
    assert!(!hostile.text().contains("<script>"), "{}", hostile.text());
    let nameless = shield(&server, "name=&channel=x&icon=true");
    assert_eq!(nameless.status(), 200);
}

#[test]
fn shields_can_be_refused() {
    let server = TestServer::start();
    let admin = server.as_admin();
    assert_eq!(refusal(&server, "icon=false&name=+&channel=x"), "Name cannot be empty when icon is hidden");
    let text = "must have required property 'name'\n must have required property 'channel' [invalid-params]";
    assert_eq!(refusal(&server, ""), text);
    let text = "The required \"userId\" or \"username\" param provided does not match any users [error-invalid-user]";
    assert_eq!(refusal(&server, "type=user&username=nobody&name=x&channel=x"), text);
    admin.post("settings/API_Shield_user_require_auth", json!({"value": true})).ok();
    let person = "type=user&username=admin&name=x&channel=x";
    assert_eq!(refusal(&server, person), "You must be logged in to do this.");
    assert_eq!(admin.raw("GET", &format!("/api/v1/shield.svg?{person}"), &[], "").status(), 200);
    admin.post("settings/API_Shield_Types", json!({"value": "channel, online"})).ok();
    let text = "This shield type is disabled [error-shield-disabled]";
    assert_eq!(refusal(&server, person), text);
    assert_eq!(shield(&server, "type=online&name=x&channel=x").status(), 200);
    admin.post("settings/API_Enable_Shields", json!({"value": false})).ok();
    let off = shield(&server, "type=online&name=x&channel=x");
    let expected = json!({
        "success": false,
        "error": "This endpoint is disabled [error-endpoint-disabled]",
        "errorType": "error-endpoint-disabled",
        "details": {"route": "/api/v1/shield.svg"},
    });
    assert_eq!((off.status(), off.body()), (400, &expected));
}

#[test]
fn sixty_shields_a_minute_are_enough() {
    let server = TestServer::start();
    let first = shield(&server, "name=x&channel=x");
    assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")), ("60", "59"));
    for _ in 1..60 {
        assert_eq!(shield(&server, "name=x&channel=x").status(), 200);
    }
    assert_eq!(shield(&server, "name=x&channel=x").status(), 429);
}
