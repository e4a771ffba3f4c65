//! The contract of every delivery, and what this one promises.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use export_sdk::conformance::{self, Arrived, MemoryOutbox, Place, files_in};
use export_sdk::{Attempt, BoxFuture, ErrorKind, Export, Registry};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

// Apart from the others, so that a new name does not change their order.
use deliver_template_delivery::register;

const ID: &str = "template-delivery";

/// A directory to deliver to. The suite needs one to look into, and a runtime; it makes many.
struct Share {
    directory: TempDir,
    runtime: Runtime,
}

impl Share {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), runtime: Runtime::new().unwrap() }
    }
}

impl Place for Share {
    fn settings(&self) -> String {
        format!("directories.share = '{}'", self.directory.path().display())
    }

    fn options(&self) -> Value {
        json!({"to": "share"})
    }

    fn arrived(&self, _: &MemoryOutbox) -> Arrived {
        files_in(self.directory.path())
    }

    fn run(&self, work: BoxFuture<'_, ()>) {
        self.runtime.block_on(work);
    }
}

fn registry(settings: &str) -> Registry {
    conformance::load(register, ID, settings, "data".as_ref()).unwrap()
}

/// Everything that the host expects of a delivery: once for each key, and never the half of it.
#[test]
fn it_keeps_the_contract() {
    conformance::delivery(register, ID, Share::new);
}

#[test]
fn a_request_chooses_among_the_names_that_the_administrator_gave() {
    let registry = registry("directories = { legal = '/srv/legal', press = 'press' }");
    let delivery = registry.delivery(ID).unwrap();
    delivery.check(&json!({"to": "press"})).unwrap();
    for options in [json!({"to": "/etc"}), json!({"to": "../legal"}), json!({})] {
        assert_eq!(delivery.check(&options).unwrap_err().kind(), ErrorKind::BadOptions, "{options}");
    }
    let complaint = delivery.check(&json!({"to": "hr"})).unwrap_err().to_string();
    assert!(complaint.contains("known: legal, press"), "{complaint}");
}

#[test]
fn without_settings_it_says_who_must_do_what() {
    let registry = registry("");
    let refused = registry.delivery(ID).unwrap().check(&json!({"to": "legal"})).unwrap_err();
    assert!(refused.to_string().contains("config.toml"), "{refused}");
}

#[test]
fn a_share_that_is_not_mounted_is_tried_again_and_not_made() {
    let share = Share::new();
    let registry = registry(&share.settings());
    let mount = share.directory.path().to_owned();
    fs::remove_dir(&mount).unwrap();
    let (mut export, outbox) = (Export::new("job", "general", 1), MemoryOutbox::default());
    export.artifacts.push(export_sdk::Artifact {
        path: export_sdk::ArtifactPath::new("job.zip").unwrap(),
        media_type: "application/zip".into(),
        size: 3,
        sha256: [0; 32],
        file: "never opened".into(),
    });
    let attempt = Attempt::new(1, "key", &outbox);
    let delivering = registry.delivery(ID).unwrap().deliver(&share.options(), &export, &attempt);
    let error = share.runtime.block_on(delivering).unwrap_err();
    assert_eq!((error.kind(), mount.exists()), (ErrorKind::Unavailable, false), "{error}");
}
