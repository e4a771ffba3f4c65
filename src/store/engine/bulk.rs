//! Gathers changes in memory until they are many, around an engine to which many come cheaper than one by one.
//!
//! Entries that come in no order are dear to [`packed`](super::packed): each is written loose, and its page
//! anew once there are some for it. Of a hundred thousand at once every page gets its share. Whole batches
//! are gathered and handed on as one, so each still takes effect as a whole or not at all.
//!
//! For one thread that writes and reads for itself: a walk that goes on while others have everything
//! handed on may miss some of it.

use std::collections::BTreeMap;
use std::ops::Bound::Excluded;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::filter::Filter;
use super::packed::range::is_empty;
use super::{Batch, Direction, Engine, Range, Visit};
use crate::store::Error;

/// What an entry takes in memory beside its bytes, about.
const OVERHEAD: usize = 80;

/// The engine below, as it will be.
pub struct Bulk {
    below: Arc<dyn Engine>,
    waiting: Mutex<Waiting>,
    /// Which keys may be below.
    filter: Option<Mutex<Filter>>,
}

#[derive(Default)]
struct Waiting {
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    size: usize,
}

type Change = (Vec<u8>, Option<Vec<u8>>);

impl Bulk {
    /// Gathers before this engine. A filter has all keys of its kinds that are there.
    pub fn before(below: Arc<dyn Engine>, filter: Option<Filter>) -> Self {
        Self { below, waiting: Mutex::default(), filter: filter.map(Mutex::new) }
    }

    /// How many bytes of memory the changes take, about.
    pub fn size(&self) -> usize {
        self.waiting().size
    }

    /// All that was gathered, to be applied below before anybody reads on.
    pub fn take(&self) -> Batch {
        let changes: Batch = std::mem::take(&mut *self.waiting()).changes.into_iter().collect();
        if let Some(mut filter) = self.filter() {
            for (key, _) in &changes {
                filter.add(key);
            }
        }
        changes
    }

    fn filter(&self) -> Option<MutexGuard<'_, Filter>> {
        self.filter.as_ref().map(|filter| filter.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first change of this range.
    fn first(&self, range: Range, direction: Direction) -> Option<Change> {
        if is_empty(&range) {
            return None;
        }
        let waiting = self.waiting();
        let mut changes = waiting.changes.range(range);
        let first = match direction {
            Direction::Ascending => changes.next(),
            Direction::Descending => changes.next_back(),
        };
        first.map(|(key, value)| (key.clone(), value.clone()))
    }
}

/// What is left of a walk over the changes.
struct Rest<'a> {
    bulk: &'a Bulk,
    range: Range,
    direction: Direction,
    next: Option<Change>,
}

impl Rest<'_> {
    /// The next change, if it stands before `limit` or there.
    fn until(&mut self, limit: Option<&[u8]>) -> Option<Change> {
        let (key, _) = self.next.as_ref()?;
        let is_later = limit.is_some_and(|limit| match self.direction {
            Direction::Ascending => key.as_slice() > limit,
            Direction::Descending => key.as_slice() < limit,
        });
        if is_later {
            return None;
        }
        match self.direction {
            Direction::Ascending => self.range.0 = Excluded(key.clone()),
            Direction::Descending => self.range.1 = Excluded(key.clone()),
        }
        let next = self.bulk.first(self.range.clone(), self.direction);
        std::mem::replace(&mut self.next, next)
    }
}

impl Engine for Bulk {
    fn get(&self, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let change = self.waiting().changes.get(key).cloned();
        match change {
            Some(value) => value.as_deref().map(read),
            None if self.filter().is_some_and(|filter| !filter.may_hold(key)) => None,
            None => return self.below.get(key, read),
        };
        Ok(())
    }

    fn walk(&self, range: Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        let next = self.first(range.clone(), direction);
        if next.is_none() {
            if self.filter().is_some_and(|filter| !filter.may_hold_some(&range)) {
                return Ok(());
            }
            return self.below.walk(range, direction, visit);
        }
        let mut rest = Rest { bulk: self, range: range.clone(), direction, next };
        let mut flow = ControlFlow::Continue(());
        self.below.walk(range, direction, &mut |key, value| {
            while let Some((at, change)) = rest.until(Some(key)) {
                if let Some(value) = &change {
                    flow = visit(&at, value);
                }
                if flow.is_break() || at == key {
                    return flow;
                }
            }
            flow = visit(key, value);
            flow
        })?;
        while flow.is_continue()
            && let Some((at, change)) = rest.until(None)
        {
            if let Some(value) = &change {
                flow = visit(&at, value);
            }
        }
        Ok(())
    }

    fn apply(&self, batch: Batch) -> Result<(), Error> {
        let mut waiting = self.waiting();
        for (key, value) in batch {
            let bytes = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, Vec::len);
            waiting.size += bytes(&value);
            let new = key.len() + OVERHEAD;
            match waiting.changes.insert(key, value) {
                Some(old) => waiting.size -= bytes(&old),
                None => waiting.size += new,
            }
        }
        Ok(())
    }

    /// Hands everything on first.
    fn flush(&self) -> Result<(), Error> {
        self.below.apply(self.take())?;
        self.below.flush()
    }

    fn passed(&self, key: &[u8]) -> Result<(), Error> {
        self.below.passed(key)
    }

    fn size(&self) -> Result<u64, Error> {
        self.below.size()
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Bound::{self, Included, Unbounded};

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::store::engine::memory::Memory;

    fn bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
        let key = || (0_u8..40).prop_map(|key| vec![key]);
        prop_oneof![key().prop_map(Included), key().prop_map(Excluded), Just(Unbounded)]
    }

    fn walked(
        engine: &dyn Engine,
        range: Range,
        direction: Direction,
        most: usize,
    ) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut found = Vec::new();
        let mut visit = |key: &[u8], value: &[u8]| {
            found.push((key.to_vec(), value.to_vec()));
            if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        engine.walk(range, direction, &mut visit).unwrap();
        found
    }

    proptest! {
        #[test]
        fn what_is_gathered_reads_as_if_it_had_been_applied(
            batches in vec((vec((0_u8..40, prop::option::of(0_u8..9)), 1..12), any::<bool>()), 0..12),
            filtered in any::<bool>(),
            ranges in vec((bound(), bound(), any::<bool>(), 1_usize..50), 1..20),
        ) {
            let (plain, below) = (Memory::default(), Arc::new(Memory::default()));
            let filter = filtered.then(|| Filter::of((0..40).collect()));
            let gathered = Bulk::before(Arc::clone(&below) as Arc<dyn Engine>, filter);
            for (batch, flushes) in batches {
                let batch: Batch =
                    batch.into_iter().map(|(key, value)| (vec![key], value.map(|value| vec![value; 3]))).collect();
                plain.apply(batch.clone()).unwrap();
                gathered.apply(batch).unwrap();
                if flushes {
                    gathered.flush().unwrap();
                    prop_assert_eq!(Bulk::size(&gathered), 0);
                    prop_assert_eq!(&*below.entries(), &*plain.entries());
                }
            }
            for (low, high, ascends, most) in ranges {
                let range = (low, high);
                if is_empty(&range) {
                    continue;
                }
                let direction = if ascends { Direction::Ascending } else { Direction::Descending };
                prop_assert_eq!(
                    walked(&gathered, range.clone(), direction, most),
                    walked(&plain, range, direction, most)
                );
            }
            for key in 0..40 {
                let (mut expected, mut found) = (None, None);
                plain.get(&[key], &mut |value| expected = Some(value.to_vec())).unwrap();
                gathered.get(&[key], &mut |value| found = Some(value.to_vec())).unwrap();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
