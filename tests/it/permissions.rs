//! Roles and permissions: seen by all, changed by few, in force at once.

use serde_json::{Value, json};

use crate::support::TestServer;

fn find<'a>(list: &'a Value, id: &str) -> &'a Value {
    list.as_array().expect("a list").iter().find(|row| row["_id"] == id).unwrap_or(&Value::Null)
}

#[test]
fn everybody_with_an_account_sees_who_may_what() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let answer = bob.get("permissions.listAll", "");
    let expected =
        json!({"_id": "mail-messages", "roles": ["admin"], "_updatedAt": "2024-03-15T10:20:30.123Z"});
    assert_eq!(find(&answer.ok()["update"], "mail-messages"), &expected);
    assert_eq!(answer.body()["remove"], json!([]));
    let role = json!({
        "_id": "owner", "name": "owner", "description": "Owner", "scope": "Subscriptions",
        "protected": true, "mandatory2fa": false, "_updatedAt": "2024-03-15T10:20:30.123Z",
    });
    let roles = bob.get("roles.list", "");
    assert_eq!(find(&roles.ok()["roles"], "owner"), &role);
    assert_eq!(roles.body()["roles"].as_array().unwrap().len(), 11);
    for endpoint in ["permissions.listAll", "roles.list"] {
        assert_eq!(server.anonymous().get(endpoint, "").status(), 401);
    }
}

#[test]
fn only_what_changed_since_a_date_is_listed_if_one_is_given() {
    let server = TestServer::start();
    let admin = server.as_admin();
    server.clock.advance(1000);
    let change = json!({"permissions": [{"_id": "create-c", "roles": []}]});
    admin.post("permissions.update", change).ok();
    let answer = admin.get("permissions.listAll", "updatedSince=2024-03-15T10:20:31.000Z");
    let changed = json!([{"_id": "create-c", "roles": [], "_updatedAt": "2024-03-15T10:20:31.123Z"}]);
    assert_eq!(answer.ok(), &json!({"update": changed, "remove": [], "success": true}));
    let refused = admin.get("permissions.listAll", "updatedSince=soon");
    let text = r#"The "updatedSince" query parameter must be a valid date. [error-roomId-param-invalid]"#;
    assert_eq!(refused.refusal(), text);
}

#[test]
fn a_change_holds_for_the_very_next_request() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    assert_eq!(bob.get("settings/SMTP_Host", "").status(), 403);
    let change = json!({"permissions": [{"_id": "view-privileged-setting", "roles": ["user"]}]});
    let answer = admin.post("permissions.update", change);
    assert_eq!(find(&answer.ok()["permissions"], "view-privileged-setting")["roles"], json!(["user"]));
    assert!(find(&answer.body()["permissions"], "create-c").is_object(), "all are answered");
    bob.get("settings/SMTP_Host", "").ok();
    let change = json!({"permissions": [{"_id": "view-privileged-setting", "roles": []}]});
    admin.post("permissions.update", change).ok();
    assert_eq!(admin.get("settings/SMTP_Host", "").status(), 403, "administrators are no exception");
}

#[test]
fn a_wrong_entry_changes_nothing() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let good = json!({"_id": "create-c", "roles": []});
    let cases = [
        (json!({"permissions": "all"}), "Invalid body params", "error-invalid-body-params"),
        (json!({}), "Invalid body params", "error-invalid-body-params"),
        (
            json!({"permissions": [good, {"_id": "create-p", "roles": ["user", "user"]}]}),
            "Invalid body params",
            "error-invalid-body-params",
        ),
        (
            json!({"permissions": [good, {"_id": "nope", "roles": []}]}),
            "Invalid permission",
            "error-invalid-permission",
        ),
        (
            json!({"permissions": [good, {"_id": "create-p", "roles": ["nope"]}]}),
            "Invalid role",
            "error-invalid-role",
        ),
    ];
    for (body, text, kind) in cases {
        let answer = admin.post("permissions.update", body);
        let expected = json!({"success": false, "error": text, "errorType": kind});
        assert_eq!((answer.status(), answer.body()), (400, &expected));
    }
    let roles = admin.get("permissions.listAll", "").ok()["update"].clone();
    assert_eq!(find(&roles, "create-c")["roles"], json!(["admin", "user", "bot", "app"]));
}

#[test]
fn changing_permissions_takes_a_permission() {
    let server = TestServer::start();
    let change = json!({"permissions": [{"_id": "create-c", "roles": ["user"]}]});
    let answer = server.as_user("bob").post("permissions.update", change);
    let expected = json!({
        "success": false,
        "error": "Editing permissions is not allowed",
        "errorType": "error-edit-permissions-not-allowed",
    });
    assert_eq!((answer.status(), answer.body()), (400, &expected));
}
