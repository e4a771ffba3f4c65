//! `exports.audit`: who exported what, for those who may know.

use roomscribe::domain::AuditEntry;
use roomscribe::service::{audit, orders};
use roomscribe::store::{Direction, Span};
use serde_json::{Value, json};

use crate::support::exports::{accepted, file_of, mail_of};
use crate::support::{Caller, TestServer};

const MINUTE: i64 = 60_000;

fn entries(server: &TestServer, query: &str) -> Vec<Value> {
    let answer = server.as_admin().get("exports.audit", query);
    let entries = answer.ok()["entries"].as_array().expect("a list").clone();
    assert_eq!(answer.body()["count"], entries.len());
    entries
}

fn events(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["event"].as_str().expect("a text")).collect()
}

fn fetch(caller: &Caller<'_>, path: &str) {
    assert_eq!(caller.raw("GET", path, &[], "").status(), 200, "{path}");
}

#[test]
fn the_life_of_an_export_is_noted_and_outlives_it() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    server.work();
    let create = json!({
        "rooms": ["talk"], "query": "from:bob", "from": "2024-03-01", "formats": ["json", "text"],
        "timeZone": "Europe/Berlin",
    });
    let export = admin.post("exports.create", create).ok()["export"]["_id"].as_str().unwrap().to_owned();
    let job = server.finished(&export);
    let path = format!("/data-export/{export}");
    fetch(&admin, &path);
    fetch(&admin, &path);
    server.clock.advance(10 * MINUTE);
    fetch(&admin, &path);
    let link = admin.post("exports.link", json!({"exportId": export}));
    let link = link.ok()["link"]["url"].as_str().unwrap().replace("http://chat.example", "");
    fetch(&server.anonymous(), &link);
    admin.post("exports.delete", json!({"exportId": export})).ok();

    let entries = entries(&server, &format!("exportId={export}"));
    let expected = ["deleted", "downloaded", "link-made", "downloaded", "downloaded", "done", "asked"];
    assert_eq!(events(&entries), expected, "latest first; who fetches a file in parts is noted once");
    for entry in &entries {
        assert_eq!(entry["exportId"], export);
        assert_eq!(entry["user"], json!({"_id": admin.id(), "username": "admin"}));
        let by_the_server = entry["event"] == "done";
        let address = if by_the_server { Value::Null } else { "127.0.0.1".into() };
        assert_eq!(entry["address"], address, "{entry}");
    }
    let asked = json!({
        "title": "talk",
        "rooms": [room.as_str()],
        "from": "2024-02-29T23:00:00.000Z",
        "until": "2024-03-15T10:20:30.124Z",
        "timeZone": "Europe/Berlin",
        "query": "from:bob",
        "systemMessages": true,
        "transforms": [],
        "formats": [{"id": "json"}, {"id": "text"}],
        "delivery": {"id": "file"},
    });
    assert_eq!((&entries[6]["order"], &entries[6]["at"]), (&asked, &json!("2024-03-15T10:20:30.123Z")));
    let done = &entries[5];
    assert_eq!(done["sha256"], hex::encode(job.file.unwrap().sha256));
    assert_eq!((&done["messages"], &done["bytes"]), (&json!(3), &json!(job.bytes)));
    let by_link: Vec<&Value> = entries.iter().filter_map(|entry| entry.get("byLink")).collect();
    assert_eq!(by_link, [&json!(true), &json!(false), &json!(false)]);
    assert_eq!(entries[2]["expiresAt"], "2024-03-15T11:30:30.123Z");
}

#[test]
fn failures_retries_and_cancellations_are_noted() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let admin = server.as_admin();
    server.space.set(0);
    server.work();
    let export = accepted(&admin, file_of(&room, "json"));
    server.finished(&export);
    server.rest();
    admin.post("exports.retry", json!({"exportId": export})).ok();
    admin.post("exports.cancel", json!({"exportId": export})).ok();
    let entries = entries(&server, "");
    assert_eq!(events(&entries), ["cancelled", "retried", "failed", "asked"]);
    assert!(entries[2]["error"].as_str().unwrap().contains("keep_free_mb"), "{}", entries[2]);
    assert_eq!(entries[2]["address"], Value::Null);
}

#[test]
fn only_who_holds_the_permission_reads_it() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.grant("mail-messages", &["admin", "user"]);
    accepted(&server.as_user("bob"), file_of(&room, "json"));
    assert_eq!(server.as_user("bob").get("exports.audit", "").status(), 403);
    assert_eq!(server.anonymous().get("exports.audit", "").status(), 401);
    server.grant("view-export-audit", &["user"]);
    assert_eq!(server.as_user("bob").get("exports.audit", "").ok()["total"], 1);
}

#[test]
fn entries_are_found_by_user_export_and_time_and_come_in_pages() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.grant("mail-messages", &["admin", "user"]);
    let (admin, bob) = (server.as_admin(), server.as_user("bob"));
    let first = accepted(&admin, file_of(&room, "json"));
    server.clock.advance(24 * 60 * MINUTE);
    let second = accepted(&bob, file_of(&room, "json"));
    server.clock.advance(24 * 60 * MINUTE);
    let third = accepted(&bob, file_of(&room, "html"));
    let found = |query: &str| -> Vec<String> {
        let entries = entries(&server, query);
        entries.iter().map(|entry| entry["exportId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found(""), [&*third, &*second, &*first]);
    assert_eq!(found(&format!("userId={}", bob.id())), [&*third, &*second]);
    assert_eq!(found(&format!("exportId={second}")), [&*second]);
    assert_eq!(found(&format!("exportId={second}&userId={}", bob.id())), [&*second]);
    assert_eq!(found(&format!("exportId={second}&userId={}", admin.id())), [""; 0]);
    assert_eq!(found("from=2024-03-16"), [&*third, &*second]);
    assert_eq!(found("until=2024-03-16"), [&*second, &*first], "the day is part of it");
    assert_eq!(found("from=2024-03-16&until=2024-03-16"), [&*second]);
    assert_eq!(found(&format!("userId={}&until=2024-03-16T00:00:00Z", bob.id())), [""; 0]);
    assert_eq!(found("count=1&offset=1"), [&*second]);
    let page = server.as_admin().get("exports.audit", "count=1&offset=1");
    assert_eq!((&page.ok()["total"], &page.body()["offset"]), (&json!(3), &json!(1)));
    let refusal = server.as_admin().get("exports.audit", "until=soon");
    assert!(refusal.refusal().starts_with("`until`: \"soon\" is no time"), "{}", refusal.text());
}

#[test]
fn recipients_are_noted_and_secrets_are_not() {
    let server = TestServer::start_with(|config| {
        let settings = "secret = \"hush\"\nhosts = [\"hooks.example\"]";
        config.plugins.insert("webhook".to_owned(), settings.parse().unwrap());
    });
    let room = server.talkative_room();
    let admin = server.as_admin();
    accepted(&admin, mail_of(&room, &["ann@example.net"], &["m1"]));
    let mut body = file_of(&room, "json");
    body["type"] = "webhook".into();
    body["deliveryOptions"] = json!({"url": "https://hooks.example/rooms?key=hush"});
    accepted(&admin, body);
    let entries = entries(&server, "");
    let delivery = &entries[0]["order"]["delivery"];
    assert_eq!(delivery, &json!({"id": "webhook", "options": {"url": "https://hooks.example/rooms"}}));
    assert_eq!(entries[1]["order"]["delivery"]["options"]["to"], json!(["ann@example.net"]));
    assert_eq!(entries[1]["order"]["messages"], json!(["m1"]));
    let stored = server.app.store.list::<AuditEntry>(Span::all(), Direction::Ascending, 0, 9).unwrap();
    assert!(!format!("{stored:?}").contains("hush"), "{stored:?}");
}

#[test]
fn an_export_is_asked_for_and_noted_together_or_not_at_all() {
    let (server, disk) = TestServer::start_faulty();
    let room = server.talkative_room();
    let admin = server.as_admin();
    server.app.store.durable_blocking().unwrap();
    disk.fail_writes_after(0);
    let headers = [("content-type", "application/json")];
    let body = file_of(&room, "html").to_string();
    assert_eq!(admin.raw("POST", "/api/v1/rooms.export", &headers, body).status(), 500);
    drop(disk);
    let server = server.reopen();
    let admin = server.as_admin();
    assert_eq!(entries(&server, ""), [""; 0].map(Value::from));
    assert_eq!(admin.get("exports.list", "").ok()["total"], 0);
    accepted(&admin, file_of(&room, "html"));
    assert_eq!(entries(&server, "").len(), 1);
}

#[test]
fn exports_of_the_command_line_are_noted_too() {
    let server = TestServer::start();
    let room = server.talkative_room();
    let request = orders::Request {
        wanted: orders::Wanted::Rooms(vec![room.to_string()]),
        from: None,
        until: None,
        time_zone: None,
        query: String::new(),
        system_messages: true,
        transforms: Vec::new(),
        formats: vec![orders::Asked { id: "html".to_owned(), options: Value::Null }],
        delivery: orders::Asked { id: "file".to_owned(), options: Value::Null },
        archive: None,
    };
    let order = orders::order(&server.app, None, request).unwrap();
    audit::command_line(&server.app, &order, std::path::Path::new("talk.zip"), 3, 900).unwrap();
    let entries = entries(&server, "");
    assert_eq!(events(&entries), ["done", "asked"]);
    assert_eq!(entries[1]["user"], json!({"_id": "", "username": "command line"}));
    let delivery = json!({"id": "command line", "options": {"output": "talk.zip"}});
    assert_eq!(entries[1]["order"]["delivery"], delivery);
    assert_eq!((&entries[0]["messages"], &entries[0]["bytes"]), (&json!(3), &json!(900)));
}
