//! An engine that fails on demand, around a real one: for tests of what the server does then.

use std::io;
use std::sync::atomic::{AtomicI64, Ordering};

use super::{Batch, Direction, Engine, Range, Visit};
use crate::store::Error;

/// Passes everything through until told to fail.
pub struct FaultEngine<E> {
    inner: E,
    writes_left: AtomicI64,
    flushes_left: AtomicI64,
}

impl<E> FaultEngine<E> {
    /// An engine that does not fail yet.
    pub fn new(inner: E) -> Self {
        Self { inner, writes_left: AtomicI64::new(i64::MAX), flushes_left: AtomicI64::new(i64::MAX) }
    }

    /// Lets `count` more batches through; all later ones meet a full disk.
    pub fn fail_writes_after(&self, count: i64) {
        self.writes_left.store(count, Ordering::SeqCst);
    }

    /// Lets `count` more flushes through; all later ones fail.
    pub fn fail_flushes_after(&self, count: i64) {
        self.flushes_left.store(count, Ordering::SeqCst);
    }

    /// Whether a batch or a flush was refused since the last change.
    pub fn has_failed(&self) -> bool {
        self.writes_left.load(Ordering::SeqCst) < 0 || self.flushes_left.load(Ordering::SeqCst) < 0
    }

    /// The disk is well again.
    pub fn heal(&self) {
        self.fail_writes_after(i64::MAX);
        self.fail_flushes_after(i64::MAX);
    }
}

fn spend(left: &AtomicI64) -> Result<(), Error> {
    if left.fetch_sub(1, Ordering::SeqCst) <= 0 {
        return Err(Error::Io(io::Error::from(io::ErrorKind::StorageFull)));
    }
    Ok(())
}

impl<E: Engine> Engine for FaultEngine<E> {
    fn get(&self, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        self.inner.get(key, read)
    }

    fn walk(&self, range: Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        self.inner.walk(range, direction, visit)
    }

    fn apply(&self, batch: Batch) -> Result<(), Error> {
        spend(&self.writes_left)?;
        self.inner.apply(batch)
    }

    fn flush(&self) -> Result<(), Error> {
        spend(&self.flushes_left)?;
        self.inner.flush()
    }

    fn size(&self) -> Result<u64, Error> {
        self.inner.size()
    }
}
