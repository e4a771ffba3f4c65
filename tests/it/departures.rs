//! Accounts that are deleted or deactivated, and what becomes of their rooms.

use roomscribe::domain::{Room, RoomId, RoomKind, Subscription, UserId};
use roomscribe::service::direct;
use serde_json::{Value, json};

use crate::auth::log_in;
use crate::support::TestServer;

fn room(server: &TestServer, id: &RoomId) -> Option<Room> {
    server.app.store.room(id).expect("readable")
}

fn member(server: &TestServer, room: &RoomId, name: &str) -> Option<Subscription> {
    server.app.store.subscription(room, &server.user(name).id).expect("readable")
}

/// A conversation between these people.
fn conversation(server: &TestServer, names: &[&str]) -> RoomId {
    let users: Vec<_> = names.iter().map(|name| server.user(name)).collect();
    let id = direct::room_id(&users[0].id, &users[1].id);
    let members = users.iter().map(roomscribe::domain::User::reference).collect();
    direct::create(&server.app, id, members).expect("a conversation").id
}

fn not_allowed(text: &str) -> String {
    format!("{text} [error-action-not-allowed]")
}

#[test]
fn a_deleted_account_leaves_its_rooms() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let den = server.room(RoomKind::Group, "den", &["al", "bob"]);
    let talk = conversation(&server, &["al", "bob"]);
    let id = UserId::new(bob.id());
    assert_eq!(
        server.as_admin().post("users.delete", json!({"username": "bob"})).ok(),
        &json!({"success": true})
    );
    assert!(server.app.store.user(&id).unwrap().is_none());
    assert_eq!(bob.get("me", "").status(), 401);
    assert!(server.app.store.tokens_of(&id).unwrap().is_empty());
    assert!(server.app.store.subscription(&den, &id).unwrap().is_none());
    assert_eq!(server.app.store.activity(&den).unwrap().members, 1);
    assert!(room(&server, &talk).is_none() && member(&server, &talk, "al").is_none());
    assert_eq!(log_in(&server, json!({"user": "bob", "password": "bob-password"})).status(), 401);
    let again = json!({"username": "bob", "name": "B", "email": "bob@example.org", "password": "x"});
    server.as_admin().post("users.create", again).ok();
}

#[test]
fn not_everybody_can_be_deleted_nor_by_everybody() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    assert_eq!(bob.post("users.delete", json!({"username": "admin"})).body()["error"], "unauthorized");
    let cat = admin.post("users.delete", json!({"userId": "rocket.cat"}));
    assert_eq!(cat.refusal(), not_allowed("Deleting the rocket.cat user is not allowed"));
    let last = admin.post("users.delete", json!({"username": "admin"}));
    assert_eq!(last.refusal(), not_allowed("Leaving the app without admins is not allowed"));
    let missing = admin.post("users.delete", json!({}));
    let text =
        r#"The required "userId" or "username" param was not provided [error-user-param-not-provided]"#;
    assert_eq!(missing.refusal(), text);
    let unknown = admin.post("users.delete", json!({"userId": "bob"}));
    let text =
        r#"The required "userId" or "username" param provided does not match any users [error-invalid-user]"#;
    assert_eq!(unknown.refusal(), text);
}

/// Rooms that only `bob` owns: one with an heir, one without, a channel nobody else is in.
fn estate(server: &TestServer) -> [RoomId; 3] {
    [
        server.room(RoomKind::Channel, "heir", &["bob", "al", "carl"]),
        server.room(RoomKind::Group, "alone", &["bob"]),
        server.room(RoomKind::Channel, "empty", &["bob"]),
    ]
}

/// Makes somebody a member since so many milliseconds after the room was made.
fn came(server: &TestServer, room: &RoomId, name: &str, later: i64) {
    let since = server.app.now().plus(later);
    let subscription = Subscription::new(&server.user(name).reference(), room.clone(), since);
    let put = |batch: &mut roomscribe::store::Batch<'_>| batch.put_subscription(&subscription);
    server.app.store.write::<_, roomscribe::store::Error>(put).expect("a member");
}

#[test]
fn the_rooms_of_a_last_owner_are_asked_about_first() {
    let server = TestServer::start();
    let [heir, alone, empty] = estate(&server);
    let admin = server.as_admin();
    let bob = server.user("bob").id;
    let expected = json!({
        "success": false,
        "error": "[user-last-owner]",
        "errorType": "user-last-owner",
        "details": {"shouldBeRemoved": ["alone"], "shouldChangeOwner": ["heir"]},
    });
    let delete = json!({"userId": bob.as_str()});
    let deactivate = json!({"userId": bob.as_str(), "activeStatus": false});
    for answer in [admin.post("users.delete", delete), admin.post("users.setActiveStatus", deactivate)] {
        assert_eq!((answer.status(), answer.body()), (400, &expected));
    }
    assert!(server.user("bob").active && member(&server, &heir, "bob").is_some(), "nothing has happened");
    admin.post("users.delete", json!({"userId": bob.as_str(), "confirmRelinquish": true})).ok();
    assert!(room(&server, &alone).is_none() && room(&server, &empty).is_some());
}

#[test]
fn the_active_member_who_came_first_takes_over() {
    let server = TestServer::start();
    let names = ["al", "carl", "dora"];
    let rooms = ["one", "other"].map(|name| server.room(RoomKind::Channel, name, &["bob"]));
    for (room, since) in rooms.iter().zip([[1000, 2000, 0], [2000, 1000, 0]]) {
        names.iter().zip(since).for_each(|(name, since)| came(&server, room, name, since));
    }
    let admin = server.as_admin();
    let dora = json!({"userId": server.user("dora").id.as_str(), "activeStatus": false});
    admin.post("users.setActiveStatus", dora).ok();
    admin.post("users.delete", json!({"username": "bob", "confirmRelinquish": true})).ok();
    let owners = |room| names.map(|name| member(&server, room, name).unwrap().has_role("owner"));
    assert_eq!(owners(&rooms[0]), [true, false, false]);
    assert_eq!(owners(&rooms[1]), [false, true, false]);
}

#[test]
fn a_deactivated_account_keeps_its_place() {
    let server = TestServer::start();
    let [heir, ..] = estate(&server);
    let bob = server.as_user("bob");
    server.user("al");
    let set = |active: bool| {
        let body = json!({"userId": bob.id(), "activeStatus": active, "confirmRelinquish": true});
        server.as_admin().post("users.setActiveStatus", body)
    };
    let expected = json!({"user": {"_id": bob.id(), "active": false}, "success": true});
    assert_eq!(set(false).ok(), &expected);
    assert_eq!(bob.get("me", "").status(), 401);
    assert!(member(&server, &heir, "bob").unwrap().has_role("owner"));
    assert_eq!(server.user("bob").roles, ["user"]);
    assert_eq!(set(true).ok()["user"]["active"], true);
    assert_eq!(bob.get("me", "").status(), 401, "old sessions stay closed");
    log_in(&server, json!({"user": "bob", "password": "bob-password"})).ok();
}

#[test]
fn conversations_rest_while_one_of_two_is_deactivated() {
    let server = TestServer::start();
    let talk = conversation(&server, &["al", "bob"]);
    let set = |name: &str, active: bool| {
        let body = json!({"userId": server.user(name).id.as_str(), "activeStatus": active});
        server.as_admin().post("users.setActiveStatus", body).ok();
    };
    let state = || {
        let archived = member(&server, &talk, "al").unwrap().extra.value()["archived"].clone();
        (room(&server, &talk).unwrap().read_only, archived)
    };
    set("bob", false);
    assert_eq!(state(), (true, Value::Bool(true)));
    set("al", false);
    set("bob", true);
    assert_eq!(state(), (true, Value::Bool(false)), "the other one is still away");
    set("al", true);
    assert!(!room(&server, &talk).unwrap().read_only);
}

#[test]
fn who_may_deactivate_and_whom() {
    let server = TestServer::start();
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let body = json!({"userId": admin.id(), "activeStatus": false});
    assert_eq!(bob.post("users.setActiveStatus", body.clone()).body()["error"], "unauthorized");
    let grant = json!({"permissions": [{"_id": "manage-moderation-actions", "roles": ["user"]}]});
    admin.post("permissions.update", grant).ok();
    assert_eq!(bob.post("users.setActiveStatus", body.clone()).refusal(), "Not allowed [error-not-allowed]");
    let last = admin.post("users.setActiveStatus", body);
    assert_eq!(last.refusal(), not_allowed("Leaving the app without an active admin is not allowed"));
    let unknown = admin.post("users.setActiveStatus", json!({"userId": "x", "activeStatus": true}));
    assert_eq!(unknown.refusal(), "User not found");
    let missing = admin.post("users.setActiveStatus", json!({"userId": "x"}));
    assert_eq!(missing.refusal(), "must have required property 'activeStatus' [invalid-params]");
}

#[test]
fn ones_own_account_is_deleted_with_its_password_if_the_settings_allow_it() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let missing = bob.post("users.deleteOwnAccount", json!({}));
    assert_eq!(missing.refusal(), r#"Body parameter "password" is required."#);
    let secret = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    let body = json!({"password": secret.to_uppercase()});
    assert_eq!(bob.post("users.deleteOwnAccount", body.clone()).refusal(), "Not allowed [error-not-allowed]");
    let setting = "settings/Accounts_AllowDeleteOwnAccount";
    server.as_admin().post(setting, json!({"value": true})).ok();
    assert_eq!(
        bob.post("users.deleteOwnAccount", body.clone()).refusal(),
        "Invalid password [error-invalid-password]"
    );
    let eve = json!({"username": "eve", "name": "Eve", "email": "eve@x", "password": "secret"});
    server.as_admin().post("users.create", eve).ok();
    server.as_user("eve").post("users.deleteOwnAccount", body).ok();
    assert!(server.app.store.user_by_name("eve").unwrap().is_none());
}
