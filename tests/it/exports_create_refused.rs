//! `exports.create`: what is refused while the requester waits, and in which words.

use roomscribe::domain::UserId;
use roomscribe::store::Error;
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::orders::{create, json_of, refusal, with};

#[test]
fn keys_that_nobody_knows_are_named() {
    let server = TestServer::start();
    let room = server.talkative_room();
    for key in ["fromats", "rid", "format", "dateFrom"] {
        let answer = create(&server.as_admin(), &with(&json_of(&room), key, json!("x")));
        let expected = json!({
            "success": false, "errorType": "invalid-params", "details": {"field": key},
            "error": "must NOT have additional properties [invalid-params]",
        });
        assert_eq!((answer.status(), answer.body()), (400, &expected));
    }
}

#[test]
fn values_of_another_kind_are_named() {
    let server = TestServer::start();
    let room = server.talkative_room();
    for (key, value, word) in [
        ("rooms", json!({}), "array"),
        ("rooms.1", json!(["a", []]), "string"),
        ("from", json!([]), "string"),
        ("systemMessages", json!("perhaps"), "boolean"),
        ("formats", json!({"id": "json"}), "array"),
        ("dryRun", json!(7), "boolean"),
    ] {
        let field = key.split('.').next().unwrap();
        let answer = create(&server.as_admin(), &with(&json_of(&room), field, value));
        let expected = json!({
            "success": false, "errorType": "invalid-params", "details": {"field": key},
            "error": format!("must be {word} [invalid-params]"),
        });
        assert_eq!((answer.status(), answer.body()), (400, &expected));
    }
}

#[test]
fn exactly_one_thing_says_whose_messages() {
    let server = TestServer::start();
    server.talkative_room();
    let expected = "say what to export by exactly one of `rooms`, `thread`, `messages` and `scope`";
    let ways = [
        ("rooms", json!(["talk"])),
        ("thread", json!("m1")),
        ("messages", json!(["m1"])),
        ("scope", json!("visible")),
    ];
    assert_eq!(refusal(&server.as_admin(), &json!({"formats": ["json"]})), expected);
    for (first, value) in &ways {
        for (second, other) in ways.iter().filter(|(second, _)| second != first) {
            let body =
                with(&with(&json!({"formats": ["json"]}), first, value.clone()), second, other.clone());
            assert_eq!(refusal(&server.as_admin(), &body), expected);
        }
    }
}

#[test]
fn what_does_not_exist_or_is_too_much_is_named_with_its_field() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.say(
        &server.room(roomscribe::domain::RoomKind::Channel, "other", &["admin"]),
        "o1",
        "2024-03-01",
        "x",
    );
    let mut reply = server.message(&room, "r1", "2024-03-02T00:00:00.000Z", "a reply");
    reply.thread = Some(roomscribe::domain::MessageId::new("m2"));
    server.put_message(&reply);
    let many: Vec<String> = (0..1001).map(|number| format!("x{number}")).collect();
    let long = "x".repeat(10_000);
    let cases = [
        (json!({"rooms": []}), "`rooms` is empty; name at least one room, or choose the scope visible"),
        (json!({"rooms": ["nope"]}), "`rooms`: there is no room \"nope\""),
        (json!({"rooms": ["talk", "#talk"]}), "`rooms` names \"#talk\" twice"),
        (json!({"rooms": many}), "`rooms`: at most 1000 can be named; choose the scope visible"),
        (json!({"thread": "nope"}), "`thread`: there is no message \"nope\""),
        (json!({"thread": "r1"}), "`thread`: \"r1\" is a reply; name what began its thread, m2"),
        (json!({"messages": []}), "`messages` is empty; name at least one message"),
        (json!({"messages": ["nope"]}), "`messages`: there is no message \"nope\""),
        (json!({"messages": ["m1", "o1"]}), "`messages`: there is no message \"o1\" in the room of \"m1\""),
        (json!({"messages": many}), "`messages`: at most 1000 can be chosen one by one"),
        (json!({"scope": "mine"}), "`scope`: \"mine\" is neither visible nor server"),
    ];
    for (body, expected) in cases {
        assert_eq!(refusal(&server.as_admin(), &with(&body, "formats", json!(["json"]))), expected);
    }
    for body in [json!({"rooms": [long]}), json!({"thread": long}), json!({"scope": long})] {
        let told = refusal(&server.as_admin(), &with(&body, "formats", json!(["json"])));
        assert!(told.len() < 200, "nobody's text is said back at length: {} bytes", told.len());
    }
}

#[test]
fn times_and_queries_that_make_no_sense_are_named() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let said =
        |key: &str, value: &str| refusal(&server.as_admin(), &with(&json_of(&room), key, json!(value)));
    for (key, value) in [("from", "yesterday"), ("until", "2024-02-30"), ("from", "31.3.2024")] {
        let expected = format!("`{key}`: \"{value}\" is no time; write 2024-03-31 or 2024-03-31T14:00:00Z");
        assert_eq!(said(key, value), expected);
    }
    for zone in ["Mars/Olympus", "CEST", "../../etc/passwd", "+02:00"] {
        let expected = format!("`timeZone`: there is no {zone:?}; write a name like Europe/Berlin");
        assert_eq!(said("timeZone", zone), expected);
    }
    assert_eq!(said("from", "2024-03-17"), "`from` lies in the future: there are no messages yet");
    let body = with(&with(&json_of(&room), "from", json!("2024-03-02")), "until", json!("2024-03-01"));
    let expected = "`from` is not before `until`: nothing lies between them";
    assert_eq!(refusal(&server.as_admin(), &body), expected);
    for query in ["(a", "form:bob", "has:wings", "before:never", &"a".repeat(2001)] {
        assert!(said("query", query).starts_with("`query`: "), "{query}");
    }
}

#[test]
fn plug_ins_and_their_options_are_named() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let said = |key: &str, value: Value| refusal(&server.as_admin(), &with(&json_of(&room), key, value));
    let with_options = |id: &str, options: Value| json!([{"id": id, "options": options}]);
    assert!(said("formats", json!([])).starts_with("`formats` is empty; choose among html, json, "));
    assert!(said("formats", Value::Null).starts_with("`formats` is empty; "));
    assert_eq!(said("formats", json!(["json", "csv", "json"])), "`formats` names \"json\" twice");
    assert!(said("formats", json!(["pdf"])).starts_with("no format `pdf`; known: html, json, "));
    assert!(said("transforms", json!(["html"])).starts_with("no transform `html`; known: "));
    assert!(said("delivery", json!("pigeon")).starts_with("no delivery `pigeon`; known: file, "));
    for (key, value) in [
        ("formats", json!([5])),
        ("formats", json!([{"id": "json", "option": {}}])),
        ("transforms", json!([{"options": {}}])),
        ("delivery", json!(["file"])),
    ] {
        let expected = format!("`{key}`: write an id, or an object with the keys `id` and `options`");
        assert_eq!(said(key, value), expected);
    }
    assert_eq!(
        said("formats", with_options("csv", json!({"bom": "yes"}))),
        "options of `csv`: `bom`: invalid type: string \"yes\", expected a boolean"
    );
    let unknown = said("formats", with_options("csv", json!({"bon": true})));
    assert!(unknown.starts_with("options of `csv`: unknown field `bon`"), "{unknown}");
    let wrong = said("transforms", with_options("drop", json!({"withFiles": 7})));
    assert!(wrong.starts_with("options of `drop`: `withFiles`: "), "{wrong}");
    let wrong = said("delivery", json!({"id": "email", "options": {"to": ["nobody"]}}));
    assert!(wrong.contains("`to`"), "{wrong}");
    assert_eq!(
        said("formats", with_options("csv", json!(5))),
        "options of `csv`: write an object, {name: value}"
    );
    let many = vec![json!({"id": "redact"}); 9];
    assert_eq!(said("transforms", json!(many)), "`transforms`: at most 8 are possible");
    assert_eq!(said("archive", json!("tar")), "`archive`: \"tar\" is neither bag nor plain");
}

#[test]
fn who_has_no_address_is_not_told_by_mail() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    let mut user = server.app.store.user(&UserId::new(admin.id())).unwrap().unwrap();
    user.emails.clear();
    server.app.store.write::<_, Error>(|batch| batch.put_user(&user)).unwrap();
    let said = refusal(&admin, &with(&json_of(&room), "notify", json!(true)));
    assert!(said.contains("`notify`: your account has no e-mail address"), "{said}");
    create(&admin, &json_of(&room)).ok();
}

#[test]
fn nothing_that_was_refused_is_kept() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    refusal(&admin, &with(&json_of(&room), "query", json!("(")));
    create(&admin, &with(&json_of(&room), "dryRun", json!(true))).ok();
    assert_eq!(admin.get("exports.list", "").ok()["total"], 0);
    assert_eq!(server.names_in("spool"), [""; 0]);
}
