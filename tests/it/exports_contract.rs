//! `rooms.export` answers as its documentation says: every row of answers, every order of checks.

use roomscribe::domain::{RoomId, RoomKind};
use serde_json::{Value, json};

use crate::support::exports::{assert_answer, export, file_of, forbidden, mail_of, refused};
use crate::support::{Caller, TestServer};

/// A body with one key changed; `null` takes the key away.
fn with(mut body: Value, key: &str, value: Value) -> Value {
    let keys = body.as_object_mut().expect("an object");
    if value.is_null() {
        keys.remove(key)
    } else {
        keys.insert(key.to_owned(), value)
    };
    body
}

fn assert_refused(caller: &Caller<'_>, body: Value, code: &str) {
    let shown = body.to_string();
    let answer = export(caller, body);
    assert_eq!(answer.body()["errorType"], code, "{shown}: {}", answer.text());
    assert_answer(&answer, 400, &refused(code));
}

fn assert_accepted(caller: &Caller<'_>, body: Value) {
    let shown = body.to_string();
    let answer = export(caller, body);
    assert_eq!(answer.status(), 200, "{shown}: {}", answer.text());
    assert_answer(&answer, 200, &json!({"success": true}));
}

fn not_allowed() -> Value {
    json!({"success": false, "error": "Not Allowed [error-not-allowed]", "errorType": "error-not-allowed"})
}

fn invalid_dates() -> Value {
    let error = "From date cannot be after To date [error-invalid-dates]";
    json!({"success": false, "error": error, "errorType": "error-invalid-dates"})
}

#[test]
fn the_body_of_the_documentation_with_the_keys_of_both_types_is_accepted() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let body = json!({
        "rid": room.as_str(),
        "type": "file",
        "dateFrom": "2024-03-01",
        "dateTo": "2024-03-31",
        "format": "html",
        "toUsers": ["user.name"],
        "toEmails": ["user@example.org"],
        "subject": "An export",
        "messages": ["m1", "m2"],
        "nobodyKnowsThis": {"at": "all"},
    });
    assert_accepted(&server.as_admin(), body.clone());
    // Of the other type's keys not even the JSON type is looked at.
    let odd = with(with(body, "toUsers", json!(5)), "messages", json!("m1"));
    assert_accepted(&server.as_admin(), odd);
}

#[test]
fn mailing_answers_who_could_not_be_reached() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let body = with(mail_of(&room, &["a@b.cd"], &["m1"]), "toUsers", json!(["ghost"]));
    assert_answer(&export(&server.as_admin(), body), 200, &json!({"missing": ["ghost"], "success": true}));
    let body = with(with(mail_of(&room, &["a@b.cd"], &["m1"]), "format", json!(7)), "dateFrom", json!([]));
    assert_answer(&export(&server.as_admin(), body), 200, &json!({"missing": [], "success": true}));
}

#[test]
fn without_credentials_nothing_else_is_looked_at() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let not_logged_in = json!({"status": "error", "message": "You must be logged in to do this."});
    for body in [json!({}), file_of(&room, "html"), file_of(&RoomId::new("nope"), "pdf")] {
        assert_answer(&export(&server.anonymous(), body), 401, &not_logged_in);
    }
    let (bob, admin) = (server.as_user("bob"), server.as_admin());
    let body = file_of(&room, "html").to_string();
    let kind = ("content-type", "application/json");
    for credentials in [
        vec![kind, ("x-user-id", admin.id())],
        vec![kind, ("x-auth-token", admin.token())],
        vec![kind, ("x-user-id", admin.id()), ("x-auth-token", bob.token())],
        vec![kind, ("x-user-id", admin.id()), ("x-auth-token", "wrong")],
    ] {
        let answer = server.anonymous().raw("POST", "/api/v1/rooms.export", &credentials, body.clone());
        assert_answer(&answer, 401, &not_logged_in);
    }
}

#[test]
fn parameters_that_do_not_fit_are_refused_before_anything_is_said_about_permissions() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let (file, mail) = (file_of(&room, "html"), mail_of(&room, &["a@b.cd"], &["m1"]));
    let mut bodies = vec![json!({})];
    for key in ["rid", "type"] {
        for value in [Value::Null, json!(""), json!(5), json!([room.as_str()]), json!({})] {
            bodies.push(with(file.clone(), key, value));
        }
    }
    bodies.push(with(file.clone(), "type", json!("pigeon")));
    for key in ["format", "dateFrom", "dateTo"] {
        for value in [json!(5), json!(true), json!(["html"]), json!({})] {
            bodies.push(with(file.clone(), key, value));
        }
    }
    for key in ["toUsers", "toEmails", "messages"] {
        for value in [json!("m1"), json!(5), json!({}), json!([5]), json!([["m1"]]), json!([null])] {
            bodies.push(with(mail.clone(), key, value));
        }
    }
    bodies.push(with(mail, "subject", json!(["s"])));
    for body in bodies {
        // The second of these callers has no permission at all.
        for caller in [server.as_admin(), server.as_user("bob")] {
            assert_refused(&caller, body.clone(), "error-invalid-params");
        }
    }
}

#[test]
fn a_body_that_is_no_json_object_is_refused() {
    let server = TestServer::start();
    let headers = [("content-type", "application/json")];
    for caller in [server.as_admin(), server.as_user("bob")] {
        for body in ["", "{", "[]", "null", "5", "\"rid\"", "rid=x&type=file", "\u{0}"] {
            let answer = caller.raw("POST", "/api/v1/rooms.export", &headers, body);
            assert_answer(&answer, 400, &refused("error-invalid-params"));
        }
    }
    let answer = server.as_admin().raw("POST", "/api/v1/rooms.export", &headers, b"\xff\xfe".to_vec());
    assert_answer(&answer, 400, &refused("error-invalid-params"));
}

#[test]
fn a_form_is_as_good_as_json() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let send = |body: String| server.as_admin().raw("POST", "/api/v1/rooms.export", &headers, body);
    assert_answer(&send(format!("rid={room}&type=file&format=json")), 200, &json!({"success": true}));
    let mail = format!("rid={room}&type=email&toEmails[]=a@b.cd&messages[]=m1&messages[]=m2&subject=s");
    assert_answer(&send(mail), 200, &json!({"missing": [], "success": true}));
}

#[test]
fn only_who_holds_the_permission_in_that_room_may_export_it() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let owned = server.room(RoomKind::Group, "owned", &["olga", "bob"]);
    // Before the administrator grants it, not even the owner may; formats and dates are not looked at.
    for caller in [server.as_user("bob"), server.as_user("olga"), server.as_user("stranger")] {
        for body in [
            file_of(&room, "html"),
            file_of(&owned, "html"),
            file_of(&owned, "pdf"),
            mail_of(&owned, &["not an address"], &[]),
            file_of(&RoomId::new("nope"), "html"),
            mail_of(&RoomId::new("nope"), &["a@b.cd"], &["m1"]),
        ] {
            assert_answer(&export(&caller, body), 403, &forbidden());
        }
    }
    server.grant("mail-messages", &["admin", "owner"]);
    assert_accepted(&server.as_user("olga"), file_of(&owned, "html"));
    assert_answer(&export(&server.as_user("olga"), file_of(&room, "html")), 403, &forbidden());
    assert_answer(&export(&server.as_user("olga"), file_of(&RoomId::new("nope"), "html")), 403, &forbidden());
    assert_answer(&export(&server.as_user("bob"), file_of(&owned, "html")), 403, &forbidden());
}

#[test]
fn an_unknown_room_is_told_to_those_who_may_export_all() {
    let server = TestServer::start();
    for body in [file_of(&RoomId::new("nope"), "html"), mail_of(&RoomId::new("nope"), &[], &[])] {
        assert_refused(&server.as_admin(), body, "error-invalid-room");
    }
    // The room comes before the format.
    assert_refused(&server.as_admin(), file_of(&RoomId::new("nope"), "pdf"), "error-invalid-room");
    // A name is no id.
    server.talkative_room();
    assert_refused(&server.as_admin(), file_of(&RoomId::new("talk"), "html"), "error-invalid-room");
}

#[test]
fn administrators_are_no_exception_where_they_are_no_members() {
    let server = TestServer::start();
    let secret = server.room(RoomKind::Group, "secret", &["olga"]);
    let direct = server.room(RoomKind::Direct, "direct", &["olga", "bob"]);
    for room in [&secret, &direct] {
        for body in [file_of(room, "html"), file_of(room, "pdf"), mail_of(room, &[], &[])] {
            assert_answer(&export(&server.as_admin(), body), 400, &not_allowed());
        }
    }
    let member = server.room(RoomKind::Group, "shared", &["olga", "admin"]);
    assert_accepted(&server.as_admin(), file_of(&member, "html"));
    let public = server.room(RoomKind::Channel, "public", &["olga"]);
    assert_accepted(&server.as_admin(), file_of(&public, "html"));
}

#[test]
fn a_file_needs_a_format_that_exists() {
    let server = TestServer::start();
    let room = server.talkative_room();
    for format in [Value::Null, json!(""), json!("pdf"), json!("HTML"), json!("../html")] {
        assert_refused(
            &server.as_admin(),
            with(file_of(&room, "html"), "format", format),
            "error-invalid-format",
        );
    }
    assert_accepted(&server.as_admin(), file_of(&room, "html"));
    assert_accepted(&server.as_admin(), file_of(&room, "json"));
    // The format comes before the dates.
    let body = with(file_of(&room, "pdf"), "dateFrom", json!("tomorrow"));
    assert_refused(&server.as_admin(), body, "error-invalid-format");
}

#[test]
fn dates_are_days_or_instants_and_in_order() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let ask = |from: &str, to: &str| {
        let body = with(file_of(&room, "html"), "dateFrom", json!(from));
        export(&server.as_admin(), with(body, "dateTo", json!(to)))
    };
    for (from, to) in [
        ("2024-03-01", "2024-03-31"),
        ("2024-03-31", "2024-03-31"),
        // The day after counts as well, because the last day is part of the window.
        ("2024-04-01", "2024-03-31"),
        ("2024-03-31T23:59:59.999Z", "2024-03-31"),
        ("2024-03-01T12:00:00.000Z", "2024-02-29T12:00:00.000Z"),
        ("Fri, 15 Mar 2024 10:20:30 GMT", "2024-03-31"),
        // No date at all.
        ("", ""),
    ] {
        assert_answer(&ask(from, to), 200, &json!({"success": true}));
    }
    for (from, to) in [
        ("2024-04-02", "2024-03-31"),
        ("2024-04-01T00:00:00.001Z", "2024-03-31"),
        ("2025-01-01", "2024-01-01"),
        // Without a last day it is today: 2024-03-15.
        ("2024-03-17", ""),
    ] {
        assert_answer(&ask(from, to), 400, &invalid_dates());
    }
    for (from, to) in
        [("tomorrow", "2024-03-31"), ("2024-03-01", "2024-02-30"), ("2024-13-01", ""), (" ", "")]
    {
        assert_answer(&ask(from, to), 400, &refused("error-invalid-params"));
    }
}

#[test]
fn a_mail_needs_somebody_and_something() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    assert_refused(&admin, mail_of(&room, &[], &["m"]), "error-invalid-recipient");
    assert_refused(&admin, mail_of(&room, &[" ", ""], &["m"]), "error-invalid-recipient");
    let absent = with(with(mail_of(&room, &[], &["m"]), "toEmails", Value::Null), "toUsers", Value::Null);
    assert_refused(&admin, absent, "error-invalid-recipient");
    // Nobody comes before nothing.
    assert_refused(&admin, mail_of(&room, &[], &[]), "error-invalid-recipient");
    assert_refused(&admin, mail_of(&room, &["a@b.cd"], &[]), "error-invalid-messages");
    let absent = with(mail_of(&room, &["a@b.cd"], &[]), "messages", Value::Null);
    assert_refused(&admin, absent, "error-invalid-messages");
    // The messages come before the shape of an address.
    assert_refused(&admin, mail_of(&room, &["nonsense"], &[]), "error-invalid-messages");
    // Users without an address are nobody.
    let ghost = with(mail_of(&room, &[], &["m"]), "toUsers", json!(["ghost"]));
    assert_refused(&admin, ghost, "error-invalid-recipient");
    let no_subject = with(mail_of(&room, &["a@b.cd"], &["m1"]), "subject", Value::Null);
    assert_answer(&export(&admin, no_subject), 200, &json!({"missing": [], "success": true}));
}

#[test]
fn malformed_addresses_are_refused() {
    let server = TestServer::start();
    let room = server.talkative_room();
    for address in ["nonsense", "a@", "@b.cd", "a@b@c.de", "a b@c.de", "a@b.cd\r\nBcc: x@y.zz", "<a@b.cd>"] {
        let body = mail_of(&room, &["good@example.org", address], &["m1"]);
        assert_refused(&server.as_admin(), body, "error-invalid-email");
    }
    let mut user = server.user("odd");
    user.emails[0].address = "odd at example".to_owned();
    server.app.store.write::<_, roomscribe::store::Error>(|batch| batch.put_user(&user)).unwrap();
    let body = with(mail_of(&room, &["good@example.org"], &["m1"]), "toUsers", json!(["odd"]));
    let refusal = json!({"success": false, "error": "error-invalid-email"});
    assert_answer(&export(&server.as_admin(), body), 400, &refusal);
}

#[test]
fn a_mail_has_bounds() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let numbered = |count: usize, suffix: &str| -> Vec<String> {
        (0..count).map(|number| format!("m{number}{suffix}")).collect()
    };
    let ask = |recipients: usize, messages: usize| {
        let body = with(mail_of(&room, &[], &[]), "toEmails", json!(numbered(recipients, "@example.org")));
        export(&server.as_admin(), with(body, "messages", json!(numbered(messages, ""))))
    };
    assert_answer(&ask(100, 1000), 200, &json!({"missing": [], "success": true}));
    let answer = ask(1, 1001);
    assert_eq!(answer.refusal(), "At most 1000 messages can be mailed at once [error-invalid-messages]");
    assert_eq!(answer.body()["errorType"], "error-invalid-messages");
    let answer = ask(101, 1);
    let error = "`to` names 101 recipients, at most 100 are allowed here [error-invalid-recipient]";
    assert_eq!(answer.refusal(), error);
}

#[test]
fn only_a_post_exports() {
    let server = TestServer::start();
    let answer = server.as_admin().raw("GET", "/api/v1/rooms.export", &[], "");
    assert_answer(&answer, 405, &json!({"status": "error", "message": "API endpoint does not exist"}));
    assert_eq!(answer.header("allow"), "POST, OPTIONS");
}
