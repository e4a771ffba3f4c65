//! How much of the disk is free, and how much of that exports leave to everything else.
//!
//! A store that meets a full disk stops, so exports must stop earlier.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::store::compact::free_bytes;

/// After so many bytes the disk is looked at again.
const BYTES: u64 = 8 << 20;
/// And after so many calls, for what is written elsewhere meanwhile.
const CALLS: u32 = 1024;

/// The free bytes of disks, or what a test says they are.
#[derive(Debug, Clone, Default)]
pub struct FreeSpace(Option<Arc<AtomicU64>>);

impl FreeSpace {
    /// The computer's disks.
    pub fn system() -> Self {
        Self(None)
    }

    /// A disk of which so many bytes are free until [`set`](Self::set) is called.
    pub fn of(bytes: u64) -> Self {
        Self(Some(Arc::new(AtomicU64::new(bytes))))
    }

    /// Changes how much of a test's disk is free.
    pub fn set(&self, bytes: u64) {
        if let Some(free) = &self.0 {
            free.store(bytes, Ordering::SeqCst);
        }
    }

    /// Bytes that may still be written to the disk of this directory.
    pub fn at(&self, directory: &Path) -> io::Result<u64> {
        if let Some(free) = &self.0 {
            return Ok(free.load(Ordering::SeqCst));
        }
        free_bytes(directory)
    }
}

/// What an export must leave free. It looks now and then while bytes are written.
#[derive(Debug)]
pub struct Floor {
    space: FreeSpace,
    directory: PathBuf,
    least: u64,
    written: AtomicU64,
    calls: AtomicU32,
    shortage: OnceLock<Shortage>,
}

/// A disk that is too full for an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub struct Shortage {
    /// Bytes that are free.
    pub free: u64,
    /// Bytes that must stay free.
    pub least: u64,
    /// About how many bytes the export needs, if it has not begun yet.
    pub needed: Option<u64>,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { free, least, needed } = self;
        match needed {
            Some(needed) => write!(
                f,
                "the export needs about {needed} bytes of the disk beside the {least} that must stay free \
                 ([export] keep_free_mb), but only {free} are free"
            )?,
            None => write!(
                f,
                "only {free} bytes of the disk are free, of {least} that must stay free ([export] keep_free_mb)"
            )?,
        }
        f.write_str("; make room, then use exports.retry")
    }
}

impl Floor {
    /// Leaves `least` bytes of the disk of `directory` free.
    pub fn new(space: FreeSpace, directory: PathBuf, least: u64) -> Self {
        let (written, calls) = (AtomicU64::new(0), AtomicU32::new(0));
        Self { space, directory, least, written, calls, shortage: OnceLock::new() }
    }

    /// Fails if writing `needed` more bytes would leave too little.
    pub fn has_room_for(&self, needed: u64) -> io::Result<()> {
        let free = self.space.at(&self.directory)?;
        if free >= self.least.saturating_add(needed) {
            return Ok(());
        }
        let shortage = Shortage { free, least: self.least, needed: (needed > 0).then_some(needed) };
        Err(self.remember(shortage))
    }

    /// What was missing when it was.
    pub fn shortage(&self) -> Option<Shortage> {
        self.shortage.get().copied()
    }

    pub(super) fn add(&self, bytes: u64) {
        self.written.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Fails once too little is free, and for ever after.
    pub(super) fn check(&self) -> io::Result<()> {
        if let Some(shortage) = self.shortage() {
            return Err(full(shortage));
        }
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        if !calls.is_multiple_of(CALLS) && self.written.load(Ordering::Relaxed) < BYTES {
            return Ok(());
        }
        self.written.store(0, Ordering::Relaxed);
        self.has_room_for(0)
    }

    fn remember(&self, shortage: Shortage) -> io::Error {
        full(*self.shortage.get_or_init(|| shortage))
    }
}

fn full(shortage: Shortage) -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, shortage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor(space: &FreeSpace) -> Floor {
        Floor::new(space.clone(), PathBuf::from("."), 100)
    }

    #[test]
    fn the_computers_disk_has_a_size() {
        assert!(FreeSpace::system().at(Path::new(".")).unwrap() > 0);
        assert!(FreeSpace::system().at(Path::new("/there is no such place")).is_err());
    }

    #[test]
    fn a_floor_is_kept_before_and_said_in_bytes() {
        let space = FreeSpace::of(150);
        floor(&space).has_room_for(50).unwrap();
        let tight = floor(&space);
        let error = tight.has_room_for(51).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let text = error.to_string();
        assert!(text.contains("about 51 bytes") && text.contains("only 150 are free"), "{text}");
        assert_eq!(tight.shortage().map(|shortage| shortage.free), Some(150));
    }

    #[test]
    fn what_was_short_once_stays_so_and_much_is_written_only_after_a_look() {
        let space = FreeSpace::of(100);
        let floor = floor(&space);
        floor.check().unwrap();
        space.set(99);
        // Not every call asks the disk.
        floor.check().unwrap();
        floor.add(BYTES);
        assert_eq!(floor.check().unwrap_err().kind(), io::ErrorKind::StorageFull);
        space.set(1 << 30);
        assert!(floor.check().is_err(), "a format that did not care must not go on");
    }

    #[test]
    fn the_disk_is_looked_at_though_the_export_itself_writes_nothing() {
        let space = FreeSpace::of(100);
        let floor = floor(&space);
        floor.check().unwrap();
        space.set(99);
        assert!((0..CALLS).any(|_| floor.check().is_err()));
    }
}
