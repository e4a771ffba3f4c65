//! Reports of messages and people, and what moderators do about them.

use roomscribe::domain::{RoomId, RoomKind};
use serde_json::{Value, json};

use crate::support::{Caller, TestServer};

fn say(server: &TestServer, caller: &Caller<'_>, room: &RoomId, id: &str) {
    server.clock.advance(1);
    let message = json!({"rid": room.as_str(), "_id": id, "msg": format!("text of {id}")});
    caller.post("chat.sendMessage", json!({"message": message})).ok();
}

/// A millisecond later somebody reports a message.
fn report(server: &TestServer, caller: &Caller<'_>, id: &str, description: &str) {
    server.clock.advance(1);
    caller.post("chat.reportMessage", json!({"messageId": id, "description": description})).ok();
}

fn column<'a>(rows: &'a Value, name: &str) -> Vec<&'a str> {
    rows.as_array().expect("a list").iter().map(|row| row[name].as_str().expect("a text")).collect()
}

#[test]
fn messages_are_reported_and_the_reports_are_found_by_author_and_message() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob", "al", "eve"]);
    let (bob, al, eve) = (server.as_user("bob"), server.as_user("al"), server.as_user("eve"));
    for (caller, id) in [(&bob, "b1"), (&bob, "b2"), (&al, "a1")] {
        say(&server, caller, &room, id);
    }
    report(&server, &eve, "b1", "rude");
    report(&server, &al, "b1", "very rude");
    report(&server, &eve, "b2", "a lie");
    report(&server, &eve, "a1", "boring");
    let last = server.app.now();
    // What was said is kept as it was.
    bob.post("chat.update", json!({"roomId": room.as_str(), "msgId": "b1", "text": "harmless"})).ok();

    let admin = server.as_admin();
    let users = admin.get("moderation.reportsByUsers", "").ok().clone();
    let rooms = json!([{"_id": room.as_str(), "t": "c", "name": "talk", "fname": "talk"}]);
    let expected = json!({"reports": [
        {"ts": last.to_string(), "count": 1, "isUserDeleted": false, "message": "text of a1", "msgId": "a1",
         "rooms": rooms, "userId": al.id(), "username": "al", "name": "Al"},
        {"ts": last.plus(-1).to_string(), "count": 3, "isUserDeleted": false, "message": "text of b2",
         "msgId": "b2", "rooms": rooms, "userId": bob.id(), "username": "bob", "name": "Bob"},
    ], "count": 2, "offset": 0, "total": 2, "success": true});
    assert_eq!(users, expected);
    let of = |query: &str| admin.get("moderation.reportsByUsers", query).ok()["reports"].clone();
    assert_eq!(column(&of("selector=BO"), "username"), ["bob"]);
    assert_eq!(column(&of("sort=%7B%22count%22:-1%7D"), "username"), ["bob", "al"]);
    assert_eq!(column(&of("count=1&offset=1"), "username"), ["bob"]);
    let before = of(&format!("latest={}", last.plus(-3)));
    assert_eq!((column(&before, "username"), &before[0]["count"]), (vec!["bob"], &json!(1)));
    assert_eq!(of(&format!("oldest={}", last.plus(1))), json!([]));

    let query = format!("userId={}", bob.id());
    let messages = admin.get("moderation.user.reportedMessages", &query).ok().clone();
    assert_eq!(messages["user"], json!({"_id": bob.id(), "username": "bob", "name": "Bob"}));
    let texts: Vec<&str> = messages["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["message"]["msg"].as_str().unwrap())
        .collect();
    assert_eq!((texts, &messages["total"]), (vec!["text of b2", "text of b1"], &json!(3)), "each once");
    assert_eq!(messages["messages"][0]["room"], rooms[0]);

    let reports = admin.get("moderation.reports", "msgId=b1").ok().clone();
    assert_eq!(column(&reports["reports"], "description"), ["very rude", "rude"]);
    assert_eq!(
        reports["reports"][1]["reportedBy"],
        json!({"_id": eve.id(), "username": "eve", "name": "Eve"})
    );
    assert_eq!(reports["reports"][1]["room"], rooms[0]);
    let oldest_first =
        admin.get("moderation.reports", "msgId=b1&sort=%7B%22ts%22:1%7D").ok()["reports"].clone();
    assert_eq!(column(&oldest_first, "description"), ["rude", "very rude"]);
    let by_eve = admin.get("moderation.reports", "msgId=b1&selector=eve").ok().clone();
    assert_eq!((column(&by_eve["reports"], "description"), &by_eve["total"]), (vec!["rude"], &json!(1)));

    let id = reports["reports"][0]["_id"].as_str().unwrap();
    let one = admin.get("moderation.reportInfo", &format!("reportId={id}")).ok()["report"].clone();
    assert_eq!((&one["description"], &one["message"]["msg"]), (&json!("very rude"), &json!("text of b1")));
    assert_eq!((&one["room"], one.get("moderationInfo")), (&rooms[0], None));
}

#[test]
fn people_are_reported_and_the_reports_are_dismissed() {
    let server = TestServer::start();
    let (bob, eve, admin) = (server.as_user("bob"), server.as_user("eve"), server.as_admin());
    for (reporter, text) in [(&eve, "spams"), (&admin, "spams a lot")] {
        server.clock.advance(1);
        reporter.post("moderation.reportUser", json!({"userId": bob.id(), "description": text})).ok();
    }
    let expected = json!({"reports": [{
        "ts": server.app.now().to_string(), "count": 2, "isUserDeleted": false,
        "reportedUser": {"_id": bob.id(), "username": "bob", "name": "Bob"},
    }], "count": 1, "offset": 0, "total": 1, "success": true});
    assert_eq!(admin.get("moderation.userReports", "").ok(), &expected);
    assert_eq!(admin.get("moderation.reportsByUsers", "").ok()["total"], 0, "no message was reported");
    let query = format!("userId={}", bob.id());
    let reports = admin.get("moderation.user.reportsByUserId", &query).ok().clone();
    assert_eq!(column(&reports["reports"], "description"), ["spams a lot", "spams"]);
    assert_eq!(reports["user"]["username"], "bob");
    let id = reports["reports"][1]["_id"].as_str().unwrap();

    let body = json!({"userId": bob.id(), "reason": " he promised ", "action": "Warned"});
    admin.post("moderation.dismissUserReports", body).ok();
    assert_eq!(admin.get("moderation.userReports", "").ok()["total"], 0);
    assert_eq!(admin.get("moderation.user.reportsByUserId", &query).ok()["total"], 0);
    let one = admin.get("moderation.reportInfo", &format!("reportId={id}")).ok()["report"].clone();
    let info = json!({"moderatedBy": admin.id(), "hiddenAt": server.app.now().to_string(),
        "reason": "he promised", "action": "Warned"});
    assert_eq!((&one["moderationInfo"], &one["reportedUser"]["username"]), (&info, &json!("bob")));
    let again = admin.post("moderation.dismissUserReports", json!({"userId": bob.id()}));
    assert_eq!(again.ok(), &json!({"success": true}), "clients do not look before they dismiss");
}

#[test]
fn reports_of_messages_are_dismissed_by_message_or_by_author() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    let (bob, eve, admin) = (server.as_user("bob"), server.as_user("eve"), server.as_admin());
    for number in 0..60 {
        let id = format!("b{number}");
        say(&server, &bob, &room, &id);
        report(&server, &eve, &id, "rude");
    }
    let open = || admin.get("moderation.reportsByUsers", "").ok()["reports"][0]["count"].clone();
    admin.post("moderation.dismissReports", json!({"msgId": "b7"})).ok();
    assert_eq!(open(), 59);
    assert_eq!(admin.get("moderation.reports", "msgId=b7").ok()["total"], 0);
    let again = admin.post("moderation.dismissReports", json!({"msgId": "b7"}));
    assert_eq!(again.refusal(), "no-reports-found");
    admin.post("moderation.dismissReports", json!({"userId": bob.id()})).ok();
    assert_eq!(open(), Value::Null);
    let again = admin.post("moderation.dismissReports", json!({"userId": bob.id()}));
    assert_eq!(again.refusal(), "no-reports-found");
    let both = admin.post("moderation.dismissReports", json!({"userId": "x", "msgId": "y"}));
    assert!(both.refusal().contains("must match exactly one schema in oneOf"), "{}", both.text());
}

#[test]
fn reported_messages_are_deleted_wherever_they_are() {
    let server = TestServer::start();
    let secret = server.room(RoomKind::Group, "secret", &["bob", "eve"]);
    let (bob, eve, admin) = (server.as_user("bob"), server.as_user("eve"), server.as_admin());
    for id in ["kept", "first", "second", "gone"] {
        say(&server, &bob, &secret, id);
    }
    for id in ["first", "second", "second", "gone"] {
        report(&server, &eve, id, "rude");
    }
    bob.post("chat.delete", json!({"roomId": secret.as_str(), "msgId": "gone"})).ok();
    let body = json!({"userId": bob.id(), "reason": "spam"});
    admin.post("moderation.user.deleteReportedMessages", body.clone()).ok();
    let there = |id: &str| bob.get("chat.getMessage", &format!("msgId={id}")).status() == 200;
    assert_eq!(["kept", "first", "second", "gone"].map(there), [true, false, false, false]);
    let activity = server.app.store.activity(&secret).unwrap();
    assert_eq!((activity.messages, activity.last_message.unwrap().as_str()), (1, "kept"));
    assert_eq!(admin.get("moderation.reportsByUsers", "").ok()["total"], 0);
    let again = admin.post("moderation.user.deleteReportedMessages", body);
    assert_eq!(again.refusal(), "No reported messages found for this user.");
}

#[test]
fn refusals_of_reporting_are_told_in_rocket_chats_words() {
    let server = TestServer::start();
    let secret = server.room(RoomKind::Group, "secret", &["bob"]);
    let (bob, eve, admin) = (server.as_user("bob"), server.as_user("eve"), server.as_admin());
    say(&server, &bob, &secret, "hidden");
    let message = |body: Value| eve.post("chat.reportMessage", body).refusal().to_owned();
    assert_eq!(message(json!({"messageId": "none", "description": "x"})), "error-invalid-message_id");
    assert_eq!(message(json!({"messageId": "hidden", "description": "x"})), "error-invalid-message_id");
    assert_eq!(message(json!({"messageId": "hidden", "description": "  "})), "error-invalid-description");
    assert_eq!(
        message(json!({"messageId": "hidden"})),
        "must have required property 'description' [invalid-params]"
    );
    assert_eq!(
        message(json!({"messageId": "m", "description": "x", "more": 1})),
        "must NOT have additional properties [invalid-params]"
    );
    let long = "x".repeat(5001);
    assert_eq!(
        bob.post("chat.reportMessage", json!({"messageId": "hidden", "description": long})).refusal(),
        "must NOT have more than 5000 characters [invalid-params]"
    );
    let user = |body: Value| eve.post("moderation.reportUser", body).refusal().to_owned();
    assert_eq!(user(json!({"userId": "none", "description": "x"})), "Invalid user id provided.");
    assert_eq!(user(json!({"description": "x"})), "must have required property 'userId' [invalid-params]");
    assert_eq!(user(json!({"userId": bob.id(), "description": " "})), "error-invalid-description");
    assert_eq!(admin.get("moderation.reportInfo", "reportId=none").refusal(), "error-report-not-found");
    let missing = "must have required property 'reportId' [invalid-params]";
    assert_eq!(admin.get("moderation.reportInfo", "").refusal(), missing);
    let date = admin.get("moderation.reportsByUsers", "oldest=soon");
    assert_eq!(date.refusal(), "must match format \"date-time\" [invalid-params]");
    let nobody = admin.get("moderation.user.reportedMessages", "userId=none").ok().clone();
    assert_eq!((&nobody["messages"], nobody.get("user")), (&json!([]), None));
}

#[test]
fn only_moderators_see_reports_and_act_on_them() {
    let server = TestServer::start();
    let bob = server.as_user("bob");
    let forbidden = "User does not have the permissions required for this action [error-unauthorized]";
    for (endpoint, query) in [
        ("moderation.reportsByUsers", ""),
        ("moderation.userReports", ""),
        ("moderation.user.reportedMessages", "userId=x"),
        ("moderation.user.reportsByUserId", "userId=x"),
        ("moderation.reports", "msgId=x"),
        ("moderation.reportInfo", "reportId=x"),
    ] {
        let answer = bob.get(endpoint, query);
        assert_eq!((answer.status(), &answer.body()["error"]), (403, &json!(forbidden)), "{endpoint}");
        assert_eq!(server.anonymous().get(endpoint, query).status(), 401, "{endpoint}");
    }
    for endpoint in [
        "moderation.dismissReports",
        "moderation.dismissUserReports",
        "moderation.user.deleteReportedMessages",
    ] {
        let answer = bob.post(endpoint, json!({"userId": "x"}));
        assert_eq!((answer.status(), &answer.body()["error"]), (403, &json!(forbidden)), "{endpoint}");
    }
    assert_eq!(server.anonymous().post("moderation.reportUser", json!({})).status(), 401);
}
