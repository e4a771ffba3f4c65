//! How large an export would be, before anybody waits for it.
//!
//! The formats write a part of it into nothing, so that what is counted is what they write. Where
//! there is more, the rest is judged by that part.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use export_sdk as sdk;
use export_sdk::{ArtifactPath, Output};

use super::progress::JobProgress;
use super::render::{Rendered, Target, Task, extent, render};
use super::spool::{Names, Progress, Use};

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

/// Estimates an export. It takes as long as writing down 20,000 messages, at most.
pub fn estimate(task: &Task<'_>) -> sdk::Result<Estimate> {
    let (rooms, in_window) = extent(task, COUNTED)?;
    let progress = JobProgress::default();
    let gauge = RefCell::new(Gauge::new(progress.work.clone()));
    let Rendered { summary, read } = render(&Task { sample: Some(SAMPLE), ..*task }, &gauge, &progress)?;
    let gauge = gauge.into_inner();
    let exact = read < SAMPLE;
    let scale = |number: u64| {
        if exact {
            return number;
        }
        // Of those that were read so many were counted; so many more there are.
        let whole = u128::from(number) * u128::from(in_window) / u128::from(read.max(1));
        u64::try_from(whole).unwrap_or(u64::MAX)
    };
    Ok(Estimate {
        rooms,
        messages: scale(summary.messages),
        files: scale(summary.files),
        missing_files: scale(summary.missing_files),
        bytes: scale(progress.work.bytes()),
        pages: scale(gauge.pages),
        exact,
    })
}

/// Takes everything and keeps nothing.
struct Gauge {
    progress: Progress,
    names: Names,
    pages: u64,
}

impl Gauge {
    fn new(progress: Progress) -> Self {
        Self { progress, names: Names::new(), pages: 0 }
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
    fn link(
        &mut self,
        path: &ArtifactPath,
        _: &str,
        _: &Path,
        sha256: [u8; 32],
        size: u64,
    ) -> io::Result<bool> {
        if self.names.find(path) == Some(Use::Linked(sha256)) {
            return Ok(false);
        }
        self.claim(path, Use::Linked(sha256))?;
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
