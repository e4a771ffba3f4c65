//! Second factors: set up, asked for at logins and before what matters, taken away.

use roomscribe::domain::time::DAY;
use roomscribe::domain::totp;
use roomscribe::service::caller::{Caller as Asker, Client, Shown};
use roomscribe::service::{sessions, two_factor_enrolment as enrolment};
use serde_json::{Value, json};

use crate::auth::log_in;
use crate::password_mails::set;
use crate::support::{Answer, Caller, TestServer};

/// Seconds that make every code old.
const LATER: i64 = 10 * 60 * 1000;

/// The caller as services see it.
fn asker(server: &TestServer, caller: &Caller<'_>, name: &str) -> Asker {
    let client = Client::at([127, 0, 0, 1].into());
    let (token, shown) = (sessions::hash(caller.token()), Shown(caller.token().to_owned()));
    Asker { user: server.user(name), token, shown, client }
}

pub(crate) fn secret_bytes(base32: &str) -> Vec<u8> {
    let value = |digit: u8| u64::from(if digit.is_ascii_digit() { digit - b'2' + 26 } else { digit - b'A' });
    let group = |group: &[u8]| group.iter().fold(0, |number, digit| number << 5 | value(*digit));
    base32.as_bytes().chunks(8).flat_map(|digits| group(digits).to_be_bytes()[3..].to_vec()).collect()
}

/// What an app shows that was given this secret.
fn code_now(server: &TestServer, secret: &str) -> String {
    totp::code(&secret_bytes(secret), totp::step(server.app.now()))
}

/// Sets an app up for the caller: its secret and the backup codes.
pub(crate) fn enrol(server: &TestServer, caller: &Caller<'_>, name: &str) -> (String, Vec<String>) {
    let asker = asker(server, caller, name);
    let secret = enrolment::begin(&server.app, &asker).expect("a secret").secret;
    let codes = enrolment::confirm(&server.app, &asker, &code_now(server, &secret)).expect("right");
    (secret, codes)
}

pub(crate) fn with_code(
    caller: &Caller<'_>,
    endpoint: &str,
    body: &Value,
    headers: &[(&str, &str)],
) -> Answer {
    let headers = [&[("content-type", "application/json")], headers].concat();
    caller.raw("POST", &format!("/api/v1/{endpoint}"), &headers, body.to_string())
}

fn details(method: &str, available: &[&str]) -> Value {
    json!({"method": method, "codeGenerated": false, "availableMethods": available})
}

fn refused(error: &str, text: &str, details: &Value) -> Value {
    json!({
        "success": false, "error": format!("{text} [{error}]"), "errorType": error, "details": details,
    })
}

fn code_of(error: roomscribe::error::Error) -> String {
    error.to_string()
}

#[test]
fn a_login_asks_for_the_code_of_the_app_and_takes_none_twice() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let (secret, _) = enrol(&server, &bob, "bob");
    let body = |code: Option<&str>| json!({"user": "bob", "password": "bob-password", "code": code});
    let expected = |error: &str, message: &str| json!({"status": "error", "error": error, "message": message, "details": details("totp", &["totp"])});
    let missing = log_in(&server, body(None));
    assert_eq!((missing.status(), missing.body()), (401, &expected("totp-required", "TOTP Required")));
    let wrong = log_in(&server, body(Some("12345")));
    assert_eq!((wrong.status(), wrong.body()), (401, &expected("totp-invalid", "TOTP Invalid")));
    let code = code_now(&server, &secret);
    let session = log_in(&server, body(Some(&code)));
    assert_eq!(session.ok()["data"]["me"]["services"]["totp"], json!({"enabled": true}));
    assert_eq!(log_in(&server, body(Some(&code))).body()["error"], "totp-invalid", "it was used");
    let resumed = json!({"resume": session.body()["data"]["authToken"]});
    log_in(&server, resumed).ok();
    server.clock.advance(30_000);
    let header = [("x-2fa-code", &*code_now(&server, &secret)), ("x-2fa-method", "totp")];
    with_code(&server.anonymous(), "login", &body(None), &header).ok();
    let unknown = json!({"user": "bob", "password": "wrong", "code": code});
    assert_eq!(log_in(&server, unknown).body()["error"], 403, "the password comes first");
    set(&server, "Accounts_TwoFactorAuthentication_Enabled", false.into());
    log_in(&server, body(None)).ok();
}

#[test]
fn codes_may_be_as_many_periods_off_as_the_settings_say() {
    let server = TestServer::start();
    let (secret, _) = enrol(&server, &server.as_user("bob"), "bob");
    let code = code_now(&server, &secret);
    let body = json!({"user": "bob", "password": "bob-password", "code": code});
    server.clock.advance(60_000);
    assert_eq!(log_in(&server, body.clone()).body()["error"], "totp-invalid");
    set(&server, "Accounts_TwoFactorAuthentication_MaxDelta", 2.into());
    log_in(&server, body).ok();
}

#[test]
fn whoever_guesses_codes_is_stopped() {
    let server = TestServer::start();
    let (secret, _) = enrol(&server, &server.as_user("bob"), "bob");
    let attempt = |code: &str| {
        log_in(&server, json!({"email": "bob@example.org", "password": "bob-password", "code": code}))
    };
    for _ in 0..5 {
        assert_eq!(attempt("12345").body()["error"], "totp-invalid");
    }
    let blocked = attempt(&code_now(&server, &secret));
    assert_eq!((blocked.status(), &blocked.body()["error"]), (401, &json!("totp-max-attempts")));
    assert_eq!(blocked.body()["message"], "TOTP Maximun Failed Attempts Reached");
    server.clock.advance(LATER);
    attempt(&code_now(&server, &secret)).ok();
}

#[test]
fn wrong_codes_count_as_failed_logins_and_missing_ones_do_not() {
    let server = TestServer::start();
    let (secret, _) = enrol(&server, &server.as_user("bob"), "bob");
    set(&server, "Block_Multiple_Failed_Logins_Attempts_Until_Block_by_User", 2.into());
    let attempt =
        |code: &str| log_in(&server, json!({"user": "bob", "password": "bob-password", "code": code}));
    for _ in 0..3 {
        assert_eq!(attempt("").body()["error"], "totp-required");
    }
    for _ in 0..2 {
        assert_eq!(attempt("12345").body()["error"], "totp-invalid");
    }
    let right = code_now(&server, &secret);
    assert_eq!(attempt(&right).body()["error"], "error-login-blocked-for-user");
    assert_eq!(attempt("").body()["error"], "error-login-blocked-for-user", "nobody learns more");
}

#[test]
fn each_backup_code_stands_for_the_app_once() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let (secret, codes) = enrol(&server, &bob, "bob");
    assert!(codes.len() == 12 && codes.iter().all(|code| code.len() == 8));
    let attempt =
        |code: &str| log_in(&server, json!({"user": "bob", "password": "bob-password", "code": code}));
    attempt(&codes[3]).ok();
    assert_eq!(attempt(&codes[3]).body()["error"], "totp-invalid");
    let asker = asker(&server, &bob, "bob");
    assert_eq!(enrolment::codes_remaining(&server.app, &asker).unwrap(), 11);
    assert_eq!(enrolment::regenerate_codes(&server.app, &asker, "12345678").unwrap(), None);
    let code = code_now(&server, &secret);
    let new = enrolment::regenerate_codes(&server.app, &asker, &code).unwrap().unwrap();
    assert_eq!(enrolment::codes_remaining(&server.app, &asker).unwrap(), 12);
    assert_eq!(attempt(&codes[4]).body()["error"], "totp-invalid", "the old ones are gone");
    attempt(&new[4]).ok();
    let stored = std::fs::read_dir(server.directory().join("store")).unwrap();
    for file in stored.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let bytes = std::fs::read(file).unwrap();
        assert!(!bytes.windows(8).any(|window| window == new[5].as_bytes()), "only hashes are kept");
    }
}

#[test]
fn an_app_is_set_up_by_showing_its_code_and_that_ends_other_sessions() {
    let server = TestServer::start();
    let (bob, elsewhere) = (server.as_user("bob"), server.as_user("bob"));
    let asker = asker(&server, &bob, "bob");
    let app = &server.app;
    let personal = bob.post("users.generatePersonalAccessToken", json!({"tokenName": "bot"}));
    let personal = personal.ok()["token"].as_str().unwrap().to_owned();
    assert_eq!(code_of(enrolment::confirm(app, &asker, "000000").unwrap_err()), " [invalid-totp]");
    assert_eq!(code_of(enrolment::codes_remaining(app, &asker).unwrap_err()), " [invalid-totp]");
    assert!(!enrolment::disable(app, &asker, "000000").unwrap());
    let begun = enrolment::begin(app, &asker).unwrap();
    assert_eq!(begun.url, format!("otpauth://totp/Rocket.Chat:bob?secret={}", begun.secret));
    assert_eq!(secret_bytes(&begun.secret).len(), 20);
    log_in(&server, json!({"user": "bob", "password": "bob-password"})).ok();
    elsewhere.get("me", "").ok();
    assert!(enrolment::confirm(app, &asker, "12345").is_err());
    enrolment::begin(app, &asker).map(drop).unwrap();
    let secret = enrolment::begin(app, &asker).unwrap().secret;
    enrolment::confirm(app, &asker, &code_now(&server, &secret)).unwrap();
    assert_eq!(elsewhere.get("me", "").status(), 401);
    let headers = [("X-User-Id", bob.id()), ("X-Auth-Token", &*personal)];
    server.anonymous().raw("GET", "/api/v1/me", &headers, "").ok();
    assert_eq!(bob.get("me", "").ok()["services"]["totp"], json!({"enabled": true}));
    let again = enrolment::begin(app, &asker).map(drop).unwrap_err();
    assert_eq!(code_of(again), " [error-2fa-already-enabled]");
    assert!(enrolment::disable(app, &asker, &code_now(&server, &secret)).unwrap());
    assert_eq!(bob.get("me", "").ok()["services"].get("totp"), None);
    log_in(&server, json!({"user": "bob", "password": "bob-password"})).ok();
}

#[test]
fn nobody_sets_a_second_factor_up_before_their_address_is_verified() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let change = json!({"userId": bob.id(), "data": {"email": "b@example.org"}});
    server.as_admin().post("users.update", change).ok();
    let text = "You need to verify your emails before setting up 2FA [error-invalid-user]";
    let refusal = enrolment::begin(&server.app, &asker(&server, &bob, "bob")).map(drop).unwrap_err();
    assert_eq!(code_of(refusal), text);
    assert_eq!(bob.post("users.2fa.enableEmail", json!({})).refusal(), text);
}

#[test]
fn what_matters_asks_for_a_code_and_then_not_again_for_a_while() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let (secret, _) = enrol(&server, &bob, "bob");
    let make = |name: &str, headers: &[(&str, &str)]| {
        with_code(&bob, "users.generatePersonalAccessToken", &json!({"tokenName": name}), headers)
    };
    make("young", &[]).ok();
    server.clock.advance(DAY);
    let missing = make("one", &[]);
    let expected = refused("totp-required", "TOTP Required", &details("totp", &["totp"]));
    assert_eq!((missing.status(), missing.body()), (400, &expected));
    let wrong = make("one", &[("x-2fa-code", "12345"), ("x-2fa-method", "totp")]);
    let expected = refused("totp-invalid", "TOTP Invalid", &details("totp", &["totp"]));
    assert_eq!((wrong.status(), wrong.body()), (400, &expected));
    let password = make("one", &[("x-2fa-code", &digest("bob-password")), ("x-2fa-method", "password")]);
    assert_eq!(password.body()["details"], details("totp", &["totp"]), "an app is not to be got round");
    make("one", &[("x-2fa-code", &code_now(&server, &secret))]).ok();
    make("two", &[]).ok();
    assert_eq!(make("three", &[("user-agent", "another")]).body()["errorType"], "totp-required");
    for endpoint in ["users.regeneratePersonalAccessToken", "users.removePersonalAccessToken"] {
        let other = with_code(&bob, endpoint, &json!({"tokenName": "two"}), &[("user-agent", "another")]);
        assert_eq!(other.body()["errorType"], "totp-required", "{endpoint}");
    }
    server.clock.advance(1800 * 1000);
    assert_eq!(make("three", &[]).body()["errorType"], "totp-required");
    bob.get("users.getPersonalAccessTokens", "").ok();
    let bypassing = with_code(
        &bob,
        "users.generatePersonalAccessToken",
        &json!({"tokenName": "bot", "bypassTwoFactor": true}),
        &[("x-2fa-code", &code_now(&server, &secret))],
    );
    let token = bypassing.ok()["token"].as_str().unwrap().to_owned();
    server.clock.advance(DAY);
    let headers = [("X-User-Id", bob.id()), ("X-Auth-Token", &*token)];
    with_code(&server.anonymous(), "users.removePersonalAccessToken", &json!({"tokenName": "two"}), &headers)
        .ok();
}

#[test]
fn administrators_without_a_factor_are_asked_for_their_password_only_if_the_settings_insist() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let bob = server.user("bob");
    server.clock.advance(DAY);
    let update = |headers: &[(&str, &str)]| {
        let body = json!({"userId": bob.id.as_str(), "data": {"name": "Robert"}});
        with_code(&admin, "users.update", &body, headers)
    };
    update(&[]).ok();
    set(&server, "Accounts_TwoFactorAuthentication_Enforce_Password_Fallback", true.into());
    let missing = update(&[]);
    let expected = refused("totp-required", "TOTP Required", &details("password", &[]));
    assert_eq!((missing.status(), missing.body()), (400, &expected));
    let stranger = server.as_user("eve").post("users.sendWelcomeEmail", json!({"email": "x"}));
    assert_eq!(stranger.status(), 403, "permissions come first");
    let setting = admin.post("settings/Site_Name", json!({"value": "x"}));
    assert_eq!(setting.body()["errorType"], "totp-required");
    let wrong = [("x-2fa-code", &*digest("wrong")), ("x-2fa-method", "password")];
    assert_eq!(update(&wrong).body(), &refused("totp-invalid", "TOTP Invalid", &details("password", &[])));
    update(&[("x-2fa-code", &digest("admin-password")), ("x-2fa-method", "password")]).ok();
    admin.post("settings/Site_Name", json!({"value": "x"})).ok();
}

fn digest(password: &str) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(password))
}

#[test]
fn ones_own_password_asks_for_the_app_each_time_if_there_is_one() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let (secret, _) = enrol(&server, &bob, "bob");
    let change = |headers: &[(&str, &str)]| {
        let data = json!({"email": "new@example.org", "currentPassword": digest("bob-password")});
        with_code(&bob, "users.updateOwnBasicInfo", &json!({"data": data}), headers)
    };
    assert_eq!(change(&[]).body(), &refused("totp-required", "TOTP Required", &details("totp", &["totp"])));
    change(&[("x-2fa-code", &code_now(&server, &secret))]).ok();
    assert_eq!(change(&[]).body()["errorType"], "totp-required", "not even a moment later");
    bob.post("users.updateOwnBasicInfo", json!({"data": {"name": "Robert"}})).ok();
}
