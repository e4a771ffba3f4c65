//! Links that let people into a room.

use roomscribe::domain::RoomKind;
use roomscribe::domain::time::DAY;
use serde_json::{Value, json};

use crate::support::{Caller, TestServer};

fn make(caller: &Caller<'_>, rid: &str, days: u64, uses: u64) -> Value {
    caller.post("findOrCreateInvite", json!({"rid": rid, "days": days, "maxUses": uses})).ok().clone()
}

fn enter(caller: &Caller<'_>, invite: &Value) -> String {
    caller.post("useInviteToken", json!({"token": invite["_id"]})).refusal().to_owned()
}

#[test]
fn an_invite_lets_a_stranger_in() {
    let server = TestServer::start();
    let (bob, eve) = (server.as_user("bob"), server.as_user("eve"));
    let id = server.room(RoomKind::Group, "secret", &["bob"]);
    let invite = make(&bob, id.as_str(), 7, 10);
    let secret = invite["_id"].as_str().unwrap();
    let expected = json!({
        "_id": secret, "rid": id.as_str(), "userId": bob.id(), "days": 7, "maxUses": 10, "uses": 0,
        "expires": "2024-03-22T10:20:30.123Z", "createdAt": "2024-03-15T10:20:30.123Z",
        "_updatedAt": "2024-03-15T10:20:30.123Z", "url": format!("http://chat.example/invite/{secret}"),
        "success": true,
    });
    assert_eq!(invite, expected);
    assert_eq!(make(&bob, id.as_str(), 7, 10)["_id"], secret, "found, not made again");
    assert_ne!(make(&bob, id.as_str(), 0, 0)["_id"], secret);
    assert_eq!(make(&bob, id.as_str(), 0, 0)["expires"], Value::Null);
    let valid = |token: &str| {
        server.anonymous().post("validateInviteToken", json!({"token": token})).ok()["valid"].clone()
    };
    assert_eq!((valid(secret), valid("guess")), (json!(true), json!(false)));
    let entered = eve.post("useInviteToken", json!({"token": secret}));
    let room = json!({"rid": id.as_str(), "t": "p", "name": "secret", "fname": "secret"});
    assert_eq!(entered.ok(), &json!({"room": room, "success": true}));
    let said = eve.get("groups.messages", &format!("roomId={id}"));
    assert_eq!(
        (&said.ok()["messages"][0]["t"], &said.body()["messages"][0]["msg"]),
        (&json!("uj"), &json!("eve"))
    );
    eve.post("useInviteToken", json!({"token": secret})).ok();
    assert_eq!(make(&bob, id.as_str(), 7, 10)["uses"], 1, "who is in already uses up nothing");
    let me = eve.get("me", "");
    assert!(!me.text().contains("inviteToken"));
}

#[test]
fn an_invite_ends_with_its_days_and_its_uses() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let id = server.room(RoomKind::Channel, "talk", &["bob"]);
    let (short, single) = (make(&bob, id.as_str(), 1, 0), make(&bob, id.as_str(), 0, 1));
    server.as_user("al").post("useInviteToken", json!({"token": single["_id"]})).ok();
    let expired = "The invite token has expired. [error-invite-expired]";
    assert_eq!(enter(&server.as_user("eve"), &single), expired);
    assert_ne!(make(&bob, id.as_str(), 0, 1)["_id"], single["_id"], "a used up one is not found again");
    server.clock.advance(DAY);
    assert_eq!(enter(&server.as_user("eve"), &short), expired);
    let token = json!({"token": short["_id"]});
    assert_eq!(server.anonymous().post("validateInviteToken", token).ok()["valid"], false);
    let unknown = "The invite token is invalid. [error-invalid-token]";
    assert_eq!(enter(&server.as_user("eve"), &json!({"_id": "guess"})), unknown);
    assert_eq!(server.as_user("eve").post("useInviteToken", json!({})).refusal(), unknown);
}

#[test]
fn making_an_invite_takes_a_right_in_the_room() {
    let server = TestServer::start();
    let (bob, eve, admin) = (server.as_user("bob"), server.as_user("eve"), server.as_admin());
    let id = server.room(RoomKind::Group, "secret", &["bob"]);
    let refused =
        |caller: &Caller<'_>, body: Value| caller.post("findOrCreateInvite", body).refusal().to_owned();
    let body = |days: u64, uses: u64| json!({"rid": id.as_str(), "days": days, "maxUses": uses});
    assert_eq!(refused(&eve, body(0, 0)), "[not_authorized]");
    assert_eq!(refused(&admin, body(0, 0)), "The rid field is invalid [error-invalid-room]");
    let text = "Invite should expire in 1, 7, 15 or 30 days, or send 0 to never expire. \
                [invalid-number-of-days]";
    assert_eq!(refused(&bob, body(2, 0)), text);
    let text = "Invite should be valid for 1, 5, 10, 25, 50, 100 or infinite (0) uses. \
                [invalid-number-of-uses]";
    assert_eq!(refused(&bob, body(1, 3)), text);
    assert_eq!(refused(&bob, json!({})), "The field rid is required [error-the-field-is-required]");
    let direct = admin.post("im.create", json!({"username": "bob"})).ok()["room"]["_id"].clone();
    assert_eq!(
        refused(&admin, json!({"rid": direct, "days": 0, "maxUses": 0})),
        "Can't join room of this type via invite [error-room-type-not-allowed]"
    );
}

#[test]
fn invites_are_listed_and_withdrawn() {
    let server = TestServer::start();
    let (bob, eve, admin) = (server.as_user("bob"), server.as_user("eve"), server.as_admin());
    let id = server.room(RoomKind::Group, "secret", &["bob"]);
    let invite = make(&bob, id.as_str(), 0, 0);
    let mut row = invite.clone();
    row.as_object_mut().unwrap().remove("success");
    assert_eq!(admin.get("listInvites", "").ok(), &json!([row]));
    assert_eq!(eve.get("listInvites", "").refusal(), "[not_authorized]");
    let remove = |caller: &Caller<'_>, id: &Value| {
        caller.raw("DELETE", &format!("/api/v1/removeInvite/{}", id.as_str().unwrap()), &[], "")
    };
    assert_eq!(remove(&eve, &invite["_id"]).refusal(), "[not_authorized]");
    assert_eq!(remove(&bob, &invite["_id"]).ok(), &json!(true));
    let unknown = "Invalid Invitation _id [invalid-invitation-id]";
    assert_eq!(remove(&bob, &invite["_id"]).refusal(), unknown);
    assert_eq!(enter(&eve, &invite), "The invite token is invalid. [error-invalid-token]");
    let other = make(&bob, id.as_str(), 0, 0);
    bob.post("groups.delete", json!({"roomId": id.as_str()})).ok();
    assert_eq!(enter(&eve, &other), "The invite token is invalid. [error-invalid-token]");
    assert_eq!(admin.get("listInvites", "").ok(), &json!([]), "they go with the room");
}

#[test]
fn people_are_asked_by_mail() {
    let server = TestServer::start();
    let ask =
        |caller: &Caller<'_>, emails: Value| caller.post("sendInvitationEmail", json!({"emails": emails}));
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    assert_eq!(ask(&bob, json!(["al@example.org"])).refusal(), "Not allowed [error-not-allowed]");
    let missing = admin.post("sendInvitationEmail", json!({}));
    assert_eq!(missing.refusal(), "must have required property 'emails' [invalid-params]");
    assert_eq!(ask(&admin, json!([])).refusal(), "must NOT have fewer than 1 items [invalid-params]");
    assert!(ask(&admin, json!(vec!["al@example.org"; 101])).refusal().contains("At most 100"));
    ask(&admin, json!(["al@example.org", "no address", "eve@example.org"])).ok();
    let mails = std::fs::read_dir(server.directory().join("mails")).unwrap();
    let mut texts: Vec<String> =
        mails.map(|mail| std::fs::read_to_string(mail.unwrap().path()).unwrap()).collect();
    texts.sort_by_key(|text| text.contains("To: eve@example.org"));
    assert_eq!(texts.len(), 2);
    assert!(texts[0].contains("To: al@example.org") && texts[1].contains("To: eve@example.org"));
    assert!(texts.iter().all(|text| text.contains("Join here: http://chat.example")), "{texts:?}");
}
