//! Packs what people have written: around an engine that pays for every single entry.
//!
//! Entries of some kinds come loose, one by one, as all others do. Later [`Packed::pack`] moves them,
//! some dozens at a time, into compressed pages. A page lies under a zero byte and the key from which
//! on it answers for all keys of its kind, up to the next page. A loose entry hides the one in
//! the page; a loose entry without bytes says that there is none any more.
//!
//! Entries only ever move from loose to packed, and in one batch. Who looks among the loose first and
//! into the pages afterwards misses nothing, so readers need no lock. Writers and `pack` must take turns.

use std::ops::{Bound, ControlFlow};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Batch, Direction, Engine, Range, Visit};
use crate::store::{Error, Result};

mod merge;
mod pack;
mod page;
pub(super) mod range;
#[cfg(test)]
mod tests;
mod write;

pub use pack::Step;
use page::Page;
pub use page::PageSize;

/// First byte of the keys of pages. No kind has it.
const PAGES: u8 = 0;

/// An engine that keeps most entries of some kinds in pages.
pub struct Packed {
    inner: Arc<dyn Engine>,
    /// Prefixes of the kinds that are packed, and how large their pages are.
    kinds: &'static [(u8, PageSize)],
    /// Loose entries that were written since [`Self::take_changes`].
    changes: AtomicU64,
    /// Memory for the next page that is looked into.
    spare: Mutex<Page>,
}

impl Packed {
    /// Packs the kinds of these prefixes.
    pub fn new(inner: Arc<dyn Engine>, kinds: &'static [(u8, PageSize)]) -> Self {
        Self { inner, kinds, changes: AtomicU64::new(0), spare: Mutex::default() }
    }

    /// How many entries of the packed kinds were written since this was last asked.
    pub fn take_changes(&self) -> u64 {
        self.changes.swap(0, Ordering::Relaxed)
    }

    fn is_packed(&self, key: &[u8]) -> bool {
        key.first().is_some_and(|prefix| self.page_size(*prefix).is_some())
    }

    /// How large the pages of a kind are; `None` if it is not packed.
    fn page_size(&self, prefix: u8) -> Option<PageSize> {
        self.kinds.iter().find(|(packed, _)| *packed == prefix).map(|(_, size)| *size)
    }

    /// Calls `read` with the value in the page that answers for this key.
    fn get_packed(&self, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<()> {
        let mut page = std::mem::take(&mut *self.spare.lock().unwrap_or_else(PoisonError::into_inner));
        let mut looked = Ok(());
        let pages = (Bound::Included(page_key(&key[..1])), Bound::Included(page_key(key)));
        self.inner.walk(pages, Direction::Descending, &mut |_, bytes| {
            looked = page.find(bytes, key).map(|value| value.map(&mut *read).unwrap_or_default());
            ControlFlow::Break(())
        })?;
        *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = page;
        looked
    }

    /// Reads the page that answers for this key, if there is one; its own key is the answer.
    fn page_of(&self, key: &[u8], page: &mut Page) -> Result<Option<Vec<u8>>> {
        let mut found = Ok(None);
        let pages = (Bound::Included(page_key(&key[..1])), Bound::Included(page_key(key)));
        self.inner.walk(pages, Direction::Descending, &mut |at, bytes| {
            found = page.read(bytes).map(|()| Some(at[1..].to_vec()));
            ControlFlow::Break(())
        })?;
        found
    }
}

/// Where the page that begins with this key lies.
fn page_key(key: &[u8]) -> Vec<u8> {
    [&[PAGES], key].concat()
}

impl Engine for Packed {
    fn get(&self, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        if !self.is_packed(key) {
            return self.inner.get(key, read);
        }
        let mut loose = false;
        self.inner.get(key, &mut |value| {
            loose = true;
            if !value.is_empty() {
                read(value);
            }
        })?;
        if loose { Ok(()) } else { self.get_packed(key, read) }
    }

    fn walk(&self, range: Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        if let Some(prefix) = range::only_kind(&range) {
            return self.walk_kind(prefix, range, direction, visit).map(drop);
        }
        for step in PAGES + 1..=u8::MAX {
            let prefix = match direction {
                Direction::Ascending => step,
                Direction::Descending => u8::MAX - step + PAGES + 1,
            };
            let part = range::of_kind(prefix, &range);
            if self.walk_kind(prefix, part, direction, visit)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, batch: Batch) -> Result<(), Error> {
        self.commit(self.prepare(batch)?)
    }

    fn flush(&self) -> Result<(), Error> {
        self.inner.flush()
    }

    fn passed(&self, key: &[u8]) -> Result<(), Error> {
        self.inner.passed(key)
    }

    fn size(&self) -> Result<u64, Error> {
        self.inner.size()
    }
}

impl Packed {
    /// Walks the entries of one kind; whether `visit` broke.
    fn walk_kind(
        &self,
        prefix: u8,
        range: Range,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<ControlFlow<()>> {
        if range::is_empty(&range) {
            return Ok(ControlFlow::Continue(()));
        }
        if self.page_size(prefix).is_some() {
            return match direction {
                Direction::Ascending => self.ascend(prefix, range, visit),
                Direction::Descending => self.descend(prefix, range, visit),
            };
        }
        let mut flow = ControlFlow::Continue(());
        self.inner.walk(range, direction, &mut |key, value| {
            flow = visit(key, value);
            flow
        })?;
        Ok(flow)
    }
}
