//! A file that a format is writing: hashed on the way, never silently incomplete.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use export_sdk::{Cancelled, ErrorKind};
use sha2::{Digest, Sha256};

use super::Progress;

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

/// The format's end of a file. Dropping it completes the file: flushes, syncs, fixes the hash.
pub(super) struct SpoolFile {
    /// Taken by the first failure and by the end.
    file: Option<BufWriter<HashedFile>>,
    progress: Progress,
    outcome: Outcome,
}

impl SpoolFile {
    const BUFFER: usize = 256 * 1024;

    pub(super) fn create(path: &Path, progress: &Progress, outcome: &Outcome) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Self::over(file, progress, outcome))
    }

    fn over(file: File, progress: &Progress, outcome: &Outcome) -> Self {
        let file = HashedFile { file, hasher: Sha256::new(), size: 0, progress: progress.clone() };
        Self {
            file: Some(BufWriter::with_capacity(Self::BUFFER, file)),
            progress: progress.clone(),
            outcome: Arc::clone(outcome),
        }
    }

    /// Runs one step on the file; its failure is remembered and returned for ever after.
    fn attempt<T>(
        &mut self,
        step: impl FnOnce(&mut BufWriter<HashedFile>) -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(file) = &mut self.file else {
            return Err(match self.outcome.get() {
                Some(Err(failure)) => failure.to_error(),
                Some(Ok(_)) | None => io::Error::other("the file is complete already"),
            });
        };
        let result = self.progress.check().and_then(|()| step(file));
        result.map_err(|error| {
            let failure = Failure::of(error);
            let error = failure.to_error();
            self.outcome.get_or_init(|| Err(failure));
            // Taken apart, because dropping the buffer would try to write it once more.
            drop(self.file.take().map(BufWriter::into_parts));
            error
        })
    }
}

impl Write for SpoolFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(|file| file.write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt(Write::flush)
    }
}

impl Drop for SpoolFile {
    fn drop(&mut self) {
        let synced = self.attempt(|file| {
            file.flush()?;
            file.get_ref().file.sync_all()
        });
        // A failure is in the outcome already.
        if let (Ok(()), Some(file)) = (synced, self.file.take()) {
            let HashedFile { hasher, size, .. } = file.into_parts().0;
            self.outcome.get_or_init(|| Ok(Written { size, sha256: hasher.finalize().into() }));
        }
    }
}

/// Hashes and counts what goes to disk.
struct HashedFile {
    file: File,
    hasher: Sha256,
    size: u64,
    progress: Progress,
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        self.progress.add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    fn full_disk() -> (SpoolFile, Outcome) {
        let outcome = Outcome::default();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        (SpoolFile::over(full, &Progress::default(), &outcome), outcome)
    }

    #[test]
    fn a_full_disk_is_seen_when_a_file_is_dropped_without_flush() {
        let (mut file, outcome) = full_disk();
        file.write_all(b"fits into the buffer").unwrap();
        drop(file);
        let failure = outcome.get().unwrap().as_ref().unwrap_err();
        assert_eq!(failure.to_error().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_failed_file_stays_failed_whatever_the_format_does_next() {
        let (mut file, outcome) = full_disk();
        assert_eq!(file.write(&vec![0; 1 << 20]).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(file.write(b"again").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(file.flush().unwrap_err().kind(), io::ErrorKind::StorageFull);
        drop(file);
        assert!(outcome.get().unwrap().is_err());
    }
}
