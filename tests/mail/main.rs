//! Mails to a real SMTP server: with and without TLS, refused, delayed, and while it is down.

mod certificates;
mod smtp_server;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use certificates::Certificates;
use export_sdk::{Mail, MailAddress, MailFile, MailSubject};
use roomscribe::mail::{MailSettings, SendError, Sender, Transport, compose};
use serde_json::{Value, json};
use smtp_server::SmtpServer;

fn address(text: &str) -> MailAddress {
    MailAddress::new(text).expect("a good address")
}

fn settings(url: String) -> MailSettings {
    MailSettings {
        url: Some(url),
        from: Sender { address: address("chat@example.org"), name: Some("Chat".into()) },
        timeout: Duration::from_secs(60),
        root_certificate: None,
        folder: PathBuf::new(),
    }
}

fn mail(to: &str) -> Mail {
    Mail::new("job1-0", address(to), MailSubject::new("Minutes"), "Hello\n.\nBye\n")
}

async fn send(settings: &MailSettings, mail: &Mail) -> Result<(), SendError> {
    let transport = Transport::new(settings).expect("good settings");
    let bytes = compose(mail, &settings.from, SystemTime::now()).expect("a good mail");
    transport.send(&mail.key, &settings.from.address, &mail.to, &bytes).await
}

fn headers<'a>(received: &'a Value, name: &str) -> Vec<&'a str> {
    let all = received["headers"].as_array().expect("a list");
    let named = all.iter().filter(|header| header[0].as_str().is_some_and(|n| n.eq_ignore_ascii_case(name)));
    named.map(|header| header[1].as_str().expect("text")).collect()
}

#[tokio::test]
async fn a_mail_arrives_with_envelope_headers_bodies_and_attachments() {
    let server = SmtpServer::start(&[]);
    let dir = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let path = dir.path().join("upload");
    fs::write(&path, &bytes).unwrap();

    let mut mail = mail("ann@exämple.org");
    mail.subject = MailSubject::new(
        "Grüße aus dem Raum \u{1f41d}, der einen sehr langen Namen hat, länger als eine Zeile",
    );
    mail.html = Some(format!("<p>{}</p>", "long ü line ".repeat(500)));
    mail.reply_to = Some(address("bob@example.org"));
    for name in ["Übersicht 2024 (final).zip", "../a\"b\r\nc.txt"] {
        let path = path.clone();
        mail.files.push(MailFile { name: name.into(), media_type: "application/zip".into(), path });
    }
    send(&settings(format!("smtp://127.0.0.1:{}", server.port)), &mail).await.unwrap();

    let received = server.next();
    assert_eq!(received["from"], "chat@example.org");
    assert_eq!(received["to"], json!(["ann@xn--exmple-cua.org"]));
    assert_eq!(received["tls"], false);
    assert_eq!(headers(&received, "From"), ["Chat <chat@example.org>"]);
    assert_eq!(headers(&received, "To"), ["ann@xn--exmple-cua.org"]);
    assert_eq!(headers(&received, "Reply-To"), ["bob@example.org"]);
    assert_eq!(headers(&received, "Message-ID"), ["<job1-0@example.org>"]);
    assert_eq!(headers(&received, "Subject"), [mail.subject.as_str()]);
    assert_eq!(headers(&received, "Date").len(), 1);

    let content = &received["content"];
    assert_eq!(content["type"], "multipart/mixed");
    let alternative = &content["parts"][0];
    assert_eq!(alternative["type"], "multipart/alternative");
    assert_eq!(alternative["parts"][0]["type"], "text/plain");
    assert_eq!(alternative["parts"][0]["text"], mail.text);
    assert_eq!(alternative["parts"][1]["type"], "text/html");
    assert_eq!(alternative["parts"][1]["text"].as_str(), mail.html.as_deref());
    assert_eq!(content["parts"].as_array().unwrap().len(), 3);
    for (n, name) in [(1, "Übersicht 2024 (final).zip"), (2, "_._a_b__c.txt")] {
        let part = &content["parts"][n];
        assert_eq!(
            (part["disposition"].as_str(), part["filename"].as_str()),
            (Some("attachment"), Some(name))
        );
        assert_eq!(part["type"], "application/zip");
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes);
        assert_eq!(part["base64"], encoded);
    }
}

#[tokio::test]
async fn a_line_break_in_the_subject_adds_no_header_and_no_recipient() {
    let server = SmtpServer::start(&[]);
    let mut mail = mail("ann@example.org");
    mail.subject = MailSubject::new("Hi\r\nBcc: eve@example.org\r\n\r\nbody");
    let mut settings = settings(format!("smtp://127.0.0.1:{}", server.port));
    settings.from.name = Some("Chat\r\nBcc: eve@example.org".into());
    send(&settings, &mail).await.unwrap();
    let received = server.next();
    assert_eq!(received["to"], json!(["ann@example.org"]));
    assert_eq!(headers(&received, "Subject"), ["Hi  Bcc: eve@example.org    body"]);
    assert_eq!(headers(&received, "Bcc"), Vec::<&str>::new());
    assert_eq!(received["content"]["text"].as_str().unwrap().trim_end(), mail.text.trim_end());
}

#[tokio::test]
async fn starttls_is_used_where_it_is_offered() {
    let certificates = Certificates::new();
    let server = SmtpServer::start(&["--certificate", &certificates.server]);
    for (query, encrypted) in
        [("", true), ("?tls=opportunistic", true), ("?tls=required", true), ("?tls=none", false)]
    {
        let mut settings = settings(format!("smtp://localhost:{}{query}", server.port));
        settings.root_certificate = Some(certificates.authority.clone());
        send(&settings, &mail("ann@example.org")).await.unwrap();
        assert_eq!(server.next()["tls"], encrypted, "{query}");
    }
}

#[tokio::test]
async fn required_tls_sends_nothing_in_the_clear() {
    let server = SmtpServer::start(&[]);
    let url = format!("smtp://127.0.0.1:{}?tls=required", server.port);
    let error = send(&settings(url), &mail("ann@example.org")).await.expect_err("no STARTTLS");
    assert!(matches!(error, SendError::Temporary(_)), "{error}");
    // The next mail is the first to arrive.
    let url = format!("smtp://127.0.0.1:{}", server.port);
    send(&settings(url), &mail("bob@example.org")).await.unwrap();
    assert_eq!(server.next()["to"], json!(["bob@example.org"]));
}

#[tokio::test]
async fn tls_from_the_first_byte_needs_a_certificate_that_is_trusted() {
    let certificates = Certificates::new();
    let server = SmtpServer::start(&["--wrapped", "--certificate", &certificates.server]);
    let mut settings = settings(format!("smtps://127.0.0.1:{}", server.port));
    let error = send(&settings, &mail("ann@example.org")).await.expect_err("nobody vouches for it");
    assert!(matches!(error, SendError::Temporary(_)), "{error}");
    settings.root_certificate = Some(certificates.authority.clone());
    send(&settings, &mail("bob@example.org")).await.unwrap();
    let received = server.next();
    assert_eq!((&received["tls"], &received["to"]), (&json!(true), &json!(["bob@example.org"])));
}

#[tokio::test]
async fn credentials_are_given_and_wrong_ones_can_be_put_right() {
    let server = SmtpServer::start(&["--user", "chat@example.org", "--password", "p/ss"]);
    let url = |password: &str| format!("smtp://chat%40example.org:{password}@127.0.0.1:{}", server.port);
    let error = send(&settings(url("wrong")), &mail("ann@example.org")).await.expect_err("wrong password");
    assert!(matches!(error, SendError::Temporary(_)), "{error}");
    send(&settings(url("p%2Fss")), &mail("ann@example.org")).await.unwrap();
    assert_eq!(server.next()["user"], "chat@example.org");
}

#[tokio::test]
async fn a_refusal_is_for_good_and_a_delay_is_not() {
    let server = SmtpServer::start(&["--reject", "gone@example.org", "--defer", "busy@example.org"]);
    let settings = settings(format!("smtp://127.0.0.1:{}", server.port));
    let gone = send(&settings, &mail("gone@example.org")).await.expect_err("rejected");
    assert!(matches!(&gone, SendError::Permanent(why) if why.contains("no such mailbox")), "{gone}");
    let busy = send(&settings, &mail("busy@example.org")).await.expect_err("deferred");
    assert!(matches!(&busy, SendError::Temporary(why) if why.contains("try again later")), "{busy}");
}

#[tokio::test]
async fn a_server_that_is_down_gets_the_mail_when_it_is_up() {
    let (_reserved, port) = smtp_server::reserve_port();
    let settings = settings(format!("smtp://127.0.0.1:{port}"));
    let error = send(&settings, &mail("ann@example.org")).await.expect_err("nobody listens");
    assert!(matches!(error, SendError::Temporary(_)), "{error}");

    let server = SmtpServer::start(&["--port", &port.to_string()]);
    send(&settings, &mail("ann@example.org")).await.unwrap();
    assert_eq!(server.next()["to"], json!(["ann@example.org"]));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = settings(format!("smtp://{}", silent.local_addr().unwrap()));
    settings.timeout = Duration::from_millis(200);
    let error = send(&settings, &mail("ann@example.org")).await.expect_err("silence");
    assert!(matches!(&error, SendError::Temporary(why) if why.contains("no answer")), "{error}");
}
