//! Packing what was written one by one: see [`engine::packed`](super::engine::packed).

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::engine::packed::Step;
use super::{Result, Store};

impl Store {
    /// Goes once over all that is not packed, and tells how many entries it left as they were, for they
    /// are too few or too large. `rest` hears how long each step has kept others from writing, and
    /// says whether to go on.
    pub fn pack(&self, mut rest: impl FnMut(Duration) -> bool) -> Result<u64> {
        let (mut from, mut left) = (Vec::new(), 0);
        loop {
            let began = Instant::now();
            let step = self.pack_some(&from)?;
            left += step.left as u64;
            match step.next {
                Some(next) if rest(began.elapsed()) => from = next,
                _ => return Ok(left),
            }
        }
    }

    fn pack_some(&self, from: &[u8]) -> Result<Step> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut step = self.packed.pack(from)?;
        self.commit(std::mem::take(&mut step.changes))?;
        Ok(step)
    }

    /// How many entries that can be packed were written since this was last asked.
    pub fn take_unpacked(&self) -> u64 {
        self.packed.take_changes()
    }
}
