//! Changing settings: one or several, of every kind, by those who may; and what nobody may change.

use std::collections::BTreeSet;

use roomscribe::domain::defaults;
use roomscribe::domain::setting::Kind;
use serde_json::{Value, json};

use crate::support::TestServer;

fn silent() -> Value {
    json!({"success": false})
}

#[test]
fn every_setting_can_be_read_and_written() {
    let server = TestServer::start();
    let admin = server.as_admin();
    for definition in defaults::all() {
        if definition.id == "Site_Url" || definition.id.starts_with("API_") {
            continue;
        }
        let path = format!("settings/{}", definition.id);
        admin.get(&path, "").ok();
        if definition.kind != Kind::Action {
            admin.post(&path, json!({"value": definition.default_value()})).ok();
        }
    }
}

#[test]
fn colours_and_actions_have_shapes_of_their_own() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let colour = "settings/theme-color-rc-color-button-primary";
    admin.post(colour, json!({"editor": "color", "value": "#ff0000"})).ok();
    assert_eq!(admin.get(colour, "").ok()["value"], "#ff0000");
    admin.post(colour, json!({"value": "#00ff00"})).ok();
    assert_eq!(admin.get(colour, "").ok()["value"], "#00ff00");
    admin.post("settings/SMTP_Test_Button", json!({"execute": true})).ok();
    for (path, body) in [
        ("settings/SMTP_Test_Button", json!({"execute": false})),
        ("settings/Site_Name", json!({"execute": true})),
        ("settings/Site_Name", json!({})),
    ] {
        let answer = admin.post(path, body);
        assert_eq!((answer.status(), answer.body()), (400, &silent()));
    }
}

#[test]
fn several_are_changed_together_and_must_be_of_their_types() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let change = |id: &str, value: Value| json!({"settings": [{"_id": "Site_Name", "value": "New"}, {"_id": id, "value": value}]});
    for (id, value, text) in [
        ("API_User_Limit", json!(0.5), "Invalid setting value [Invalid setting value 0.5]"),
        ("API_User_Limit", json!("5"), "Match error: Expected number, got string"),
        ("API_Embed", json!("true"), "Match error: Expected boolean, got string"),
        ("Language", json!(5), "Match error: Expected string, got number"),
        ("Hide_System_Messages", json!("uj"), "Match error: Expected array, got string"),
    ] {
        assert_eq!(admin.post("settings", change(id, value)).refusal(), text);
    }
    let unknown = admin.post("settings", change("No_Such", json!(1)));
    assert_eq!((unknown.status(), unknown.body()), (400, &silent()));
    assert_eq!(admin.get("settings/Site_Name", "").ok()["value"], "roomscribe", "nothing was changed");
    admin.post("settings", change("API_User_Limit", json!(7))).ok();
    assert_eq!(admin.get("settings/Site_Name", "").ok()["value"], "New");
    assert_eq!(admin.get("settings/API_User_Limit", "").ok()["value"], 7);
    let refused = bob.post("settings", change("API_User_Limit", json!(8)));
    let expected = json!({
        "success": false,
        "error": "Editing settings is not allowed [error-action-not-allowed]",
        "errorType": "error-action-not-allowed",
        "details": {"method": "saveSettings", "settingIds": ["Site_Name", "API_User_Limit"]},
    });
    assert_eq!((refused.status(), refused.body()), (400, &expected));
    assert_eq!(admin.post("settings", json!({})).body()["errorType"], "invalid-params");
}

#[test]
fn a_permission_opens_one_setting() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let grant = |id: &str| json!({"permissions": [{"_id": id, "roles": ["user"]}]});
    admin.post("permissions.update", grant("manage-selected-settings")).ok();
    let new = json!({"value": "Bob's"});
    assert_eq!(bob.post("settings/Site_Name", new.clone()).status(), 403);
    let granted = admin.post("permissions.update", grant("change-setting-Site_Name"));
    let rows = granted.ok()["permissions"].as_array().unwrap();
    let row = rows.iter().find(|row| row["_id"] == "change-setting-Site_Name").unwrap();
    assert_eq!((&row["level"], &row["settingId"]), (&json!("settings"), &json!("Site_Name")));
    bob.post("settings/Site_Name", new.clone()).ok();
    assert_eq!(bob.post("settings/Site_Url", new).status(), 403);
    let unknown = admin.post("permissions.update", grant("change-setting-Nothing"));
    assert_eq!(unknown.body()["errorType"], "error-invalid-permission");
}

#[test]
fn what_the_environment_blocks_or_hides_nobody_changes() {
    let set = |ids: &[&str]| -> BTreeSet<String> { ids.iter().map(|id| (*id).to_owned()).collect() };
    let server = TestServer::start_with(|config| {
        config.environment.blocked = set(&["Site_Name"]);
        config.environment.hidden = set(&["Language", "SMTP_Test_Button"]);
        config.environment.initial.insert("API_User_Limit".to_owned(), "7".to_owned());
        config.environment.overwritten.insert("Threads_enabled".to_owned(), "false".to_owned());
    });
    let admin = server.as_admin();
    assert_eq!(admin.get("settings/Site_Name", "").ok()["value"], "roomscribe");
    for (id, body) in [
        ("Site_Name", json!({"value": "x"})),
        ("Language", json!({"value": "de"})),
        ("Threads_enabled", json!({"value": true})),
        ("SMTP_Test_Button", json!({"execute": true})),
    ] {
        let answer = admin.post(&format!("settings/{id}"), body);
        assert_eq!((answer.status(), answer.body()), (400, &silent()), "{id}");
    }
    assert_eq!(admin.get("settings/Language", "").body(), &silent());
    assert_eq!(admin.get("settings", "_id=Language").ok()["total"], 0);
    assert_eq!(server.anonymous().get("settings.public", "_id=Language").ok()["total"], 0);
    assert_eq!(admin.get("settings/Threads_enabled", "").ok()["value"], false);
    assert_eq!(admin.get("settings/API_User_Limit", "").ok()["value"], 7);
    admin.post("settings/API_User_Limit", json!({"value": 9})).ok();
    assert_eq!(admin.get("settings/API_User_Limit", "").ok()["value"], 9, "what was saved wins");
}

#[test]
fn services_that_are_switched_on_are_listed_without_their_secrets() {
    let server = TestServer::start();
    let (admin, anonymous) = (server.as_admin(), server.anonymous());
    assert_eq!(anonymous.get("settings.oauth", "").ok(), &json!({"services": [], "success": true}));
    for (id, value) in [("", json!(true)), ("_id", json!("client")), ("_secret", json!("hush"))] {
        admin.post(&format!("settings/Accounts_OAuth_Google{id}"), json!({"value": value})).ok();
    }
    let expected = json!([{"_id": "google", "service": "google", "clientId": "client"}]);
    assert_eq!(anonymous.get("service.configurations", "").ok()["configurations"], expected);
    let expected = json!([{
        "_id": "google", "name": "google", "clientId": "client", "buttonLabelText": "", "buttonColor": "",
        "buttonLabelColor": "", "custom": false,
    }]);
    assert_eq!(anonymous.get("settings.oauth", "").ok()["services"], expected);
    admin.post("settings/Accounts_OAuth_Google", json!({"value": false})).ok();
    assert_eq!(anonymous.get("service.configurations", "").ok()["configurations"], json!([]));
}

#[test]
fn a_service_is_added_with_settings_of_its_own() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let missing = "The parameter \"name\" is required [error-name-param-not-provided]";
    for body in [json!({}), json!({"name": " "}), json!({"name": 5})] {
        assert_eq!(admin.post("settings.addCustomOAuth", body).refusal(), missing);
    }
    let refused = "Adding OAuth Services is not allowed [error-action-not-allowed]";
    assert_eq!(bob.post("settings.addCustomOAuth", json!({"name": "harbour"})).refusal(), refused);
    admin.post("settings.addCustomOAuth", json!({"name": "Harbour Office"})).ok();
    let id = "Accounts_OAuth_Custom-Harbouroffice";
    assert_eq!(admin.get(&format!("settings/{id}"), "").ok()["value"], false);
    admin.post(&format!("settings/{id}"), json!({"value": true})).ok();
    admin.post(&format!("settings/{id}-id"), json!({"value": "us"})).ok();
    let listed = server.anonymous().get("settings.oauth", "");
    let expected = json!({
        "_id": "harbouroffice", "name": "harbouroffice", "clientId": "us", "buttonLabelText": "",
        "buttonColor": "#1d74f5", "buttonLabelColor": "#FFFFFF", "custom": true,
    });
    assert_eq!(listed.ok()["services"], json!([expected]));
    assert_eq!(server.anonymous().get("settings.public", &format!("_id={id}-secret")).ok()["total"], 0);
    assert_eq!(admin.get("settings", &format!("_id={id}-secret")).ok()["total"], 1);
    admin.post("settings.addCustomOAuth", json!({"name": "harbouroffice"})).ok();
    assert_eq!(admin.get(&format!("settings/{id}"), "").ok()["value"], true, "it stays as it is");
    assert_eq!(admin.post("settings/Accounts_OAuth_Custom-Other", json!({"value": 1})).status(), 400);
}
