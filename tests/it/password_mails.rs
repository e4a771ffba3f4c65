//! Mails that let people in: forgotten passwords, welcomes, confirmations; the pages their links open,
//! and tokens made for users.

use roomscribe::domain::time::DAY;
use serde_json::{Value, json};

use crate::auth::log_in;
use crate::support::{Answer, TestServer};

const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

/// Changes a setting.
pub(crate) fn set(server: &TestServer, setting: &str, value: Value) {
    server.as_admin().post(&format!("settings/{setting}"), json!({"value": value})).ok();
}

/// The mails that wait, which are taken away: each as its recipient and its whole text.
pub(crate) fn take_mails(server: &TestServer) -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir(server.directory().join("mails")) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a mail");
        std::fs::remove_file(path).expect("removed");
        let to = text.lines().find_map(|line| line.strip_prefix("To: ")).expect("a recipient").to_owned();
        (to, text.replace("=\r\n", "").replace("\r\n", "\n"))
    };
    let mut mails: Vec<(String, String)> = paths.map(read).collect();
    mails.sort();
    mails
}

/// The path of the link in the only mail that waits.
fn link(server: &TestServer, page: &str) -> String {
    let mails = take_mails(server);
    assert_eq!(mails.len(), 1, "{mails:?}");
    let start = format!("http://chat.example/{page}/");
    let rest = mails[0].1.split(&start).nth(1).unwrap_or_else(|| panic!("no link in {}", mails[0].1));
    let token: String = rest.chars().take_while(|c| !c.is_whitespace() && *c != '"').collect();
    format!("/{page}/{token}")
}

fn forgot(server: &TestServer, email: &str) -> Answer {
    server.anonymous().post("users.forgotPassword", json!({"email": email}))
}

fn choose(server: &TestServer, link: &str, password: &str) -> Answer {
    let form = format!("password={password}&again={password}");
    server.anonymous().raw("POST", link, &FORM, form)
}

fn open(server: &TestServer, link: &str) -> Answer {
    server.anonymous().raw("GET", link, &[], "")
}

#[test]
fn a_forgotten_password_is_replaced_once_through_a_link() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    assert_eq!(forgot(&server, "BOB@example.org").ok(), &json!({"success": true}));
    let link = link(&server, "reset-password");
    for _ in 0..2 {
        let page = open(&server, &link);
        assert_eq!(page.status(), 200, "looking uses nothing up");
        assert!(page.text().contains("<h1>Choose a new password</h1>"), "{}", page.text());
        assert!(page.text().contains("value=\"bob\""), "for password managers");
    }
    let done = choose(&server, &link, "a+new+one");
    assert!(done.status() == 200 && done.text().contains("Your new password is set"), "{}", done.text());
    log_in(&server, json!({"user": "bob", "password": "a new one"})).ok();
    assert_eq!(log_in(&server, json!({"user": "bob", "password": "bob-password"})).status(), 401);
    assert_eq!(bob.get("me", "").status(), 401, "sessions of whoever knew the old one end");
    for again in [open(&server, &link), choose(&server, &link, "another")] {
        assert!(again.status() == 404 && again.text().contains("does not work any more"));
    }
}

#[test]
fn the_page_refuses_what_cannot_be_a_password_and_the_link_stays_good() {
    let server = TestServer::start();
    server.user("bob");
    set(&server, "Accounts_Password_Policy_Enabled", true.into());
    set(&server, "Site_Name", "<b>Chat</b> & \"co\"".into());
    forgot(&server, "bob@example.org").ok();
    let link = link(&server, "reset-password");
    let token = link.rsplit('/').next().unwrap();
    let policy = server.anonymous().get("pw.getPolicyReset", &format!("token={token}"));
    assert_eq!(policy.ok(), server.anonymous().get("pw.getPolicy", "").ok());
    assert_eq!(policy.ok()["enabled"], true);
    let differing = server.anonymous().raw("POST", &link, &FORM, "password=Secret-123&again=Secret-124");
    assert!(differing.status() == 400 && differing.text().contains("not the same"), "{}", differing.text());
    let weak = choose(&server, &link, "short");
    assert_eq!(weak.status(), 400);
    for rule in ["minimum length", "uppercase", "numerical", "special"] {
        assert!(weak.text().contains(rule), "{rule}: {}", weak.text());
    }
    assert!(weak.text().contains("role=\"alert\"") && weak.text().contains("aria-describedby=\"bad\""));
    assert!(weak.text().contains("&lt;b&gt;Chat&lt;/b&gt; &amp; &quot;co&quot;"));
    assert!(!weak.text().contains("<b>") && !weak.text().contains("<script"));
    assert_eq!(choose(&server, &link, "").status(), 400);
    assert_eq!(choose(&server, &link, "Secret-123").status(), 200);
}

#[test]
fn the_page_is_kept_by_nobody_and_can_do_nothing_but_send_its_form() {
    let server = TestServer::start();
    server.user("bob");
    forgot(&server, "bob@example.org").ok();
    let page = open(&server, &link(&server, "reset-password"));
    let style = page.text().split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let hash = {
        use base64::Engine;
        use sha2::{Digest, Sha256};
        base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style))
    };
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    assert_eq!(page.header("content-security-policy"), policy);
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    for label in ["for=\"password\"", "for=\"again\"", "lang=\"en\"", "autocomplete=\"new-password\""] {
        assert!(page.text().contains(label), "{label}");
    }
    let other = server.anonymous().raw("DELETE", "/reset-password/x", &[], "");
    assert_eq!(other.status(), 405);
}

#[test]
fn links_are_good_for_an_hour_for_one_address_and_until_the_password_is_another() {
    let server = TestServer::start();
    let bob = server.user("bob");
    let fresh = || {
        server.clock.advance(61_000);
        forgot(&server, "bob@example.org").ok();
        link(&server, "reset-password")
    };
    let old = fresh();
    let new = fresh();
    assert_eq!(
        (open(&server, &old).status(), open(&server, &new).status()),
        (200, 200),
        "a stranger who asks takes nothing away"
    );
    server.clock.advance(3600 * 1000 - 61_000);
    assert_eq!((open(&server, &old).status(), open(&server, &new).status()), (404, 200), "an hour each");
    server.clock.advance(61_000);
    assert_eq!(open(&server, &new).status(), 404, "too old");
    let (old, new) = (fresh(), fresh());
    assert_eq!(choose(&server, &old, "bob-password").status(), 200);
    assert_eq!(open(&server, &new).status(), 404, "one is used once for all");
    let id = bob.id.as_str();
    let changes =
        [json!({"password": "changed"}), json!({"email": "b@example.org"}), json!({"active": false})];
    for data in changes {
        let link = fresh();
        server.as_admin().post("users.update", json!({"userId": id, "data": data})).ok();
        assert_eq!(open(&server, &link).status(), 404, "{data}");
        take_mails(&server);
        let back = json!({"email": "bob@example.org", "active": true});
        server.as_admin().post("users.update", json!({"userId": id, "data": back})).ok();
        take_mails(&server);
    }
    let link = fresh();
    for forged in [
        link.replace(&link[link.len() - 4..], "AAAA"),
        "/reset-password/x".to_owned(),
        link.replace(id, "admin"),
    ] {
        assert_eq!(open(&server, &forged).status(), 404, "{forged}");
    }
}

#[test]
fn an_invitation_outlives_all_that_strangers_ask_for() {
    let server = TestServer::start();
    let wanted = json!({
        "username": "eve", "name": "Eve", "email": "eve@example.org", "password": "ignored",
        "setRandomPassword": true, "sendWelcomeEmail": true,
    });
    server.as_admin().post("users.create", wanted).ok();
    let invitation = link(&server, "reset-password");
    for _ in 0..70 {
        server.clock.advance(60_000);
        forgot(&server, "eve@example.org").ok();
    }
    let kept = server.app.store.one_time_tokens_of(&server.user("eve").id).unwrap();
    assert_eq!(kept.len(), 60, "those that ended are gone");
    assert_eq!(choose(&server, &invitation, "chosen").status(), 200);
    assert!(server.app.store.one_time_tokens_of(&server.user("eve").id).unwrap().is_empty());
}

#[test]
fn asking_for_a_new_password_tells_nobody_who_there_is() {
    let server = TestServer::start();
    server.user("bob");
    for email in ["nobody@example.org", "invalidEmail", "bob@example.org", "bob@example.org"] {
        assert_eq!(forgot(&server, email).ok(), &json!({"success": true}));
    }
    assert_eq!(take_mails(&server).len(), 1, "one in a minute");
    let missing = server.anonymous().post("users.forgotPassword", json!({}));
    assert_eq!(missing.refusal(), "The 'email' param is required");
    set(&server, "Accounts_PasswordReset", false.into());
    assert_eq!(forgot(&server, "bob@example.org").refusal(), "Password reset is not enabled");
}

#[test]
fn an_address_is_verified_by_opening_the_link_to_it() {
    let server = TestServer::start();
    set(&server, "Accounts_EmailVerification", true.into());
    let wanted = json!({"username": "eve", "name": "Eve", "email": "eve@example.org", "pass": "secret"});
    server.anonymous().post("users.register", wanted).ok();
    let attempt = || log_in(&server, json!({"user": "eve", "password": "secret"}));
    assert_eq!(attempt().body()["error"], "error-invalid-email");
    let link = link(&server, "verify-email");
    server.anonymous().raw("HEAD", &link, &[], "");
    let page = open(&server, &link);
    assert!(page.status() == 200 && page.text().contains("<h1>Thank you</h1>"), "{}", page.text());
    attempt().ok();
    assert_eq!(open(&server, &link).status(), 404);
}

#[test]
fn another_address_has_to_be_verified_again() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let confirm = |email: &str| bob.post("users.sendConfirmationEmail", json!({"email": email}));
    let unknown = confirm("invalidEmail");
    assert_eq!((unknown.status(), unknown.body()), (400, &json!({"success": false})));
    let missing = bob.post("users.sendConfirmationEmail", json!({}));
    assert_eq!(missing.refusal(), "must have required property 'email' [invalid-params]");
    set(&server, "Accounts_EmailVerification", true.into());
    set(&server, "Accounts_TwoFactorAuthentication_Enabled", false.into());
    bob.post("users.updateOwnBasicInfo", json!({"data": {"email": "b@example.org"}})).ok();
    assert!(!server.user("bob").emails[0].verified);
    let first = link(&server, "verify-email");
    server.clock.advance(61_000);
    confirm("B@example.org").ok();
    let second = link(&server, "verify-email");
    assert_eq!(open(&server, &first).status(), 200, "another one takes nothing away");
    assert_eq!(open(&server, &second).status(), 404, "both were for the same");
    assert!(server.user("bob").emails[0].verified);
}

/// A server whose mails would go to a mail server.
fn mailing() -> TestServer {
    TestServer::start_with(|config| config.mail.url = "smtp://127.0.0.1:9".to_owned())
}

#[test]
fn welcomes_are_sent_by_those_who_may() {
    let server = TestServer::start();
    server.user("bob");
    let welcome = |server: &TestServer, name: &str, body: Value| {
        server.as_user(name).post("users.sendWelcomeEmail", body)
    };
    let bob = json!({"email": "bob@example.org"});
    let expected = json!({
        "success": false,
        "error": "User does not have the permissions required for this action [error-unauthorized]",
    });
    let refused = welcome(&server, "bob", bob.clone());
    assert_eq!((refused.status(), refused.body()), (403, &expected));
    let refused = welcome(&server, "admin", bob.clone());
    assert_eq!(refused.refusal(), "SMTP is not configured [error-email-send-failed]");
    let missing = welcome(&server, "admin", json!({}));
    assert_eq!(missing.refusal(), "must have required property 'email' [invalid-params]");
    let server = mailing();
    server.user("bob");
    let unknown = welcome(&server, "admin", json!({"email": "x@example.org"}));
    assert_eq!(unknown.refusal(), "Invalid user [error-invalid-user]");
    welcome(&server, "admin", bob).ok();
    let mails = take_mails(&server);
    assert_eq!(mails[0].0, "bob@example.org");
    assert!(mails[0].1.contains("Your login name is bob."), "{}", mails[0].1);
    assert!(!mails[0].1.contains("reset-password"), "an account in use is not for whoever reads old mail");
}

#[test]
fn a_random_password_comes_with_a_link_to_another_one() {
    let server = TestServer::start();
    let wanted = json!({
        "username": "eve", "name": "Eve", "email": "eve@example.org", "password": "ignored",
        "setRandomPassword": true, "sendWelcomeEmail": true,
    });
    let user = server.as_admin().post("users.create", wanted);
    assert_eq!(user.ok()["user"]["requirePasswordChange"], true);
    let first = link(&server, "reset-password");
    assert_eq!(log_in(&server, json!({"user": "eve", "password": "ignored"})).status(), 401);
    server.clock.advance(6 * DAY);
    assert_eq!(choose(&server, &first, "chosen").status(), 200);
    assert!(server.user("eve").emails[0].verified, "who reads the mail owns the address");
    assert!(!server.user("eve").require_password_change);
    log_in(&server, json!({"user": "eve", "password": "chosen"})).ok();
    let id = server.user("eve").id;
    let change = json!({"userId": id.as_str(), "data": {"setRandomPassword": true}});
    server.as_admin().post("users.update", change).ok();
    assert_eq!(log_in(&server, json!({"user": "eve", "password": "chosen"})).status(), 401);
    choose(&server, &link(&server, "reset-password"), "again").ok();
    log_in(&server, json!({"user": "eve", "password": "again"})).ok();
}

#[test]
fn mails_look_as_administrators_want() {
    let server = TestServer::start();
    server.user("bob");
    set(&server, "Email_Header", "<h1>[Site_Name]</h1>".into());
    set(&server, "Email_Footer", "<hr>the end".into());
    set(&server, "Site_Name", "A & B".into());
    forgot(&server, "bob@example.org").ok();
    let html = &take_mails(&server)[0].1;
    assert!(html.contains("<h1>A &amp; B</h1><p>") && html.contains("</p><hr>the end"), "{html}");
    server.clock.advance(61_000);
    set(&server, "email_plain_text_only", true.into());
    forgot(&server, "bob@example.org").ok();
    let plain = &take_mails(&server)[0].1;
    assert!(!plain.contains("text/html") && plain.contains("/reset-password/"), "{plain}");
}

#[test]
fn people_are_told_when_they_are_let_in_or_out() {
    let server = mailing();
    set(&server, "Accounts_ManuallyApproveNewUsers", true.into());
    let wanted = json!({"username": "eve", "name": "Eve", "email": "eve@example.org", "pass": "secret"});
    server.anonymous().post("users.register", wanted).ok();
    let told = take_mails(&server);
    assert_eq!(told[0].0, "admin@example.org");
    assert!(told.len() == 1 && told[0].1.contains("eve has registered"), "{told:?}");
    let attempt = || log_in(&server, json!({"user": "eve", "password": "secret"}));
    assert_eq!(attempt().body()["error"], "error-user-is-not-activated");
    let id = server.user("eve").id;
    let switch = |active: bool| {
        let body = json!({"userId": id.as_str(), "activeStatus": active});
        server.as_admin().post("users.setActiveStatus", body).ok();
        take_mails(&server)
    };
    let told = switch(true);
    assert!(told[0].0 == "eve@example.org" && told[0].1.contains("has been activated"), "{told:?}");
    assert!(switch(true).is_empty(), "no news");
    attempt().ok();
    assert!(switch(false)[0].1.contains("has been deactivated"));
    set(&server, "Accounts_Send_Email_When_Activating", false.into());
    assert!(switch(true).is_empty());
}

#[test]
fn tokens_are_made_for_users_only_where_the_environment_says_so() {
    let closed = TestServer::start();
    let id = closed.user("bob").id;
    let refusal = "Not authorized [error-not-authorized]";
    let make =
        |server: &TestServer, name: &str, body: Value| server.as_user(name).post("users.createToken", body);
    assert_eq!(make(&closed, "admin", json!({"userId": id.as_str()})).refusal(), refusal);
    let server = TestServer::start_with(|config| config.environment.tokens_for_users = true);
    let id = server.user("bob").id;
    assert_eq!(make(&server, "eve", json!({"userId": id.as_str()})).refusal(), refusal);
    for body in [json!({"userId": id.as_str()}), json!({"username": "bob"}), json!({"user": "bob"})] {
        let data = make(&server, "admin", body).ok()["data"].clone();
        assert_eq!(data["userId"], id.as_str());
        let headers = [("X-User-Id", id.as_str()), ("X-Auth-Token", data["authToken"].as_str().unwrap())];
        server.anonymous().raw("GET", "/api/v1/me", &headers, "").ok();
    }
    assert!(server.user("bob").last_login.is_none(), "that was no login");
    make(&server, "bob", json!({"userId": id.as_str()})).ok();
    assert_eq!(make(&server, "admin", json!({})).body()["errorType"], "error-user-param-not-provided");
    assert_eq!(make(&server, "admin", json!({"user": "x"})).body()["errorType"], "error-invalid-user");
    let server = TestServer::start_with(|config| {
        use sha2::{Digest, Sha256};
        config.environment.tokens_secret = Some(Sha256::digest("open sesame").into());
    });
    server.user("bob");
    for secret in [json!("wrong"), json!(""), Value::Null] {
        assert_eq!(make(&server, "admin", json!({"user": "bob", "secret": secret})).refusal(), refusal);
    }
    make(&server, "admin", json!({"user": "bob", "secret": "open sesame"})).ok();
}
