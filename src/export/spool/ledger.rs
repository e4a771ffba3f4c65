//! What the files of a spool have come to, kept by the thread that writes them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;

use export_sdk::{Artifact, ArtifactPath};

use super::file::{Failure, Written};
use super::sealed::{FILES, Line};

/// The manifest of an export that is not complete.
pub(super) const UNSEALED: &str = "manifest.ndjson.part";

/// The manifest while it grows: a line for each complete file, in the order in which they were completed.
/// In memory are only the files that are open.
#[derive(Debug)]
pub(super) struct Ledger {
    files: PathBuf,
    manifest: BufWriter<File>,
    open: BTreeMap<u64, Entry>,
    /// The first; nothing is noted after it.
    failure: Option<Failure>,
    /// Is told of each complete file, until it does not listen any more.
    follower: Option<SyncSender<Artifact>>,
}

/// A file that is to be in the manifest.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) path: ArtifactPath,
    pub(super) media_type: String,
}

impl Ledger {
    pub(super) fn create(directory: &Path, follower: Option<SyncSender<Artifact>>) -> io::Result<Self> {
        let manifest = BufWriter::new(File::create_new(directory.join(UNSEALED))?);
        let (open, failure) = (BTreeMap::new(), None);
        Ok(Self { files: directory.join(FILES), manifest, open, failure, follower })
    }

    /// A format begins to write the file of that number.
    pub(super) fn begin(&mut self, number: u64, entry: Entry) {
        self.open.insert(number, entry);
    }

    /// The file of that number is complete, or can never be.
    pub(super) fn end(&mut self, number: u64, outcome: Result<Written, Failure>) {
        let Some(entry) = self.open.remove(&number) else { return };
        match outcome {
            Ok(written) => self.add(entry, written),
            Err(failure) => drop(self.failure.get_or_insert(failure)),
        }
    }

    /// A file is complete.
    pub(super) fn add(&mut self, Entry { path, media_type }: Entry, written: Written) {
        if self.failure.is_some() {
            return;
        }
        let line = Line { path, media_type, written };
        if let Err(error) = line.write(&mut self.manifest) {
            self.failure = Some(Failure::of(error));
            return;
        }
        if let Some(follower) = &self.follower
            && follower.send(line.into_artifact(&self.files)).is_err()
        {
            self.follower = None;
        }
    }

    /// The manifest, if every file is in it.
    pub(super) fn finish(self) -> io::Result<File> {
        if let Some(failure) = self.failure {
            return Err(failure.to_error());
        }
        if let Some(Entry { path, .. }) = self.open.into_values().next() {
            let message = format!("the format has finished but still holds {path} open");
            return Err(io::Error::other(message));
        }
        self.manifest.into_inner().map_err(io::IntoInnerError::into_error)
    }
}
