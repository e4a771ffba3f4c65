//! Roles of one's own: made, given, taken, deleted, and told to those who were away.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::support::{Caller, TestServer};

const NOT_ALLOWED: &str = "Accessing permissions is not allowed [error-action-not-allowed]";

fn create(admin: &Caller<'_>, body: Value) -> Value {
    admin.post("roles.create", body).ok()["role"].clone()
}

fn names(answer: &Value) -> Vec<&str> {
    answer["users"].as_array().expect("users").iter().filter_map(|user| user["username"].as_str()).collect()
}

#[test]
fn a_role_of_ones_own_opens_what_its_permissions_open() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let role =
        create(&admin, json!({"name": "Keepers", "description": "Keep the light", "mandatory2fa": true}));
    let id = role["_id"].as_str().unwrap();
    let expected = json!({
        "_id": id, "name": "Keepers", "description": "Keep the light", "scope": "Users",
        "protected": false, "mandatory2fa": true, "_updatedAt": "2024-03-15T10:20:30.123Z",
    });
    assert_eq!(role, expected);
    assert_eq!(bob.get("settings/SMTP_Host", "").status(), 403);
    let change = json!({"permissions": [{"_id": "view-privileged-setting", "roles": ["admin", id]}]});
    admin.post("permissions.update", change).ok();
    let given = admin.post("roles.addUserToRole", json!({"roleId": id, "username": "bob"}));
    assert_eq!(given.ok()["role"]["_id"], id);
    bob.get("settings/SMTP_Host", "").ok();
    let taken = admin.post("roles.removeUserFromRole", json!({"roleName": "Keepers", "username": "bob"}));
    assert_eq!(taken.ok()["role"]["_id"], id);
    assert_eq!(bob.get("settings/SMTP_Host", "").status(), 403);
}

#[test]
fn a_deleted_role_is_gone_from_permissions_and_told_to_those_who_were_away() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let role = create(&admin, json!({"name": "brief"}));
    let id = role["_id"].as_str().unwrap();
    let change = json!({"permissions": [{"_id": "create-c", "roles": ["admin", id]}]});
    admin.post("permissions.update", change).ok();
    server.clock.advance(1000);
    admin.post("roles.delete", json!({"roleId": id})).ok();
    let since = "updatedSince=2024-03-15T10:20:31.000Z";
    let expected = json!({
        "roles": {"update": [], "remove": [{"_id": id, "_deletedAt": "2024-03-15T10:20:31.123Z"}]},
        "success": true,
    });
    assert_eq!(admin.get("roles.sync", since).ok(), &expected);
    let grants = admin.get("permissions.listAll", since);
    assert_eq!(grants.ok()["update"][0]["roles"], json!(["admin"]));
    let later = admin.get("roles.sync", "updatedSince=2024-03-15T10:20:32.000Z");
    assert_eq!(later.ok()["roles"], json!({"update": [], "remove": []}));
    let all = admin.get("roles.sync", "updatedSince=2024-03-01");
    assert_eq!(all.ok()["roles"]["update"].as_array().unwrap().len(), 11);
    let text =
        r#"The "updatedSince" query parameter must be a valid date. [error-updatedSince-param-invalid]"#;
    assert_eq!(admin.get("roles.sync", "updatedSince=soon").refusal(), text);
    assert_eq!(admin.get("roles.sync", "").refusal(), text);
}

#[test]
fn roles_are_not_made_or_changed_just_so() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let id = create(&admin, json!({"name": "first"}))["_id"].clone();
    let invalid = "The role properties are invalid. [error-invalid-role-properties]";
    let taken = "Role name already exists [error-duplicate-role-names-not-allowed]";
    for (endpoint, body, text) in [
        ("roles.create", json!({}), invalid),
        ("roles.create", json!({"name": " "}), invalid),
        ("roles.create", json!({"name": "admin"}), taken),
        ("roles.create", json!({"name": "first"}), taken),
        ("roles.create", json!({"name": "x", "scope": "Everywhere"}), "Invalid scope [error-invalid-scope]"),
        ("roles.update", json!({"name": "x"}), invalid),
        (
            "roles.update",
            json!({"roleId": "nope", "name": "x"}),
            "This role does not exist [error-invalid-roleId]",
        ),
        ("roles.update", json!({"roleId": id, "name": "admin"}), taken),
        ("roles.update", json!({"roleId": "admin", "name": "x"}), "Role is protected [error-role-protected]"),
        (
            "roles.update",
            json!({"roleId": "owner", "scope": "Users"}),
            "Role is protected [error-role-protected]",
        ),
        ("roles.delete", json!({}), invalid),
        ("roles.delete", json!({"roleId": "nope"}), "This role does not exist [error-invalid-roleId]"),
        ("roles.delete", json!({"roleId": "bot"}), "Cannot delete a protected role [error-role-protected]"),
    ] {
        assert_eq!(admin.post(endpoint, body.clone()).refusal(), text, "{endpoint} {body}");
    }
    for endpoint in ["roles.create", "roles.update", "roles.delete"] {
        assert_eq!(bob.post(endpoint, json!({"name": "x", "roleId": id})).refusal(), NOT_ALLOWED);
        assert_eq!(server.anonymous().post(endpoint, json!({})).status(), 401);
    }
    let changed = admin.post("roles.update", json!({"roleId": id, "name": "second", "description": "new"}));
    assert_eq!(
        (&changed.ok()["role"]["name"], &changed.body()["role"]["description"]),
        (&json!("second"), &json!("new"))
    );
    let described = admin.post("roles.update", json!({"roleId": "user", "description": "Everybody"}));
    assert_eq!(described.ok()["role"]["description"], "Everybody");
}

#[test]
fn a_role_that_somebody_has_stays() {
    let server = TestServer::start();
    let admin = server.as_admin();
    server.user("bob");
    let id = create(&admin, json!({"name": "held"}))["_id"].clone();
    admin.post("roles.addUserToRole", json!({"roleId": id, "username": "bob"})).ok();
    let text = "Cannot delete role because it's in use [error-role-in-use]";
    assert_eq!(admin.post("roles.delete", json!({"roleId": id})).refusal(), text);
    let text = "Cannot change the scope of a role that is in use [error-role-in-use]";
    let change = json!({"roleId": id, "scope": "Subscriptions"});
    assert_eq!(admin.post("roles.update", change).refusal(), text);
    admin.post("roles.removeUserFromRole", json!({"roleId": id, "username": "bob"})).ok();
    admin.post("roles.delete", json!({"roleId": id})).ok();
}

#[test]
fn giving_and_taking_is_refused_with_reasons() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let shape = "must have required property 'username' [error-invalid-role-properties]";
    let either = "must have required property 'roleId'\n must have required property 'roleName'\n must match a schema in anyOf [error-invalid-role-properties]";
    for (endpoint, body, text) in [
        ("roles.addUserToRole", json!({"roleId": "bot"}), shape),
        ("roles.addUserToRole", json!({"username": "bob"}), either),
        (
            "roles.addUserToRole",
            json!({"roleId": "bot", "username": "nobody"}),
            "Invalid user [error-invalid-user]",
        ),
        (
            "roles.addUserToRole",
            json!({"roleId": "user", "username": "bob"}),
            "User already in role [error-user-already-in-role]",
        ),
        ("roles.removeUserFromRole", json!({"roleId": "bot"}), shape),
        (
            "roles.removeUserFromRole",
            json!({"roleId": "bot", "username": "nobody"}),
            "There is no user with this username [error-invalid-user]",
        ),
        (
            "roles.removeUserFromRole",
            json!({"roleId": "nope", "username": "bob"}),
            "This role does not exist [error-invalid-roleId]",
        ),
        (
            "roles.removeUserFromRole",
            json!({"roleId": "bot", "username": "bob"}),
            "User is not in this role [error-user-not-in-role]",
        ),
        (
            "roles.removeUserFromRole",
            json!({"roleId": "admin", "username": "admin"}),
            "You need to have at least one admin [error-admin-required]",
        ),
    ] {
        assert_eq!(admin.post(endpoint, body.clone()).refusal(), text, "{endpoint} {body}");
    }
    let unknown = admin.post("roles.addUserToRole", json!({"roleId": "nope", "username": "bob"}));
    let expected = json!({"success": false, "error": "error-role-not-found", "errorType": "Role not found"});
    assert_eq!((unknown.status(), unknown.body()), (400, &expected));
    let body = json!({"roleId": "bot", "username": "bob"});
    assert_eq!(bob.post("roles.addUserToRole", body.clone()).refusal(), NOT_ALLOWED);
    let text = "Accessing permissions is not allowed [error-not-allowed]";
    assert_eq!(bob.post("roles.removeUserFromRole", body).refusal(), text);
    // Who may give roles may still not make administrators.
    let change = json!({"permissions": [{"_id": "assign-roles", "roles": ["admin", "user"]}]});
    admin.post("permissions.update", change).ok();
    let body = json!({"roleId": "admin", "username": "bob"});
    let text = "Assigning admin is not allowed [error-action-not-allowed]";
    assert_eq!(bob.post("roles.addUserToRole", body.clone()).refusal(), text);
    admin.post("roles.addUserToRole", body.clone()).ok();
    admin.post("roles.removeUserFromRole", body).ok();
}

#[test]
fn a_deactivated_administrator_is_none_to_be_left_alone_with() {
    let server = TestServer::start();
    let admin = server.as_admin();
    let mut eve = server.user("eve");
    eve.roles.push("admin".to_owned());
    eve.active = false;
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&eve)).unwrap();
    let last = admin.post("roles.removeUserFromRole", json!({"roleId": "admin", "username": "admin"}));
    assert_eq!(last.refusal(), "You need to have at least one admin [error-admin-required]");
}

#[test]
fn roles_of_rooms_hold_in_one_room() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let room = server.room(RoomKind::Channel, "harbour", &["al", "bob"]);
    server.room(RoomKind::Channel, "beach", &["al"]);
    let id = create(&admin, json!({"name": "pilot", "scope": "Subscriptions"}))["_id"].clone();
    let change = json!({"permissions": [{"_id": "edit-room", "roles": ["owner", id]}]});
    admin.post("permissions.update", change).ok();
    let topic = json!({"roomId": room.as_str(), "topic": "tides"});
    assert_eq!(bob.post("channels.setTopic", topic.clone()).status(), 400);
    let body = |username: &str, key: &str| json!({"roleId": id, "username": username, key: room.as_str()});
    admin.post("roles.addUserToRole", body("bob", "roomId")).ok();
    bob.post("channels.setTopic", topic).ok();
    let again = admin.post("roles.addUserToRole", body("bob", "roomId"));
    assert_eq!(again.refusal(), "User already in role [error-user-already-in-role]");
    let stranger = admin.post("roles.addUserToRole", body("admin", "roomId"));
    assert_eq!(stranger.refusal(), "User is not part of given room [error-invalid-user]");
    let nowhere = admin.post("roles.addUserToRole", json!({"roleId": id, "username": "bob"}));
    assert_eq!(nowhere.refusal(), "This role holds in a room: say which [error-invalid-room]");
    let query = format!("role={}&roomId={room}", id.as_str().unwrap());
    assert_eq!(names(admin.get("roles.getUsersInRole", &query).ok()), ["bob"]);
    let owners = admin.get("roles.getUsersInRole", "role=owner");
    assert_eq!(
        (names(owners.ok()), &owners.body()["total"]),
        (vec!["al"], &json!(1)),
        "of two rooms, but once"
    );
    let last = admin.post(
        "roles.removeUserFromRole",
        json!({"roleId": "owner", "username": "al", "scope": room.as_str()}),
    );
    assert_eq!(last.status(), 400);
    assert_eq!(last.body()["errorType"], "error-remove-last-owner");
    admin.post("roles.removeUserFromRole", body("bob", "scope")).ok();
    assert_eq!(admin.get("roles.getUsersInRole", &query).ok()["total"], 0);
}

#[test]
fn who_has_a_role_is_listed_page_by_page() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    for name in ["dora", "al", "Carl"] {
        server.user(name);
    }
    let answer = admin.get("roles.getUsersInRole", "role=user&offset=1&count=3");
    assert_eq!(names(answer.ok()), ["al", "bob", "Carl"]);
    let body = answer.body();
    assert_eq!((&body["count"], &body["offset"], &body["total"]), (&json!(3), &json!(1), &json!(5)));
    assert_eq!(body["users"][0].as_object().unwrap().keys().collect::<Vec<_>>(), ["_id", "username", "name"]);
    let text = "Query param \"role\" is required [error-param-not-provided]";
    assert_eq!(admin.get("roles.getUsersInRole", "").refusal(), text);
    assert_eq!(admin.get("roles.getUsersInRole", "role=nope").refusal(), "[error-invalid-roleId]");
    let text = "Not allowed [error-not-allowed]";
    assert_eq!(bob.get("roles.getUsersInRole", "role=user").refusal(), text);
    let change = json!({"permissions": [{"_id": "access-permissions", "roles": ["admin", "user"]}]});
    admin.post("permissions.update", change).ok();
    bob.get("roles.getUsersInRole", "role=user").ok();
    assert_eq!(bob.get("roles.getUsersInRole", "role=owner&roomId=GENERAL").refusal(), text);
}

#[test]
fn everybody_sees_who_has_a_role_with_a_description() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let expected = json!([{"_id": admin.id(), "username": "admin", "roles": ["admin", "user"]}]);
    assert_eq!(bob.get("roles.getUsersInPublicRoles", "").ok()["users"], expected);
    let id = create(&admin, json!({"name": "crew", "description": "On board"}))["_id"].clone();
    for username in ["admin", "bob"] {
        admin.post("roles.addUserToRole", json!({"roleId": id, "username": username})).ok();
    }
    let public = bob.get("roles.getUsersInPublicRoles", "");
    assert_eq!(names(public.ok()).len(), 2, "each once, whatever the number of their roles");
    assert_eq!(names(bob.get("roles.getUsersInPublicRoles", "count=1").ok()).len(), 1);
}
