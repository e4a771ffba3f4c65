//! The end of the zip pipe: a file that is hashed on the way and ends with its own hash.

use std::fs::File;
use std::io::{self, Write};

use sha2::{Digest, Sha256};

/// What stands before the hash.
pub(crate) const LABEL: &str = "roomscribe sha256 ";
pub(crate) const HASH_LENGTH: usize = 64;
/// The length of the comment that ends every zip.
pub(crate) const COMMENT_LENGTH: usize = LABEL.len() + HASH_LENGTH;

/// The comment that ends a zip: the hash of all bytes before the hash itself, so that no byte can
/// change unnoticed, wherever it stands.
pub(crate) fn comment(before: Sha256) -> String {
    format!("{LABEL}{}", hex::encode(before.finalize()))
}

/// A comment of the right length, for the zip writer to put at the end.
pub(super) fn placeholder() -> String {
    format!("{LABEL}{}", "0".repeat(HASH_LENGTH))
}

/// Holds the last bytes back, and at the end writes the hash in their place.
pub(super) struct SealingSink {
    file: File,
    hasher: Sha256,
    size: u64,
    waiting: Vec<u8>,
    failure: Option<io::Error>,
}

impl SealingSink {
    const BUFFER: usize = 256 * 1024;

    pub(super) fn new(file: File) -> Self {
        let waiting = Vec::with_capacity(Self::BUFFER + HASH_LENGTH);
        Self { file, hasher: Sha256::new(), size: 0, waiting, failure: None }
    }

    /// Completes the file; returns its size and the hash of all of it.
    pub(super) fn finish(mut self) -> io::Result<(u64, [u8; 32])> {
        self.pass_on()?;
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let hash = hex::encode(self.hasher.clone().finalize());
        self.hasher.update(&hash);
        self.file.write_all(hash.as_bytes())?;
        self.file.sync_all()?;
        Ok((self.size + hash.len() as u64, self.hasher.finalize().into()))
    }

    /// Writes all but the bytes that may be the last.
    fn pass_on(&mut self) -> io::Result<()> {
        let ready = self.waiting.len().saturating_sub(HASH_LENGTH);
        self.file.write_all(&self.waiting[..ready])?;
        self.hasher.update(&self.waiting[..ready]);
        self.size += ready as u64;
        self.waiting.drain(..ready);
        Ok(())
    }
}

impl Write for SealingSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The zip writer completes the zip even when it is dropped after a failure, and complains
        // on the console if it cannot. Let it write to nowhere.
        if self.failure.is_some() {
            return Ok(bytes.len());
        }
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= Self::BUFFER
            && let Err(error) = self.pass_on()
        {
            self.failure = Some(io::Error::new(error.kind(), error.to_string()));
            return Err(error);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
