//! Who is there, who is deactivated, and who is for not having come.

use serde_json::{Value, json};

use crate::support::TestServer;

const DAY: i64 = 24 * 60 * 60 * 1000;

fn names(body: &Value) -> Vec<&str> {
    let rows = body["users"].as_array().expect("a list").iter();
    rows.map(|row| row["username"].as_str().expect("a name")).collect()
}

fn set(server: &TestServer, id: &str, value: Value) {
    server.as_admin().post(&format!("settings/{id}"), json!({"value": value})).ok();
}

#[test]
fn everybody_who_is_there_is_listed() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    let cat = json!({
        "_id": "rocket.cat", "username": "rocket.cat", "name": "Rocket.Cat", "status": "online",
        "utcOffset": 0, "avatarETag": "local",
    });
    let only_cat = json!({"users": [cat], "full": true, "success": true});
    assert_eq!(al.get("users.presence", "").ok(), &only_cat);
    bob.post("users.setStatus", json!({"status": "away", "message": "lunch"})).ok();
    let row =
        json!({"_id": bob.id(), "username": "bob", "name": "Bob", "status": "away", "statusText": "lunch"});
    let all = al.get("users.presence", "from=2020-01-01T00:00:00.000Z");
    assert_eq!((&all.ok()["users"][0], &all.body()["full"]), (&row, &json!(true)));
    assert_eq!(names(bob.get("users.presence", "from=nonsense").ok()), ["bob", "rocket.cat"]);
    for query in [format!("ids={},{},x", al.id(), bob.id()), format!("ids={}&ids={}", bob.id(), al.id())] {
        let some = al.get("users.presence", &query);
        assert_eq!(some.ok(), &json!({"users": [row], "full": false, "success": true}), "{query}");
    }
    set(&server, "Presence_broadcast_disabled", json!(true));
    assert_eq!(al.get("users.presence", "").ok(), &json!({"users": [], "full": true, "success": true}));
}

#[test]
fn who_asked_a_moment_ago_is_told_who_has_changed() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.as_user("bob"));
    server.clock.advance(60_000);
    bob.post("users.setStatus", json!({"status": "offline"})).ok();
    al.post("users.setStatus", json!({"status": "busy"})).ok();
    let since = "from=2024-03-15T10:21:00.000Z";
    let changed = al.get("users.presence", since);
    assert_eq!((names(changed.ok()), &changed.body()["full"]), (vec!["bob"], &json!(false)));
    assert_eq!(names(bob.get("users.presence", since).ok()), ["al"]);
    server.clock.advance(11 * 60_000);
    assert_eq!(al.get("users.presence", since).ok()["full"], true);
}

#[test]
fn a_status_is_set_by_who_may() {
    let server = TestServer::start();
    let (admin, al, bob) = (server.as_admin(), server.as_user("al"), server.as_user("bob"));
    let nobody = json!({"status": "away", "userId": "nobody"});
    assert_eq!(al.post("users.setStatus", nobody.clone()).status(), 403, "who exists is not told");
    assert_eq!(admin.post("users.setStatus", nobody).body()["errorType"], "error-invalid-user");
    admin.post("users.setStatus", json!({"status": "away", "username": "bob"})).ok();
    bob.post("users.setStatus", json!({"message": "x".repeat(130), "username": "bob"})).ok();
    let status = bob.get("users.getStatus", "");
    assert_eq!(
        (&status.ok()["status"], &status.body()["message"]),
        (&json!("away"), &json!("x".repeat(120)))
    );
    set(&server, "Accounts_AllowInvisibleStatusOption", json!(false));
    let refused = bob.post("users.setStatus", json!({"status": "offline"}));
    assert_eq!(refused.refusal(), "Invisible status is disabled [error-status-not-allowed]");
    set(&server, "Accounts_AllowUserStatusMessageChange", json!(false));
    let mismatch = "Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation";
    assert_eq!(bob.post("users.setStatus", json!({})).refusal(), mismatch, "before the setting is looked at");
    for body in [json!({"status": "away"}), json!({"message": "x", "userId": "nobody"})] {
        assert_eq!(
            bob.post("users.setStatus", body).refusal(),
            "Change status is not allowed [error-not-allowed]"
        );
    }
}

#[test]
fn accounts_are_listed_by_whether_they_are_active() {
    let server = TestServer::start();
    let (admin, al) = (server.as_admin(), server.as_user("al"));
    let bob = server.user("bob");
    crate::auth::log_in(&server, json!({"user": "al", "password": "al-password"})).ok();
    admin.post("users.setActiveStatus", json!({"userId": bob.id.as_str(), "activeStatus": false})).ok();
    let found = |query: &str| {
        let answer = admin.get("users.listByStatus", query);
        names(answer.ok()).into_iter().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found(""), ["admin", "al", "bob", "rocket.cat"]);
    assert_eq!(found("status=active&count=1&offset=1"), ["al"]);
    assert_eq!(found("status=deactivated"), ["bob"]);
    assert_eq!(found("hasLoggedIn=true"), ["al"]);
    assert_eq!(found("hasLoggedIn=false&type=user"), ["admin", "bob"]);
    assert_eq!(found("roles[]=bot&roles[]=admin"), ["admin", "rocket.cat"]);
    assert_eq!(found("roles[]=all&searchTerm=BOB%40example"), ["bob"]);
    assert_eq!(found("searchTerm=cket.C"), ["rocket.cat"]);
    assert_eq!(found("inactiveReason[]=pending_approval"), ["bob"], "bob never came");
    assert_eq!(found("inactiveReason[]=deactivated"), [""; 0]);
    assert_eq!(found("sort=%7B%22status%22:-1%7D")[0], "rocket.cat");
    let full = admin.get("users.listByStatus", "searchTerm=bob");
    let row = json!({
        "_id": bob.id.as_str(), "username": "bob", "name": "Bob", "type": "user", "status": "offline",
        "active": false, "roles": ["user"], "emails": [{"address": "bob@example.org", "verified": true}],
    });
    let expected = json!({"users": [row], "count": 1, "offset": 0, "total": 1, "success": true});
    assert_eq!(full.ok(), &expected);
    assert_eq!(
        names(al.get("users.listByStatus", "searchTerm=bob@").ok()),
        [""; 0],
        "nor guessed by address"
    );
    assert!(al.get("users.listByStatus", "searchTerm=bob").ok()["users"][0].get("emails").is_none());
}

#[test]
fn lists_by_status_are_refused_in_the_words_of_the_schema() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let wrong = bob.get("users.listByStatus", "status=asleep");
    assert_eq!(wrong.refusal(), "must be equal to one of the allowed values [invalid-params]");
    let strange = bob.get("users.listByStatus", "nope=1");
    assert_eq!(strange.refusal(), "must NOT have additional properties [invalid-params]");
    set(&server, "API_Apply_permission_view-outside-room_on_users-list", json!(true));
    let take = |permission: &str| {
        let change = json!({"permissions": [{"_id": permission, "roles": ["admin"]}]});
        admin.post("permissions.update", change).ok();
    };
    take("view-outside-room");
    let refused = bob.get("users.listByStatus", "");
    assert_eq!((refused.status(), &refused.body()["error"]), (403, &json!("unauthorized")));
    take("view-d-room");
    let refused = bob.get("users.listByStatus", "");
    let text = "User does not have the permissions required for this action [error-unauthorized]";
    assert_eq!((refused.status(), &refused.body()["error"]), (403, &json!(text)));
}

#[test]
fn who_has_not_come_for_long_is_deactivated() {
    let server = TestServer::start();
    let (al, bob) = (server.as_user("al"), server.user("bob"));
    let den = server.room(roomscribe::domain::RoomKind::Group, "den", &["bob"]);
    let session = server.as_user("bob");
    server.clock.advance(10 * DAY);
    crate::auth::log_in(&server, json!({"user": "al", "password": "al-password"})).ok();
    let admin = server.as_admin();
    let idle = |body: Value| admin.post("users.deactivateIdle", body);
    assert_eq!(idle(json!({"daysIdle": 11})).ok(), &json!({"count": 0, "success": true}));
    assert_eq!(idle(json!({"daysIdle": 10, "role": "bot"})).ok()["count"], 0, "the cat stays");
    assert_eq!(idle(json!({"daysIdle": 10, "role": "admin"})).ok()["count"], 0, "and the last administrator");
    assert_eq!(idle(json!({"daysIdle": "10"})).ok()["count"], 1);
    assert_eq!(idle(json!({"daysIdle": 10})).ok()["count"], 0, "once is enough");
    assert_eq!(session.get("me", "").status(), 401);
    assert!(al.get("me", "").status() == 200 && !server.user("bob").active);
    assert!(server.app.store.room(&den).unwrap().is_some(), "whose room it was it stays");
    let rows = admin.get("users.listByStatus", "inactiveReason[]=idle_too_long");
    assert_eq!(names(rows.ok()), ["bob"]);
    let back = json!({"userId": bob.id.as_str(), "activeStatus": true});
    admin.post("users.setActiveStatus", back).ok();
    assert!(server.user("bob").extra.value().get("inactiveReason").is_none());

    let refused = al.post("users.deactivateIdle", json!({"daysIdle": 0}));
    assert_eq!((refused.status(), &refused.body()["error"]), (403, &json!("unauthorized")));
    assert_eq!(idle(json!({})).refusal(), "must have required property 'daysIdle' [invalid-params]");
    assert_eq!(idle(json!({"daysIdle": "x"})).refusal(), "must be number [invalid-params]");
}
