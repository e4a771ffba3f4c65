//! The delivery as the server calls it, against receivers on this machine.

mod contract;
mod encryption;
mod faults;
mod receiver;
mod refusals;
mod requests;

use std::fs;

use export_sdk::conformance::MemoryOutbox;
use export_sdk::{Artifact, ArtifactPath, Attempt, Error, Export, Receipt, Registry, Result, Settings};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Settings under which the receivers of these tests may be posted to.
const LOCAL: &str = "secret = \"hush\"\nhosts = [\"*\"]\nallow_private = true\nallow_http = true\n";

/// A server with a sealed export.
struct Server {
    _dir: tempfile::TempDir,
    registry: Registry,
    export: Export,
}

impl Server {
    fn new(settings: &str) -> Self {
        Self::with(settings, b"zip bytes")
    }

    /// A server whose export is these bytes.
    fn with(settings: &str, bytes: &[u8]) -> Self {
        let dir = tempfile::tempdir().expect("a place for files");
        let file = dir.path().join("packed.zip");
        fs::write(&file, bytes).expect("written");
        let mut export = Export::new("Job1", "general", 3);
        export.artifacts.push(Artifact {
            path: ArtifactPath::new("Job1.zip").expect("a portable path"),
            media_type: "application/zip".into(),
            size: bytes.len() as u64,
            sha256: Sha256::digest(bytes).into(),
            file,
        });
        Self { _dir: dir, registry: registry(settings).expect("good settings"), export }
    }

    /// A server with an export that no buffer between two programs can hold.
    fn with_huge_export(settings: &str) -> Self {
        let mut server = Self::new(settings);
        let artifact = &mut server.export.artifacts[0];
        artifact.size = 256 << 20;
        fs::File::create(&artifact.file).expect("a file").set_len(artifact.size).expect("sparse");
        server
    }

    async fn deliver(&self, options: Value) -> Result<Receipt> {
        self.attempt(1, options).await
    }

    async fn attempt(&self, number: u32, options: Value) -> Result<Receipt> {
        let outbox = MemoryOutbox::default();
        let attempt = Attempt::new(number, "Key1", &outbox);
        self.registry.delivery("webhook")?.deliver(&options, &self.export, &attempt).await
    }

    /// Posts to this port of the local machine.
    async fn post_to(&self, port: u16) -> Result<Receipt> {
        self.deliver(json!({"url": local(port)})).await
    }

    fn check(&self, options: &Value) -> Result<()> {
        self.registry.delivery("webhook")?.check(options)
    }
}

fn local(port: u16) -> String {
    format!("http://127.0.0.1:{port}/hook?room=1")
}

fn registry(settings: &str) -> Result<Registry> {
    let mut registry = Registry::default();
    let settings = Settings::new("webhook", settings.parse().expect("TOML"), "data");
    deliver_webhook::register(&mut registry, &settings)?;
    Ok(registry)
}

fn refused_settings(settings: &str) -> Error {
    registry(settings).err().expect("refused")
}
