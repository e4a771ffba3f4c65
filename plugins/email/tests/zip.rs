//! The delivery as the server calls it with an export that is one zip.

use std::fs;
use std::path::PathBuf;

use export_sdk::conformance::{MemoryDownloads, MemoryOutbox};
use export_sdk::{
    Artifact, ArtifactPath, Attempt, DownloadLink, Downloads, ErrorKind, Export, Packaging, Receipt,
    Registry, Result, Settings,
};
use serde_json::{Value, json};

const NAME: &str = "2024-03-15-Bob-job.zip";

/// A server whose zip has nine bytes.
struct Server {
    dir: tempfile::TempDir,
    registry: Registry,
    outbox: MemoryOutbox,
    downloads: MemoryDownloads,
    export: Export,
}

impl Server {
    fn new(settings: &str) -> Self {
        let dir = tempfile::tempdir().expect("a place for files");
        let mut registry = Registry::default();
        let settings = Settings::new("email", settings.parse().expect("TOML"), dir.path());
        deliver_email::register(&mut registry, &settings).expect("good settings");
        let file = dir.path().join("spooled");
        fs::write(&file, "zip bytes").expect("written");
        let mut export = Export::new("job", "general", 3);
        export.formats = vec!["html".to_owned()];
        export.artifacts.push(Artifact {
            path: ArtifactPath::new(NAME).expect("a portable name"),
            media_type: "application/zip".to_owned(),
            size: 9,
            sha256: [7; 32],
            file,
        });
        let (outbox, downloads) = (MemoryOutbox::default(), MemoryDownloads::default());
        Self { dir, registry, outbox, downloads, export }
    }

    async fn deliver(&self, number: u32, more: Value) -> Result<Receipt> {
        self.deliver_through(number, more, &self.downloads).await
    }

    async fn deliver_through(&self, number: u32, more: Value, downloads: &dyn Downloads) -> Result<Receipt> {
        let attempt = Attempt::new(number, "k1", &self.outbox).with_downloads(downloads);
        self.registry.delivery("email")?.deliver(&options(more), &self.export, &attempt).await
    }

    fn kept(&self) -> PathBuf {
        self.dir.path().join("exports/k1.zip")
    }
}

/// Two recipients and more options.
fn options(more: Value) -> Value {
    let mut options = json!({"to": ["ann@example.org", "bob@example.org"]});
    let Value::Object(more) = more else { panic!("an object") };
    options.as_object_mut().expect("an object").extend(more);
    options
}

#[test]
fn messages_are_the_mail_unless_somebody_wants_a_file() {
    let server = Server::new("");
    let email = server.registry.delivery("email").unwrap();
    let packaging = |more: Value, formats: &[&str]| {
        let formats: Vec<String> = formats.iter().map(|&format| format.to_owned()).collect();
        email.packaging(&options(more), &formats).unwrap()
    };
    assert_eq!(packaging(json!({}), &["mail"]), Packaging::Loose);
    assert_eq!(packaging(json!({"as": "auto"}), &["mail"]), Packaging::Loose);
    assert_eq!(packaging(json!({}), &["mail", "html"]), Packaging::SingleFile);
    assert_eq!(packaging(json!({}), &["html"]), Packaging::SingleFile);
    assert_eq!(packaging(json!({"as": "link"}), &["mail"]), Packaging::SingleFile);
    assert_eq!(packaging(json!({"as": "attachment"}), &["mail"]), Packaging::SingleFile);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fits_is_attached_and_not_kept() {
    let server = Server::new("attach_up_to = 9");
    let receipt = server.deliver(1, json!({"replyTo": "eve@example.org"})).await.unwrap();
    assert_eq!(receipt, Receipt::new("2 mails queued, with the export"));
    assert!(!server.kept().exists());
    assert!(server.downloads.links().is_empty());
    for mail in server.outbox.mails() {
        let [file] = mail.files.as_slice() else { panic!("one file: {mail:?}") };
        assert_eq!((file.name.as_str(), file.media_type.as_str()), (NAME, "application/zip"));
        assert_eq!(fs::read(&file.path).unwrap(), b"zip bytes");
        assert_eq!(mail.subject.as_str(), "Export of general");
        assert_eq!(mail.reply_to.as_ref().unwrap().as_str(), "eve@example.org");
        assert!(mail.text.contains("It is attached to this mail."), "{}", mail.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_kept_behind_a_link_for_each() {
    let server = Server::new("attach_up_to = 8");
    let receipt = server.deliver(1, json!({"linkMinutes": 90})).await.unwrap();
    assert_eq!(receipt, Receipt::new("2 mails queued, the export is kept").with_file(server.kept()));
    assert_eq!(fs::read(server.kept()).unwrap(), b"zip bytes");
    let (mails, links) = (server.outbox.mails(), server.downloads.links());
    assert_eq!((mails.len(), links.len()), (2, 2));
    for mail in mails {
        assert!(mail.files.is_empty());
        let link = &links[mail.to.as_str()];
        let sentence = format!("Fetch it until 1970-01-01 01:30 UTC; no login is needed:\n{link}\n");
        assert!(mail.text.contains(&sentence), "{}", mail.text);
        assert!(mail.html.unwrap().contains(&format!("<a href=\"{link}\"")));
        for (other, address) in &links {
            assert!(other == mail.to.as_str() || !mail.text.contains(address), "nobody gets another's link");
        }
    }
}

#[tokio::test]
async fn the_links_of_the_first_try_stay_those_that_open_the_file() {
    let server = Server::new("");
    for number in [1, 1, 2] {
        server.deliver(number, json!({"as": "link"})).await.unwrap();
    }
    let links = server.downloads.links();
    for mail in server.outbox.mails() {
        assert!(mail.text.contains(&links[mail.to.as_str()]), "{} of {links:?}", mail.text);
    }
}

#[tokio::test]
async fn who_insists_on_an_attachment_that_does_not_fit_is_told_what_to_do() {
    let server = Server::new("attach_up_to = 8");
    let error = server.deliver(1, json!({"as": "attachment"})).await.expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::Rejected);
    let expected =
        "the export has 9 bytes, and at most 8 are attached here; ask for it with `as` link or auto";
    assert_eq!(error.to_string(), expected);
    assert!(server.outbox.mails().is_empty() && !server.kept().exists());
}

/// A server whose administrator has switched downloads off.
struct Off;

impl Downloads for Off {
    fn link(&self, _: &str, _: u64) -> Result<Option<DownloadLink>> {
        Ok(None)
    }

    fn page(&self) -> Result<Option<String>> {
        Ok(Some("https://chat.example/data-export/job".to_owned()))
    }
}

#[tokio::test]
async fn without_links_the_mail_says_who_can_fetch_the_file_and_where() {
    let mut server = Server::new("");
    server.export.requested_by = "bob".to_owned();
    let receipt = server.deliver_through(1, json!({"as": "link"}), &Off).await.unwrap();
    assert_eq!(receipt.file, Some(server.kept()));
    let text = &server.outbox.mails()[0].text;
    let expected = "After a login it can be fetched by @bob:\nhttps://chat.example/data-export/job\n";
    assert!(text.contains(expected), "{text}");
}

#[tokio::test]
async fn the_administrator_chooses_where_files_are_kept() {
    let server = Server::new("directory = \"elsewhere\"");
    let receipt = server.deliver(1, json!({"as": "link"})).await.unwrap();
    assert_eq!(receipt.file, Some(server.dir.path().join("elsewhere/k1.zip")));
    assert!(!server.kept().exists());
}

#[tokio::test]
async fn several_files_are_the_hosts_mistake() {
    let mut server = Server::new("");
    server.export.artifacts.push(server.export.artifacts[0].clone());
    assert_eq!(server.deliver(1, json!({})).await.expect_err("two files").kind(), ErrorKind::Internal);
    assert!(server.outbox.mails().is_empty());
}
