//! Writing: loose as a rule, and into pages at once where a batch brings many neighbours.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::atomic::Ordering;

use super::pack::{WORTH, repacked};
use super::page::{Page, PageSize};
use super::{Packed, range};
use crate::store::Result;
use crate::store::engine::Batch;

/// After so many neighbourhoods with too few entries of a batch no more are looked for.
const TRIES: usize = 4;

/// Changes of one kind, in order.
type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

impl Packed {
    /// The changes that a batch means to the engine below. Reading damaged pages fails here, before
    /// anything is changed.
    pub fn prepare(&self, batch: Batch) -> Result<Batch> {
        let mut below = Batch::with_capacity(batch.len());
        let mut kinds: BTreeMap<u8, (PageSize, Changes)> = BTreeMap::new();
        for (key, value) in batch {
            match key.first().and_then(|prefix| self.page_size(*prefix)) {
                Some(size) => {
                    let (_, changes) = kinds.entry(key[0]).or_insert_with(|| (size, Changes::new()));
                    changes.insert(key, value);
                }
                None => below.push((key, value)),
            }
        }
        for (prefix, (size, mut changes)) in kinds {
            self.pack_at_once(prefix, size, &mut changes, &mut below)?;
            self.changes.fetch_add(changes.len() as u64, Ordering::Relaxed);
            let mut page = Page::default();
            for (key, value) in changes {
                let in_page = |page: &mut Page| -> Result<bool> {
                    Ok(self.page_of(&key, page)?.is_some() && page.get(&key).is_some())
                };
                // A tombstone hides what a page still has.
                let value = if value.is_none() && in_page(&mut page)? { Some(Vec::new()) } else { value };
                below.push((key, value));
            }
        }
        Ok(below)
    }

    /// Applies what [`prepare`](Self::prepare) or [`pack`](Self::pack) has worked out.
    pub fn commit(&self, changes: Batch) -> Result<()> {
        self.inner.apply(changes)
    }

    /// Takes out of the changes of a kind those that are many enough to write their page anew.
    fn pack_at_once(
        &self,
        prefix: u8,
        size: PageSize,
        changes: &mut Changes,
        below: &mut Batch,
    ) -> Result<()> {
        let whole = range::of_kind(prefix, &(Unbounded, Unbounded));
        let (mut from, mut tries, mut page) = (vec![prefix], TRIES, Page::default());
        while tries > 0 && changes.len() >= WORTH {
            let Some((first, _)) = changes.range(from.clone()..).next() else { break };
            let first = first.clone();
            let behind = self.page_behind(&first, &whole.1)?;
            let end = behind.clone().map_or_else(|| whole.1.clone(), Excluded);
            let window = (Included(first.clone()), end);
            let beside = changes.range(window.clone());
            let mut moving = BTreeMap::new();
            for (key, value) in beside {
                if key.len() + value.as_ref().map_or(0, Vec::len) <= size.largest_entry() {
                    moving.insert(key.clone(), value.clone().unwrap_or_default());
                }
            }
            if moving.len() < WORTH {
                tries -= 1;
            } else {
                let at = self.page_of(&first, &mut page)?;
                if at.is_none() {
                    page = Page::default();
                }
                // Looking for each of them takes longer than all else where there are none.
                let has_loose = self.first_key(&window)?.is_some();
                for key in moving.keys() {
                    changes.remove(key);
                    let mut loose = false;
                    if has_loose {
                        self.inner.get(key, &mut |_| loose = true)?;
                    }
                    if loose {
                        below.push((key.clone(), None));
                    }
                }
                below.extend(repacked(at, &page, &moving, size));
            }
            match behind {
                Some(behind) => from = behind,
                None => break,
            }
        }
        Ok(())
    }
}
