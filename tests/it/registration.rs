//! New accounts: people register, administrators create.

use serde_json::{Value, json};

use crate::auth::log_in;
use crate::support::{Answer, TestServer};

/// A server on which one may register more often than once a minute.
fn open() -> TestServer {
    let server = TestServer::start();
    set(&server, "API_Enable_Rate_Limiter", false.into());
    server
}

fn set(server: &TestServer, setting: &str, value: Value) {
    server.as_admin().post(&format!("settings/{setting}"), json!({"value": value})).ok();
}

fn form(username: &str) -> Value {
    json!({"username": username, "email": format!("{username}@x"), "pass": "secret", "name": "Some One"})
}

fn register(server: &TestServer, change: impl FnOnce(&mut Value)) -> Answer {
    let mut body = form("eve");
    change(&mut body);
    server.anonymous().post("users.register", body)
}

fn create(server: &TestServer, change: impl FnOnce(&mut Value)) -> Answer {
    let mut body = json!({"username": "eve", "email": "eve@x", "password": "secret", "name": "Eve"});
    change(&mut body);
    server.as_admin().post("users.create", body)
}

#[test]
fn whoever_registers_may_log_in_and_is_in_the_default_rooms() {
    let server = open();
    let answer = register(&server, |_| {});
    let expected = json!({
        "user": {
            "_id": answer.body()["user"]["_id"],
            "username": "eve",
            "name": "Some One",
            "type": "user",
            "status": "offline",
            "active": true,
            "roles": ["user"],
            "emails": [{"address": "eve@x", "verified": false}],
            "createdAt": "2024-03-15T10:20:30.123Z",
            "_updatedAt": "2024-03-15T10:20:30.123Z",
            "customFields": {},
            "settings": {"preferences": {}},
        },
        "success": true,
    });
    assert_eq!(answer.ok(), &expected);
    log_in(&server, json!({"user": "eve", "password": "secret"})).ok();
    let rooms = server.as_user("eve").get("users.info", "username=eve&includeUserRooms=true");
    assert_eq!(rooms.ok()["user"]["rooms"][0]["name"], "general");
}

#[test]
fn refusals_of_registration_come_in_their_order() {
    let server = open();
    let bob = server.user("bob");
    let cases: [(Value, &str); 12] = [
        (json!({"username": "bob", "name": "<b>"}), "Name contains invalid characters"),
        (json!({"name": "a%2Fb"}), "Name contains invalid characters"),
        (json!({"username": "b o b"}), "The username provided is not valid"),
        (json!({"username": "BOB", "email": "bob@example.org"}), "Username is already in use"),
        (json!({"username": "System"}), "System is blocked and can't be used! [error-blocked-username]"),
        (json!({"username": "here"}), "here is blocked and can't be used! [error-blocked-username]"),
        (json!({"pass": " "}), "The password provided does not meet the server's password policy."),
        (json!({"email": "nowhere"}), "Invalid email nowhere [error-invalid-email]"),
        (json!({"email": "Bob@Example.org"}), "Email already exists. [403]"),
        (json!({"more": 1}), "must NOT have additional properties [invalid-params]"),
        (json!({"email": null}), "must have required property 'email' [invalid-params]"),
        (json!({"username": []}), "must be string [invalid-params]"),
    ];
    for (change, text) in cases {
        let answer = register(&server, |body| {
            for (key, value) in change.as_object().unwrap() {
                if value.is_null() {
                    body.as_object_mut().unwrap().shift_remove(key);
                } else {
                    body[key] = value.clone();
                }
            }
        });
        assert_eq!(answer.refusal(), text, "{change}");
    }
    assert_eq!(server.user("bob"), bob);
    assert!(server.app.store.user_by_name("eve").unwrap().is_none(), "nothing was half made");
}

#[test]
fn registration_can_be_closed_or_need_a_secret() {
    let server = open();
    set(&server, "Accounts_RegistrationForm", "Disabled".into());
    let disabled = "User registration is disabled [error-user-registration-disabled]";
    assert_eq!(register(&server, |_| {}).refusal(), disabled);
    set(&server, "Accounts_RegistrationForm", "Secret URL".into());
    let secret = "User registration is only allowed via Secret URL [error-user-registration-secret]";
    assert_eq!(register(&server, |body| body["secret"] = "".into()).refusal(), secret, "none is set");
    set(&server, "Accounts_RegistrationForm_SecretURL", "open sesame".into());
    assert_eq!(register(&server, |_| {}).refusal(), secret);
    register(&server, |body| body["secret"] = "open sesame".into()).ok();
}

#[test]
fn domains_and_custom_fields_are_checked_as_the_settings_say() {
    let server = open();
    set(&server, "Accounts_AllowedDomainsList", "x, y".into());
    let answer = register(&server, |body| body["email"] = "eve@z".into());
    assert_eq!(answer.body()["errorType"], "error-invalid-domain");
    set(&server, "Accounts_BlockedDomainsList", "X".into());
    assert_eq!(register(&server, |_| {}).body()["errorType"], "error-email-domain-blacklisted");
    set(&server, "Accounts_BlockedDomainsList", "".into());
    let declared = r#"{"team": {"type": "select", "required": true, "options": ["red", "blue"]},
                       "note": {"type": "text", "minLength": 2, "maxLength": 3}}"#;
    set(&server, "Accounts_CustomFields", declared.into());
    let cases = [
        (json!({}), "Field team is required"),
        (json!({"team": "green"}), "Value for field team is invalid"),
        (json!({"team": "red", "note": "x"}), "Min length of field note 2"),
        (json!({"team": "red", "note": "long"}), "Max length of field note 3"),
    ];
    for (fields, text) in cases {
        let answer = register(&server, |body| body["customFields"] = fields);
        assert_eq!(answer.refusal(), format!("{text} [error-user-registration-custom-field]"));
    }
    let answer = register(&server, |body| body["customFields"] = json!({"team": "red", "other": 1}));
    assert_eq!(answer.ok()["user"]["customFields"], json!({"team": "red", "other": 1}));
}

#[test]
fn the_policy_tells_every_rule_that_a_password_breaks() {
    let server = open();
    set(&server, "Accounts_Password_Policy_Enabled", true.into());
    let answer = register(&server, |body| body["pass"] = "aaaa".into());
    assert_eq!(answer.refusal(), "The password provided does not meet the server's password policy.");
    assert_eq!(answer.body()["errorType"], "error-password-policy-not-met");
    let rules = ["minLength", "repeatingCharacters", "oneUppercase", "oneNumber", "oneSpecial"];
    let told: Vec<String> =
        rules.iter().map(|rule| format!("error-password-policy-not-met-{rule}")).collect();
    let details = answer.body()["details"].as_array().unwrap().clone();
    assert_eq!(details.iter().map(|rule| rule["error"].as_str().unwrap()).collect::<Vec<_>>(), told);
    assert_eq!(details[0]["message"], "The password does not meet the minimum length password policy.");
    register(&server, |body| body["pass"] = "Secret-1".into()).ok();
}

#[test]
fn the_first_to_register_without_an_administrator_becomes_one() {
    let server = TestServer::start_with(|config| config.environment.admin = None);
    let first = server.anonymous().post("users.register", form("eve"));
    assert_eq!(first.ok()["user"]["roles"], json!(["admin", "user"]));
    assert_eq!(server.anonymous().post("users.register", form("al")).status(), 429, "once a minute");
    server.clock.advance(60_000);
    let second = server.anonymous().post("users.register", form("al"));
    assert_eq!(second.ok()["user"]["roles"], json!(["user"]));
}

#[test]
fn new_accounts_may_have_to_wait_for_approval() {
    let server = open();
    set(&server, "Accounts_ManuallyApproveNewUsers", true.into());
    assert_eq!(register(&server, |_| {}).ok()["user"]["active"], false);
    let answer = log_in(&server, json!({"user": "eve", "password": "secret"}));
    assert_eq!(answer.body()["error"], "error-user-is-not-activated");
}

/// How many of six who register at the same time are let in.
fn let_in(server: &TestServer, change: impl Fn(usize, &mut Value) + Sync) -> usize {
    std::thread::scope(|scope| {
        let change = &change;
        let calls: Vec<_> =
            (0..6).map(|number| scope.spawn(move || register(server, |body| change(number, body)))).collect();
        let answers = calls.into_iter().map(|call| call.join().expect("an answer").status());
        answers.filter(|status| *status == 200).count()
    })
}

#[test]
fn names_and_addresses_are_given_once_however_many_ask() {
    let server = open();
    assert_eq!(let_in(&server, |number, body| body["email"] = format!("{number}@x").into()), 1);
    let one_address = |number: usize, body: &mut Value| {
        body["username"] = format!("al{number}").into();
        body["email"] = "al@x".into();
    };
    assert_eq!(let_in(&server, one_address), 1);
}

#[test]
fn administrators_create_accounts_as_they_like() {
    let server = TestServer::start();
    let answer = create(&server, |body| {
        body["roles"] = json!(["bot", "admin"]);
        body["verified"] = true.into();
        body["bio"] = "Hi".into();
        body["requirePasswordChange"] = true.into();
        body["joinDefaultChannels"] = false.into();
        body["customFields"] = json!({"team": "x"});
    });
    let user = &answer.ok()["user"];
    assert_eq!(user["roles"], json!(["bot", "admin"]));
    assert_eq!(user["emails"], json!([{"address": "eve@x", "verified": true}]));
    assert_eq!((&user["bio"], &user["requirePasswordChange"]), (&json!("Hi"), &json!(true)));
    assert_eq!(user["customFields"], json!({"team": "x"}));
    assert!(user.get("services").is_none());
    let rooms = server.as_admin().get("users.info", "username=eve&includeUserRooms=true");
    assert_eq!(rooms.ok()["user"]["rooms"], json!([]));
}

#[test]
fn refusals_of_creation_have_their_own_words() {
    let server = TestServer::start();
    server.user("bob");
    let cases: [(&str, Value, &str); 12] = [
        ("name", "<b>".into(), "Name contains invalid characters"),
        ("name", " ".into(), "The field Name is required [error-the-field-is-required]"),
        ("username", "".into(), "The field Username is required [error-the-field-is-required]"),
        ("password", "".into(), "The field Password is required [error-the-field-is-required]"),
        ("username", "a b".into(), "a b is not a valid username [error-input-is-not-a-valid-field]"),
        ("username", "Admin".into(), "Admin is blocked and can't be used! [error-blocked-username]"),
        ("username", "Bob".into(), "Bob is already in use :( [error-field-unavailable]"),
        ("email", "BOB@example.org".into(), "BOB@example.org is already in use :( [error-field-unavailable]"),
        ("email", "a@b@c".into(), "Invalid email a@b@c [error-invalid-email]"),
        ("roles", json!(["nope"]), "The field Roles consist invalid role id [error-action-not-allowed]"),
        ("bio", "x".repeat(261).into(), "Bio size exceeds 260 characters [error-bio-size-exceeded]"),
        ("isAdmin", true.into(), "must NOT have additional properties [invalid-params]"),
    ];
    for (key, value, text) in cases {
        assert_eq!(create(&server, |body| body[key] = value).refusal(), text);
    }
    let empty = server.as_admin().post("users.create", json!({}));
    let required = ["email", "name", "password", "username"];
    let texts = required.map(|name| format!("must have required property '{name}'"));
    assert_eq!(empty.refusal(), format!("{} [invalid-params]", texts.join("\n ")));
    let body = json!({"username": "x", "email": "x@x", "password": "x", "name": "X"});
    let refused = server.as_user("bob").post("users.create", body);
    assert_eq!(refused.refusal(), "Adding user is not allowed [error-action-not-allowed]");
}
