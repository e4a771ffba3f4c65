//! The delivery as the server calls it.

use std::fs;
use std::path::{Path, PathBuf};

use export_sdk::conformance::MemoryOutbox;
use export_sdk::{
    Artifact, ArtifactPath, Attempt, ErrorKind, Export, Packaging, Receipt, Registry, Result, Settings,
};
use serde_json::{Value, json};

/// A server with a data directory and a sealed export in its spool.
struct Server {
    dir: tempfile::TempDir,
    registry: Registry,
    export: Export,
}

impl Server {
    fn new(table: toml::Table) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let mut registry = Registry::default();
        deliver_file::register(&mut registry, &Settings::new("file", table, dir.path()))?;
        let file = dir.path().join("spooled");
        fs::write(&file, "zip bytes")?;
        let mut export = Export::new("job", "general", 1);
        let path = ArtifactPath::new("general.zip")?;
        let media_type = "application/zip".to_owned();
        export.artifacts.push(Artifact { path, media_type, size: 9, sha256: [0; 32], file });
        Ok(Self { dir, registry, export })
    }

    async fn deliver(&self, number: u32, key: &str) -> Result<Receipt> {
        let outbox = MemoryOutbox::default();
        let attempt = Attempt::new(number, key, &outbox);
        self.registry.delivery("file")?.deliver(&Value::Null, &self.export, &attempt).await
    }

    fn exports(&self) -> PathBuf {
        self.dir.path().join("exports")
    }
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .expect("made by the delivery")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("ASCII"))
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_export_is_kept_under_its_key_and_stays_when_the_spool_goes() {
    let server = Server::new(toml::Table::new()).unwrap();
    let receipt = server.deliver(1, "k1").await.unwrap();
    let kept = server.exports().join("k1.zip");
    assert_eq!(receipt, Receipt::new("kept as k1.zip").with_file(&kept));
    fs::remove_file(server.dir.path().join("spooled")).unwrap();
    assert_eq!(fs::read_to_string(kept).unwrap(), "zip bytes");
}

#[tokio::test]
async fn one_key_delivers_once_and_another_key_again() {
    let server = Server::new(toml::Table::new()).unwrap();
    let first = server.deliver(1, "k1").await.unwrap();
    // Without its source a second attempt can only succeed by finding what is there.
    let moved = server.dir.path().join("moved");
    fs::rename(server.dir.path().join("spooled"), &moved).unwrap();
    assert_eq!(server.deliver(2, "k1").await.unwrap(), first);
    assert_eq!(server.deliver(1, "k2").await.expect_err("no source").kind(), ErrorKind::Internal);
    assert_eq!(names(&server.exports()), ["k1.zip"]);
    fs::rename(moved, server.dir.path().join("spooled")).unwrap();
    server.deliver(2, "k2").await.unwrap();
    assert_eq!(names(&server.exports()), ["k1.zip", "k2.zip"]);
}

#[tokio::test]
async fn the_administrator_chooses_the_directory_and_the_request_nothing() {
    let elsewhere = tempfile::tempdir().unwrap();
    let directory = elsewhere.path().join("a/b").into_os_string().into_string().unwrap();
    let table = toml::Table::from_iter([("directory".to_owned(), directory.clone().into())]);
    let server = Server::new(table).unwrap();
    server.deliver(1, "k1").await.unwrap();
    assert_eq!(names(Path::new(&directory)), ["k1.zip"]);
    let file = server.registry.delivery("file").unwrap();
    assert_eq!(file.packaging(&Value::Null, &["html".to_owned()]).unwrap(), Packaging::SingleFile);
    let refused = file.check(&json!({"directory": "/etc"})).expect_err("not a request's business");
    assert_eq!(refused.kind(), ErrorKind::BadOptions);
}

#[tokio::test]
async fn several_files_are_the_hosts_mistake() {
    let mut server = Server::new(toml::Table::new()).unwrap();
    server.export.artifacts.push(server.export.artifacts[0].clone());
    assert_eq!(server.deliver(1, "k1").await.expect_err("two files").kind(), ErrorKind::Internal);
    assert!(!server.exports().exists());
}

#[test]
fn an_unknown_setting_stops_the_start() {
    let table = toml::Table::from_iter([("directry".to_owned(), "x".into())]);
    let error = Server::new(table).map(|_| ()).expect_err("misspelt");
    assert_eq!(error.kind(), ErrorKind::BadSettings);
}
