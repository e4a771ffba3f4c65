//! Logging in and out, sessions, personal access tokens, and how often one may call.

use roomscribe::domain::LoginToken;
use roomscribe::domain::time::DAY;
use roomscribe::service::sessions;
use serde_json::{Value, json};

use crate::support::{Answer, NOW, TestServer};

/// The SHA-256 of `secret`.
const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

/// What `login` answers.
pub(crate) fn log_in(server: &TestServer, body: Value) -> Answer {
    server.anonymous().post("login", body)
}

fn refusal(error: impl Into<Value>, message: &str) -> Value {
    json!({"status": "error", "error": error.into(), "message": message})
}

#[test]
fn every_way_to_write_credentials_opens_a_session() {
    let server = TestServer::start();
    let bob = server.user("bob");
    let password = "bob-password";
    let bodies = [
        json!({"user": "bob", "password": password}),
        json!({"user": "BOB", "password": password}),
        json!({"user": "Bob@Example.org", "password": password}),
        json!({"username": "bob", "password": password, "code": ""}),
        json!({"email": "bob@example.org", "password": password}),
        json!({"user": {"username": "bob"}, "password": password}),
        json!({"user": {"email": "bob@example.org"}, "password": password, "more": 1}),
        json!({"user": {"id": bob.id.as_str()}, "password": password}),
    ];
    for body in bodies {
        let answer = log_in(&server, body.clone());
        let data = &answer.ok()["data"];
        assert_eq!(data["userId"], bob.id.as_str(), "{body}");
        assert_eq!(data["authToken"].as_str().unwrap().len(), 43);
        let resumed = log_in(&server, json!({"resume": data["authToken"]}));
        assert_eq!(resumed.ok()["data"]["authToken"], data["authToken"], "the same token");
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = server.anonymous().raw("POST", "/api/v1/login", &form, "user=bob&password=bob-password");
    assert_eq!(answer.ok()["status"], "success");
}

#[test]
fn the_digest_of_a_password_is_as_good_as_the_password() {
    let server = TestServer::start();
    let wanted = json!({"username": "eve", "name": "Eve", "email": "eve@x", "password": "secret"});
    server.as_admin().post("users.create", wanted).ok();
    for digest in [SECRET.to_owned(), SECRET.to_uppercase()] {
        let password = json!({"digest": digest, "algorithm": "sha-256"});
        log_in(&server, json!({"user": "eve", "password": password})).ok();
    }
    let password = json!({"digest": SECRET.replace('2', "3"), "algorithm": "sha-256"});
    assert_eq!(log_in(&server, json!({"user": "eve", "password": password})).status(), 401);
}

#[test]
fn a_token_is_recognised_by_the_hash_that_other_servers_keep() {
    let server = TestServer::start();
    let bob = server.user("bob");
    let token = "RScctEHSmLGZGywfIhWyRpyofhKOiMoUIpimhvheU3f";
    let record = LoginToken { user: bob.id.clone(), created: server.app.now(), personal: None };
    let hash = sessions::hash(token);
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_token(hash, &record)).unwrap();
    assert_eq!(log_in(&server, json!({"resume": token})).ok()["data"]["userId"], bob.id.as_str());
}

#[test]
fn whoever_logs_in_learns_who_they_are() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let me = bob.get("me", "");
    let mut expected = json!({
        "_id": bob.id(),
        "username": "bob",
        "name": "Bob",
        "email": "bob@example.org",
        "emails": [{"address": "bob@example.org", "verified": true}],
        "status": "offline",
        "active": true,
        "roles": ["user"],
        "_updatedAt": "2024-03-15T10:20:30.123Z",
        "services": {"password": {"exists": true}},
        "settings": {"profile": {}, "preferences": me.body()["settings"]["preferences"]},
        "avatarUrl": "http://chat.example/avatar/bob",
        "success": true,
    });
    assert_eq!(me.ok(), &expected);
    assert_eq!(expected["settings"]["preferences"].as_object().unwrap().len(), 35);
    assert_eq!(expected["settings"]["preferences"]["sidebarSortby"], "activity");
    let login = log_in(&server, json!({"user": "bob", "password": "bob-password"}));
    expected.as_object_mut().unwrap().shift_remove("success");
    assert_eq!(login.ok()["data"]["me"], expected);
    assert!(!login.text().contains("argon2"), "no hash leaves the server");
    assert_eq!(server.user("bob").last_login.unwrap().millis(), NOW);
}

#[test]
fn an_unknown_name_is_answered_like_a_wrong_password() {
    let server = TestServer::start();
    server.user("bob");
    let expected = refusal(403, "Incorrect password");
    for body in [
        json!({"user": "bob", "password": "wrong"}),
        json!({"user": "nobody", "password": "wrong"}),
        json!({"user": "nobody@example.org", "password": "wrong"}),
        json!({"user": {"id": "nobody"}, "password": "wrong"}),
    ] {
        let answer = log_in(&server, body);
        assert_eq!((answer.status(), answer.body()), (401, &expected));
    }
}

#[test]
fn refused_logins_say_why() {
    let server = TestServer::start();
    server.user("bob");
    let gone = "You've been logged out by the server. Please log in again.";
    let cases = [
        (json!({"resume": "nothing"}), refusal(403, gone)),
        (json!({"resume": 7}), refusal(400, "Match failed")),
        (json!({"user": "bob", "password": 7}), refusal(400, "Match failed")),
        (json!({"user": "bob", "password": "x", "extra": 1}), refusal(400, "Match failed")),
        (json!({"user": {"username": {"$ne": ""}}, "password": "x"}), refusal(400, "Match failed")),
        (json!({"password": "x"}), refusal(400, "Match failed")),
        (json!({"user": "bob"}), refusal(400, "Unrecognized options for login request")),
        (json!({}), refusal(400, "Unrecognized options for login request")),
        (json!({"user": "rocket.cat", "password": "x"}), refusal(403, "User has no password set")),
    ];
    for (body, expected) in cases {
        let answer = log_in(&server, body);
        assert_eq!((answer.status(), answer.body()), (401, &expected));
    }
    let admin = server.as_admin();
    let deactivate = json!({"userId": server.user("bob").id.as_str(), "activeStatus": false});
    admin.post("users.setActiveStatus", deactivate).ok();
    let answer = log_in(&server, json!({"user": "bob", "password": "bob-password"}));
    assert_eq!(answer.body(), &refusal("error-user-is-not-activated", "User is not activated"));
    let answer = log_in(&server, json!({"user": "bob", "password": "wrong"}));
    assert_eq!(answer.body(), &refusal(403, "Incorrect password"), "strangers are not told");
}

#[test]
fn with_verification_on_only_verified_addresses_log_in() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let wanted = json!({"username": "eve", "name": "Eve", "email": "eve@x", "password": "secret"});
    let eve = admin.post("users.create", wanted).ok()["user"]["_id"].clone();
    admin.post("settings/Accounts_EmailVerification", json!({"value": true})).ok();
    let credentials = json!({"user": "eve", "password": "secret"});
    let answer = log_in(&server, credentials.clone());
    assert_eq!(answer.body(), &refusal("error-invalid-email", "Invalid email __email__"));
    admin.post("users.update", json!({"userId": eve, "data": {"verified": true}})).ok();
    log_in(&server, credentials).ok();
}

#[test]
fn logging_out_takes_the_shown_token_back_and_no_other() {
    let server = TestServer::start();
    let goodbye = json!({"status": "success", "data": {"message": "You've been logged out!"}});
    let stays = server.as_user("bob");
    let (first, second) = (server.as_user("bob"), server.as_user("bob"));
    assert_eq!(first.post("logout", json!({})).ok(), &goodbye);
    assert_eq!(second.get("logout", "").ok(), &goodbye);
    let nobody = json!({"status": "error", "message": "You must be logged in to do this."});
    for gone in [first, second, server.anonymous()] {
        let answer = gone.get("me", "");
        assert_eq!((answer.status(), answer.body()), (401, &nobody));
        assert_eq!(gone.post("logout", json!({})).status(), 401);
    }
    stays.get("me", "").ok();
}

#[test]
fn a_session_ends_after_the_days_of_the_settings() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    server.clock.advance(90 * DAY - 1);
    bob.get("me", "").ok();
    server.clock.advance(1);
    assert_eq!(bob.get("me", "").status(), 401);
    assert_eq!(log_in(&server, json!({"resume": bob.token()})).status(), 401);
}

#[test]
fn other_clients_are_logged_out_but_not_personal_tokens() {
    let server = TestServer::start();
    let (bob, elsewhere) = (server.as_user("bob"), server.as_user("bob"));
    let personal = bob.post("users.generatePersonalAccessToken", json!({"tokenName": "ci"}));
    let answer = bob.post("users.logoutOtherClients", json!({}));
    let expected = json!({"token": bob.token(), "tokenExpires": "2024-06-13T10:20:30.123Z", "success": true});
    assert_eq!(answer.ok(), &expected);
    assert_eq!(elsewhere.get("me", "").status(), 401);
    bob.get("me", "").ok();
    log_in(&server, json!({"resume": personal.body()["token"]})).ok();
}

#[test]
fn whoever_may_logs_others_out() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let refused = al.post("users.logout", json!({"userId": bob.id()}));
    assert_eq!(
        (refused.status(), refused.body()),
        (403, &json!({"success": false, "error": "unauthorized"}))
    );
    bob.get("me", "").ok();
    let answer = server.as_admin().post("users.logout", json!({"userId": bob.id()}));
    assert_eq!(answer.ok()["message"], format!("User {} has been logged out!", bob.id()));
    assert_eq!(bob.get("me", "").status(), 401);
    al.post("users.logout", json!({})).ok();
    assert_eq!(al.get("me", "").status(), 401, "without an id it is oneself");
}

#[test]
fn personal_tokens_are_shown_once_and_work_until_they_are_removed() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let named = json!({"tokenName": "ci", "bypassTwoFactor": true});
    let token = bob.post("users.generatePersonalAccessToken", named.clone()).ok()["token"].clone();
    let token = token.as_str().unwrap();
    server.clock.advance(400 * DAY);
    let bob = server.as_user("bob");
    let headers = [("x-user-id", bob.id()), ("x-auth-token", token)];
    assert_eq!(server.anonymous().raw("GET", "/api/v1/me", &headers, "").status(), 200, "it does not expire");
    let expected = json!([{
        "name": "ci",
        "createdAt": "2024-03-15T10:20:30.123Z",
        "lastTokenPart": &token[37..],
        "bypassTwoFactor": true,
    }]);
    assert_eq!(bob.get("users.getPersonalAccessTokens", "").ok()["tokens"], expected);
    let again = bob.post("users.generatePersonalAccessToken", named.clone());
    assert_eq!(again.refusal(), "A token with this name already exists [error-token-already-exists]");
    let new = bob.post("users.regeneratePersonalAccessToken", named.clone());
    assert_ne!(new.ok()["token"], token);
    assert_eq!(
        server.anonymous().raw("GET", "/api/v1/me", &headers, "").status(),
        401,
        "the old one is gone"
    );
    bob.post("users.removePersonalAccessToken", named.clone()).ok();
    for call in ["users.removePersonalAccessToken", "users.regeneratePersonalAccessToken"] {
        let refused = bob.post(call, named.clone());
        assert_eq!(refused.refusal(), "Token does not exist [error-token-does-not-exists]");
        assert_eq!(bob.post(call, json!({})).refusal(), "The 'tokenName' param is required");
    }
}

#[test]
fn personal_tokens_need_their_permission() {
    let server = TestServer::start();
    let change = json!({"permissions": [{"_id": "create-personal-access-tokens", "roles": ["admin"]}]});
    server.as_admin().post("permissions.update", change).ok();
    let bob = server.as_user("bob");
    for call in ["generate", "regenerate", "remove"] {
        let answer = bob.post(&format!("users.{call}PersonalAccessToken"), json!({"tokenName": "x"}));
        assert_eq!(answer.refusal(), "Not Authorized [not-authorized]");
        assert_eq!(answer.body()["errorType"], "not-authorized");
    }
    assert_eq!(bob.get("users.getPersonalAccessTokens", "").refusal(), "Not Authorized [not-authorized]");
}

#[test]
fn who_calls_too_often_is_told_when_to_come_back() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let set = json!({"value": 2});
    admin.post("settings/API_Enable_Rate_Limiter_Limit_Calls_Default", set).ok();
    for remaining in ["1", "0"] {
        let answer = bob.get("me", "");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.header("x-ratelimit-limit"), "2");
        assert_eq!(answer.header("x-ratelimit-remaining"), remaining);
        assert_eq!(answer.header("x-ratelimit-reset"), (NOW + 60_000).to_string());
    }
    server.clock.advance(500);
    let refused = bob.get("me", "");
    let text = "Error, too many requests. Please slow down. You must wait 60 seconds before trying this \
                endpoint again. [error-too-many-requests]";
    assert_eq!((refused.status(), refused.body()), (429, &json!({"success": false, "error": text})));
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    bob.get("users.getPreferences", "").ok();
    assert_eq!(admin.get("me", "").header("x-ratelimit-limit"), "", "administrators are not limited");
    server.clock.advance(59_500);
    bob.get("me", "").ok();
    admin.post("settings/API_Enable_Rate_Limiter", json!({"value": false})).ok();
    assert!((0..5).all(|_| bob.get("me", "").status() == 200));
}

#[test]
fn the_oldest_sessions_make_room_as_the_environment_says() {
    let server = TestServer::start_with(|config| config.environment.most_sessions = Some(2));
    server.user("bob");
    let tokens: Vec<Value> = (0..3)
        .map(|_| {
            server.clock.advance(1000);
            let session = log_in(&server, json!({"user": "bob", "password": "bob-password"}));
            session.ok()["data"]["authToken"].clone()
        })
        .collect();
    let alive: Vec<u16> =
        tokens.iter().map(|token| log_in(&server, json!({"resume": token})).status()).collect();
    assert_eq!(alive, [401, 200, 200]);
}
