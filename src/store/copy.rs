//! A new database that is filled with the entries of another, part by part.

use std::path::Path;

use super::Result;
use super::engine::{self, Engine, sled::SledEngine};

/// Bytes that are copied at a time.
const PART: usize = 64 * 1024;
/// After so many parts they are brought to disk: a disk that has a lot to do at once keeps the
/// server beside waiting.
const PARTS_BETWEEN_FLUSHES: u32 = 16;
/// What the copy keeps in memory.
const CACHE: u64 = 16 << 20;

/// A database that is being filled.
pub(super) struct Copy {
    engine: SledEngine,
    part: engine::Batch,
    size: usize,
    parts: u32,
}

impl Copy {
    /// Begins one in this directory, which is not there or empty.
    pub(super) fn begin(directory: &Path) -> Result<Self> {
        let engine = SledEngine::open(directory, CACHE)?;
        Ok(Self { engine, part: engine::Batch::new(), size: 0, parts: 0 })
    }

    /// Takes a change in. How many were written because of it: none until a part is full.
    pub(super) fn take(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<u64> {
        self.size += key.len() + value.as_ref().map_or(0, Vec::len);
        self.part.push((key, value));
        if self.size >= PART { self.write() } else { Ok(0) }
    }

    /// Writes what is not written yet, and tells how much that was.
    pub(super) fn write(&mut self) -> Result<u64> {
        let part = std::mem::take(&mut self.part);
        let count = part.len() as u64;
        self.size = 0;
        self.parts += 1;
        self.engine.apply(part)?;
        if self.parts.is_multiple_of(PARTS_BETWEEN_FLUSHES) {
            self.engine.flush()?;
        }
        Ok(count)
    }

    /// All of it is on disk when this returns. How many changes were not written before.
    pub(super) fn finish(mut self) -> Result<u64> {
        let count = self.write()?;
        self.engine.flush()?;
        Ok(count)
    }
}
