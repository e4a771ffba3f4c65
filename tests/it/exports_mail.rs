//! Exports by mail, to a real SMTP server: who gets what, once, whatever happens on the way.

#[path = "../mail/certificates.rs"]
mod certificates;
#[path = "../mail/smtp_server.rs"]
pub(crate) mod smtp_server;

use certificates::Certificates;
use roomscribe::domain::{JobState, Json, OutboxState, RoomKind};
use roomscribe::store::Error;
use serde_json::{Value, json};
use smtp_server::SmtpServer;

use crate::support::TestServer;
use crate::support::exports::{accepted, export, file_of, mail_of};

/// A server that mails through this port of the local machine.
fn mailing_through(port: u16) -> TestServer {
    TestServer::start_with(|config| {
        config.mail.url = format!("smtp://127.0.0.1:{port}?tls=none");
        config.mail.from.push_str("chat@example.org");
    })
}

pub(crate) fn header<'a>(mail: &'a Value, name: &str) -> Vec<&'a str> {
    let all = mail["headers"].as_array().expect("headers").iter();
    let pairs = all.map(|header| (&header[0], &header[1]));
    let pairs = pairs.filter_map(|(name, value)| Some((name.as_str()?, value.as_str()?)));
    pairs.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
}

/// All parts of a mail that have no parts themselves.
pub(crate) fn leaves(part: &Value) -> Vec<&Value> {
    match part["parts"].as_array() {
        Some(parts) => parts.iter().flat_map(leaves).collect(),
        None => vec![part],
    }
}

pub(crate) fn text_of<'a>(mail: &'a Value, kind: &str) -> &'a str {
    let part =
        leaves(&mail["content"]).into_iter().find(|part| part["type"] == kind && !part["text"].is_null());
    part.and_then(|part| part["text"].as_str()).unwrap_or_else(|| panic!("no {kind} in {mail}"))
}

fn state_of(server: &TestServer, key: &str) -> Option<OutboxState> {
    server.app.store.mail(key).expect("readable").map(|mail| mail.state)
}

pub(crate) fn is_sent(server: &TestServer, key: &str) -> bool {
    matches!(state_of(server, key), Some(OutboxState::Sent { .. }))
}

#[test]
fn every_recipient_gets_a_mail_of_their_own_with_the_messages() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing_through(smtp.port);
    let room = server.talkative_room();
    server.upload(&room, "f1", "notes.txt", b"our notes");
    let mut message = server.message(&room, "m4", "2024-03-15T10:01:00.000Z", "see the file");
    message.files = Json::of(&json!([{"_id": "f1", "name": "notes.txt", "type": "text/plain", "size": 9}]));
    server.put_message(&message);
    server.user("carol");
    server.work();
    let admin = server.as_admin();
    let mut body = mail_of(&room, &[" ann@example.net ", "ANN@example.net"], &["m4", "m2"]);
    body["toUsers"] = json!(["bob", "ghost", server.user("carol").id.as_str(), "bob"]);
    body["additionalEmails"] = "eve@example.net,bob@example.org".into();
    let answer = export(&admin, body);
    assert_eq!(answer.ok()["missing"], json!(["ghost"]));
    let job = server.finished(answer.body()["exportId"].as_str().unwrap());
    assert_eq!((job.state, job.messages), (JobState::Done, 2));
    assert_eq!(job.receipt.as_deref(), Some("4 mails queued"));

    let mut mails: Vec<Value> = (0..4).map(|_| smtp.next()).collect();
    mails.sort_by_key(|mail| mail["to"][0].as_str().unwrap().to_lowercase());
    let recipients = ["ann@example.net", "bob@example.org", "carol@example.org", "eve@example.net"];
    for (mail, recipient) in mails.iter().zip(recipients) {
        assert_eq!(mail["to"].as_array().unwrap().len(), 1, "nobody learns of the others");
        assert!(mail["to"][0].as_str().unwrap().eq_ignore_ascii_case(recipient), "{mail}");
        assert!(header(mail, "To")[0].eq_ignore_ascii_case(recipient), "{mail}");
        assert_eq!(mail["from"], "chat@example.org");
        assert_eq!(header(mail, "From"), ["roomscribe <chat@example.org>"]);
        assert_eq!(header(mail, "Reply-To"), ["admin@example.org"]);
        assert_eq!(header(mail, "Subject"), ["Minutes"]);
        assert_eq!((header(mail, "Cc").len(), header(mail, "Bcc").len()), (0, 0));
        let (html, plain) = (text_of(mail, "text/html"), text_of(mail, "text/plain"));
        assert!(html.contains("second &lt;b&gt;&amp;&lt;/b&gt;") && html.contains("see the file"), "{html}");
        assert!(plain.contains("second <b>&</b>") && plain.contains("see the file"), "{plain}");
        assert!(!html.contains("third") && !plain.contains("third"), "not chosen: {plain}");
        let attached: Vec<_> =
            leaves(&mail["content"]).into_iter().filter(|part| part["disposition"] == "attachment").collect();
        assert_eq!(attached.len(), 1, "{mail}");
        assert_eq!(attached[0]["filename"], "f1-notes.txt");
        let bytes = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, b"our notes");
        assert_eq!(attached[0]["base64"], bytes);
    }
    server.wait_until("nothing waits", || server.app.store.waiting_mails(1).unwrap().is_empty());
    // A text goes a moment after it was noted that its mail is sent.
    server.wait_until("no text is left", || server.names_in("mails").is_empty());
    assert_eq!(server.names_in("outbox"), [""; 0]);
}

#[test]
fn line_breaks_in_the_subject_add_no_header_and_no_recipient() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing_through(smtp.port);
    let room = server.talkative_room();
    server.work();
    let mut body = mail_of(&room, &["ann@example.net"], &["m1"]);
    body["subject"] = "Hi\r\nBcc: eve@example.net\r\n\r\nbody".into();
    accepted(&server.as_admin(), body);
    let mail = smtp.next();
    assert_eq!(mail["to"], json!(["ann@example.net"]));
    assert_eq!(header(&mail, "Bcc"), [""; 0]);
    assert_eq!(header(&mail, "Subject").len(), 1);
    assert!(header(&mail, "Subject")[0].contains("Hi") && header(&mail, "Subject")[0].contains("Bcc: eve"));
    assert!(text_of(&mail, "text/plain").contains("first"));
}

#[test]
fn an_empty_subject_stays_a_mail() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing_through(smtp.port);
    let room = server.talkative_room();
    server.work();
    let mut body = mail_of(&room, &["ann@example.net"], &["m1"]);
    body.as_object_mut().unwrap().remove("subject");
    accepted(&server.as_admin(), body);
    let mail = smtp.next();
    assert_eq!(header(&mail, "Subject"), [""]);
    assert!(text_of(&mail, "text/plain").contains("first"));
}

#[test]
fn mails_are_encrypted_where_the_mail_server_can() {
    let certificates = Certificates::new();
    let smtp = SmtpServer::start(&["--certificate", &certificates.server]);
    for (query, encrypted) in [("", true), ("?tls=required", true), ("?tls=none", false)] {
        let server = TestServer::start_with(|config| {
            config.mail.url = format!("smtp://localhost:{}{query}", smtp.port);
            config.mail.certificate_authority = certificates.authority.to_string_lossy().into_owned();
        });
        let room = server.talkative_room();
        server.work();
        accepted(&server.as_admin(), mail_of(&room, &["ann@example.net"], &["m1"]));
        assert_eq!(smtp.next()["tls"], encrypted, "{query}");
    }
}

#[test]
fn settings_of_the_administrator_name_the_mail_server() {
    let smtp = SmtpServer::start(&["--user", "me@here", "--password", "p/ss:w@rd"]);
    let server = TestServer::start();
    server.set("SMTP_Host", &json!("127.0.0.1"));
    server.set("SMTP_Port", &json!(smtp.port.to_string()));
    server.set("SMTP_Username", &json!("me@here"));
    server.set("SMTP_Password", &json!("p/ss:w@rd"));
    server.set("From_Email", &json!("robot@example.org"));
    let room = server.talkative_room();
    server.work();
    accepted(&server.as_admin(), mail_of(&room, &["ann@example.net"], &["m1"]));
    let mail = smtp.next();
    assert_eq!((&mail["user"], &mail["from"]), (&json!("me@here"), &json!("robot@example.org")));
}

#[test]
fn a_mail_server_that_is_down_gets_each_mail_once_when_it_is_up_even_after_a_restart() {
    let (_reserved, port) = smtp_server::reserve_port();
    let server = mailing_through(port);
    let room = server.talkative_room();
    server.work();
    let id = accepted(&server.as_admin(), mail_of(&room, &["ann@example.net"], &["m1"]));
    let key = format!("{id}-0");
    let tries = |server: &TestServer| server.app.store.mail(&key).unwrap().map_or(0, |mail| mail.attempts);
    server.wait_until("it was tried", || tries(&server) == 1);
    assert_eq!(server.finished(&id).state, JobState::Done, "queued, and the queue never forgets");
    server.later(3_600_000);
    server.wait_until("it was tried again", || tries(&server) == 2);

    let server = server.reopen();
    assert_eq!(tries(&server), 2);
    let smtp = SmtpServer::start(&["--port", &port.to_string()]);
    server.work();
    // Not yet due: the next mail comes first.
    let other = accepted(&server.as_admin(), mail_of(&room, &["bob@example.net"], &["m1"]));
    assert_eq!(smtp.next()["to"], json!(["bob@example.net"]));
    server.later(3_600_000);
    let mail = smtp.next();
    assert_eq!(mail["to"], json!(["ann@example.net"]));
    assert_eq!(header(&mail, "Message-ID"), [format!("<{key}@example.org>")]);
    server.wait_until("that is noted", || is_sent(&server, &key) && is_sent(&server, &format!("{other}-0")));
    assert_eq!(tries(&server), 3);

    let server = server.reopen();
    server.work();
    server.later(3_600_000);
    accepted(&server.as_admin(), mail_of(&room, &["last@example.net"], &["m1"]));
    assert_eq!(smtp.next()["to"], json!(["last@example.net"]), "and nothing before it");
}

#[test]
fn an_export_whose_delivery_was_cut_off_sends_each_mail_once() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing_through(smtp.port);
    let room = server.talkative_room();
    let admin = server.as_admin();
    let id = accepted(&admin, mail_of(&room, &["ann@example.net", "bob@example.net"], &["m1"]));
    server.work();
    let before = server.finished(&id);
    smtp.next();
    smtp.next();
    server.wait_until("both are sent", || {
        is_sent(&server, &format!("{id}-0")) && is_sent(&server, &format!("{id}-1"))
    });
    server.rest();
    // As if the server had died between queueing the mails and noting that.
    let mut job = before;
    (job.state, job.attempts, job.receipt, job.finished) = (JobState::Queued, 0, None, None);
    server.app.store.write::<_, Error>(|batch| batch.put_job(&job)).unwrap();
    let server = server.reopen();
    server.work();
    assert_eq!(server.finished(&id).state, JobState::Done);
    accepted(&server.as_admin(), mail_of(&room, &["last@example.net"], &["m1"]));
    assert_eq!(smtp.next()["to"], json!(["last@example.net"]), "and nothing before it");
}

#[test]
fn one_recipient_that_is_refused_does_not_keep_the_others_from_their_mails() {
    let smtp = SmtpServer::start(&["--reject", "gone@example.net", "--defer", "busy@example.net"]);
    let server = mailing_through(smtp.port);
    let room = server.talkative_room();
    server.work();
    let to = ["busy@example.net", "gone@example.net", "well@example.net"];
    let id = accepted(&server.as_admin(), mail_of(&room, &to, &["m1"]));
    assert_eq!(smtp.next()["to"], json!(["well@example.net"]));
    let key = |number: usize| format!("{id}-{number}");
    server.wait_until("that is noted", || is_sent(&server, &key(2)));
    assert!(matches!(state_of(&server, &key(0)), Some(OutboxState::Waiting { .. })));
    let Some(OutboxState::Failed { reason, .. }) = state_of(&server, &key(1)) else {
        panic!("refused for good")
    };
    assert!(reason.contains("no such mailbox"), "{reason}");
}

#[test]
fn a_mail_whose_text_is_lost_does_not_hold_up_the_others() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing_through(smtp.port);
    let room = server.talkative_room();
    let id = accepted(&server.as_admin(), mail_of(&room, &["busy@example.net"], &["m1"]));
    // The queue stands still: only the exports are worked on.
    let app = std::sync::Arc::clone(&server.app);
    let key = format!("{id}-0");
    let exports = server.runtime().spawn(roomscribe::work::exports::run(app, std::future::pending()));
    server.finished(&id);
    exports.abort();
    std::fs::remove_file(server.directory().join(format!("mails/{key}.eml"))).unwrap();
    server.work();
    server.later(1);
    accepted(&server.as_admin(), mail_of(&room, &["ann@example.net"], &["m1"]));
    assert_eq!(smtp.next()["to"], json!(["ann@example.net"]));
    assert!(matches!(state_of(&server, &key), Some(OutboxState::Failed { .. })));
}

#[test]
fn without_a_mail_server_mails_become_files() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.work();
    let to = ["ann@example.net", "bob@example.net"];
    let id = accepted(&server.as_admin(), mail_of(&room, &to, &["m1"]));
    let names = [format!("{id}-0.eml"), format!("{id}-1.eml")];
    server.wait_until("they are written", || server.names_in("outbox") == names);
    for (name, recipient) in names.iter().zip(to) {
        let mail = std::fs::read_to_string(server.directory().join("outbox").join(name)).unwrap();
        for line in
            [&format!("To: {recipient}\r\n"), "Subject: Minutes\r\n", "Reply-To: admin@example.org\r\n"]
        {
            assert!(mail.contains(line), "{line} in {mail}");
        }
        assert!(mail.contains("first"), "{mail}");
    }
}

#[test]
fn who_asked_for_a_file_is_told_where_it_is() {
    let smtp = SmtpServer::start(&[]);
    let server = mailing_through(smtp.port);
    server.set("Site_Url", &json!("https://chat.example/sub/"));
    let room = server.talkative_room();
    server.work();
    let mut body = file_of(&room, "html");
    // Those are no recipients of a file.
    (body["toEmails"], body["toUsers"]) = (json!(["eve@example.net"]), json!(["bob"]));
    let id = accepted(&server.as_admin(), body);
    let mail = smtp.next();
    assert_eq!(mail["to"], json!(["admin@example.org"]));
    assert_eq!(header(&mail, "Subject"), ["Channel Export"]);
    let link = format!("https://chat.example/sub/data-export/{id}");
    let sentence = "Your data file is now ready to download.";
    let (html, plain) = (text_of(&mail, "text/html"), text_of(&mail, "text/plain"));
    assert!(
        html.contains(&format!("{sentence} Click <a href=\"{link}\">here</a> to download it.")),
        "{html}"
    );
    assert!(plain.contains(sentence) && plain.contains(&link), "{plain}");
    assert_eq!(leaves(&mail["content"]).len(), 2, "no attachment: {mail}");
    // An export by mail is its own notice.
    let mailed = accepted(&server.as_admin(), mail_of(&room, &["ann@example.net"], &["m1"]));
    assert_eq!(smtp.next()["to"], json!(["ann@example.net"]));
    server.finished(&mailed);
    // Of mails that are due at once any may be first.
    server.later(1);
    accepted(&server.as_admin(), mail_of(&room, &["last@example.net"], &["m1"]));
    assert_eq!(smtp.next()["to"], json!(["last@example.net"]), "and nothing before it");
}

#[test]
fn nobody_is_told_where_there_is_no_mail_server_or_no_address() {
    let server = TestServer::start();
    let room = server.talkative_room();
    server.work();
    let id = accepted(&server.as_admin(), file_of(&room, "html"));
    assert_eq!(server.finished(&id).state, JobState::Done);
    assert_eq!(server.app.store.mail(&format!("{id}-done")).unwrap(), None);
    assert_eq!(server.names_in("outbox"), [""; 0]);

    let smtp = SmtpServer::start(&[]);
    let server = mailing_through(smtp.port);
    server.grant("mail-messages", &["user"]);
    let mut user = server.user("bob");
    user.emails.clear();
    server.app.store.write::<_, Error>(|batch| batch.put_user(&user)).unwrap();
    let room = server.room(RoomKind::Channel, "talk", &["bob"]);
    server.say(&room, "m1", "2024-03-01T00:00:00.000Z", "first");
    server.work();
    let id = accepted(&server.as_user("bob"), file_of(&room, "html"));
    assert_eq!(server.finished(&id).state, JobState::Done);
    // Without an address of the requester there is no Reply-To, and all the rest works.
    accepted(&server.as_user("bob"), mail_of(&room, &["ann@example.net"], &["m1"]));
    let mail = smtp.next();
    assert_eq!((&mail["to"], header(&mail, "Reply-To").len()), (&json!(["ann@example.net"]), 0));
}
