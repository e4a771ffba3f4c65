//! A file that a format is writing: never silently incomplete.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, OnceLock};

use export_sdk::{Cancelled, ErrorKind};

use super::Progress;
use super::writer::{HashedFile, Step};

/// What a file of an unsealed spool came to; empty while it is open.
pub(super) type Outcome = Arc<OnceLock<Result<Written, Failure>>>;

/// Size and hash of a file that is complete and on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) size: u64,
    pub(crate) sha256: [u8; 32],
}

/// Why a file can never be complete. A copy is kept, because the format may have dropped the error.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    Cancelled,
    Io(io::ErrorKind, String),
}

impl Failure {
    pub(super) fn of(error: io::Error) -> Self {
        let (kind, text) = (error.kind(), error.to_string());
        let cancelled = export_sdk::Error::from(error).kind() == ErrorKind::Cancelled;
        if cancelled { Self::Cancelled } else { Self::Io(kind, text) }
    }

    pub(super) fn to_error(&self) -> io::Error {
        match self {
            Self::Cancelled => io::Error::other(Cancelled),
            Self::Io(kind, text) => io::Error::new(*kind, text.as_str()),
        }
    }
}

/// The format's end of a file. Dropping it completes the file: the rest is written and synced, the hash
/// is fixed. A failure of the disk is seen some parts later, and at the latest when the spool is sealed.
pub(super) struct SpoolFile {
    /// Taken by the first failure and by the end.
    file: Option<Arc<HashedFile>>,
    buffer: Vec<u8>,
    queue: SyncSender<Step>,
    progress: Progress,
    outcome: Outcome,
}

impl SpoolFile {
    const BUFFER: usize = 256 * 1024;

    pub(super) fn create(
        path: &Path,
        progress: &Progress,
        outcome: &Outcome,
        queue: SyncSender<Step>,
    ) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Self::over(file, progress, outcome, queue))
    }

    fn over(file: File, progress: &Progress, outcome: &Outcome, queue: SyncSender<Step>) -> Self {
        let (progress, outcome) = (progress.clone(), Arc::clone(outcome));
        let file = HashedFile::new(file, progress.clone(), Arc::clone(&outcome));
        Self { file: Some(Arc::new(file)), buffer: Vec::new(), queue, progress, outcome }
    }

    /// Runs one step; a failure, its own or that of an earlier part, is returned for ever after.
    fn attempt(&mut self, step: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        let result = match self.outcome.get() {
            Some(Err(failure)) => Err(failure.to_error()),
            Some(Ok(_)) => Err(io::Error::other("the file is complete already")),
            None => self.progress.check().and_then(|()| step(self)),
        };
        result.map_err(|error| {
            let failure = Failure::of(error);
            let error = failure.to_error();
            self.outcome.get_or_init(|| Err(failure));
            self.file = None;
            self.buffer = Vec::new();
            error
        })
    }

    /// Hands over what has gathered.
    fn send(&mut self, is_last: bool) -> io::Result<()> {
        let file = if is_last { self.file.take() } else { self.file.clone() };
        let bytes = std::mem::take(&mut self.buffer);
        let gone = || io::Error::other("the export was given up before this file was complete");
        let file = file.ok_or_else(gone)?;
        self.queue.send(Step::Part { file, bytes, is_last }).map_err(|_| gone())
    }
}

impl Write for SpoolFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = 0;
        self.attempt(|this| {
            if this.buffer.capacity() == 0 {
                this.buffer.reserve_exact(Self::BUFFER);
            }
            written = bytes.len().min(Self::BUFFER - this.buffer.len());
            this.buffer.extend_from_slice(&bytes[..written]);
            if this.buffer.len() == Self::BUFFER { this.send(false) } else { Ok(()) }
        })?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt(|this| if this.buffer.is_empty() { Ok(()) } else { this.send(false) })
    }
}

impl Drop for SpoolFile {
    fn drop(&mut self) {
        if self.file.is_some() {
            // A failure is in the outcome then.
            let _ = self.attempt(|this| this.send(true));
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::super::writer::Writer;
    use super::*;

    fn full_disk(writer: &Writer) -> (SpoolFile, Outcome) {
        let outcome = Outcome::default();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        (SpoolFile::over(full, &Progress::default(), &outcome, writer.queue()), outcome)
    }

    #[test]
    fn a_full_disk_is_seen_when_a_file_is_dropped_without_flush() {
        let mut writer = Writer::start().unwrap();
        let (mut file, outcome) = full_disk(&writer);
        file.write_all(b"fits into the buffer").unwrap();
        drop(file);
        writer.finish().unwrap();
        let failure = outcome.get().unwrap().as_ref().unwrap_err();
        assert_eq!(failure.to_error().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_failed_file_stays_failed_whatever_the_format_does_next() {
        let mut writer = Writer::start().unwrap();
        let (mut file, outcome) = full_disk(&writer);
        // So many parts do not wait in any queue.
        let failure = file.write_all(&vec![0; 16 << 20]).unwrap_err();
        assert_eq!(failure.kind(), io::ErrorKind::StorageFull);
        assert_eq!(file.write(b"again").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(file.flush().unwrap_err().kind(), io::ErrorKind::StorageFull);
        drop(file);
        writer.finish().unwrap();
        assert!(outcome.get().unwrap().is_err());
    }

    #[test]
    fn a_file_that_outlives_its_export_is_not_complete() {
        let mut writer = Writer::start().unwrap();
        let (mut file, outcome) = full_disk(&writer);
        file.write_all(b"late").unwrap();
        writer.finish().unwrap();
        drop(file);
        assert!(outcome.get().unwrap().is_err());
    }
}
