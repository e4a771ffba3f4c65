//! Where a delivery under test delivers to, and the host that makes it do so.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::task::Poll;
use std::time::Duration;
use std::{fs, io, thread};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::{MemoryDownloads, MemoryOutbox, Register, load};
use crate::{
    AnyDelivery, Artifact, ArtifactPath, Attempt, BoxFuture, Export, Packaging, Receipt, Registry, Result,
};

/// What has arrived: the content of each thing - a file, a mail, a request - under its name.
pub type Arrived = BTreeMap<String, Vec<u8>>;

/// A place that a delivery delivers to: a directory, a receiver on this machine, the outbox.
pub trait Place {
    /// The delivery's table of config.toml, as TOML, that makes it deliver here.
    fn settings(&self) -> String {
        String::new()
    }

    /// Options that make it deliver here.
    fn options(&self) -> Value {
        Value::Null
    }

    /// The formats of the exports that it is given.
    fn formats(&self) -> Vec<String> {
        vec!["text".to_owned()]
    }

    /// All that has arrived under its final name. The content must tell every byte of the export, and
    /// be the same whenever the same arrives; [`files_in`] does for a directory.
    fn arrived(&self, outbox: &MemoryOutbox) -> Arrived;

    /// Runs `work` to its end on the runtime that the delivery needs: `runtime.block_on(work)`.
    fn run(&self, work: BoxFuture<'_, ()>);
}

/// All files in `directory` and below. A name that begins with a dot is no final name, so such a file
/// does not count.
pub fn files_in(directory: &Path) -> Arrived {
    let mut found = Arrived::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(next) = waiting.pop() {
        let Ok(entries) = fs::read_dir(&next) else { continue };
        for path in entries.map(|entry| entry.expect("a readable directory").path()) {
            let name = path.strip_prefix(directory).expect("inside of it").to_str().expect("a name in UTF-8");
            if path.is_dir() {
                waiting.push(path);
            } else if !name.rsplit('/').next().unwrap_or_default().starts_with('.') {
                match fs::read(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    content => drop(found.insert(name.to_owned(), content.expect("a readable file"))),
                }
            }
        }
    }
    found
}

/// A host with a place of its own.
pub(super) struct Trial<P> {
    pub(super) place: P,
    id: String,
    registry: Registry,
    outbox: MemoryOutbox,
    downloads: MemoryDownloads,
    directory: TempDir,
    spooled: RefCell<Arrived>,
}

impl<P: Place> Trial<P> {
    pub(super) fn new(register: Register, id: &str, place: P) -> Self {
        let directory = tempfile::tempdir().expect("a directory for the test");
        let registry = load(register, id, &place.settings(), &directory.path().join("data"));
        let trial = Self {
            place,
            id: id.to_owned(),
            registry: registry.expect("registers with the place's settings"),
            outbox: MemoryOutbox::default(),
            downloads: MemoryDownloads::default(),
            directory,
            spooled: RefCell::default(),
        };
        assert_eq!(trial.delivery().id(), id);
        trial
    }

    pub(super) fn delivery(&self) -> &dyn AnyDelivery {
        self.registry.delivery(&self.id).expect("registered under its id")
    }

    /// What the delivery wants to be given here.
    pub(super) fn packaging(&self) -> Packaging {
        let packaging = self.delivery().packaging(&self.place.options(), &self.place.formats());
        packaging.expect("the place's own options are accepted")
    }

    fn attempt<'a>(&'a self, number: u32, key: &'a str) -> Attempt<'a> {
        Attempt::new(number, key, &self.outbox).with_downloads(&self.downloads)
    }

    pub(super) fn arrived(&self) -> Arrived {
        self.place.arrived(&self.outbox)
    }

    /// A sealed export of these files; only the first of them, as the zip, for who wants one file.
    pub(super) fn export(&self, room: &str, files: &[(&str, &[u8])]) -> Export {
        let mut export = Export::new("Job1", room, 3);
        export.formats = self.place.formats();
        let loose = self.packaging() == Packaging::Loose;
        for (path, content) in files.iter().take(if loose { files.len() } else { 1 }) {
            let (path, media_type) =
                if loose { (*path, "application/octet-stream") } else { ("Job1.zip", "application/zip") };
            export.artifacts.push(Artifact {
                path: ArtifactPath::new(path).expect("a portable path"),
                media_type: media_type.to_owned(),
                size: content.len() as u64,
                sha256: Sha256::digest(content).into(),
                file: self.spool(content),
            });
        }
        export
    }

    fn spool(&self, content: &[u8]) -> PathBuf {
        let spool = self.directory.path().join("spool");
        let mut spooled = self.spooled.borrow_mut();
        let name = spooled.len().to_string();
        fs::create_dir_all(&spool).expect("a new directory");
        fs::write(spool.join(&name), content).expect("a new file");
        spooled.insert(name.clone(), content.to_vec());
        spool.join(name)
    }

    /// Takes a file away.
    pub(super) fn lose(&self, artifact: &Artifact) {
        fs::remove_file(&artifact.file).expect("written before");
        let name = artifact.file.file_name().and_then(|name| name.to_str()).expect("a number");
        self.spooled.borrow_mut().remove(name);
    }

    /// The host renders once and delivers as often as needed: nobody may take its files away.
    fn assert_untouched(&self) {
        let spool = files_in(&self.directory.path().join("spool"));
        assert!(spool == *self.spooled.borrow(), "the export's own files stay");
    }

    pub(super) fn deliver(&self, export: &Export, number: u32, key: &str) -> Result<Receipt> {
        let attempt = self.attempt(number, key);
        let delivering = self.delivery().deliver(&self.place.options(), export, &attempt);
        let mut outcome = None;
        self.place.run(Box::pin(async { outcome = Some(delivering.await) }));
        let outcome = outcome.expect("`run` runs its work to the end");
        if outcome.is_ok() {
            self.assert_untouched();
        }
        outcome
    }

    /// Delivers, but drops the delivery when it waits for the `polls`th time. Returns whether it ended
    /// before, and what had arrived then and in the moments after.
    pub(super) fn drop_after(&self, polls: usize, export: &Export, key: &str) -> (bool, Vec<Arrived>) {
        let attempt = self.attempt(1, key);
        let mut delivering = self.delivery().deliver(&self.place.options(), export, &attempt);
        let mut ended = false;
        let mut waits = 0;
        self.place.run(Box::pin(async {
            ended = poll_fn(|context| match delivering.as_mut().poll(context) {
                Poll::Ready(outcome) => Poll::Ready(outcome.map(|_| true).expect("delivers")),
                Poll::Pending => {
                    waits += 1;
                    if waits == polls { Poll::Ready(false) } else { Poll::Pending }
                }
            })
            .await;
            drop(delivering);
        }));
        let look = |n| {
            // A thread that goes on needs time to be caught at it.
            thread::sleep(Duration::from_millis(n));
            self.arrived()
        };
        (ended, (0..8).map(look).collect())
    }
}
