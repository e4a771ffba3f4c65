//! Settings: who sees which, and that a change holds at once.

use serde_json::{Value, json};

use crate::support::TestServer;

fn ids(body: &Value) -> Vec<&str> {
    let rows = body["settings"].as_array().expect("a list").iter();
    rows.map(|row| row["_id"].as_str().expect("an id")).collect()
}

#[test]
fn everybody_sees_the_public_settings_and_no_others() {
    let server = TestServer::start();
    let answer = server.anonymous().get("settings.public", "count=0");
    let shown = ids(answer.ok());
    assert!(shown.is_sorted() && shown.contains(&"Site_Url") && !shown.contains(&"SMTP_Password"));
    assert_eq!(answer.body()["total"], shown.len());
    let wanted = "_id=Site_Name,SMTP_Password&_id=Language&_id=nonsense";
    let expected = json!({
        "settings": [{"_id": "Language", "value": "en"}, {"_id": "Site_Name", "value": "roomscribe"}],
        "count": 2, "offset": 0, "total": 2, "success": true,
    });
    assert_eq!(server.anonymous().get("settings.public", wanted).ok(), &expected);
    let stale = [("x-user-id", "nobody"), ("x-auth-token", "nothing")];
    let answer = server.anonymous().raw("GET", "/api/v1/settings.public?count=1", &stale, "");
    assert_eq!(answer.ok()["count"], 1, "credentials are not even looked at");
    let page = server.anonymous().get("settings.public", "offset=2&count=3");
    assert_eq!(ids(page.ok()), shown[2..5]);
}

#[test]
fn private_settings_are_for_administrators() {
    let server = TestServer::start();
    let all = server.as_admin().get("settings", "count=0");
    assert!(ids(all.ok()).contains(&"SMTP_Host"));
    let public = server.anonymous().get("settings.public", "count=0");
    assert_eq!(server.as_user("bob").get("settings", "count=0").ok()["settings"], public.body()["settings"]);
    assert_eq!(server.anonymous().get("settings", "").status(), 401);
    let refused = json!({"success": false, "error": "unauthorized"});
    let bob = server.as_user("bob");
    for answer in [bob.get("settings/Site_Name", ""), bob.post("settings/Site_Name", json!({"value": "x"}))] {
        assert_eq!((answer.status(), answer.body()), (403, &refused));
    }
}

#[test]
fn a_value_is_kept_as_it_is_sent() {
    let server = TestServer::start();
    let admin = server.as_admin();
    for value in [json!("Chat"), json!("Chat"), json!(0.01), json!(["a", {"b": 1}]), json!(""), json!(false)]
    {
        let saved = admin.post("settings/Site_Name", json!({"value": value}));
        assert_eq!(saved.ok(), &json!({"success": true}));
        let expected = json!({"_id": "Site_Name", "value": value, "success": true});
        assert_eq!(admin.get("settings/Site_Name", "").ok(), &expected);
    }
}

#[test]
fn unknown_settings_and_bodies_without_a_value_are_refused_in_silence() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let answers = [
        admin.get("settings/No_Such", ""),
        admin.post("settings/No_Such", json!({"value": 1})),
        admin.post("settings/Site_Name", json!({"val": 1})),
    ];
    for answer in answers {
        assert_eq!((answer.status(), answer.body()), (400, &json!({"success": false})));
    }
    let nothing = "must have required property 'settings' [invalid-params]";
    assert_eq!(admin.post("settings", json!({})).refusal(), nothing);
    let several = json!({"settings": [{"_id": "Site_Name", "value": "x"}, {"_id": "No_Such", "value": 1}]});
    assert_eq!(admin.post("settings", several).body(), &json!({"success": false}));
    assert_ne!(admin.get("settings/Site_Name", "").ok()["value"], "x", "all of them or none");
}

#[test]
fn what_the_environment_forces_cannot_be_changed() {
    let server = TestServer::start_with(|config| {
        config.environment.overwritten.insert("Site_Name".to_owned(), "Forced".to_owned());
    });
    let admin = server.as_admin();
    assert_eq!(admin.post("settings/Site_Name", json!({"value": "x"})).status(), 400);
    assert_eq!(admin.get("settings/Site_Name", "").ok()["value"], "Forced");
}

#[test]
fn there_are_no_other_ways_to_log_in() {
    let anonymous = TestServer::start();
    let anonymous = anonymous.anonymous();
    let configurations = json!({"configurations": [], "success": true});
    assert_eq!(anonymous.get("service.configurations", "").ok(), &configurations);
    assert_eq!(anonymous.get("settings.oauth", "").ok(), &json!({"services": [], "success": true}));
}

#[test]
fn the_password_policy_is_told_to_everybody() {
    let server = TestServer::start();
    let off = json!({"enabled": false, "policy": [], "success": true});
    assert_eq!(server.anonymous().get("pw.getPolicy", "").ok(), &off);
    let admin = server.as_admin();
    admin.post("settings/Accounts_Password_Policy_Enabled", json!({"value": true})).ok();
    let expected = json!([
        ["get-password-policy-minLength", {"minLength": 7}],
        ["get-password-policy-forbidRepeatingCharacters"],
        ["get-password-policy-forbidRepeatingCharactersCount", {"forbidRepeatingCharactersCount": 3}],
        ["get-password-policy-mustContainAtLeastOneLowercase"],
        ["get-password-policy-mustContainAtLeastOneUppercase"],
        ["get-password-policy-mustContainAtLeastOneNumber"],
        ["get-password-policy-mustContainAtLeastOneSpecialCharacter"],
    ]);
    assert_eq!(server.anonymous().get("pw.getPolicy", "").ok()["policy"], expected);
}
