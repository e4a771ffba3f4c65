//! An engine in memory, for tests that look at what is written or put there what they like.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Batch, Direction, Engine, Range, Visit};
use crate::store::Error;

/// Keeps nothing on disk.
#[derive(Default)]
pub struct Memory(Mutex<BTreeMap<Vec<u8>, Vec<u8>>>);

impl Memory {
    /// All that it holds.
    pub fn entries(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine for Memory {
    fn get(&self, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let value = self.entries().get(key).cloned();
        value.as_deref().map(read);
        Ok(())
    }

    fn walk(&self, range: Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        // Copied, so that `visit` may ask for more.
        let mut found: Vec<_> =
            self.entries().range(range).map(|(key, value)| (key.clone(), value.clone())).collect();
        if direction == Direction::Descending {
            found.reverse();
        }
        for (key, value) in found {
            if visit(&key, &value) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, batch: Batch) -> Result<(), Error> {
        let mut entries = self.entries();
        for (key, value) in batch {
            match value {
                Some(value) => entries.insert(key, value),
                None => entries.remove(&key),
            };
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), Error> {
        Ok(())
    }

    fn passed(&self, _: &[u8]) -> Result<(), Error> {
        Ok(())
    }

    fn size(&self) -> Result<u64, Error> {
        Ok(0)
    }
}
