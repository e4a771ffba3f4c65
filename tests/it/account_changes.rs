//! Changes of accounts by administrators and by their owners.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::auth::log_in;
use crate::support::{Answer, TestServer};

fn set(server: &TestServer, setting: &str, value: Value) {
    server.as_admin().post(&format!("settings/{setting}"), json!({"value": value})).ok();
}

/// What `admin` answers who changes `bob`.
fn update(server: &TestServer, data: Value) -> Answer {
    let id = server.user("bob").id;
    server.as_admin().post("users.update", json!({"userId": id.as_str(), "data": data}))
}

#[test]
fn administrators_change_what_they_name_and_nothing_else() {
    let server = TestServer::start();
    let bob = server.user("bob");
    let data = json!({"name": "Robert", "email": "robert@x", "bio": "Hi", "customFields": {"team": "x"}});
    let expected = json!({
        "_id": bob.id.as_str(), "username": "bob", "name": "Robert", "type": "user", "status": "offline",
        "active": true, "bio": "Hi", "roles": ["user"],
        "emails": [{"address": "robert@x", "verified": false}],
        "createdAt": "2024-03-15T10:20:30.123Z", "_updatedAt": "2024-03-15T10:20:30.123Z",
        "customFields": {"team": "x"}, "settings": {"preferences": {}},
    });
    assert_eq!(update(&server, data).ok(), &json!({"user": expected, "success": true}));
    let later = update(&server, json!({"verified": true, "requirePasswordChange": false}));
    let user = &later.ok()["user"];
    assert_eq!(user["emails"], json!([{"address": "robert@x", "verified": true}]));
    assert_eq!((&user["bio"], &user["requirePasswordChange"]), (&json!("Hi"), &json!(false)));
}

#[test]
fn refused_changes_change_nothing() {
    let server = TestServer::start();
    server.user("al");
    let before = server.user("bob");
    let identity = "Could not save user identity [error-could-not-save-identity]";
    let cases = [
        (json!({"username": "AL"}), identity),
        (json!({"username": "system"}), identity),
        (json!({"username": " "}), identity),
        (json!({"name": " "}), identity),
        (json!({"username": "all"}), "all is blocked and can't be used! [error-blocked-username]"),
        (json!({"email": "Al@example.org"}), "Al@example.org is already in use :( [error-field-unavailable]"),
        (json!({"name": "Robert", "email": "x"}), "Invalid email x [error-invalid-email]"),
        (
            json!({"nickname": "x".repeat(121)}),
            "Nickname size exceeds 120 characters [error-nickname-size-exceeded]",
        ),
        (json!({"roles": ["nope"]}), "The field Roles consist invalid role id [error-action-not-allowed]"),
        (json!({"statusMessage": "x"}), "must NOT have additional properties [invalid-params]"),
        (json!({"password": ""}), "The password provided does not meet the server's password policy."),
    ];
    for (data, text) in cases {
        assert_eq!(update(&server, data).refusal(), text);
    }
    assert_eq!(server.user("bob"), before);
    let unknown = server.as_admin().post("users.update", json!({"userId": "x", "data": {}}));
    assert_eq!(unknown.refusal(), "User not found");
}

#[test]
fn a_new_name_is_known_in_every_room_and_the_old_one_is_free() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Group, "den", &["al", "bob"]);
    let bob = server.as_user("bob");
    update(&server, json!({"username": "robert"})).ok();
    let subscription = server.app.store.subscription(&room, &server.user("robert").id).unwrap().unwrap();
    assert_eq!(subscription.username, "robert");
    assert_eq!(bob.get("me", "").ok()["username"], "robert", "sessions go on");
    log_in(&server, json!({"user": "robert", "password": "bob-password"})).ok();
    assert!(server.app.store.user_by_name("bob").unwrap().is_none());
    server.as_user("al").post("users.updateOwnBasicInfo", json!({"data": {"username": "bob"}})).ok();
}

#[test]
fn what_a_caller_may_change_depends_on_his_permissions() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let change = |data: Value| al.post("users.update", json!({"userId": bob.id(), "data": data}));
    assert_eq!(
        change(json!({"name": "X"})).refusal(),
        "Editing user is not allowed [error-action-not-allowed]"
    );
    let grant = json!({"permissions": [{"_id": "edit-other-user-info", "roles": ["user"]}]});
    server.as_admin().post("permissions.update", grant).ok();
    change(json!({"name": "X", "roles": ["user"]})).ok();
    let refused = change(json!({"roles": ["user", "bot"]}));
    assert_eq!(refused.refusal(), "Assign roles is not allowed [error-action-not-allowed]");
    let grant = json!({"permissions": [{"_id": "assign-roles", "roles": ["user"]}]});
    server.as_admin().post("permissions.update", grant).ok();
    change(json!({"roles": ["user", "bot"]})).ok();
    let refused = change(json!({"roles": ["admin"]}));
    assert_eq!(refused.refusal(), "Assigning admin is not allowed [error-action-not-allowed]");
    change(json!({"password": "new"})).ok();
    log_in(&server, json!({"user": "bob", "password": "bob-password"})).ok();
    let refused = change(json!({"active": false}));
    assert_eq!(refused.refusal(), "Not allowed [error-not-allowed]");
}

#[test]
fn nobody_vouches_for_an_address_of_their_own() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let text = "Editing email verification is not allowed [error-action-not-allowed]";
    let foreign = json!({"email": "boss@example.org", "verified": true});
    set(&server, "Accounts_TwoFactorAuthentication_Enabled", false.into());
    for data in [foreign.clone(), json!({"verified": true})] {
        let body = json!({"userId": bob.id(), "data": data});
        assert_eq!(bob.post("users.update", body).refusal(), text, "{data}");
    }
    let own = |data: Value| admin.post("users.update", json!({"userId": admin.id(), "data": data}));
    assert_eq!(own(foreign.clone()).refusal(), text);
    own(json!({"verified": true})).ok();
    let mut nowhere = server.user("admin");
    let address = std::mem::take(&mut nowhere.emails);
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&nowhere)).unwrap();
    for data in [json!({"verified": true}), foreign.clone()] {
        assert_eq!(own(data).refusal(), text, "there is none that could be known");
    }
    assert!(server.user("admin").emails.is_empty() && address[0].verified);
    assert_eq!(server.user("bob").emails[0].address, "bob@example.org");
    update(&server, foreign).ok();
}

#[test]
fn the_last_administrator_cannot_be_demoted() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let demote = json!({"userId": admin.id(), "data": {"roles": ["user"]}});
    let text = "Leaving the app without admins is not allowed [error-action-not-allowed]";
    assert_eq!(admin.post("users.update", demote.clone()).refusal(), text);
    update(&server, json!({"roles": ["admin"]})).ok();
    admin.post("users.update", demote).ok();
}

#[test]
fn a_password_that_somebody_else_sets_ends_all_sessions() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    update(&server, json!({"password": "new"})).ok();
    assert_eq!(bob.get("me", "").status(), 401);
    assert_eq!(log_in(&server, json!({"user": "bob", "password": "bob-password"})).status(), 401);
    log_in(&server, json!({"user": "bob", "password": "new"})).ok();
}

#[test]
fn a_new_password_of_ones_own_takes_the_current_one_and_ends_other_sessions() {
    let server = TestServer::start();
    let (bob, elsewhere) = (server.as_user("bob"), server.as_user("bob"));
    let proof = digest("bob-password");
    let change = |data: Value| bob.post("users.updateOwnBasicInfo", json!({"data": data}));
    let missing = change(json!({"newPassword": "new"}));
    let expected = json!({
        "success": false,
        "error": "TOTP Required [totp-required]",
        "errorType": "totp-required",
        "details": {"method": "password", "codeGenerated": false, "availableMethods": []},
    });
    assert_eq!((missing.status(), missing.body()), (400, &expected));
    let wrong = change(json!({"newPassword": "new", "currentPassword": digest("wrong")}));
    assert_eq!(wrong.refusal(), "TOTP Invalid [totp-invalid]");
    let same = change(json!({"newPassword": "bob-password", "currentPassword": proof}));
    let text = "Entered password same as current password [error-password-same-as-current]";
    assert_eq!(same.refusal(), text);
    elsewhere.get("me", "").ok();
    change(json!({"newPassword": "new", "currentPassword": proof})).ok();
    bob.get("me", "").ok();
    assert_eq!(elsewhere.get("me", "").status(), 401);
    log_in(&server, json!({"user": "bob", "password": "new"})).ok();
    assert_eq!(change(json!({"email": "b@x", "currentPassword": proof})).body()["errorType"], "totp-invalid");
    set(&server, "Accounts_TwoFactorAuthentication_Enabled", false.into());
    change(json!({"email": "b@x"})).ok();
}

fn digest(password: &str) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(password))
}

#[test]
fn settings_say_what_people_may_change_of_their_own() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let change = |data: Value| bob.post("users.updateOwnBasicInfo", json!({"data": data}));
    change(json!({"name": "Robert", "nickname": "bobby", "bio": "Hi", "statusType": "away"})).ok();
    let me = bob.get("me", "");
    assert_eq!((&me.ok()["nickname"], &me.body()["status"]), (&json!("bobby"), &json!("away")));
    let cases = [
        (
            "UsernameChange",
            json!({"username": "x"}),
            "Edit username is not allowed [error-action-not-allowed]",
        ),
        (
            "RealNameChange",
            json!({"name": "x"}),
            "Edit user real name is not allowed [error-action-not-allowed]",
        ),
        ("EmailChange", json!({"email": "x@x"}), "Edit user email is not allowed [error-action-not-allowed]"),
        (
            "PasswordChange",
            json!({"newPassword": "x"}),
            "Edit user password is not allowed [error-action-not-allowed]",
        ),
        (
            "UserStatusMessageChange",
            json!({"statusText": "x"}),
            "Edit user status is not allowed [error-action-not-allowed]",
        ),
        ("UserProfileChange", json!({"bio": "x"}), "Not allowed [error-not-allowed]"),
    ];
    for (setting, data, text) in cases {
        set(&server, &format!("Accounts_Allow{setting}"), false.into());
        assert_eq!(change(data).refusal(), text);
    }
    update(&server, json!({"username": "robert", "email": "r@x", "bio": "x"})).ok();
}

#[test]
fn a_password_is_not_taken_again_as_long_as_it_is_remembered() {
    let server = TestServer::start();
    set(&server, "Accounts_Password_History_Enabled", true.into());
    set(&server, "Accounts_Password_History_Amount", 2.into());
    set(&server, "Accounts_TwoFactorAuthentication_Enabled", false.into());
    let bob = server.as_user("bob");
    let change = |new: &str| bob.post("users.updateOwnBasicInfo", json!({"data": {"newPassword": new}}));
    change("first").ok();
    change("second").ok();
    let text = "Entered password has been previously used [error-password-in-history]";
    for former in ["bob-password", "first"] {
        assert_eq!(change(former).refusal(), text);
    }
    let same = "Entered password same as current password [error-password-same-as-current]";
    assert_eq!(change("second").refusal(), same, "that comes first");
    set(&server, "Accounts_Password_Policy_Enabled", true.into());
    assert_eq!(change("first").refusal(), text, "and the policy last");
    set(&server, "Accounts_Password_Policy_Enabled", false.into());
    change("third").ok();
    change("bob-password").ok();
}

#[test]
fn whoever_has_to_change_the_password_has_done_so_by_changing_it() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    update(&server, json!({"requirePasswordChange": true})).ok();
    assert_eq!(bob.get("me", "").ok()["requirePasswordChange"], true);
    let data = json!({"newPassword": "new", "currentPassword": digest("bob-password")});
    bob.post("users.updateOwnBasicInfo", json!({"data": data})).ok();
    assert_eq!(bob.get("me", "").ok().get("requirePasswordChange"), None);
}

#[test]
fn an_address_of_ones_own_takes_the_password_through_whichever_endpoint() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let body = json!({"userId": bob.id(), "data": {"email": "b@example.org"}});
    assert_eq!(bob.post("users.update", body.clone()).body()["errorType"], "totp-required");
    let same = json!({"userId": bob.id(), "data": {"email": "bob@example.org", "name": "Robert"}});
    bob.post("users.update", same).ok();
    let digest = digest("bob-password");
    let headers = [("content-type", "application/json"), ("x-2fa-code", &*digest)];
    bob.raw("POST", "/api/v1/users.update", &headers, body.to_string()).ok();
    let admin = server.as_admin();
    admin.post("users.update", json!({"userId": admin.id(), "data": {"email": "a@example.org"}})).ok();
}
