//! How large an export would be, before anybody waits for it.
//!
//! The formats write a part of it into nothing, so that what is counted is what they write. Where
//! there is more, the rest is judged by that part.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use export_sdk as sdk;
use export_sdk::{ArtifactPath, Output};

use super::progress::JobProgress;
use super::render::{Rendered, Sample, Target, Task, extent, render};
use super::spool::{Names, Progress, Use};
use crate::domain::Upload;
use crate::store::blobs::Blobs;

/// Messages that are read for an estimate; an export of no more is counted exactly.
const SAMPLE: u64 = 20_000;
/// Messages that are counted for an estimate.
const COUNTED: u64 = 1_000_000;

/// What an export would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Rooms.
    pub rooms: u64,
    /// Messages.
    pub messages: u64,
    /// Files of messages that are part of it.
    pub files: u64,
    /// Files that messages mention but the server does not have.
    pub missing_files: u64,
    /// Bytes of files and documents together, before they are packed.
    pub bytes: u64,
    /// Web pages.
    pub pages: u64,
    /// Whether all of it was counted. If not, the numbers are judged by the first messages.
    pub exact: bool,
}

/// Estimates an export. It takes as long as writing down 20,000 messages, at most; once `is_late` says
/// so, the rest is judged by what was read until then.
pub fn estimate(task: &Task<'_>, is_late: &dyn Fn() -> bool) -> sdk::Result<Estimate> {
    let progress = JobProgress::default();
    let gauge = RefCell::new(Gauge::new(progress.work.clone()));
    let rendered =
        render(&Task { sample: Some(Sample { messages: SAMPLE, is_late }), ..*task }, &gauge, &progress)?;
    let Rendered { summary, rooms, read, is_part } = rendered;
    if is_part && read == 0 {
        let reason = "this takes too long to estimate; name fewer rooms or transforms, or order it without";
        return Err(sdk::Error::new(sdk::ErrorKind::Rejected, reason));
    }
    let gauge = gauge.into_inner();
    // Of those that were read so many were counted; so many more there are.
    let (read, all) = if is_part { (read.max(1), extent(task, COUNTED)?.max(read)) } else { (1, 1) };
    let scale = |number: u64| {
        let whole = u128::from(number) * u128::from(all) / u128::from(read);
        u64::try_from(whole).unwrap_or(u64::MAX)
    };
    Ok(Estimate {
        rooms,
        messages: scale(summary.messages),
        files: scale(summary.files),
        missing_files: scale(summary.missing_files),
        bytes: scale(progress.work.bytes()),
        pages: scale(gauge.pages),
        exact: !is_part,
    })
}

/// Takes everything and keeps nothing but names; no sample has many.
struct Gauge {
    progress: Progress,
    names: Names,
    linked: HashSet<(ArtifactPath, [u8; 32])>,
    pages: u64,
}

impl Gauge {
    fn new(progress: Progress) -> Self {
        Self { progress, names: Names::new(), linked: HashSet::new(), pages: 0 }
    }

    fn claim(&mut self, path: &ArtifactPath, purpose: Use) -> io::Result<()> {
        let taken = || io::Error::new(io::ErrorKind::AlreadyExists, format!("{path} exists already"));
        self.names.claim(path, purpose).map_err(|_| taken())
    }
}

impl Output for Gauge {
    fn create(&mut self, path: &ArtifactPath, media_type: &str) -> sdk::Result<Box<dyn Write + Send>> {
        self.claim(path, Use::Written)?;
        self.pages += u64::from(media_type.starts_with("text/html"));
        Ok(Box::new(Counter(self.progress.clone())))
    }

    fn scratch(&mut self) -> sdk::Result<File> {
        Ok(tempfile::tempfile()?)
    }
}

impl Target for Gauge {
    fn holds(&self, path: &ArtifactPath, sha256: &[u8; 32]) -> bool {
        self.linked.contains(&(path.clone(), *sha256))
    }

    /// Reading all the bytes would take as long as the export itself.
    fn is_whole(&self, blobs: &Blobs, upload: &Upload) -> io::Result<bool> {
        match std::fs::metadata(blobs.path(&upload.sha256)) {
            Ok(file) => Ok(file.len() == upload.size),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn link(
        &mut self,
        path: &ArtifactPath,
        _: &str,
        _: &Path,
        sha256: [u8; 32],
        size: u64,
    ) -> io::Result<bool> {
        if self.holds(path, &sha256) {
            return Ok(false);
        }
        self.claim(path, Use::Linked(sha256))?;
        self.linked.insert((path.clone(), sha256));
        self.progress.add(size);
        Ok(true)
    }
}

struct Counter(Progress);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.check()?;
        self.0.add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
