//! What is kept, and how; nobody else knows.
//!
//! Reads go through [`Store::get`] and [`Store::walk`]. Changes go through [`Store::write`]: one
//! writer at a time reads what it needs, and all it puts takes effect together or not at all. A
//! change is on disk once [`Store::durable`] has returned after it.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub mod audit;
pub mod avatars;
pub mod backup;
mod batch;
pub mod blobs;
mod bulk_writes;
pub mod check;
mod codec;
pub mod compact;
mod copy;
pub mod devices;
pub mod directory;
pub mod discussions;
mod durable;
pub mod engine;
pub mod feed;
mod flusher;
pub mod integrations;
pub mod invites;
pub mod jobs;
pub mod key;
mod known;
mod lock;
pub mod message_indexes;
pub mod messages;
mod packing;
mod redo;
pub mod reports;
pub mod roles;
pub mod room_lists;
pub mod rooms;
pub mod schema;
pub mod search;
mod span;
mod swap;
pub mod unread_threads;
mod upgrade;
pub mod uploads;
pub mod users;

pub use batch::Batch;
pub use check::Volume;
pub use codec::{LARGEST_RECORD, decode_body};
pub use engine::Direction;
pub use flusher::Writing;
pub use lock::make_private;
pub use schema::Record;
pub use span::Span;

use blobs::Blobs;
use bulk_writes::BulkWrites;
use compact::Left;
use engine::packed::Packed;
use engine::{Engine, gathered::Gathered, sled::SledEngine, tap::Tap};
use feed::Feed;
use flusher::Flusher;
use key::Key;
use known::Known;
use lock::{has_entries, lock};
use schema::{SCHEMA, Schema};

/// What went wrong with the disk.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the data directory open.
    #[error("another roomscribe is using {0}; stop it, or choose another directory with --data")]
    InUse(PathBuf),
    /// The data was written by a newer program.
    #[error("the data is of layout {found}, this program knows up to {SCHEMA}; use a newer roomscribe")]
    Newer {
        /// The number in the store.
        found: u32,
    },
    /// There is no store, but there are files that belong to one.
    #[error(
        "the store in {0} is gone, but its uploads or exports are still there; restore the directory from a backup"
    )]
    Gone(PathBuf),
    /// A record that does not fit.
    #[error("the {kind} is too large to be kept: at most {LARGEST_RECORD} bytes")]
    TooLarge {
        /// What it is.
        kind: &'static str,
    },
    /// Damaged data. Never served as truth.
    #[error("the store is damaged: {0}; stop the server, run `roomscribe check`, and restore a backup")]
    Corrupt(String),
    /// The engine refused.
    #[error("the store failed: {0}")]
    Engine(String),
    /// The disk refused.
    #[error("the disk refused: {0}")]
    Io(#[from] io::Error),
    /// Something could not be written or flushed before. What the disk holds now is not known.
    #[error("the store has failed; look at the log, make room on its disk, and start again")]
    Failed,
    /// What was acknowledged by nobody could not be brought to disk.
    #[error("the change could not be brought to disk")]
    NotDurable,
}

/// The result of everything the store does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An open data directory.
pub struct Store {
    /// Where readers look.
    engine: Arc<dyn Engine>,
    /// The same, where writers write.
    packed: Arc<Packed>,
    /// The engine below those, which gathers what is written.
    gathered: Arc<Gathered>,
    /// The engine below everything else: backups copy what is there.
    tap: Arc<Tap>,
    /// Where changes wait that are many at once.
    bulk: Option<BulkWrites>,
    flusher: Flusher,
    writer: Mutex<()>,
    feed: Feed,
    known: Known,
    sealed: search::Sealed,
    blobs: Blobs,
    was_upgraded: bool,
    /// Held as long as the store is open; the lock goes with the file.
    lock: File,
}

impl Store {
    /// Opens or creates the store in a data directory. `cache` is in bytes.
    pub fn open(data_dir: &Path, cache: u64) -> Result<Self> {
        let open = |lock| {
            let engine = |dir: &Path| Ok(Arc::new(SledEngine::open(dir, cache)?) as Arc<dyn Engine>);
            Self::open_locked(lock, data_dir, engine, |packed| packed)
        };
        let store = open(lock(data_dir)?)?;
        if !store.was_upgraded {
            return Ok(store);
        }
        match compact::after_upgrade(store, data_dir)? {
            Left::Open(store) => Ok(*store),
            Left::Closed(lock) => open(lock),
        }
    }

    /// The same over another engine; tests bring one that fails.
    pub fn open_with(data_dir: &Path, engine: impl FnOnce(&Path) -> Result<Arc<dyn Engine>>) -> Result<Self> {
        Self::open_between(data_dir, engine, |packed| packed)
    }

    /// The same with something between the engine and who reads; tests hold readers there.
    pub fn open_between(
        data_dir: &Path,
        engine: impl FnOnce(&Path) -> Result<Arc<dyn Engine>>,
        above: impl FnOnce(Arc<dyn Engine>) -> Arc<dyn Engine>,
    ) -> Result<Self> {
        Self::open_locked(lock(data_dir)?, data_dir, engine, above)
    }

    fn open_locked(
        lock: File,
        data_dir: &Path,
        engine: impl FnOnce(&Path) -> Result<Arc<dyn Engine>>,
        above: impl FnOnce(Arc<dyn Engine>) -> Arc<dyn Engine>,
    ) -> Result<Self> {
        swap::recover(data_dir)?;
        if !Self::exists(data_dir)
            && (has_entries(&data_dir.join("uploads"))? || has_entries(&data_dir.join("exports"))?)
        {
            return Err(Error::Gone(data_dir.to_owned()));
        }
        let database = data_dir.join(swap::STORE);
        let engine = engine(&database)?;
        redo::recover(&database, &*engine)?;
        let tap = Arc::new(Tap::around(engine));
        let gathered = Arc::new(Gathered::around(Arc::clone(&tap) as Arc<dyn Engine>));
        let packed = Arc::new(Packed::new(Arc::clone(&gathered) as Arc<dyn Engine>, schema::PACKED));
        let flusher = Flusher::start(Arc::clone(&packed) as Arc<dyn Engine>)?;
        let engine = above(Arc::clone(&packed) as Arc<dyn Engine>);
        let blobs = Blobs::open(data_dir)?;
        let (bulk, writer, feed, known, sealed, was_upgraded) = Default::default();
        let mut store = Self {
            engine,
            packed,
            gathered,
            tap,
            bulk,
            flusher,
            writer,
            feed,
            known,
            sealed,
            blobs,
            was_upgraded,
            lock,
        };
        store.was_upgraded = store.check_schema()?;
        directory::build(&store)?;
        Ok(store)
    }

    /// Whether there is a store in this data directory.
    pub fn exists(data_dir: &Path) -> bool {
        swap::exists(data_dir)
    }

    /// Closes everything but the data directory, which stays locked.
    fn close(self) -> File {
        self.lock
    }

    /// Whether an older program's layout had to be changed.
    fn check_schema(&self) -> Result<bool> {
        match self.get::<Schema>(&("schema".to_owned(),))? {
            Some(Schema(found)) if found > SCHEMA => Err(Error::Newer { found }),
            Some(Schema(SCHEMA)) => Ok(false),
            Some(Schema(found)) => self.upgrade(found).map(|()| true),
            None => self.put_schema().map(|()| false),
        }
    }

    fn put_schema(&self) -> Result<()> {
        self.write(|batch| batch.put(&("schema".to_owned(),), &Schema(SCHEMA)))?;
        self.durable_blocking()
    }

    /// The record at this key.
    pub fn get<R: Record>(&self, key: &R::Key) -> Result<Option<R>> {
        self.get_encoded(&key::encode(R::PREFIX, key))
    }

    fn get_encoded<R: Record>(&self, key: &[u8]) -> Result<Option<R>> {
        let mut found = None;
        self.engine.get(key, &mut |bytes| found = Some(codec::decode(bytes)))?;
        found.transpose()
    }

    /// Whether there is a record at this key.
    pub fn has<R: Record>(&self, key: &R::Key) -> Result<bool> {
        self.has_encoded(&key::encode(R::PREFIX, key))
    }

    fn has_encoded(&self, key: &[u8]) -> Result<bool> {
        let mut found = false;
        self.engine.get(key, &mut |_| found = true)?;
        Ok(found)
    }

    /// Walks the records of `range` in order, decoding one at a time, until `each` breaks.
    pub fn walk<R: Record, E: From<Error>>(
        &self,
        range: Span,
        direction: Direction,
        mut each: impl FnMut(R::Key, R) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.walk_bytes::<R, E>(range, direction, |key, value| {
            each(decode_key::<R>(key)?, codec::decode(value)?)
        })
    }

    /// The same for records that know their keys: these are not decoded.
    pub fn walk_records<R: Record, E: From<Error>>(
        &self,
        range: Span,
        direction: Direction,
        mut each: impl FnMut(R) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.walk_bytes::<R, E>(range, direction, |_, value| each(codec::decode(value)?))
    }

    fn walk_bytes<R: Record, E: From<Error>>(
        &self,
        range: Span,
        direction: Direction,
        mut each: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let mut failure = None;
        self.engine.walk(range.bounds::<R>(), direction, &mut |key, value| {
            each(key, value).unwrap_or_else(|error| {
                failure = Some(error);
                ControlFlow::Break(())
            })
        })?;
        failure.map_or(Ok(()), Err)
    }

    /// The first `limit` records of `range` after `skip`.
    pub fn list<R: Record>(
        &self,
        range: Span,
        direction: Direction,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<(R::Key, R)>> {
        let (mut found, mut skipped) = (Vec::new(), 0);
        if limit == 0 {
            return Ok(found);
        }
        self.walk::<R, Error>(range, direction, |key, record| {
            if skipped < skip {
                skipped += 1;
                return Ok(ControlFlow::Continue(()));
            }
            found.push((key, record));
            Ok(if found.len() == limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(found)
    }

    /// Counts the entries of `range`, at most to `limit`.
    pub fn count<R: Record>(&self, range: Span, limit: u64) -> Result<u64> {
        let mut count = 0;
        self.engine.walk(range.bounds::<R>(), Direction::Ascending, &mut |_, _| {
            count += 1;
            if count >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(count)
    }

    /// Changes records together. While `change` runs nobody else writes, so what it reads stays true.
    /// If it fails, nothing has happened. That the disk refuses it may show only to who waits for the
    /// disk. Once the store has failed, nothing is written any more.
    pub fn write<T, E: From<Error>>(
        &self,
        change: impl FnOnce(&mut Batch<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _writing = self.flusher.writing();
        // A writer that panicked has applied nothing, so the lock guards nothing broken.
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if self.has_failed() {
            return Err(Error::Failed.into());
        }
        let mut batch = Batch::new(self);
        let value = change(&mut batch)?;
        let (changes, before) = batch.into_changes();
        if !changes.is_empty() {
            let told = self.feed.note(&*self.engine, &changes, &before)?;
            let touched = Known::touched(&changes);
            self.take_in(changes)?;
            self.known.forget(touched);
            self.feed.tell(told);
        }
        Ok(value)
    }

    /// Applies what the engine has prepared. The caller has the writer's lock.
    fn commit(&self, changes: engine::Batch) -> Result<()> {
        if self.has_failed() {
            return Err(Error::Failed);
        }
        if changes.is_empty() {
            return Ok(());
        }
        self.packed.commit(changes).inspect_err(|_| self.flusher.failed())?;
        self.flusher.applied();
        Ok(())
    }

    /// Uploaded bytes.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// Bytes of the database on disk, uploads not counted.
    pub fn size(&self) -> Result<u64> {
        self.engine.size()
    }
}

fn decode_key<R: Record>(bytes: &[u8]) -> Result<R::Key> {
    R::Key::decode(&bytes[1..])
        .ok_or_else(|| Error::Corrupt(format!("the key of a {} cannot be read", R::NAME)))
}
