//! Writing the database anew, so that it takes little more of the disk than what it holds: sled reuses the
//! room of what has gone only where whole stretches of its log have.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::ops::{Bound, ControlFlow};
use std::path::Path;
use std::sync::Arc;

use super::check::{self, Met};
use super::copy::Copy;
use super::engine::packed::Packed;
use super::engine::sled::{SledEngine, await_letting_go};
use super::engine::{Direction, Engine};
use super::{Store, schema, swap};

/// What the copy keeps in memory while it is read back.
const CACHE: u64 = 16 << 20;
/// A database of fewer bytes is left as it is, unless somebody asks.
const SMALL: u64 = 64 << 20;
/// And one that takes fewer hundredths of what it holds.
const WORTH: u64 = 130;
/// Entries that are read back between two steps.
const READ: u64 = 500;

/// Why the database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The copy would not fit beside it.
    #[error(
        "a copy of the store needs up to {needed} bytes of the disk beside the {least} that must stay free \
         ([export] keep_free_mb), but only {free} are free; make room"
    )]
    Full {
        /// Bytes of the copy at most.
        needed: u64,
        /// Bytes that are free.
        free: u64,
        /// Bytes that must stay free.
        least: u64,
    },
    /// Another database would take the place of the link, on another disk perhaps.
    #[error("`store` in the data directory is a link; give --data the directory that holds the store itself")]
    Linked,
    /// The copy does not hold what was written to it.
    #[error("the copy could not be read back as it was written; the store is as it was; check the disk")]
    Differs,
    /// The database cannot be read, or the copy not be written.
    #[error(transparent)]
    Store(#[from] super::Error),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Bytes of the database on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// As it was.
    pub before: u64,
    /// As it is.
    pub after: u64,
}

impl Store {
    /// Whether the database is large, and much of it is not needed. Goes over all of it.
    pub fn is_worth_compacting(&self) -> super::Result<bool> {
        let size = self.size()?;
        if size < SMALL {
            return Ok(false);
        }
        let mut needed = 0;
        self.tap.walk((Bound::Unbounded, Bound::Unbounded), Direction::Ascending, &mut |key, value| {
            needed += (key.len() + value.len()) as u64;
            ControlFlow::Continue(())
        })?;
        Ok(size > needed / 100 * WORTH)
    }

    /// Closes the store of this data directory, and puts a copy of its database that is as small as can be in
    /// its place. At least `least` bytes of the disk stay free. `step` is told how many entries were copied or
    /// read back since. After a crash at any moment the next start finds the one or the other.
    pub fn compact(self, data_dir: &Path, least: u64, step: &mut dyn FnMut(u64)) -> Result<Compacted, Error> {
        self.compact_locked(data_dir, least, step).0
    }

    /// The same; the data directory stays locked as long as the file is open.
    fn compact_locked(
        self,
        data_dir: &Path,
        least: u64,
        step: &mut dyn FnMut(u64),
    ) -> (Result<Compacted, Error>, File) {
        let copied = self.copy_beside(data_dir, least, step);
        let lock = self.close();
        let swapped = copied.and_then(|sizes| {
            let copy = data_dir.join(swap::UNFINISHED);
            // sled's threads must not meet another database under the name of theirs.
            await_letting_go(&data_dir.join(swap::STORE))?;
            await_letting_go(&copy)?;
            sync_all(&copy)?;
            swap::swap(data_dir)?;
            Ok(sizes)
        });
        if swapped.is_err()
            && let Err(error) = swap::recover(data_dir)
        {
            tracing::warn!(%error, "the rest of a copy of the store could not be cleared away; the next start will");
        }
        (swapped, lock)
    }

    fn copy_beside(
        &self,
        data_dir: &Path,
        least: u64,
        step: &mut dyn FnMut(u64),
    ) -> Result<Compacted, Error> {
        let before = self.size()?;
        let free = free_bytes(data_dir)?;
        if free < before.saturating_add(least) {
            return Err(Error::Full { needed: before, free, least });
        }
        if fs::symlink_metadata(data_dir.join(swap::STORE))?.is_symlink() {
            return Err(Error::Linked);
        }
        self.pack(|_| true)?;
        self.durable_blocking()?;
        let after = self.copy_entries(&data_dir.join(swap::UNFINISHED), step)?;
        Ok(Compacted { before, after })
    }

    /// Makes the copy and reads it back. Returns its size.
    fn copy_entries(&self, directory: &Path, step: &mut dyn FnMut(u64)) -> Result<u64, Error> {
        let mut copy = Copy::begin(directory)?;
        let (mut written, mut taken) = (Digest::default(), Ok(()));
        let everything = || (Bound::Unbounded, Bound::Unbounded);
        self.tap.walk(everything(), Direction::Ascending, &mut |key, value| {
            written.add(key, value);
            taken = copy.take(key.to_vec(), Some(value.to_vec())).map(&mut *step);
            if taken.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        taken?;
        step(copy.finish()?);

        await_letting_go(directory)?;
        let copy = Arc::new(SledEngine::open(directory, CACHE)?);
        let mut read = Digest::default();
        copy.walk(everything(), Direction::Ascending, &mut |key, value| {
            read.add(key, value);
            ControlFlow::Continue(())
        })?;
        if read != written {
            return Err(Error::Differs);
        }
        let size = copy.size()?;
        let mut since = 0;
        check::go_over::<Error>(&Packed::new(copy, schema::PACKED), |met| {
            if let Met::Damage(damage) = met {
                return Err(super::Error::Corrupt(damage).into());
            }
            since += 1;
            if since % READ == 0 {
                step(READ);
            }
            Ok(())
        })?;
        Ok(size)
    }
}

/// What is left of an opened store.
pub(super) enum Left {
    /// All of it.
    Open(Box<Store>),
    /// The lock of its data directory: the store must be opened anew.
    Closed(File),
}

/// Compacts a store that was brought to another layout, if that pays.
pub(super) fn after_upgrade(store: Store, data_dir: &Path) -> super::Result<Left> {
    store.pack(|_| true)?;
    store.durable_blocking()?;
    if !store.is_worth_compacting()? {
        return Ok(Left::Open(Box::new(store)));
    }
    let (compacted, lock) = store.compact_locked(data_dir, 0, &mut |_| {});
    match compacted {
        Ok(Compacted { before, after }) => tracing::info!(before, after, "the store was compacted"),
        Err(error) => tracing::warn!(%error, "the store was not compacted; run `roomscribe compact` later"),
    }
    Ok(Left::Closed(lock))
}

/// Bytes that may still be written to the disk of this directory.
pub fn free_bytes(directory: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(directory)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// What tells entries from others, in their order.
#[derive(Default)]
struct Digest {
    hasher: DefaultHasher,
    entries: u64,
}

impl Digest {
    fn add(&mut self, key: &[u8], value: &[u8]) {
        for part in [key, value] {
            self.hasher.write_usize(part.len());
            self.hasher.write(part);
        }
        self.entries += 1;
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        (self.entries, self.hasher.finish()) == (other.entries, other.hasher.finish())
    }
}

/// Brings everything in a directory to disk, with its name.
fn sync_all(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            sync_all(&entry?.path())?;
        }
    }
    File::open(path)?.sync_all()
}
