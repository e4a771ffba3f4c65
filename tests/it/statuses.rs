//! Lines about their status that people are offered.

use serde_json::{Value, json};

use crate::support::TestServer;

#[test]
fn a_line_is_offered_changed_and_withdrawn() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let made = admin.post("custom-user-status.create", json!({"name": "at sea", "statusType": "away"}));
    let status = made.ok()["customUserStatus"].clone();
    let id = status["_id"].as_str().unwrap();
    let expected = json!({
        "_id": id, "name": "at sea", "statusType": "away", "_updatedAt": "2024-03-15T10:20:30.123Z",
    });
    assert_eq!(status, expected);
    admin.post("custom-user-status.create", json!({"name": "Ashore"})).ok();
    let names = |query: &str| -> Vec<Value> {
        let answer = bob.get("custom-user-status.list", query);
        answer.ok()["statuses"].as_array().unwrap().iter().map(|row| row["name"].clone()).collect()
    };
    assert_eq!(names(""), ["Ashore", "at sea"]);
    assert_eq!(names("count=1&offset=1"), ["at sea"]);
    assert_eq!(names("name=SEA"), ["at sea"]);
    assert_eq!(names(&format!("_id={id}")), ["at sea"]);
    assert_eq!(names("sort=%7B%22name%22:-1%7D"), ["at sea", "Ashore"]);
    let changed = admin.post("custom-user-status.update", json!({"_id": id, "name": "in harbour"}));
    assert_eq!(changed.ok()["customUserStatus"]["statusType"], "away");
    admin.post("custom-user-status.delete", json!({"customUserStatusId": id})).ok();
    assert_eq!(names(""), ["Ashore"]);
}

#[test]
fn what_cannot_be_offered_is_refused() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let made = admin.post("custom-user-status.create", json!({"name": "one"}));
    let id = made.ok()["customUserStatus"]["_id"].clone();
    let taken =
        "The custom user status name is already in use [Custom_User_Status_Error_Name_Already_In_Use]";
    for (endpoint, body, text) in [
        ("create", json!({}), "Match error: Missing key 'name'"),
        ("create", json!({"name": 5}), "Match error: Expected string, got number in field name"),
        ("create", json!({"name": " "}), "The field Name is required [error-the-field-is-required]"),
        ("create", json!({"name": "<b>"}), "<b> is not a valid name [error-input-is-not-a-valid-field]"),
        (
            "create",
            json!({"name": "x", "statusType": "gone"}),
            "gone is not a valid status type [error-input-is-not-a-valid-field]",
        ),
        ("create", json!({"name": "one"}), taken),
        ("update", json!({"name": "x"}), "Match error: Missing key '_id'"),
        (
            "update",
            json!({"_id": "nope", "name": "x"}),
            "No custom user status found with the id of \"nope\".",
        ),
        ("delete", json!({}), "The \"customUserStatusId\" params is required!"),
        (
            "delete",
            json!({"customUserStatusId": "nope"}),
            "Invalid user status [Custom_User_Status_Error_Invalid_User_Status]",
        ),
    ] {
        let answer = admin.post(&format!("custom-user-status.{endpoint}"), body.clone());
        assert_eq!(answer.refusal(), text, "{endpoint} {body}");
    }
    admin.post("custom-user-status.update", json!({"_id": id, "name": "one"})).ok();
    for (endpoint, body) in [
        ("create", json!({"name": "x"})),
        ("update", json!({"_id": id, "name": "x"})),
        ("delete", json!({"customUserStatusId": id})),
    ] {
        let answer = bob.post(&format!("custom-user-status.{endpoint}"), body);
        assert_eq!(answer.refusal(), "[not_authorized]");
    }
    assert_eq!(server.anonymous().get("custom-user-status.list", "").status(), 401);
}
