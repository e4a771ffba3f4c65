//! A file that a format is writing: never silently incomplete.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use export_sdk::{Cancelled, ErrorKind};

use super::Progress;
use super::writer::{HashedFile, Step};

/// Size and hash of a file that is complete.
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

/// The format's end of a file. Dropping it completes the file: the rest is written, the hash is fixed.
/// A failure of the disk is seen some parts later, and at the latest when the spool is sealed.
pub(super) struct SpoolFile {
    file: Arc<HashedFile>,
    buffer: Vec<u8>,
    queue: SyncSender<Step>,
    progress: Progress,
}

impl SpoolFile {
    const BUFFER: usize = 256 * 1024;

    pub(super) fn new(file: HashedFile, queue: SyncSender<Step>, progress: Progress) -> Self {
        Self { file: Arc::new(file), buffer: Vec::new(), queue, progress }
    }

    /// Runs one step; a failure, its own or that of an earlier part, is returned for ever after.
    fn attempt(&mut self, step: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        let result = match self.file.failure() {
            Some(failure) => Err(failure.to_error()),
            None => self.progress.check().and_then(|()| step(self)),
        };
        result.map_err(|error| {
            self.buffer = Vec::new();
            self.file.fail(Failure::of(error)).to_error()
        })
    }

    /// Hands over what has gathered.
    fn send(&mut self, is_last: bool) -> io::Result<()> {
        let (file, bytes) = (Arc::clone(&self.file), std::mem::take(&mut self.buffer));
        let gone = |_| io::Error::other("the export was given up before this file was complete");
        self.queue.send(Step::Part { file, bytes, is_last }).map_err(gone)
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
        // A failure goes the same way as the end: the ledger learns of it.
        if self.attempt(|this| this.send(true)).is_err() {
            let _ = self.send(true);
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::super::ledger::{Entry, Ledger};
    use super::super::writer::Writer;
    use super::*;
    use export_sdk::ArtifactPath;
    use std::fs::{self, OpenOptions};
    use tempfile::TempDir;

    fn full_disk() -> (TempDir, Writer, SpoolFile) {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("files")).unwrap();
        let writer = Writer::start(Ledger::create(directory.path(), None).unwrap()).unwrap();
        let entry = Entry { path: ArtifactPath::new("page").unwrap(), media_type: String::new() };
        writer.send(Step::Begin { number: 1, entry }).unwrap();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let file = HashedFile::new(1, full, true, Progress::default());
        let file = SpoolFile::new(file, writer.queue(), Progress::default());
        (directory, writer, file)
    }

    fn failure(mut writer: Writer) -> io::Error {
        writer.finish().unwrap().expect("not asked before").finish().unwrap_err()
    }

    #[test]
    fn a_full_disk_is_seen_when_a_file_is_dropped_without_flush() {
        let (_directory, writer, mut file) = full_disk();
        file.write_all(b"fits into the buffer").unwrap();
        drop(file);
        assert_eq!(failure(writer).kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_failed_file_stays_failed_whatever_the_format_does_next() {
        let (_directory, writer, mut file) = full_disk();
        // So many parts do not wait in any queue.
        let error = file.write_all(&vec![0; 16 << 20]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(file.write(b"again").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(file.flush().unwrap_err().kind(), io::ErrorKind::StorageFull);
        drop(file);
        assert_eq!(failure(writer).kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_file_that_outlives_its_export_is_not_complete() {
        let (_directory, writer, mut file) = full_disk();
        file.write_all(b"late").unwrap();
        let error = failure(writer);
        drop(file);
        assert!(error.to_string().contains("page"), "{error}");
    }
}
