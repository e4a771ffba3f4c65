//! The seam under the store: an ordered key-value engine.
//!
//! One real implementation, sled; around it one that gathers small batches and one that packs many
//! small entries into few; and one for tests that fails where it is told to. Everything above speaks only this trait.

use std::ops::{Bound, ControlFlow};

use super::Error;

pub mod bulk;
mod contained;
pub mod fault;
pub mod filter;
pub mod gathered;
mod large;
mod log;
mod mark;
pub mod memory;
pub mod packed;
pub mod sled;
pub mod tap;

/// Keys from the first bound to the second.
pub type Range = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// In which direction a walk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest key first.
    Ascending,
    /// Largest key first.
    Descending,
}

/// What a walk calls for every entry: key and value, lent until it returns.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Changes that take effect together or not at all: values to put, `None` to delete.
pub type Batch = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// An ordered map from bytes to bytes.
pub trait Engine: Send + Sync {
    /// Shows the value at `key` to `read`, if there is one.
    fn get(&self, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<(), Error>;

    /// Shows the entries of `range` in order until `visit` breaks. An error is never "end of data".
    fn walk(&self, range: Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error>;

    /// Applies a batch atomically. It survives a crash of the process only after [`flush`](Self::flush).
    fn apply(&self, batch: Batch) -> Result<(), Error>;

    /// Returns once everything applied before is on disk, power cuts included.
    fn flush(&self) -> Result<(), Error>;

    /// A long walk tells what it has read by now, so that a cache may let go of it in time.
    fn passed(&self, key: &[u8]) -> Result<(), Error>;

    /// Bytes on disk.
    fn size(&self) -> Result<u64, Error>;
}
