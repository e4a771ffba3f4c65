//! Second factors by mail, and what administrators do for those who have lost theirs.

use roomscribe::domain::SecondFactor;
use serde_json::{Value, json};

use crate::auth::log_in;
use crate::password_mails::{set, take_mails};
use crate::support::{Caller, TestServer};
use crate::two_factor::{enrol, with_code};

#[test]
fn codes_by_mail_are_sent_when_they_are_needed_and_work_once() {
    let server = TestServer::start();
    let (bob, elsewhere) = (server.as_user("bob"), server.as_user("bob"));
    bob.post("users.2fa.enableEmail", json!({})).ok();
    assert_eq!(elsewhere.get("me", "").status(), 401);
    assert_eq!(bob.get("me", "").ok()["services"]["email2fa"], json!({"enabled": true}));
    let attempt =
        |code: &str| log_in(&server, json!({"user": "bob", "password": "bob-password", "code": code}));
    let asked = attempt("");
    let expected = json!({
        "status": "error", "error": "totp-required", "message": "TOTP Required",
        "details": {
            "method": "email", "codeGenerated": true, "emailOrUsername": "bob",
            "codeExpires": ["2024-03-15T11:20:30.123Z"], "availableMethods": ["email"],
        },
    });
    assert_eq!(asked.body(), &expected);
    assert_eq!(attempt("").body()["details"]["codeGenerated"], false, "one is on its way");
    let mails = take_mails(&server);
    assert_eq!(mails.len(), 1);
    let code = code_in(&mails[0].1);
    assert_eq!(attempt("12345").body()["error"], "totp-invalid");
    attempt(&code).ok();
    assert_eq!(attempt(&code).body()["error"], "totp-invalid");
    server.clock.advance(61_000);
    assert_eq!(attempt("").body()["details"]["codeGenerated"], true);
    let code = code_in(&take_mails(&server)[0].1);
    server.clock.advance(3600 * 1000);
    assert_eq!(attempt(&code).body()["error"], "totp-invalid", "it is too old");
    assert_eq!(bob.post("users.2fa.disableEmail", json!({})).body()["errorType"], "totp-required");
    let code = code_in(&take_mails(&server)[0].1);
    with_code(&bob, "users.2fa.disableEmail", &json!({}), &[("x-2fa-code", &code)]).ok();
    attempt("").ok();
}

fn code_in(mail: &str) -> String {
    let digits = mail.split("Your code is ").nth(1).expect("a code");
    digits[..6].to_owned()
}

#[test]
fn a_code_can_be_asked_for_before_a_login_and_nobody_learns_who_there_is() {
    let server = TestServer::start();
    let send =
        |name: &str| server.anonymous().post("users.2fa.sendEmailCode", json!({"emailOrUsername": name}));
    server.as_user("bob").post("users.2fa.enableEmail", json!({})).ok();
    server.user("eve");
    let none = server.anonymous().post("users.2fa.sendEmailCode", json!({}));
    assert_eq!(none.refusal(), "emailOrUsername is required [error-parameter-required]");
    for name in ["bob", "BOB@example.org", "eve", "nobody"] {
        assert_eq!(send(name).ok(), &json!({"success": true}));
    }
    let mails = take_mails(&server);
    assert_eq!(mails.len(), 1, "one for bob, and not a second one at once");
    let code = code_in(&mails[0].1);
    log_in(&server, json!({"user": "bob", "password": "bob-password", "code": code})).ok();
}

#[test]
fn new_accounts_begin_with_codes_by_mail_if_the_settings_say_so() {
    let server = TestServer::start();
    set(&server, "Accounts_TwoFactorAuthentication_By_Email_Auto_Opt_In", true.into());
    let wanted = json!({"username": "eve", "name": "Eve", "email": "eve@example.org", "password": "secret", "verified": true});
    server.as_admin().post("users.create", wanted).ok();
    let attempt = log_in(&server, json!({"user": "eve", "password": "secret"}));
    assert_eq!(attempt.body()["error"], "totp-required");
}

#[test]
fn administrators_help_those_who_have_lost_their_app() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    enrol(&server, &bob, "bob");
    let reset = |caller: &Caller<'_>, body: Value| caller.post("users.resetTOTP", body);
    let eve = server.as_user("eve");
    for body in [json!({"userId": bob.id()}), json!({"username": "bob"}), json!({"userId": "nobody"})] {
        assert_eq!(reset(&eve, body).refusal(), "Not allowed [error-not-allowed]");
    }
    let unknown = reset(&server.as_admin(), json!({"userId": "nobody"}));
    assert_eq!(unknown.body()["errorType"], "error-invalid-user");
    assert_eq!(reset(&bob, json!({})).body()["errorType"], "totp-required");
    reset(&server.as_admin(), json!({"userId": bob.id()})).ok();
    assert_eq!(bob.get("me", "").status(), 401, "all sessions end");
    log_in(&server, json!({"user": "bob", "password": "bob-password"})).ok();
    set(&server, "Accounts_TwoFactorAuthentication_Enabled", false.into());
    let off = reset(&server.as_admin(), json!({"userId": bob.id()}));
    assert_eq!(off.refusal(), "Two factor authentication is not enabled [error-two-factor-not-enabled]");
}

#[test]
fn a_key_of_encryption_that_is_taken_away_ends_all_sessions() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let other = eve.post("users.resetE2EKey", json!({"userId": bob.id()}));
    assert_eq!(other.refusal(), "Not allowed [error-not-allowed]");
    eve.post("users.resetE2EKey", json!({})).ok();
    assert_eq!(eve.get("me", "").status(), 401);
    server.as_admin().post("users.resetE2EKey", json!({"userId": bob.id()})).ok();
    assert_eq!(bob.get("me", "").status(), 401);
}

#[test]
fn a_deleted_account_takes_its_factors_and_mailed_links_along() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    enrol(&server, &bob, "bob");
    server.anonymous().post("users.forgotPassword", json!({"email": "bob@example.org"})).ok();
    let id = server.user("bob").id;
    assert_eq!(server.app.store.one_time_tokens_of(&id).unwrap().len(), 1);
    server.as_admin().post("users.delete", json!({"userId": bob.id()})).ok();
    assert!(server.app.store.one_time_tokens_of(&id).unwrap().is_empty());
    assert_eq!(server.app.store.second_factor(&id).unwrap(), SecondFactor::default());
}
