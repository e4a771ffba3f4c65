//! Copying an open store, while others go on to write to it.
//!
//! The entries are copied while they are walked, and what is changed meanwhile is noted down and
//! applied to the copy afterwards: it is the store as it was when the walk was over. Nobody is
//! locked out for longer than it takes to apply one batch.

use std::fs;
use std::ops::{Bound, ControlFlow};
use std::path::{Path, PathBuf};

use super::check::{Met, Volume};
use super::copy::Copy;
use super::engine::Engine;
use super::schema::BlobUse;
use super::{Direction, Result, Span, Store};
use crate::domain::UploadId;

/// Entries that are counted between two steps.
const COUNTED: u64 = 500;

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is one at a time.
    #[error("another backup of this data is being made; wait until it is done")]
    Busy,
    /// Nobody wants it any more.
    #[error("the backup was cancelled")]
    Cancelled,
    /// Something else has the name.
    #[error("{0} is there already and not empty; choose another directory")]
    Taken(PathBuf),
    /// Something that is no half-done backup has the name that a half-done one needs.
    #[error("{0} is in the way, and it is no unfinished backup; remove it, or choose another directory")]
    InTheWay(PathBuf),
    /// Another process writes there.
    #[error("another backup is being written to {0}; wait until it is done")]
    Shared(PathBuf),
    /// The disk of the backup would be too full.
    #[error(
        "only {free} bytes are free where the backup is written, of {least} that must stay free \
         ([export] keep_free_mb); make room, or choose another directory"
    )]
    Full {
        /// Bytes that are free.
        free: u64,
        /// Bytes that must stay free.
        least: u64,
    },
    /// The data cannot be read.
    #[error("the data cannot be read: {0}")]
    Source(super::Error),
    /// The copy cannot be written.
    #[error("the backup cannot be written to {0}: {1}; make room, or choose another directory")]
    Target(PathBuf, super::Error),
    /// The copy cannot be read back.
    #[error(
        "the backup could not be read back: {0}; the data it was made of may be damaged, too: run `roomscribe check`"
    )]
    Copy(super::Error),
}

impl Error {
    /// Whether another argument would help.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Taken(_) | Self::InTheWay(_))
    }
}

/// What a long copy calls between two parts, with the number of records since: it may fail to stop it.
pub type Step<'a> = &'a mut dyn FnMut(u64) -> Result<(), Error>;

impl Store {
    /// Copies all records to a new database for a data directory that does not exist as one yet: it
    /// is there, and holds nothing of a store.
    pub fn copy_records(&self, data_dir: &Path, step: Step<'_>) -> Result<(), Error> {
        let failed = |error: super::Error| Error::Target(data_dir.to_owned(), error);
        let journal = data_dir.join("journal");
        let tapping = self.tap.begin(&journal).map_err(|error| failed(error.into()))?.ok_or(Error::Busy)?;
        self.gathered.hand_on().map_err(Error::Source)?;
        let mut copy = Copy::begin(&data_dir.join("store")).map_err(failed)?;
        let mut take = |key: Vec<u8>, value| match copy.take(key, value).map_err(failed)? {
            0 => Ok(()),
            written => step(written),
        };
        let mut taken = Ok(());
        let everything = (Bound::Unbounded, Bound::Unbounded);
        self.tap
            .walk(everything, Direction::Ascending, &mut |key, value| {
                taken = take(key.to_vec(), Some(value.to_vec()));
                if taken.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
            .map_err(Error::Source)?;
        taken?;
        step(copy.write().map_err(failed)?)?;
        self.gathered.hand_on().map_err(Error::Source)?;
        for batch in tapping.end().map_err(|error| failed(error.into()))? {
            // A batch may hold a key that the one before holds, too: then the later one counts.
            for (key, value) in batch.map_err(|error| failed(error.into()))? {
                match copy.take(key, value).map_err(failed)? {
                    0 => {}
                    written => step(written)?,
                }
            }
        }
        step(copy.finish().map_err(failed)?)?;
        fs::remove_file(journal).map_err(|error| failed(error.into()))
    }

    /// Reads every record, and returns how many there are of each kind.
    pub fn count_records(&self, step: Step<'_>) -> Result<Vec<Volume>, Error> {
        let mut since = 0;
        self.go_over(|met| {
            if let Met::Damage(damage) = met {
                return Err(Error::Copy(super::Error::Corrupt(damage)));
            }
            since += 1;
            if since % COUNTED == 0 { step(0) } else { Ok(()) }
        })
    }

    /// Calls `each` once with the hash of every blob that something needs.
    pub fn used_blobs<E: From<super::Error>>(
        &self,
        mut each: impl FnMut([u8; 32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut last = None;
        self.walk::<BlobUse, E>(Span::all(), Direction::Ascending, |(sha256, _): ([u8; 32], UploadId), _| {
            if last.replace(sha256) != Some(sha256) {
                each(sha256)?;
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}
