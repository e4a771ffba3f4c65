//! The engine on sled. The only file that says sled.

use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::contained::contained;
use super::large::LargeFiles;
use super::mark::{self, Mark};
use super::{Batch, Direction, Engine, Range, Visit, log};
use crate::store::Error;

/// How long the threads of a database that was just closed may take to let go of it.
const LETTING_GO: Duration = Duration::from_secs(5);

/// A sled database in a directory of its own.
pub struct SledEngine {
    db: sled::Db,
    /// sled's own flush hands the bytes to the kernel; `sync_data` on this makes them durable.
    log: File,
    /// Tells a log that ends early from one that a crash cut off: a tree of its own has the number.
    marks: sled::Tree,
    mark: Mutex<Mark>,
    large: Mutex<LargeFiles>,
}

/// The key of the number.
const MARK: &[u8] = b"mark";

impl SledEngine {
    /// Opens or creates the database. `cache` is in bytes.
    ///
    /// A damaged snapshot makes sled refuse to open although its log is whole; then the snapshots
    /// are moved aside and rebuilt from the log. Damage to the log itself is an error.
    pub fn open(dir: &Path, cache: u64) -> Result<Self, Error> {
        await_letting_go(dir)?;
        fs::create_dir_all(dir)?;
        if let Some(snapshot) = log::damaged_snapshot(dir)? {
            let moved = move_snapshots_aside(dir)?;
            let (snapshot, directory) = (snapshot.display(), moved.display());
            tracing::warn!(%snapshot, %directory, "a snapshot of the store is damaged; it is rebuilt from the log");
        }
        Self::open_whole(dir, cache).map_err(|error| match error {
            Error::Corrupt(damage) => {
                let mark = mark::path(dir);
                let hint = format!("to see what is left, remove {} in a copy of the data", mark.display());
                Error::Corrupt(format!("{damage} ({hint})"))
            }
            error => error,
        })
    }

    fn open_whole(dir: &Path, cache: u64) -> Result<Self, Error> {
        if let Some(noted) = mark::noted(dir)? {
            log::verify(dir, &mark::line(noted))?;
        }
        let (db, marks, reached) = contained(|| {
            let db = open(dir, cache)?;
            let marks = db.open_tree(MARK)?;
            let reached = marks.get(MARK)?.and_then(|line| mark::parse(&line));
            Ok::<_, sled::Error>((db, marks, reached.unwrap_or(0)))
        })?;
        let mark = Mutex::new(Mark::open(dir, reached)?);
        let log = File::open(dir.join("db"))?;
        let large = Mutex::new(LargeFiles::open(dir)?);
        Ok(Self { db, log, marks, mark, large })
    }
}

/// Waits until sled's lock is free. sled's threads keep it for a moment after the database was
/// closed; another process cannot have it, since the store holds a lock of its own by now.
pub fn await_letting_go(dir: &Path) -> io::Result<()> {
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
        if let Some(value) = contained(|| self.db.get(key))? {
            read(&value);
        }
        Ok(())
    }

    fn walk(&self, range: Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        let mut entries = self.db.range(range);
        loop {
            let entry = contained(|| {
                match direction {
                    Direction::Ascending => entries.next(),
                    Direction::Descending => entries.next_back(),
                }
                .transpose()
            })?;
            let Some((key, value)) = entry else { return Ok(()) };
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
        contained(|| self.db.apply_batch(changes))
    }

    fn flush(&self) -> Result<(), Error> {
        let mut mark = self.mark.lock().unwrap_or_else(PoisonError::into_inner);
        contained(|| {
            self.marks.insert(MARK, mark.next().as_bytes())?;
            self.db.flush()
        })?;
        self.large.lock().unwrap_or_else(PoisonError::into_inner).sync()?;
        self.log.sync_data()?;
        Ok(mark.advance()?)
    }

    /// Reads the key again and again. sled's cache has 256 parts, and looks how full one is when nodes in
    /// it were looked at 64 times; a walk looks at each only some times, and a room would fit many times
    /// over before anything of it went.
    fn passed(&self, key: &[u8]) -> Result<(), Error> {
        const LOOKS: usize = 32;
        contained(|| (0..LOOKS).try_for_each(|_| self.db.get(key).map(drop)))
    }

    fn size(&self) -> Result<u64, Error> {
        Ok(self.db.size_on_disk()?)
    }
}

impl From<sled::Error> for Error {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Corruption { at: Some(at), .. } => {
                Self::Corrupt(format!("its log cannot be read: {at}"))
            }
            sled::Error::Corruption { at: None, .. } => Self::Corrupt("its log cannot be read".to_owned()),
            // The database is shorter than it knows to be.
            sled::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::Corrupt(format!("a file of it ends early: {error}"))
            }
            sled::Error::Io(error) => Self::Io(error),
            // What sled calls a bug of its own is a page that should be there and is not.
            sled::Error::CollectionNotFound(_) | sled::Error::ReportableBug(_) => {
                Self::Corrupt(error.to_string())
            }
            sled::Error::Unsupported(_) => Self::Engine(error.to_string()),
        }
    }
}
