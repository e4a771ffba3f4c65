//! Accounts as others see them: one, pages of many, whether they are there, what they prefer.

use serde_json::{Value, json};

use crate::support::TestServer;

fn names(body: &Value) -> Vec<&str> {
    let rows = body["users"].as_array().expect("a list").iter();
    rows.map(|row| row["username"].as_str().expect("a name")).collect()
}

#[test]
fn people_see_little_of_each_other_and_more_of_themselves() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let public = json!({
        "_id": bob.id(), "username": "bob", "name": "Bob", "type": "user", "status": "offline",
        "active": true, "canViewAllInfo": false,
    });
    for query in [format!("userId={}", bob.id()), "username=bob".to_owned()] {
        assert_eq!(al.get("users.info", &query).ok(), &json!({"user": public, "success": true}));
    }
    let own = bob.get("users.info", "username=bob");
    assert_eq!(own.ok()["user"]["services"], json!({"password": true, "resume": {}}));
    assert_eq!(own.body()["user"]["emails"][0]["address"], "bob@example.org");
    let full = server.as_admin().get("users.info", "username=bob");
    assert_eq!(full.ok()["user"]["roles"], json!(["user"]));
    assert_eq!(full.body()["user"]["canViewAllInfo"], true);
    assert!(full.body()["user"].get("services").is_none());
}

#[test]
fn a_user_is_found_to_the_letter_or_not_at_all() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    for query in ["username=Bob", "userId=bob", "importId=7"] {
        assert_eq!(bob.get("users.info", query).refusal(), "User not found.", "{query}");
    }
    let missing = bob.get("users.info", "");
    assert_eq!(missing.body()["errorType"], "invalid-params");
    let ends = "must match exactly one schema in oneOf [invalid-params]";
    assert!(missing.refusal().ends_with(ends));
    assert_eq!(server.anonymous().get("users.info", "username=bob").status(), 401);
}

#[test]
fn rooms_are_shown_to_their_member_and_to_those_who_may() {
    let server = TestServer::start();
    server.room(roomscribe::domain::RoomKind::Group, "secret", &["bob"]);
    server.room(roomscribe::domain::RoomKind::Channel, "zoo", &["bob"]);
    let query = r#"username=bob&fields={"userRooms":1}"#;
    let path =
        format!("/api/v1/users.info?{}", query.replace('"', "%22").replace('{', "%7B").replace('}', "%7D"));
    for caller in [server.as_user("bob"), server.as_admin()] {
        let answer = caller.raw("GET", &path, &[], "");
        let rooms = answer.ok()["user"]["rooms"].as_array().unwrap().clone();
        let seen: Vec<_> = rooms.iter().map(|room| (&room["t"], &room["name"], &room["roles"])).collect();
        let owner = json!(["owner"]);
        assert_eq!(seen, [(&json!("c"), &json!("zoo"), &owner), (&json!("p"), &json!("secret"), &owner)]);
    }
    let stranger = server.as_user("al").raw("GET", &path, &[], "");
    assert!(stranger.ok()["user"].get("rooms").is_none());
}

#[test]
fn lists_come_in_pages_by_name() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    for name in ["Zoe", "al", "carl"] {
        server.user(name);
    }
    let all = bob.get("users.list", "");
    assert_eq!(names(all.ok()), ["admin", "al", "bob", "carl", "rocket.cat", "Zoe"]);
    let row = json!({
        "_id": bob.id(), "username": "bob", "name": "Bob", "type": "user", "status": "offline",
        "active": true, "nameInsensitive": "bob",
    });
    assert_eq!(all.body()["users"][2], row);
    let page = bob.get("users.list", "offset=1&count=2");
    assert_eq!(names(page.ok()), ["al", "bob"]);
    assert_eq!(
        (&page.body()["count"], &page.body()["offset"], &page.body()["total"]),
        (&2.into(), &1.into(), &6.into())
    );
    let down = bob.get("users.list", "count=2&sort=%7B%22username%22:-1%7D");
    assert_eq!(names(down.ok()), ["Zoe", "rocket.cat"]);
    let by_name = bob.get("users.list", "offset=1&count=2&sort=%7B%22name%22:-1%7D");
    assert_eq!(names(by_name.ok()), ["rocket.cat", "carl"]);
    assert_eq!(by_name.body()["total"], 6);
    let bad = bob.get("users.list", "sort=name");
    assert_eq!(bad.refusal(), r#"Invalid sort parameter provided: "name" [error-invalid-sort]"#);
}

#[test]
fn lists_can_be_filtered_by_what_the_caller_sees() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    server.user("al");
    let query =
        |json: &str| format!("query={}", json.replace('"', "%22").replace('{', "%7B").replace('}', "%7D"));
    let found = admin.get("users.list", &query(r#"{"roles":"bot"}"#));
    assert_eq!((names(found.ok()), &found.body()["total"]), (vec!["rocket.cat"], &json!(1)));
    let found = bob.get("users.list", &query(r#"{"username":{"$in":["al","bob"]},"type":"user"}"#));
    assert_eq!(names(found.ok()), ["al", "bob"]);
    let hidden = bob.get("users.list", &query(r#"{"emails.address":{"$regex":"al"}}"#));
    assert_eq!(names(hidden.ok()), [""; 0], "addresses are not to be guessed");
    let refused = bob.get("users.list", &query(r#"{"services.password":{"$exists":true}}"#));
    assert_eq!(refused.refusal(), "Invalid attribute: services.password [error-invalid-query]");
    let wide = admin.get("users.list", "count=1&fields=%7B%22createdAt%22:1,%22services%22:1%7D");
    let row = &wide.ok()["users"][0];
    assert!(row["createdAt"].is_string() && row["emails"].is_array() && row.get("services").is_none());
}

#[test]
fn the_list_takes_a_permission_and_if_set_so_a_second() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let change = json!({"permissions": [{"_id": "view-outside-room", "roles": ["admin"]}]});
    admin.post("permissions.update", change).ok();
    bob.get("users.list", "").ok();
    let setting = "settings/API_Apply_permission_view-outside-room_on_users-list";
    admin.post(setting, json!({"value": true})).ok();
    assert_eq!(bob.get("users.list", "").body(), &json!({"success": false, "error": "unauthorized"}));
    admin.post(setting, json!({"value": false})).ok();
    let change = json!({"permissions": [{"_id": "view-d-room", "roles": ["admin"]}]});
    admin.post("permissions.update", change).ok();
    assert_eq!(bob.get("users.list", "").status(), 403);
}

#[test]
fn a_status_is_seen_by_all() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    bob.post("users.setStatus", json!({"status": "busy", "message": "at lunch"})).ok();
    let expected = json!({"_id": bob.id(), "status": "busy", "message": "at lunch", "success": true});
    assert_eq!(al.get("users.getStatus", "username=bob").ok(), &expected);
    assert_eq!(bob.get("users.getStatus", "").ok()["connectionStatus"], "busy");
    assert_eq!(
        al.get("users.getPresence", "username=bob").ok(),
        &json!({"presence": "busy", "success": true})
    );
    server.clock.advance(60_000);
    bob.post("users.setStatus", json!({"message": ""})).ok();
    assert!(bob.get("me", "").ok().get("statusText").is_none(), "an empty text takes it away");
    let mismatch = "Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation";
    for body in [json!({}), json!({"status": 1}), json!({"message": []})] {
        assert_eq!(bob.post("users.setStatus", body).refusal(), mismatch);
    }
    let unknown = bob.post("users.setStatus", json!({"status": "asleep"}));
    let text = "Valid status types include online, away, offline, and busy. [error-invalid-status]";
    assert_eq!(unknown.refusal(), text);
    let other = json!({"status": "away", "userId": bob.id()});
    assert_eq!(al.post("users.setStatus", other.clone()).status(), 403);
    server.as_admin().post("users.setStatus", other).ok();
    let nobody = al.get("users.getStatus", "username=nobody");
    assert_eq!(nobody.body()["errorType"], "error-invalid-user");
}

#[test]
fn preferences_are_kept_and_laid_over_the_defaults() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    assert_eq!(bob.get("users.getPreferences", "").ok()["preferences"], json!({}));
    let data =
        json!({"hideRoles": true, "language": "de", "highlights": ["bob"], "emailNotificationMode": "all"});
    let answer = bob.post("users.setPreferences", json!({"data": data}));
    let kept = json!({"hideRoles": true, "highlights": ["bob"], "emailNotificationMode": "mentions", "language": "de"});
    assert_eq!(answer.ok()["user"], json!({"_id": bob.id(), "settings": {"preferences": kept}}));
    assert_eq!(bob.get("users.getPreferences", "").ok()["preferences"], kept);
    let me = bob.get("me", "");
    assert_eq!(me.ok()["settings"]["preferences"]["hideRoles"], true);
    assert_eq!(me.body()["settings"]["preferences"]["sidebarSortby"], "activity");
    assert_eq!(me.body()["language"], "de");
    let cases = [
        (json!({"data": {"nope": 1}}), "must NOT have additional properties [invalid-params]"),
        (json!({"data": {"hideRoles": "maybe"}}), "must be boolean [invalid-params]"),
        (json!({"data": {"fontSize": "large"}}), "must be number [invalid-params]"),
        (json!({"data": {"idleTimeLimit": 59}}), "Invalid idleTimeLimit [invalid-idle-time-limit-value]"),
        (json!({}), "must have required property 'data' [invalid-params]"),
        (json!({"userId": al.id(), "data": {}}), "Editing user is not allowed [error-action-not-allowed]"),
    ];
    for (body, text) in cases {
        assert_eq!(bob.post("users.setPreferences", body).refusal(), text);
    }
    let admin = server.as_admin();
    admin.post("users.setPreferences", json!({"userId": al.id(), "data": {"hideRoles": true}})).ok();
    let unknown = admin.post("users.setPreferences", json!({"userId": "x", "data": {}}));
    assert_eq!(unknown.body()["errorType"], "error-invalid-user");
}

#[test]
fn forms_send_switches_and_numbers_as_texts() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let form = "data[hideRoles]=True&data[idleTimeLimit]=90&data[language]=de";
    let answer = bob.raw("POST", "/api/v1/users.setPreferences", &headers, form);
    let kept = json!({"hideRoles": true, "idleTimeLimit": 90, "language": "de"});
    assert_eq!(answer.ok()["user"]["settings"]["preferences"], kept);
}

#[test]
fn those_who_cannot_log_in_stand_together_among_their_status() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    for name in ["al", "carl", "dora"] {
        server.user(name);
    }
    let body = json!({"userId": server.user("carl").id.as_str(), "activeStatus": false});
    server.as_admin().post("users.setActiveStatus", body).ok();
    bob.post("users.setStatus", json!({"status": "busy"})).ok();
    let sorted = bob.get("users.list", "sort=%7B%22status%22:1%7D");
    assert_eq!(names(sorted.ok()), ["bob", "carl", "admin", "al", "dora", "rocket.cat"]);
    for (name, code) in [("fields", "error-invalid-fields"), ("query", "error-invalid-query")] {
        let text = format!("Invalid {name} parameter provided: \"x\" [{code}]");
        assert_eq!(bob.get("users.list", &format!("{name}=x")).refusal(), text);
    }
}

#[test]
fn an_address_leads_only_its_owner_and_those_who_see_all_to_an_account() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let query = "email=bob@example.org";
    let nobody = al.get("users.info", "email=nobody@example.org");
    let foreign = al.get("users.info", query);
    assert_eq!(foreign.refusal(), "User not found.");
    assert_eq!((foreign.status(), foreign.body()), (nobody.status(), nobody.body()));
    for caller in [&bob, &server.as_admin()] {
        assert_eq!(caller.get("users.info", query).ok()["user"]["_id"], bob.id());
    }
}
