//! `exports.create` with transforms: what every message passes, before any format sees it.

use roomscribe::domain::{Json, RoomKind};
use roomscribe::store::Error;
use serde_json::{Value, json};

use crate::exports_mail::smtp_server::SmtpServer;
use crate::exports_mail::{header, text_of};
use crate::support::TestServer;
use crate::support::orders::{json_of, ordered, with};

#[test]
fn transforms_are_passed_in_their_order_by_every_format() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.say(&room, "m4", "2024-03-15T10:01:00.000Z", "write to bob@example.org");
    server.work();
    let drop = json!({"id": "drop", "options": {"matching": ["second"]}});
    let body = with(&json_of(&room), "transforms", json!([drop, "redact"]));
    let exported = server.made(&server.as_admin(), &with(&body, "formats", json!(["json", "text"])));
    assert_eq!(exported.ids("json/talk.json"), ["m1", "m3", "m4"]);
    assert_eq!(exported.job.messages, 3);
    for (name, bytes) in &exported.entries {
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(!text.contains("bob@example.org") && !text.contains("second"), "{name}: {text}");
        assert!(text.contains("third"), "{name}");
    }
    assert_eq!(exported.document("json/talk.json")["counts"]["messages"], 3);
}

#[test]
fn pseudonyms_are_the_same_in_all_rooms_and_nobody_is_named_anywhere() {
    let server = TestServer::start();
    server.talkative_room();
    let other = server.room(RoomKind::Group, "other", &["bob", "admin"]);
    server.say(&other, "o1", "2024-03-02T00:00:00.000Z", "thanks @bob");
    server.work();
    let body = json!({
        "rooms": ["talk", "other"], "formats": ["json", "text", "html"], "transforms": ["anonymize"],
    });
    let exported = server.made(&server.as_admin(), &body);
    let author = |document: &str| {
        exported.document(document)["messages"][0]["u"]["username"].as_str().unwrap().to_owned()
    };
    assert_eq!(author("json/talk.json"), author("json/other.json"));
    assert_ne!(author("json/talk.json"), "bob");
    for (name, bytes) in &exported.entries {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("bob") && !text.contains("Bob"), "{name}: {text}");
    }
}

#[test]
fn a_reply_whose_beginning_was_dropped_keeps_its_place_in_time() {
    let server = TestServer::start_with_plugins(crate::support::plugins::ids);
    let room = server.room(RoomKind::Channel, "talk", &["admin"]);
    let mut beginning = server.message(&room, "t", "2024-03-01T00:00:00.000Z", "away with this");
    beginning.replies =
        Some(roomscribe::domain::message::Replies { count: 1, last: None, followers: Vec::new() });
    server.put_message(&beginning);
    server.say(&room, "between", "2024-03-02T00:00:00.000Z", "something else");
    let mut reply = server.message(&room, "r", "2024-03-03T00:00:00.000Z", "a reply");
    reply.thread = Some(beginning.id);
    server.put_message(&reply);
    server.work();
    let body = with(&json_of(&room), "formats", json!(["by-threads"]));
    let lines = |body: &Value| {
        String::from_utf8(server.made(&server.as_admin(), body).entries["talk.ids"].clone()).unwrap()
    };
    assert_eq!(lines(&body), "t\nr\nbetween\n3 in all\n");
    let drop = json!([{"id": "drop", "options": {"matching": ["away"]}}]);
    assert_eq!(lines(&with(&body, "transforms", drop)), "between\nr\n2 in all\n");
    let query = with(&body, "query", json!("-away"));
    assert_eq!(lines(&query), "between\nr\n2 in all\n");
}

/// All formats.
const FORMATS: [&str; 8] = ["json", "ndjson", "html", "markdown", "text", "csv", "slack", "mattermost"];

/// A server that mails through this port of the local machine.
fn mailing_through(smtp: &SmtpServer) -> TestServer {
    TestServer::start_with(|config| {
        config.mail.url = format!("smtp://127.0.0.1:{}?tls=none", smtp.port);
        config.mail.from.push_str("chat@example.org");
    })
}

/// Every file of the zip under its name, and the mail that goes with the same export.
fn handed_out(server: &TestServer, smtp: &SmtpServer, body: &Value) -> Vec<(String, String)> {
    let admin = server.as_admin();
    let bag = with(body, "archive", json!("bag"));
    let zipped = server.zipped(&admin, &bag).into_iter();
    let mut texts: Vec<_> =
        zipped.map(|(name, bytes)| (name, String::from_utf8_lossy(&bytes).into_owned())).collect();
    let delivery = json!({"id": "email", "options": {"to": ["ann@example.net"]}});
    ordered(&admin, &with(&bag, "delivery", delivery));
    let mail = smtp.next();
    texts.push(("the subject".to_owned(), header(&mail, "Subject").concat()));
    for kind in ["text/plain", "text/html"] {
        texts.push((format!("the mail as {kind}"), text_of(&mail, kind).to_owned()));
    }
    texts
}

#[track_caller]
fn assert_silent(texts: &[(String, String)], secrets: &[&str]) {
    for (name, text) in texts {
        for secret in secrets {
            let secret = secret.to_lowercase();
            assert!(!name.to_lowercase().contains(&secret), "{secret} in the name {name}");
            assert!(!text.to_lowercase().contains(&secret), "{secret} in {name}: {text}");
        }
    }
}

fn text<'a>(texts: &'a [(String, String)], end: &str) -> &'a str {
    let found = texts.iter().find(|(name, _)| name.ends_with(end));
    &found.unwrap_or_else(|| panic!("no {end} in {texts:?}")).1
}

#[test]
fn nothing_around_an_anonymized_direct_message_names_anybody_but_who_asked() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing_through(&smtp);
    let zaphod = server.as_user("zaphod");
    let admin = server.as_admin();
    let room = admin.post("im.create", json!({"username": "zaphod"})).ok()["room"]["_id"].clone();
    let card = json!({
        "text": "card of zaphod", "color": "zaphod", "image_preview": "zaphod", "image_type": "zaphod",
        "ts": "zaphod", "type": "zaphod", "format": "zaphod", "author_name": "Zaphod",
    });
    zaphod
        .post("chat.postMessage", json!({"roomId": room, "text": "zaphod here", "attachments": [card]}))
        .ok();
    server.work();
    let query = format!("from:zaphod OR {}", zaphod.id());
    let body = json!({"rooms": [room], "formats": FORMATS, "transforms": ["anonymize"], "query": query});
    let texts = handed_out(&server, &smtp, &body);
    let room = room.as_str().unwrap();
    assert_silent(&texts, &["zaphod", zaphod.id(), admin.id(), room]);
    let info = text(&texts, "bag-info.txt");
    assert!(info.contains("External-Description: one room as json, ") && !info.contains("Roomscribe-Room"));
    assert!(info.contains("Roomscribe-Query: (withheld)\n"), "{info}");
    let readable = text(&texts, ".md");
    assert!(readable.contains("Only messages that match") && readable.contains("here"), "{readable}");
    assert_eq!(text(&texts, "the subject"), "Export of one room");
    // Who asked knows what it was.
    let jobs = admin.get("exports.list", "").ok().to_string();
    assert!(jobs.contains("zaphod"), "{jobs}");
}

#[test]
fn nothing_around_a_redacted_room_says_what_was_blacked_out() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing_through(&smtp);
    let address = "jane.doe@acme.example";
    let id = server.room(RoomKind::Group, address, &["admin", "bob"]);
    let mut room = server.app.store.room(&id).unwrap().unwrap();
    (room.topic, room.description) = (Some(format!("Ask {address}")), Some(format!("<{address}>")));
    server.app.store.write::<_, Error>(|batch| batch.put_room(&room)).unwrap();
    let mut message = server.message(&id, "m1", "2024-03-15T10:01:00.000Z", "write to jane.doe@acme.example");
    message.attachments =
        Json::of(&json!([{"text": "x", "type": address, "image_preview": address, address: 1}]));
    server.put_message(&message);
    server.work();
    let query = format!("\"{address}\"");
    let body = json!({"rooms": [id.as_str()], "formats": FORMATS, "transforms": ["redact"], "query": query});
    let texts = handed_out(&server, &smtp, &body);
    assert_silent(&texts, &[address, "jane.doe", "acme.example"]);
    assert!(text(&texts, ".md").contains("write to"), "{}", text(&texts, ".md"));
    assert_eq!(text(&texts, "the subject"), "Export of one room");
}
