//! The delivery as the server calls it with an export in the format `mail`.

use std::fs;

use export_sdk::conformance::MemoryOutbox;
use export_sdk::{
    Artifact, ArtifactPath, Attempt, Error, ErrorKind, Export, Mail, Receipt, Registry, Result, Settings,
};
use serde_json::{Value, json};

/// A server with an outbox and a sealed export.
struct Server {
    dir: tempfile::TempDir,
    registry: Registry,
    outbox: MemoryOutbox,
    export: Export,
}

impl Server {
    fn new(settings: &str) -> Self {
        let mut registry = Registry::default();
        let table = settings.parse().expect("TOML");
        let settings = Settings::new("email", table, "data");
        deliver_email::register(&mut registry, &settings).expect("good settings");
        let dir = tempfile::tempdir().expect("a place for files");
        let mut export = Export::new("job", "general", 3);
        export.formats = vec!["mail".to_owned()];
        Self { dir, registry, outbox: MemoryOutbox::default(), export }
    }

    /// A server with an export of the format `mail`.
    fn with_bodies(settings: &str) -> Self {
        let mut server = Self::new(settings);
        server.add("message.html", b"<body><p>Hello</p>\n</body></html>\n");
        server.add("message.txt", b"Hello\n");
        server
    }

    fn add(&mut self, path: &str, bytes: &[u8]) {
        let file = self.dir.path().join(self.export.artifacts.len().to_string());
        fs::write(&file, bytes).expect("written");
        self.export.artifacts.push(Artifact {
            path: ArtifactPath::new(path).expect("a portable path"),
            media_type: "text/x-test".into(),
            size: bytes.len() as u64,
            sha256: [0; 32],
            file,
        });
    }

    async fn deliver(&self, options: Value) -> Result<Receipt> {
        let attempt = Attempt::new(1, "k1", &self.outbox);
        self.registry.delivery("email")?.deliver(&options, &self.export, &attempt).await
    }

    /// Delivers to one recipient and returns the mail.
    async fn mail(&self) -> Mail {
        self.deliver(json!({"to": ["ann@example.org"]})).await.expect("delivers");
        self.outbox.mails().pop().expect("a mail")
    }

    fn refusal(&self, options: &Value) -> String {
        let email = self.registry.delivery("email").expect("registered");
        let error: Error = email.check(options).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::BadOptions);
        error.to_string()
    }
}

fn names(mail: &Mail) -> Vec<&str> {
    mail.files.iter().map(|file| file.name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recipient_gets_one_mail_however_often_the_key_is_tried() {
    let server = Server::with_bodies("");
    let options = json!({
        "to": ["ann@example.org", " bob@example.org", "ANN@example.org"],
        "subject": "Minutes", "replyTo": "eve@example.org",
    });
    for _ in 0..2 {
        assert_eq!(server.deliver(options.clone()).await.unwrap(), Receipt::new("2 mails queued"));
    }
    let mails = server.outbox.mails();
    let heads: Vec<_> = mails.iter().map(|mail| (mail.key.as_str(), mail.to.as_str())).collect();
    assert_eq!(heads, [("k1-0", "ann@example.org"), ("k1-1", "bob@example.org")]);
    for mail in &mails {
        assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("Minutes", "Hello\n"));
        assert_eq!(mail.html.as_deref(), Some("<body><p>Hello</p>\n</body></html>\n"));
        assert_eq!(mail.reply_to.as_ref().unwrap().as_str(), "eve@example.org");
        assert!(mail.files.is_empty());
    }
}

#[tokio::test]
async fn one_mail_is_one_mail_also_on_a_single_thread() {
    let server = Server::with_bodies("");
    let receipt = server.deliver(json!({"to": ["ann@example.org"]})).await.unwrap();
    assert_eq!(receipt.note, "1 mail queued");
    assert_eq!(server.outbox.mails()[0].subject.as_str(), "Export of general");
}

#[tokio::test]
async fn a_line_break_in_the_subject_begins_no_header() {
    let server = Server::with_bodies("");
    let options = json!({"to": ["ann@example.org"], "subject": "Hi\r\nBcc: eve@example.org"});
    server.deliver(options).await.unwrap();
    assert_eq!(server.outbox.mails()[0].subject.as_str(), "Hi  Bcc: eve@example.org");
}

#[test]
fn what_is_wrong_with_the_options_is_named() {
    let server = Server::new("max_recipients = 2\nallowed_domains = [\"Example.org\"]");
    let wrong = [
        (json!(null), "`to`"),
        (json!({"to": []}), "`to` is empty"),
        (json!({"to": ["ann@example.org\r\nBcc: x@y"]}), "`to`: \"ann@example.org\\r\\nBcc: x@y\" is not"),
        (json!({"to": ["a@example.org"], "replyTo": "b"}), "`replyTo`: \"b\" is not"),
        (json!({"to": ["a@example.org"], "cc": "b@example.org"}), "`cc`"),
        (json!({"to": ["a@example.org", "b@example.org", "c@example.org"]}), "3 recipients, at most 2"),
        (json!({"to": ["a@example.org", "b@example.com"]}), "b@example.com is outside"),
        (json!({"to": ["a@sub.example.org"]}), "a@sub.example.org is outside"),
        (json!({"to": ["a@example.org"], "as": "zip"}), "`as`: \"zip\" is none of auto, link and attachment"),
        (json!({"to": ["a@example.org"], "as": 3}), "`as`: invalid type"),
        (json!({"to": ["a@example.org"], "linkMinutes": 0}), "`linkMinutes`: write 1 to 10080"),
        (json!({"to": ["a@example.org"], "linkMinutes": 10_081}), "`linkMinutes`: write 1 to 10080"),
        (json!({"to": ["a@example.org"], "linkMinutes": "x"}), "`linkMinutes`: write 1 to 10080"),
    ];
    for (options, expected) in wrong {
        let message = server.refusal(&options);
        assert!(message.contains(expected), "{options}: {message}");
    }
    let email = server.registry.delivery("email").unwrap();
    email.check(&json!({"to": ["a@EXAMPLE.org", "b@example.org"]})).expect("as many as allowed");
}

#[tokio::test]
async fn what_does_not_fit_is_named_in_both_bodies() {
    let mut server = Server::with_bodies("attach_up_to = 10");
    server.add("assets/1-fits", b"1234567");
    server.add("assets/2-long & wide", &[0; 1500]);
    server.add("assets/3-fits", b"123");
    server.add("assets/4-over", b"1");
    let mail = server.mail().await;
    assert_eq!(names(&mail), ["1-fits", "3-fits"]);
    let list =
        "\nNot attached, too large for a mail:\n- assets/2-long & wide (2 kB)\n- assets/4-over (1 B)\n";
    assert_eq!(mail.text, format!("Hello\n{list}"));
    assert_eq!(
        mail.html.unwrap(),
        "<body><p>Hello</p>\n<p>Not attached, too large for a mail:<br>\n\
         - assets/2-long &amp; wide (2 kB)<br>\n- assets/4-over (1 B)</p>\n</body></html>\n"
    );
}

#[tokio::test]
async fn a_huge_body_is_a_file_instead() {
    let mut server = Server::new("");
    server.add("message.html", &vec![b'x'; (1 << 20) + 1]);
    server.add("message.txt", b"Hello\n");
    let mail = server.mail().await;
    assert!(mail.text.starts_with("Export of general"), "{}", mail.text);
    assert_eq!(mail.html, None);
    assert_eq!(names(&mail), ["message.html", "message.txt"]);
}

#[tokio::test]
async fn a_thousand_small_files_are_neither_all_attached_nor_all_listed() {
    let mut server = Server::with_bodies("");
    for n in 0..1000 {
        server.add(&format!("assets/{n}"), b"");
    }
    let mail = server.mail().await;
    assert_eq!(mail.files.len(), 100);
    assert!(mail.text.ends_with("- assets/199 (0 B)\n- and 800 more\n"), "{}", mail.text);
}

#[tokio::test]
async fn a_file_that_is_gone_fails_the_attempt() {
    let server = Server::with_bodies("");
    fs::remove_file(&server.export.artifacts[0].file).unwrap();
    let error = server.deliver(json!({"to": ["ann@example.org"]})).await.expect_err("gone");
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(server.outbox.mails().is_empty());
}
