//! `groups.*`: private rooms, where they differ from channels.

use roomscribe::domain::RoomKind;
use serde_json::{Value, json};

use crate::support::TestServer;

#[test]
fn a_group_is_made_found_and_listed_by_its_members_alone() {
    let server = TestServer::start();
    let (bob, eve, admin) = (server.as_user("bob"), server.as_user("eve"), server.as_admin());
    let made = bob.post("groups.create", json!({"name": "secret", "readOnly": true}));
    let group = &made.ok()["group"];
    assert_eq!((&group["t"], &group["ro"], &group["usersCount"]), (&json!("p"), &json!(true), &json!(1)));
    assert_eq!(bob.get("groups.info", "roomName=secret").ok()["group"], *group);
    let text = "The required \"roomId\" or \"roomName\" param provided does not match any group \
                [error-room-not-found]";
    for stranger in [&eve, &admin] {
        assert_eq!(stranger.get("groups.info", "roomName=secret").refusal(), text);
        assert_eq!(stranger.get("groups.list", "").ok()["groups"], json!([]));
    }
    assert_eq!(
        bob.get("groups.info", "").refusal(),
        "The parameter \"roomId\" or \"roomName\" is required [error-room-param-not-provided]"
    );
    assert_eq!(bob.get("groups.list", "").ok()["groups"], json!([group]));
    let all = admin.get("groups.listAll", "");
    assert_eq!((&all.ok()["total"], &all.ok()["groups"][0]["name"]), (&json!(1), &json!("secret")));
    let refused = bob.get("groups.listAll", "");
    assert_eq!((refused.status(), refused.body()["error"].as_str()), (403, Some("unauthorized")));
}

#[test]
fn creating_a_group_checks_its_own_words() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let refused = |body: Value| bob.post("groups.create", body).refusal().to_owned();
    assert_eq!(refused(json!({"name": ""})), "Body param \"name\" is required");
    assert_eq!(
        refused(json!({"name": "x", "members": {}})),
        "Body param \"members\" must be an array if provided"
    );
    let mut guest = server.user("guest");
    guest.roles = vec!["guest".to_owned()];
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&guest)).unwrap();
    let refused = server.as_user("guest").post("groups.create", json!({"name": "x"}));
    assert_eq!(refused.refusal(), "Not allowed [error-not-allowed]");
    server.user("al");
    let outside = json!({"name": "x", "members": ["al"], "excludeSelf": true});
    assert_eq!(bob.post("groups.create", outside).ok()["group"]["usersCount"], 1);
    assert_eq!(bob.get("groups.list", "").ok()["total"], 0);
    assert_eq!(server.as_user("al").get("groups.list", "").ok()["total"], 1);
}

#[test]
fn inviting_tells_who_brought_whom_and_kicking_answers_nothing() {
    let server = TestServer::start();
    let (bob, al) = (server.as_user("bob"), server.as_user("al"));
    let id = server.room(RoomKind::Group, "secret", &["bob"]);
    let body = |key: &str, value: Value| json!({"roomId": id.as_str(), key: value});
    let nobody = bob.post("groups.invite", body("usernames", json!(["nobody"])));
    assert_eq!(nobody.refusal(), "Cannot invite if no valid users are provided [error-empty-invite-list]");
    let invited = bob.post("groups.invite", body("userId", json!(al.id())));
    assert_eq!(invited.ok()["group"]["usersCount"], 2);
    let said = al.get("groups.messages", &format!("roomId={id}"));
    let record = &said.ok()["messages"][0];
    assert_eq!(
        (&record["t"], &record["msg"], &record["u"]["username"]),
        (&json!("au"), &json!("al"), &json!("bob"))
    );
    assert_eq!(
        al.post("groups.kick", body("username", json!("bob"))).refusal(),
        "Not allowed [error-not-allowed]"
    );
    assert_eq!(bob.post("groups.kick", body("username", json!("al"))).body(), &json!({"success": true}));
    assert_eq!(al.get("groups.info", &format!("roomId={id}")).body()["errorType"], "error-room-not-found");
    bob.post("groups.invite", body("username", json!("al"))).ok();
    assert_eq!(al.post("groups.leave", json!({"roomId": id.as_str()})).body(), &json!({"success": true}));
}

#[test]
fn a_group_has_its_own_words_for_what_is_the_same() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let id = server.room(RoomKind::Group, "secret", &["bob"]);
    let call = |what: &str, key: &str, value: Value| {
        bob.post(&format!("groups.{what}"), json!({"roomId": id.as_str(), key: value}))
    };
    let open = call("open", "x", json!(0));
    assert_eq!(open.refusal(), "The private group, secret, is already open for the sender");
    call("close", "x", json!(0)).ok();
    let close = call("close", "x", json!(0));
    assert_eq!(close.refusal(), "The private group, secret, is already closed to the sender");
    assert_eq!(
        call("setReadOnly", "readOnly", json!(false)).refusal(),
        "The private group read only setting is the same as what it would be changed to."
    );
    assert_eq!(
        call("setType", "type", json!("p")).refusal(),
        "The private group type is the same as what it would be changed to."
    );
    assert_eq!(call("setTopic", "topic", json!("a")).ok()["topic"], "a");
    assert_eq!(call("setTopic", "topic", json!("a")).ok()["topic"], "a", "no error in groups");
    assert_eq!(
        bob.get("groups.info", &format!("roomId={id}")).ok()["group"]["msgs"],
        1,
        "and no second trace"
    );
    call("archive", "x", json!(0)).ok();
    let archived = "The private group, secret, is archived [error-room-archived]";
    assert_eq!(call("archive", "x", json!(0)).refusal(), archived);
    assert_eq!(call("kick", "username", json!("bob")).refusal(), archived);
    assert_eq!(call("setType", "type", json!("c")).ok()["group"]["t"], "c");
}

#[test]
fn a_moderator_invites_and_a_member_does_not() {
    let server = TestServer::start();
    let (bob, al, joe) = (server.as_user("bob"), server.as_user("al"), server.as_user("joe"));
    let id = server.room(RoomKind::Group, "secret", &["bob", "al", "joe"]);
    let who = |user: &str| json!({"roomId": id.as_str(), "userId": user});
    bob.post("groups.addModerator", who(al.id())).ok();
    let eve = server.user("eve");
    assert_eq!(joe.post("groups.invite", who(eve.id.as_str())).refusal(), "Not allowed [error-not-allowed]");
    al.post("groups.invite", who(eve.id.as_str())).ok();
    let members = joe.get("groups.members", &format!("roomId={id}"));
    assert_eq!(members.ok()["total"], 4);
    assert_eq!(al.post("groups.addOwner", who(al.id())).refusal(), "Not allowed [error-not-allowed]");
    let own = joe.get("groups.counters", &format!("roomId={id}"));
    assert_eq!((&own.ok()["joined"], &own.ok()["members"]), (&json!(true), &json!(4)));
    let other = joe.get("groups.counters", &format!("roomId={id}&userId={}", al.id()));
    assert_eq!(other.status(), 403);
}
