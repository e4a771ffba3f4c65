//! The engine on sled. The only file that says sled.

use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::{Batch, Direction, Engine, Range, Visit};
use crate::store::Error;

/// How long the threads of a database that was just closed may take to let go of it.
const LETTING_GO: Duration = Duration::from_secs(5);

/// A sled database in a directory of its own.
pub struct SledEngine {
    db: sled::Db,
    /// sled's own flush hands the bytes to the kernel; `sync_data` on this makes them durable.
    log: File,
}

impl SledEngine {
    /// Opens or creates the database. `cache` is in bytes.
    ///
    /// A snapshot cut short by a crash makes sled refuse to open although its log is whole; then the
    /// snapshots are moved aside once and rebuilt from the log.
    pub fn open(dir: &Path, cache: u64) -> Result<Self, Error> {
        await_letting_go(dir)?;
        let db = match open(dir, cache) {
            Err(sled::Error::Corruption { .. }) => {
                let moved = move_snapshots_aside(dir)?;
                tracing::warn!(directory = %moved.display(), "the store's snapshot was damaged; rebuilt from its log");
                await_letting_go(dir)?;
                open(dir, cache)
            }
            result => result,
        }?;
        let log = File::open(dir.join("db"))?;
        Ok(Self { db, log })
    }
}

/// Waits until sled's lock is free. sled's threads keep it for a moment after the database was
/// closed; another process cannot have it, since the store holds a lock of its own by now.
fn await_letting_go(dir: &Path) -> io::Result<()> {
    let log = match File::open(dir.join("db")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        result => result?,
    };
    let began = Instant::now();
    loop {
        match log.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if began.elapsed() < LETTING_GO => {
                thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn open(dir: &Path, cache: u64) -> sled::Result<sled::Db> {
    sled::Config::new()
        .path(dir)
        .cache_capacity(cache)
        .mode(sled::Mode::HighThroughput)
        // The store's own thread flushes when somebody waits; this is for the rest.
        .flush_every_ms(Some(1000))
        .open()
}

fn move_snapshots_aside(dir: &Path) -> Result<PathBuf, Error> {
    let aside = dir.join("damaged-snapshots");
    fs::create_dir_all(&aside)?;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            fs::rename(entry.path(), aside.join(entry.file_name()))?;
        }
    }
    Ok(aside)
}

impl Engine for SledEngine {
    fn get(&self, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        if let Some(value) = self.db.get(key)? {
            read(&value);
        }
        Ok(())
    }

    fn walk(&self, range: Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        let mut entries = self.db.range(range);
        loop {
            let entry = match direction {
                Direction::Ascending => entries.next(),
                Direction::Descending => entries.next_back(),
            };
            let Some(entry) = entry else { return Ok(()) };
            let (key, value) = entry?;
            if visit(&key, &value) == ControlFlow::Break(()) {
                return Ok(());
            }
        }
    }

    fn apply(&self, batch: Batch) -> Result<(), Error> {
        let mut changes = sled::Batch::default();
        for (key, value) in batch {
            match value {
                Some(value) => changes.insert(key, value),
                None => changes.remove(key),
            }
        }
        Ok(self.db.apply_batch(changes)?)
    }

    fn flush(&self) -> Result<(), Error> {
        self.db.flush()?;
        Ok(self.log.sync_data()?)
    }

    fn size(&self) -> Result<u64, Error> {
        Ok(self.db.size_on_disk()?)
    }
}

impl From<sled::Error> for Error {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Corruption { .. } => Self::Corrupt(error.to_string()),
            sled::Error::Io(error) => Self::Io(error),
            sled::Error::CollectionNotFound(_)
            | sled::Error::Unsupported(_)
            | sled::Error::ReportableBug(_) => Self::Engine(error.to_string()),
        }
    }
}
