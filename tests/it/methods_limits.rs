//! How often methods may be called.

use serde_json::{Value, json};

use crate::methods::{call, inner, message, refusal, result};
use crate::password_mails::{set, take_mails};
use crate::support::TestServer;

#[test]
fn a_user_calls_a_method_so_often_and_then_waits() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    for _ in 0..20 {
        result(&bob, "getUserRoles", json!([]));
    }
    server.clock.advance(1500);
    let refused = call(&bob, "getUserRoles", json!([]));
    let text = "Error, too many requests. Please slow down. You must wait 9 seconds before trying again.";
    let expected = json!({
        "isClientSafe": true,
        "error": "too-many-requests",
        "reason": text,
        "details": {"timeToReset": 8500},
        "message": format!("{text} [too-many-requests]"),
        "errorType": "Meteor.Error",
    });
    assert_eq!(refused["error"], expected);
    result(&bob, "permissions/get", json!([]));
    result(&al, "getUserRoles", json!([]));
    server.clock.advance(8500);
    result(&bob, "getUserRoles", json!([]));
}

#[test]
fn the_settings_say_how_often_and_whether_at_all() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let too_many = |method: &str| refusal(&bob, method, json!([])).ends_with("[too-many-requests]");
    set(&server, "DDP_Rate_Limit_User_By_Method_Requests_Allowed", 2.into());
    assert_eq!([(); 3].map(|()| too_many("getUserRoles")), [false, false, true]);
    set(&server, "DDP_Rate_Limit_User_By_Method_Enabled", false.into());
    assert!(!too_many("getUserRoles"));
    set(&server, "DDP_Rate_Limit_User_Requests_Allowed", 4.into());
    assert!(too_many("permissions/get"), "all methods together");
    set(&server, "DDP_Rate_Limit_User_Enabled", false.into());
    assert!(!too_many("permissions/get"));
    set(&server, "DDP_Rate_Limit_IP_Requests_Allowed", 1.into());
    assert!(too_many("permissions/get"));
    assert!(refusal(&server.as_user("al"), "permissions/get", json!([])).ends_with("[too-many-requests]"));
    set(&server, "DDP_Rate_Limit_IP_Enabled", false.into());
    assert!(!too_many("permissions/get"));
}

/// Parameters of the call of that number.

#[test]
fn some_methods_have_limits_of_their_own() {
    let server = TestServer::start();
    server.user("al");
    let room = server.room(roomscribe::domain::RoomKind::Channel, "talk", &["bob"]);
    let (bob, admin) = (server.as_user("bob"), server.as_admin());
    let send = json!([{"rid": room.as_str(), "msg": "x"}]);
    for (method, params, most) in [
        ("sendMessage", send.clone(), 5),
        ("createDirectMessage", json!(["al"]), 10),
        ("getRoomById", json!([room.as_str()]), 10),
        ("followMessage", json!([{"mid": "nope"}]), 5),
        ("setUserStatus", json!(["online", ""]), 1),
    ] {
        let too_many = |_| refusal(&bob, method, params.clone()).ends_with("[too-many-requests]");
        assert_eq!((0..=most).position(too_many), Some(most), "{method}");
    }
    for _ in 0..6 {
        result(&admin, "sendMessage", send.clone());
    }
}

#[test]
fn an_endpoint_behind_a_method_has_its_own_limit() {
    let server = TestServer::start();
    let (bob, admin) = (server.as_user("bob"), server.as_admin());
    set(&server, "API_Enable_Rate_Limiter_Limit_Calls_Default", 2.into());
    bob.get("users.getAvatarSuggestion", "").ok();
    result(&bob, "getAvatarSuggestion", json!([]));
    server.clock.advance(500);
    let refused = call(&bob, "getAvatarSuggestion", json!([]))["error"].clone();
    assert_eq!(refused["error"], "too-many-requests");
    assert_eq!(refused["details"], json!({"timeToReset": 60_000}));
    assert_eq!(bob.get("users.getAvatarSuggestion", "").status(), 429, "they count together");
    for _ in 0..4 {
        result(&admin, "getAvatarSuggestion", json!([]));
    }
    server.clock.advance(59_500);
    result(&bob, "getAvatarSuggestion", json!([]));
}

#[test]
fn strangers_call_methods_no_more_often_than_endpoints() {
    let server = TestServer::start();
    server.user("bob");
    let (bob, anonymous) = (json!([{"user": {"username": "bob"}, "password": "wrong"}]), server.anonymous());
    let call = |method: &str, params: &Value| anonymous.post("method.callAnon/x", message(method, params));
    let mails = json!(["bob@example.org"]);
    set(&server, "API_Enable_Rate_Limiter_Limit_Calls_Default", 2.into());
    anonymous.post("login", json!({"user": "bob", "password": "wrong"}));
    anonymous.post("login", json!({"user": "bob", "password": "wrong"}));
    assert_eq!(inner(&call("login", &bob))["error"]["error"], "too-many-requests");
    assert_eq!(inner(&call("sendForgotPasswordEmail", &mails))["result"], true);
    let refused = call("sendForgotPasswordEmail", &mails);
    assert_eq!(refused.status(), 429, "the way to all methods has a limit, too: {}", refused.text());
    assert_eq!(take_mails(&server).len(), 1);
}
