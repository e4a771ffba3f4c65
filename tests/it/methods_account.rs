//! Methods about one's own account: sessions, second factors, keys, profile.

use roomscribe::domain::{RoomKind, Time, totp};
use serde_json::{Value, json};

use crate::methods::{call, refusal, result};
use crate::password_mails::set;
use crate::support::{Caller, NOW, TestServer};
use crate::two_factor::secret_bytes;

/// What an app shows that was given this secret.
fn code(server: &TestServer, secret: &str) -> String {
    totp::code(&secret_bytes(secret), totp::step(server.app.now()))
}

fn begin(bob: &Caller<'_>) -> String {
    result(bob, "2fa:enable", json!([]))["secret"].as_str().expect("a secret").to_owned()
}

#[test]
fn an_app_is_set_up_as_second_factor() {
    let server = TestServer::start();
    let (bob, elsewhere) = (server.as_user("bob"), server.as_user("bob"));
    assert_eq!(refusal(&bob, "2fa:validateTempToken", json!(["123456"])), "[invalid-totp]");
    assert_eq!(refusal(&bob, "2fa:checkCodesRemaining", json!([])), "[invalid-totp]");
    assert_eq!(refusal(&bob, "2fa:regenerateCodes", json!(["123456"])), "[invalid-totp]");
    assert_eq!(result(&bob, "2fa:disable", json!(["123456"])), false);

    let new = result(&bob, "2fa:enable", json!([]));
    let secret = new["secret"].as_str().unwrap().to_owned();
    assert_eq!(new["url"], format!("otpauth://totp/Rocket.Chat:bob?secret={secret}"));
    assert_eq!(refusal(&bob, "2fa:validateTempToken", json!(["12345"])), "[invalid-totp]");
    let secret = begin(&bob);
    let token = bob.post("users.generatePersonalAccessToken", json!({"tokenName": "script"}));
    let token = token.ok()["token"].as_str().unwrap().to_owned();
    let codes = result(&bob, "2fa:validateTempToken", json!([code(&server, &secret)]));
    let codes = codes["codes"].as_array().unwrap().clone();
    assert!(codes.len() == 12 && codes.iter().all(|code| code.as_str().unwrap().len() == 8));
    assert_eq!(elsewhere.get("me", "").status(), 401, "other sessions end");
    server.with_token(&server.user("bob"), &token).get("me", "").ok();
    let again = call(&bob, "2fa:enable", json!([]));
    let expected = json!({
        "isClientSafe": true,
        "error": "error-2fa-already-enabled",
        "message": "[error-2fa-already-enabled]",
        "errorType": "Meteor.Error",
    });
    assert_eq!((&again["error"], again.get("result")), (&expected, None));

    assert_eq!(result(&bob, "2fa:checkCodesRemaining", json!([])), json!({"remaining": 12}));
    let wrong = call(&bob, "2fa:regenerateCodes", json!(["1"]));
    assert!(wrong.get("result").is_none() && wrong.get("error").is_none(), "{wrong}");
    let fresh = result(&bob, "2fa:regenerateCodes", json!([codes[0]]))["codes"].clone();
    assert_eq!(fresh.as_array().unwrap().len(), 12);
    assert_eq!(result(&bob, "2fa:disable", json!([codes[1]])), false, "old codes are gone");
    assert_eq!(result(&bob, "2fa:disable", json!([fresh[0]])), true);
    assert_eq!(refusal(&bob, "2fa:checkCodesRemaining", json!([])), "[invalid-totp]");
}

#[test]
fn addresses_must_be_verified_before_an_app_is_set_up() {
    let server = TestServer::start();
    let mut user = server.user("bob");
    user.emails[0].verified = false;
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&user)).unwrap();
    assert_eq!(
        refusal(&server.as_user("bob"), "2fa:enable", json!([])),
        "You need to verify your emails before setting up 2FA [error-invalid-user]"
    );
    let message = json!({"msg": "method", "id": "7", "method": "2fa:enable", "params": []});
    let anonymous =
        server.anonymous().post("method.call/2fa:enable", json!({"message": message.to_string()}));
    assert_eq!(anonymous.status(), 401);
}

#[test]
fn keys_of_encryption_are_kept_for_their_owner_alone() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    assert_eq!(bob.get("e2e.fetchMyKeys", "").ok(), &json!({"success": true}));
    let keys = json!({"public_key": "open", "private_key": "sealed"});
    let expected = json!({"success": true});
    assert_eq!(bob.post("e2e.setUserPublicAndPrivateKeys", keys.clone()).ok(), &expected);
    let again = bob.post("e2e.setUserPublicAndPrivateKeys", keys);
    let refused = json!({
        "success": false,
        "error": "Keys already set [error-keys-already-set]",
        "errorType": "error-keys-already-set",
    });
    assert_eq!((again.status(), again.body()), (400, &refused));
    let other = json!({"public_key": "other", "private_key": "sealed too", "force": true});
    result(&bob, "e2e.setUserPublicAndPrivateKeys", json!([other]));
    let own = json!({"public_key": "other", "private_key": "sealed too"});
    assert_eq!(result(&bob, "e2e.fetchMyKeys", json!([])), own);
    let missing = bob.post("e2e.setUserPublicAndPrivateKeys", json!({"public_key": "x"}));
    assert_eq!(missing.refusal(), "must have required property 'private_key' [invalid-params]");
    let admin = server.as_admin();
    for seen in [bob.get("me", ""), admin.get("users.info", "username=bob"), admin.get("users.list", "")] {
        assert!(!seen.text().contains("e2e") && !seen.text().contains("sealed"), "{}", seen.text());
    }
    let waiting = bob.get("e2e.fetchUsersWaitingForGroupKey", "roomIds[]=GENERAL");
    assert_eq!(waiting.ok(), &json!({"usersWaitingForE2EKeys": {}, "success": true}));
    let missing = bob.get("e2e.fetchUsersWaitingForGroupKey", "");
    assert_eq!(missing.refusal(), "must have required property 'roomIds' [invalid-params]");
    let suggested = json!({"usersSuggestedGroupKeys": {}});
    assert_eq!(bob.post("e2e.provideUsersSuggestedGroupKeys", suggested).ok(), &expected);
    bob.post("e2e.provideUsersSuggestedGroupKeys", json!({})).refusal();
}

#[test]
fn a_login_says_until_when_its_token_is_good() {
    let server = TestServer::start();
    server.user("bob");
    let params = json!([{"user": {"username": "bob"}, "password": "bob-password"}]);
    let message = |params: &Value| {
        let message = json!({"msg": "method", "id": "7", "method": "login", "params": params});
        json!({"message": message.to_string()})
    };
    let reply = server.anonymous().post("method.callAnon/login", message(&params));
    let answer: Value = serde_json::from_str(reply.ok()["message"].as_str().unwrap()).unwrap();
    let session = &answer["result"];
    let expires = NOW + 90 * roomscribe::domain::time::DAY;
    assert_eq!(
        (&session["type"], &session["tokenExpires"]),
        (&json!("password"), &json!({"$date": expires}))
    );
    assert_eq!(session["id"], server.user("bob").id.as_str());
    let token = session["token"].as_str().unwrap();
    let bob = server.with_token(&server.user("bob"), token);
    assert_eq!(result(&bob, "login", json!([{"resume": token}]))["type"], "resume");
    let others = result(&bob, "logoutOtherClients", json!([]));
    assert_eq!((&others["token"], &others["tokenExpires"]), (&json!(token), &json!({"$date": expires})));
    let wrong = json!([{"user": {"username": "bob"}, "password": "wrong"}]);
    let reply = server.anonymous().post("method.callAnon/login", message(&wrong));
    let answer: Value = serde_json::from_str(reply.ok()["message"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&answer["error"]["error"], &answer["error"]["reason"]),
        (&json!(403), &json!("Incorrect password"))
    );
    assert!(call(&bob, "logout", json!([])).get("result").is_none());
    assert_eq!(bob.get("me", "").status(), 401);
}

#[test]
fn profile_preferences_presence_and_tokens_are_changed() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let token = result(&bob, "personalAccessTokens:generateToken", json!([{"tokenName": "script"}]));
    server.with_token(&server.user("bob"), token.as_str().unwrap()).get("me", "").ok();
    let fresh = result(&bob, "personalAccessTokens:regenerateToken", json!([{"tokenName": "script"}]));
    assert_ne!(fresh, token);
    call(&bob, "personalAccessTokens:removeToken", json!([{"tokenName": "script"}]));
    assert_eq!(server.with_token(&server.user("bob"), fresh.as_str().unwrap()).get("me", "").status(), 401);
    let unknown = refusal(&bob, "personalAccessTokens:removeToken", json!([{"tokenName": "script"}]));
    assert_eq!(unknown, "Token does not exist [error-token-does-not-exists]");

    assert_eq!(result(&bob, "saveUserPreferences", json!([{"useEmojis": false}])), true);
    assert_eq!(bob.get("users.getPreferences", "").ok()["preferences"], json!({"useEmojis": false}));
    assert_eq!(result(&bob, "saveUserProfile", json!([{"realname": "Bobby", "bio": "here"}, {}])), true);
    let me = bob.get("me", "").ok().clone();
    assert_eq!((&me["name"], &me["bio"]), (&json!("Bobby"), &json!("here")));
    let status = |method: &str, params: Value| {
        assert!(call(&bob, method, params).get("error").is_none(), "{method}");
        bob.get("users.getStatus", "").ok()["status"].clone()
    };
    assert_eq!(status("setUserStatus", json!(["busy", "at lunch"])), "busy");
    assert_eq!(bob.get("me", "").ok()["statusText"], "at lunch");
    assert_eq!(status("UserPresence:setDefaultStatus", json!(["away"])), "away");
    assert_eq!(status("UserPresence:online", json!([])), "online");
    assert_eq!(status("UserPresence:away", json!([])), "away");
    let asked = result(&bob, "requestDataDownload", json!([{"fullExport": false}]));
    assert_eq!(asked["requested"], true);
}

#[test]
fn who_has_got_a_message_off_the_record_says_so() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let rid = result(&bob, "createDirectMessage", json!(["al"]))["rid"].clone();
    let channel = server.room(RoomKind::Channel, "talk", &["bob"]);
    let message = json!({
        "_id": "m", "rid": rid, "msg": "x", "t": "otr", "ts": {"$date": NOW},
        "u": {"_id": bob.id(), "username": "bob", "name": "Bob"},
    });
    let with = |key: &str, value: Value| {
        let mut message = message.clone();
        message[key] = value;
        json!([{"message": message, "ack": "sealed"}])
    };
    let done = call(&al, "updateOTRAck", with("msg", json!("x")));
    assert!(done.get("result").is_none() && done.get("error").is_none(), "{done}");
    let stranger = json!({"_id": "nobody", "username": "n", "name": "N"});
    let mut short = message.clone();
    short.as_object_mut().unwrap().remove("rid");
    let cases = [
        (with("t", json!("uj")), "Invalid message type [error-invalid-message]"),
        (with("rid", json!("nope")), "Invalid room [error-invalid-room]"),
        (with("rid", json!(channel.as_str())), "Invalid room [error-invalid-room]"),
        (with("u", stranger), "Invalid user, not in room [error-invalid-user]"),
        (with("rid", json!({})), "Match error: Expected string, got object in field rid"),
        (with("more", json!(1)), "Match error: Unknown key in field more"),
        (with("ts", json!(true)), "Match error: Expected date, got boolean in field ts"),
        (json!([{"message": short, "ack": "sealed"}]), "Match error: Missing key 'rid'"),
    ];
    for (params, expected) in cases {
        assert_eq!(refusal(&al, "updateOTRAck", params), expected);
    }
    let eve = server.as_user("eve");
    assert_eq!(
        refusal(&eve, "updateOTRAck", with("msg", json!("x"))),
        "Invalid user, not in room [error-invalid-user]"
    );
}

#[test]
fn settings_are_saved_together_and_numbers_are_whole() {
    let server = TestServer::start();
    let (bob, admin) = (server.as_user("bob"), server.as_admin());
    let save = |value: Value| json!([[{"_id": "API_Default_Count", "value": value}]]);
    assert_eq!(result(&admin, "saveSettings", save(json!(7))), true);
    assert_eq!(admin.get("settings/API_Default_Count", "").ok()["value"], 7);
    for (value, word) in [
        (json!({"$InfNaN": 0}), "NaN"),
        (json!({"$InfNaN": 1}), "Infinity"),
        (json!({"$InfNaN": -1}), "-Infinity"),
        (json!(0.5), "0.5"),
    ] {
        let refused = call(&admin, "saveSettings", save(value))["error"].clone();
        assert_eq!(refused["error"], format!("Invalid setting value {word}"));
        assert_eq!(refused["reason"], "Invalid setting value");
    }
    let mistyped = call(&admin, "saveSettings", save(json!("7")))["error"].clone();
    assert_eq!(mistyped["message"], "Match error: Expected number, got string");
    assert_eq!(mistyped["errorType"], "Match.Error");
    let several = json!([[{"_id": "API_Default_Count", "value": 9}, {"_id": "Site_Name", "value": 5}]]);
    call(&admin, "saveSettings", several);
    assert_eq!(admin.get("settings/API_Default_Count", "").ok()["value"], 7, "all or none");
    let refused = call(&bob, "saveSettings", save(json!(9)))["error"].clone();
    assert_eq!(refused["message"], "Editing settings is not allowed [error-action-not-allowed]");
    assert_eq!(refused["details"]["settingIds"], json!(["API_Default_Count"]));
    assert_eq!(result(&admin, "saveSetting", json!(["Site_Name", "Here"])), true);
    assert_eq!(result(&admin, "saveSetting", json!(["API_Default_Count", 8, null])), true);
    assert_eq!(refusal(&bob, "saveSetting", json!(["Site_Name", "x"])), refused["message"]);
    assert_eq!(admin.get("settings/Site_Name", "").ok()["value"], "Here");
    assert_eq!(admin.get("settings/API_Default_Count", "").ok()["value"], 8);

    set(&server, "Accounts_TwoFactorAuthentication_Enforce_Password_Fallback", true.into());
    server.clock.advance(3_600_000);
    let demanded = call(&admin, "saveSettings", save(json!(9)))["error"].clone();
    assert_eq!(
        (&demanded["error"], &demanded["details"]["method"]),
        (&json!("totp-required"), &json!("password"))
    );
}

#[test]
fn private_settings_are_told_with_what_they_are() {
    let server = TestServer::start();
    let listed = result(&server.as_admin(), "private-settings/get", json!([]));
    let host = listed.as_array().unwrap().iter().find(|row| row["_id"] == "SMTP_Host").cloned().unwrap();
    let expected = json!({
        "_id": "SMTP_Host", "value": "", "_updatedAt": {"$date": 0}, "type": "string", "public": false,
        "packageValue": "", "i18nLabel": "SMTP_Host",
    });
    assert_eq!(host, expected);
    let since = json!([{"$date": Time::from_millis(NOW).millis()}]);
    assert_eq!(result(&server.as_user("bob"), "private-settings/get", since.clone()), json!([]));
    set(&server, "SMTP_Host", "mail.example".into());
    server.clock.advance(1);
    set(&server, "SMTP_Port", "25".into());
    let changed = result(&server.as_admin(), "private-settings/get", since.clone());
    assert_eq!(changed["update"][0]["_id"], "SMTP_Port");
    assert_eq!(changed["remove"], json!([]));
    let public = result(&server.as_admin(), "public-settings/get", since);
    assert_eq!(public, json!({"update": [], "remove": []}));
}
