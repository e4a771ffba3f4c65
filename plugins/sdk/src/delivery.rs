//! How a finished export is handed over.

use std::future::Future;
use std::path::PathBuf;

use serde::de::DeserializeOwned;

use crate::{ArtifactPath, Downloads, NoDownloads, OptionSpec, Outbox, Result};

/// A way to hand an export over: into a directory, by e-mail, to a webhook.
///
/// A delivery may run more than once for the same export - after a temporary failure or a restart -
/// and must then not deliver twice: derive names and message ids from [`Attempt::key`].
pub trait Delivery: Send + Sync + 'static {
    /// What a request may choose; see [`ExportFormat::Options`](crate::ExportFormat::Options).
    type Options: DeserializeOwned + Send;

    /// The word in requests (`type`) and in config.toml: `file`. Lower case, stable for ever.
    fn id(&self) -> &str;

    /// One line for people who choose a delivery.
    fn describe(&self) -> &str;

    /// The options for people.
    fn options(&self) -> Vec<OptionSpec<'_>> {
        Vec::new()
    }

    /// What [`deliver`](Self::deliver) receives of an export in these formats.
    fn packaging(&self, options: &Self::Options, formats: &[String]) -> Packaging {
        let _ = (options, formats);
        Packaging::Loose
    }

    /// Refuses, while the requester still waits, what parsing alone cannot see:
    /// a recipient outside the allowed domains, an unknown bucket.
    fn check(&self, options: &Self::Options) -> Result<()> {
        let _ = options;
        Ok(())
    }

    /// Delivers all artifacts. Dropping the future is how the host cancels, so leave nothing
    /// half-done under its final name: write aside, then rename. Write it as `async fn deliver`.
    fn deliver(
        &self,
        options: Self::Options,
        export: &Export,
        attempt: &Attempt<'_>,
    ) -> impl Future<Output = Result<Receipt>> + Send;
}

/// What a delivery wants to be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packaging {
    /// All files as the format wrote them.
    Loose,
    /// One zip with all files, their hashes in `manifest-sha256.txt` inside.
    SingleFile,
}

/// A complete, sealed export.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Export {
    /// The job's id.
    pub job: String,
    /// The room's name, for people.
    pub room: String,
    /// Messages in the export.
    pub messages: u64,
    /// The ids of its formats.
    pub formats: Vec<String>,
    /// The login name of who asked for it; empty if nobody says.
    pub requested_by: String,
    /// The key that signed the zip, as `roomscribe verify --key` takes it.
    pub signed_by: Option<String>,
    /// The files, or the one zip under the name that people see when they download it.
    pub artifacts: Vec<Artifact>,
}

impl Export {
    /// An export without artifacts; add them, and what else is known.
    pub fn new(job: impl Into<String>, room: impl Into<String>, messages: u64) -> Self {
        Self {
            job: job.into(),
            room: room.into(),
            messages,
            formats: Vec::new(),
            requested_by: String::new(),
            signed_by: None,
            artifacts: Vec::new(),
        }
    }
}

/// One file of an export, on disk, synced, never to change again.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Its name inside the export.
    pub path: ArtifactPath,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Where it lies. Read it, or hard-link it; do not move it.
    pub file: PathBuf,
}

/// One try to deliver.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// 1 for the first.
    pub number: u32,
    /// The same for every attempt of one job, different between jobs; letters and digits only.
    pub key: &'a str,
    /// The server's durable mail queue.
    pub outbox: &'a dyn Outbox,
    /// How people fetch the file of this export, if the delivery keeps it: [`Receipt::with_file`].
    pub downloads: &'a dyn Downloads,
}

impl<'a> Attempt<'a> {
    /// A try with this number and key, on a server without downloads.
    pub fn new(number: u32, key: &'a str, outbox: &'a dyn Outbox) -> Self {
        Self { number, key, outbox, downloads: &NoDownloads }
    }

    /// The same try on a server with these downloads.
    #[must_use]
    pub fn with_downloads(self, downloads: &'a dyn Downloads) -> Self {
        Self { downloads, ..self }
    }
}

/// What a delivery can say about its success.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// Where the export went, for people: `2 mails queued`.
    pub note: String,
    /// The file that the server may offer for download, if the delivery keeps one.
    pub file: Option<PathBuf>,
}

impl Receipt {
    /// A receipt with a note for people.
    pub fn new(note: impl Into<String>) -> Self {
        Self { note: note.into(), file: None }
    }

    /// The same receipt with a file to download.
    #[must_use]
    pub fn with_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = Some(file.into());
        self
    }
}
