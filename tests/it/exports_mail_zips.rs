//! Whole exports by mail: attached, or behind links that open once, to a real SMTP server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use roomscribe::domain::{JobId, JobState};
use roomscribe::export::spool::Progress;
use roomscribe::export::verify::verify;
use roomscribe::store::Error;
use serde_json::{Value, json};

use crate::exports_mail::smtp_server::{SmtpServer, reserve_port};
use crate::exports_mail::{header, is_sent, leaves, text_of};
use crate::support::TestServer;
use crate::support::exports::unpack;

const DAY: i64 = 24 * 3_600_000;
/// Too small for any zip.
const LINKS_ONLY: &str = "attach_up_to = 10";

/// A server with a room that mails through this port, with these settings of the delivery.
fn mailing(port: u16, settings: &str) -> TestServer {
    let server = TestServer::start_with(|config| {
        config.mail.url = format!("smtp://127.0.0.1:{port}?tls=none");
        config.plugins.insert("email".to_owned(), settings.parse().expect("TOML"));
        config.export.keep_days = 3;
    });
    server.talkative_room();
    server
}

fn order(options: &Value) -> Value {
    json!({
        "rooms": ["talk"], "formats": ["html", "json"],
        "delivery": {"id": "email", "options": options},
    })
}

fn ordered(server: &TestServer, options: &Value) -> String {
    let answer = server.as_admin().post("exports.create", order(options));
    answer.ok()["export"]["_id"].as_str().expect("an id").to_owned()
}

fn to_both() -> Value {
    json!({"to": ["ann@example.net", "bob@example.net"]})
}

/// The path and query of the link in a mail, the same in both bodies.
fn link_in(mail: &Value) -> String {
    let text = text_of(mail, "text/plain");
    let mut links = text.lines().filter_map(|line| line.strip_prefix("http://chat.example/"));
    let link = links.next().unwrap_or_else(|| panic!("no link in {text}"));
    assert_eq!(links.next(), None, "one link");
    let html = text_of(mail, "text/html");
    assert!(html.contains(&format!("<a href=\"http://chat.example/{link}\"")), "{html}");
    format!("/{link}")
}

/// The links of so many mails, by their recipients.
fn links(smtp: &SmtpServer, count: usize) -> BTreeMap<String, String> {
    let mails = (0..count).map(|_| smtp.next());
    let links: BTreeMap<_, _> =
        mails.map(|mail| (mail["to"][0].as_str().expect("one").to_owned(), link_in(&mail))).collect();
    assert_eq!(links.len(), count, "a mail for each");
    links
}

fn status_of(server: &TestServer, link: &str) -> u16 {
    server.anonymous().raw("GET", link, &[], "").status()
}

fn links_of(server: &TestServer, id: &str) -> usize {
    server.app.store.links_of(&JobId::new(id)).expect("readable").len()
}

/// Sends one more mail; what was sent before it has arrived before it.
fn assert_nothing_more(server: &TestServer, smtp: &SmtpServer) {
    server.later(1);
    ordered(server, &json!({"to": ["last@example.net"]}));
    assert_eq!(smtp.next()["to"], json!(["last@example.net"]), "and nothing before it");
}

#[test]
fn a_small_export_is_attached_and_is_the_signed_zip() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing(smtp.port, "");
    server.work();
    let id = ordered(&server, &json!({"to": ["ann@example.net"]}));
    let mail = smtp.next();
    let job = server.finished(&id);
    assert_eq!(job.receipt.as_deref(), Some("1 mail queued, with the export"));
    assert_eq!((job.file, server.names_in("exports")), (None, Vec::new()));
    assert_eq!(header(&mail, "Subject"), ["Export of talk"]);
    let all = leaves(&mail["content"]);
    let attached: Vec<_> = all.into_iter().filter(|part| part["disposition"] == "attachment").collect();
    let [part] = attached.as_slice() else { panic!("one attachment: {mail}") };
    let name = format!("2024-03-15-Administrator-{id}.zip");
    assert_eq!((&part["type"], &part["filename"]), (&json!("application/zip"), &json!(name)));
    let zip = server.directory().join("received.zip");
    let encoded: String = part["base64"].as_str().expect("bytes").split_whitespace().collect();
    std::fs::write(&zip, STANDARD.decode(encoded).expect("base64")).expect("written");
    let verified = verify(&zip, &Progress::default()).expect("an intact export");
    assert_eq!(verified.key, Some(server.app.signer.public_key()));
    let names = unpack(&zip).into_keys().collect::<Vec<_>>();
    assert!(names.iter().any(|name| name.ends_with("talk.json")), "{names:?}");
    let text = text_of(&mail, "text/plain");
    let said = [
        "Export of talk: 3 messages, as html, json.",
        "Exported by @admin.",
        &format!("SHA-256: {}", hex::encode(job.digest.expect("hashed"))),
        &format!("roomscribe verify FILE --key {}", server.app.signer.public_key_hex()),
    ];
    for part in said {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(links_of(&server, &id), 0);
}

#[test]
fn a_large_export_comes_as_a_link_that_opens_once_for_each_recipient() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing(smtp.port, LINKS_ONLY);
    server.work();
    let id = ordered(&server, &to_both());
    let mail = smtp.next();
    let text = text_of(&mail, "text/plain");
    assert!(text.contains("Fetch it until 2024-03-18 10:20 UTC"), "not after the file is deleted: {text}");
    let other = smtp.next();
    let job = server.finished(&id);
    assert_eq!((job.state, leaves(&mail["content"]).len()), (JobState::Done, 2));
    let zip = std::fs::read(server.file_of(&job)).unwrap();
    for link in [link_in(&mail), link_in(&other)] {
        let answer = server.anonymous().raw("GET", &link, &[], "");
        assert_eq!(answer.status(), 200);
        assert!(answer.bytes() == zip, "byte for byte");
        assert_eq!(status_of(&server, &link), 403);
    }
    // The owner still has all the links of their own.
    for _ in 0..10 {
        server.as_admin().post("exports.link", json!({"exportId": id})).ok();
    }
    let audit = server.as_admin().get("exports.audit", &format!("exportId={id}"));
    let entries = audit.ok()["entries"].as_array().unwrap().clone();
    let mut sent: Vec<_> = entries.iter().filter(|entry| entry.get("to").is_some()).collect();
    sent.sort_by_key(|entry| entry["to"].as_str());
    let recipients: Vec<_> = sent.iter().map(|entry| entry["to"].as_str().unwrap()).collect();
    assert_eq!(recipients, ["ann@example.net", "bob@example.net"]);
    for entry in sent {
        assert_eq!((&entry["event"], &entry["address"]), (&json!("link-made"), &Value::Null));
        assert_eq!(entry["expiresAt"], "2024-03-18T10:20:30.123Z");
    }
    assert!(!audit.text().contains("link="), "nobody reads a link there");
}

#[test]
fn links_go_with_the_file_and_when_their_own_time_is_over() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing(smtp.port, LINKS_ONLY);
    server.work();
    let short = ordered(&server, &json!({"to": ["ann@example.net"], "linkMinutes": 5}));
    server.finished(&short);
    let link = &links(&smtp, 1)["ann@example.net"];
    server.clock.advance(5 * 60_000);
    assert_eq!(status_of(&server, link), 403);
    let long = ordered(&server, &json!({"to": ["ann@example.net"]}));
    server.finished(&long);
    let link = &links(&smtp, 1)["ann@example.net"];
    assert_eq!(server.anonymous().raw("HEAD", link, &[], "").status(), 200);
    server.rest();
    server.clock.advance(3 * DAY);
    assert_eq!(status_of(&server, link), 403);
    while roomscribe::work::sweep::sweep_some(&server.app).unwrap() {}
    assert_eq!((links_of(&server, &short), links_of(&server, &long)), (0, 0));
    assert_eq!(server.names_in("exports"), [""; 0]);
}

#[test]
fn a_mail_server_that_is_down_costs_no_mail_and_a_second_try_sends_no_second_one() {
    let (_reserved, port) = reserve_port();
    let server = mailing(port, LINKS_ONLY);
    let id = ordered(&server, &to_both());
    server.work();
    let done = server.finished(&id);
    server.wait_until("it was tried", || {
        (0..2).all(|n| {
            server.app.store.mail(&format!("{id}-{n}")).unwrap().is_some_and(|mail| mail.attempts > 0)
        })
    });
    server.rest();
    // As if the server had died between queueing the mails and noting that.
    let mut job = done.clone();
    (job.state, job.attempts, job.receipt, job.file, job.finished) = (JobState::Queued, 0, None, None, None);
    server.app.store.write::<_, Error>(|batch| batch.put_job(&job)).unwrap();
    let server = server.reopen();
    server.work();
    let again = server.finished(&id);
    assert_eq!((again.state, &again.file, links_of(&server, &id)), (JobState::Done, &done.file, 2));
    let smtp = SmtpServer::start(&["--port", &port.to_string()]);
    server.later(3_600_000);
    for link in links(&smtp, 2).values() {
        assert_eq!(status_of(&server, link), 200);
    }
    assert_nothing_more(&server, &smtp);
}

#[test]
fn an_export_that_failed_between_two_mails_goes_on_with_the_second() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing(smtp.port, LINKS_ONLY);
    let id = ordered(&server, &to_both());
    let in_the_way = |server: &TestServer| server.directory().join(format!("mails/{id}-1.eml"));
    std::fs::create_dir_all(in_the_way(&server)).unwrap();
    server.work();
    assert_eq!(server.finished(&id).state, JobState::Failed);
    let first = links(&smtp, 1);
    let ann = &first["ann@example.net"];
    assert_eq!(status_of(&server, ann), 404, "not before the export is done");
    // Another try fails in the same place, and leaves no further link behind.
    server.as_admin().post("exports.retry", json!({"exportId": id})).ok();
    assert_eq!(server.finished(&id).state, JobState::Failed);
    assert_eq!(links_of(&server, &id), 2);
    std::fs::remove_dir(in_the_way(&server)).unwrap();
    server.as_admin().post("exports.retry", json!({"exportId": id})).ok();
    assert_eq!(server.finished(&id).state, JobState::Done);
    let second = links(&smtp, 1);
    assert_eq!((status_of(&server, ann), status_of(&server, &second["bob@example.net"])), (200, 200));
    assert_nothing_more(&server, &smtp);
}

#[test]
fn without_downloads_the_mail_says_who_has_the_file() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing(smtp.port, LINKS_ONLY);
    server.set("UserData_EnableDownload", &json!(false));
    server.work();
    let id = ordered(&server, &json!({"to": ["ann@example.net"]}));
    let mail = smtp.next();
    let text = text_of(&mail, "text/plain");
    let page = format!("http://chat.example/data-export/{id}");
    assert!(text.contains(&format!("After a login it can be fetched by @admin:\n{page}\n")), "{text}");
    assert_eq!((server.finished(&id).state, links_of(&server, &id)), (JobState::Done, 0));
    server.set("UserData_EnableDownload", &json!(true));
    assert_eq!(server.as_admin().raw("GET", &format!("/data-export/{id}"), &[], "").status(), 200);
}

#[test]
fn a_cancelled_or_deleted_export_leaves_no_file_wherever_it_was_kept() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing(smtp.port, "attach_up_to = 10\ndirectory = \"mailed\"");
    let id = ordered(&server, &to_both());
    let in_the_way: PathBuf = server.directory().join(format!("mails/{id}-1.eml"));
    std::fs::create_dir_all(&in_the_way).unwrap();
    server.work();
    assert_eq!(server.finished(&id).state, JobState::Failed);
    let kept = |server: &TestServer| server.names_in("mailed");
    assert_eq!(kept(&server), [format!("{id}.zip")]);
    let ann = links(&smtp, 1).remove("ann@example.net").unwrap();
    // A server that stops in between sends it again.
    server.wait_until("that is noted", || is_sent(&server, &format!("{id}-0")));
    server.rest();
    server.as_admin().post("exports.retry", json!({"exportId": id})).ok();
    server.as_admin().post("exports.cancel", json!({"exportId": id})).ok();
    assert_eq!(kept(&server), [""; 0]);
    assert_eq!(status_of(&server, &ann), 404);
    std::fs::remove_dir(&in_the_way).unwrap();
    server.work();
    let next = ordered(&server, &json!({"to": ["ann@example.net"]}));
    let job = server.finished(&next);
    let ann = links(&smtp, 1).remove("ann@example.net").unwrap();
    assert_eq!(
        job.file.as_ref().map(|file| Path::new(&file.path)),
        Some(Path::new(&format!("mailed/{next}.zip")))
    );
    server.as_admin().post("exports.delete", json!({"exportId": next})).ok();
    assert_eq!(kept(&server), [""; 0]);
    assert_eq!(status_of(&server, &ann), 403);
}

#[test]
fn what_is_wrong_with_the_options_is_named_while_the_requester_waits() {
    let server = mailing(1, "allowed_domains = [\"example.net\"]\nmax_recipients = 1");
    let refused = |options: Value| {
        let answer = server.as_admin().post("exports.create", order(&options));
        answer.refusal().to_owned()
    };
    let wrong = [
        (
            json!({"to": ["eve@example.com"]}),
            "`to`: eve@example.com is outside the allowed domains (example.net)",
        ),
        (to_both(), "`to` names 2 recipients, at most 1 are allowed here"),
        (
            json!({"to": ["ann@example.net"], "as": "zip"}),
            "`as`: \"zip\" is none of auto, link and attachment",
        ),
        (json!({"to": ["ann@example.net"], "linkMinutes": 20_000}), "`linkMinutes`: write 1 to 10080"),
        (json!({}), "`to`"),
    ];
    for (options, expected) in wrong {
        let error = refused(options.clone());
        assert!(error.contains(expected), "{options}: {error}");
    }
    server.as_admin().post("exports.create", order(&json!({"to": ["ann@example.net"]}))).ok();
}

#[test]
fn kept_files_of_mails_count_as_those_of_downloads_do() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing(smtp.port, LINKS_ONLY);
    server.work();
    let id = ordered(&server, &json!({"to": ["ann@example.net"]}));
    server.finished(&id);
    server.change_job(&id, |job| job.file.as_mut().expect("kept").size = u64::MAX);
    let answer = server.as_admin().post("exports.create", order(&json!({"to": ["ann@example.net"]})));
    assert!(answer.refusal().contains("[error-export-quota]"), "{}", answer.text());
    // The digest leaves no file.
    let mut digest = order(&json!({"to": ["ann@example.net"]}));
    digest["formats"] = json!(["mail"]);
    server.as_admin().post("exports.create", digest).ok();
}
