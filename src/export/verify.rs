//! Checks a packed export: every file against its hash, every byte against the hash of the whole.
//!
//! It accepts what [`pack`](super::pack) writes and nothing else, as a zip or as loose files. It reads
//! from front to back and extracts nothing; in memory it keeps the hash of each name, the small files
//! beside the payload and a few buffers, whatever the export claims to hold. It proves that an export
//! is intact and which key signed it; whose key that is, only a comparison can tell.

mod archive;
mod directory;
mod listing;
mod structure;
mod tags;
mod zipped;

use std::io;
use std::path::Path;

use export_sdk::Cancelled;

pub(crate) use self::archive::{Archive, open};
pub(crate) use self::listing::Listing;
pub(crate) use self::tags::{Tags, check_signature};
use super::signing::PublicKey;
use super::spool::Progress;

/// What an intact export holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// How many files the payload has.
    pub files: u64,
    /// Their bytes, unpacked.
    pub bytes: u64,
    /// How many lines in them can be proven one by one.
    pub lines: u64,
    /// The hash of the manifest, and so of the payload.
    pub manifest_sha256: [u8; 32],
    /// The key that signed the export, if any did.
    pub key: Option<PublicKey>,
}

/// Why an export is not intact. The message is one line.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It could not be read.
    #[error("the export cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// Somebody stopped the check.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// There is no end as every packed export has it.
    #[error("this is not a complete export: {0}; fetch the original again")]
    NotAnExport(&'static str),
    /// One file is not what was exported.
    #[error("{name:?} is damaged: {complaint}")]
    File {
        /// Its name inside the export.
        name: String,
        /// What is wrong.
        complaint: &'static str,
    },
    /// A file that was not exported.
    #[error("{name:?} is not part of the export: the list of hashes does not name it")]
    Foreign {
        /// Its name inside the export.
        name: String,
    },
    /// Something between the files is not what was packed.
    #[error("the zip was changed outside its files: {0}")]
    Changed(&'static str),
}

type Result<T> = std::result::Result<T, VerifyError>;

/// Checks the packed export at `path`, a zip or a directory; the error names the first file that is
/// wrong.
pub fn verify(path: &Path, progress: &Progress) -> Result<Verified> {
    open(path)?.check(progress)
}

fn fault(name: &str, complaint: &'static str) -> VerifyError {
    VerifyError::File { name: name.to_owned(), complaint }
}

/// The decoder calls broken data invalid input; all else comes from below.
fn content_error(name: &str, error: io::Error) -> VerifyError {
    if error.kind() == io::ErrorKind::InvalidInput {
        return fault(name, "its compressed data are broken");
    }
    read_error(error)
}

fn read_error(error: io::Error) -> VerifyError {
    if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Cancelled>) {
        return VerifyError::Cancelled(Cancelled);
    }
    VerifyError::Unreadable(error)
}

#[cfg(test)]
mod tests;
