//! An engine that gathers what is written and hands it on together.
//!
//! The engine below pays for every batch, however small: sled wakes its threads and asks the disk for
//! two writes. So small batches stay in memory, where all readers find them, until the next flush makes
//! one batch of them. In it a key that was changed several times stands once, with its last value.
//!
//! A change moves down in two steps: it is applied below while it is still here, and forgotten here
//! afterwards. Who looks here first and below afterwards misses nothing.

use std::collections::BTreeMap;
use std::mem;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Batch, Direction, Engine, Range, Visit};
use crate::store::Error;

/// Larger batches are worth their own price and not worth the memory.
const LARGEST: usize = 32 * 1024;
/// Keys and values that are gathered at most; readers wait while so much is applied.
const MOST: usize = 256 * 1024;

type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Gathers changes for the engine below.
pub struct Gathered {
    inner: Arc<dyn Engine>,
    changes: RwLock<Waiting>,
    /// Held by whoever applies anything below: one at a time, so that the order stays. Whether that is
    /// over, for something was refused: what would come after it must not take effect.
    is_over: Mutex<bool>,
}

#[derive(Default)]
struct Waiting {
    newer: Changes,
    /// Bytes of `newer`, replaced values included.
    size: usize,
    /// What is just being applied below.
    older: Arc<Changes>,
}

impl Gathered {
    /// Gathers for this engine.
    pub fn around(inner: Arc<dyn Engine>) -> Self {
        Self { inner, changes: RwLock::default(), is_over: Mutex::new(false) }
    }

    /// Hands on what was gathered, without waiting for the disk.
    pub fn hand_on(&self) -> Result<(), Error> {
        self.hand_on_before(None)
    }

    /// The same, and then a batch that was not gathered.
    fn hand_on_before(&self, last: Option<Batch>) -> Result<(), Error> {
        let mut is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        // It is until this has gone well: a panic is a failure, too.
        if mem::replace(&mut *is_over, true) {
            return Err(Error::Failed);
        }
        let older = {
            let mut changes = self.write();
            let newer = mem::take(&mut *changes).newer;
            changes.older = Arc::new(newer);
            Arc::clone(&changes.older)
        };
        let gathered = older.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let applied = self.pass(gathered).and_then(|()| self.pass(last.unwrap_or_default()));
        let mut changes = self.write();
        // What was refused, and what was changed after it, nobody shall see any longer.
        *is_over = applied.is_err();
        if *is_over {
            *changes = Waiting::default();
        }
        changes.older = Arc::default();
        applied
    }

    fn pass(&self, batch: Batch) -> Result<(), Error> {
        if batch.is_empty() { Ok(()) } else { self.inner.apply(batch) }
    }

    fn read(&self) -> RwLockReadGuard<'_, Waiting> {
        self.changes.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Waiting> {
        self.changes.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What waits in this range, in the order of the walk.
    fn waiting(&self, range: &Range, direction: Direction) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let changes = self.read();
        if changes.newer.is_empty() && changes.older.is_empty() {
            return Vec::new();
        }
        let in_range = |changes: &Changes| -> Changes {
            changes.range(range.clone()).map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        let mut waiting = in_range(&changes.older);
        waiting.extend(in_range(&changes.newer));
        match direction {
            Direction::Ascending => waiting.into_iter().collect(),
            Direction::Descending => waiting.into_iter().rev().collect(),
        }
    }
}

impl Engine for Gathered {
    fn get(&self, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        // Copied, so that `read` may ask for more.
        let waiting = {
            let changes = self.read();
            changes.newer.get(key).or_else(|| changes.older.get(key)).cloned()
        };
        match waiting {
            Some(change) => {
                change.as_deref().map(read);
                Ok(())
            }
            None => self.inner.get(key, read),
        }
    }

    fn walk(&self, range: Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        let waiting = self.waiting(&range, direction);
        if waiting.is_empty() {
            return self.inner.walk(range, direction, visit);
        }
        let mut waiting = waiting.into_iter().peekable();
        let mut flow = ControlFlow::Continue(());
        self.inner.walk(range, direction, &mut |key, value| {
            let is_due = |waits: &[u8]| match direction {
                Direction::Ascending => waits <= key,
                Direction::Descending => waits >= key,
            };
            let mut is_replaced = false;
            while let Some((waits, change)) = waiting.next_if(|(waits, _)| is_due(waits)) {
                is_replaced = waits == key;
                if let Some(value) = change {
                    flow = visit(&waits, &value);
                    if flow.is_break() {
                        return flow;
                    }
                }
            }
            if !is_replaced {
                flow = visit(key, value);
            }
            flow
        })?;
        for (key, change) in waiting {
            if flow.is_break() {
                break;
            }
            if let Some(value) = change {
                flow = visit(&key, &value);
            }
        }
        Ok(())
    }

    /// Applies a batch. Whether it can be applied below shows with the next flush, if not before.
    fn apply(&self, batch: Batch) -> Result<(), Error> {
        let size = |(key, value): &(Vec<u8>, Option<Vec<u8>>)| key.len() + value.as_ref().map_or(0, Vec::len);
        let added: usize = batch.iter().map(size).sum();
        if added > LARGEST {
            return self.hand_on_before(Some(batch));
        }
        let is_much = {
            let mut changes = self.write();
            changes.size += added;
            changes.newer.extend(batch);
            changes.size > MOST
        };
        if is_much { self.hand_on() } else { Ok(()) }
    }

    fn flush(&self) -> Result<(), Error> {
        self.hand_on()?;
        self.inner.flush()
    }

    fn passed(&self, key: &[u8]) -> Result<(), Error> {
        self.inner.passed(key)
    }

    fn size(&self) -> Result<u64, Error> {
        self.inner.size()
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Bound::{Excluded, Included, Unbounded};

    use proptest::prelude::*;

    use super::*;
    use crate::store::engine::fault::FaultEngine;
    use crate::store::engine::memory::Memory;

    fn key(number: u8) -> Vec<u8> {
        vec![number]
    }

    fn entries(
        engine: &dyn Engine,
        range: Range,
        direction: Direction,
        most: usize,
    ) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut found = Vec::new();
        engine
            .walk(range, direction, &mut |key, value| {
                found.push((key.to_vec(), value.to_vec()));
                if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
            .unwrap();
        found
    }

    fn all(engine: &dyn Engine) -> Vec<(Vec<u8>, Vec<u8>)> {
        entries(engine, (Unbounded, Unbounded), Direction::Ascending, usize::MAX)
    }

    fn steps() -> impl Strategy<Value = Vec<(Batch, bool)>> {
        let change = (0..12u8, prop::option::of(any::<u8>()));
        let change = change.prop_map(|(number, value)| (key(number), value.map(|value| vec![value])));
        prop::collection::vec((prop::collection::vec(change, 0..4), any::<bool>()), 0..12)
    }

    proptest! {
        #[test]
        fn it_reads_as_if_nothing_was_gathered(steps in steps(), low in 0..12u8, width in 1..12u8, most in 1..20usize) {
            let (below, plain) = (Arc::new(Memory::default()), Memory::default());
            let gathered = Gathered::around(below);
            for (batch, hands_on) in steps {
                plain.apply(batch.clone()).unwrap();
                gathered.apply(batch).unwrap();
                if hands_on {
                    gathered.hand_on().unwrap();
                }
                for number in 0..12 {
                    let get = |engine: &dyn Engine| {
                        let mut found = None;
                        engine.get(&key(number), &mut |value| found = Some(value.to_vec())).unwrap();
                        found
                    };
                    prop_assert_eq!(get(&gathered), get(&plain));
                }
                let range = (Included(key(low)), Excluded(key(low + width)));
                for direction in [Direction::Ascending, Direction::Descending] {
                    let walk = |engine: &dyn Engine| entries(engine, range.clone(), direction, most);
                    prop_assert_eq!(walk(&gathered), walk(&plain));
                }
            }
        }
    }

    #[test]
    fn small_batches_go_down_as_one_and_large_ones_after_what_was_before() {
        let below = Arc::new(FaultEngine::new(Memory::default()));
        let gathered = Gathered::around(Arc::clone(&below) as Arc<dyn Engine>);
        for number in 0..5 {
            gathered.apply(vec![(key(number), Some(vec![1])), (key(9), Some(vec![number]))]).unwrap();
        }
        assert_eq!((below.calls(), all(&*below).len(), all(&gathered).len()), (0, 0, 6));
        gathered.flush().unwrap();
        assert_eq!((below.calls(), all(&*below)), (2, all(&gathered)));
        gathered.apply(vec![(key(9), None)]).unwrap();
        gathered.apply(vec![(key(9), Some(vec![7; LARGEST]))]).unwrap();
        assert_eq!((below.calls(), all(&*below)), (4, all(&gathered)));
        for _ in 0..=MOST / LARGEST {
            gathered.apply(vec![(key(8), Some(vec![8; LARGEST - 1]))]).unwrap();
        }
        assert_eq!(below.calls(), 5, "there is an end to what is gathered");
    }

    #[test]
    fn nothing_goes_down_after_what_was_refused() {
        let below = Arc::new(FaultEngine::new(Memory::default()));
        let gathered = Gathered::around(Arc::clone(&below) as Arc<dyn Engine>);
        below.fail_writes_after(0);
        gathered.apply(vec![(key(1), Some(vec![1]))]).unwrap();
        assert!(gathered.flush().is_err());
        assert_eq!(all(&gathered), [], "what was refused is seen no longer");
        below.heal();
        gathered.apply(vec![(key(2), Some(vec![2]))]).unwrap();
        assert!(matches!(gathered.flush(), Err(Error::Failed)));
        assert_eq!(all(&*below), []);
    }
}
