//! Moving loose entries into pages.

use std::collections::BTreeMap;
use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::ops::ControlFlow;

use super::page::{Builder, Page, PageSize};
use super::{Packed, page_key, range};
use crate::store::Result;
use crate::store::engine::{Batch, Direction, Range};

/// Fewer loose entries than this are not worth writing their page anew.
pub(super) const WORTH: usize = 16;

/// Loose entries moved in one step at most.
const MOST: usize = 256;

/// What a step of packing has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where the next step goes on; `None` at the end of all keys.
    pub next: Option<Vec<u8>>,
    /// Loose entries that are packed now.
    pub packed: usize,
    /// Loose entries that were passed by.
    pub left: usize,
    /// What [`Packed::commit`] must be given for it.
    pub changes: Batch,
}

impl Packed {
    /// What it takes to pack the next loose entries from this key on, if there are enough where they
    /// stand. An empty key is the beginning. Nobody may write before it is committed.
    pub fn pack(&self, from: &[u8]) -> Result<Step> {
        for (prefix, size) in self.kinds {
            let kind = range::of_kind(*prefix, &(Included(from.to_vec()), Unbounded));
            if range::is_empty(&kind) {
                continue;
            }
            if let Some(first) = self.first_key(&kind)? {
                return self.pack_beside(&first, &kind, *size);
            }
        }
        Ok(Step { next: None, packed: 0, left: 0, changes: Batch::new() })
    }

    pub(super) fn first_key(&self, kind: &Range) -> Result<Option<Vec<u8>>> {
        let mut first = None;
        self.inner.walk(kind.clone(), Direction::Ascending, &mut |key, _| {
            first = Some(key.to_vec());
            ControlFlow::Break(())
        })?;
        Ok(first)
    }

    /// The key that the next page behind this key begins with, if it comes before `end`.
    pub(super) fn page_behind(&self, key: &[u8], end: &Bound<Vec<u8>>) -> Result<Option<Vec<u8>>> {
        let behind = (Excluded(page_key(key)), end.as_ref().map(|key| page_key(key)));
        Ok(self.first_key(&behind)?.map(|key| key[1..].to_vec()))
    }

    /// Packs the loose entries from `first` on that belong into the same page.
    fn pack_beside(&self, first: &[u8], kind: &Range, size: PageSize) -> Result<Step> {
        let mut old = Page::default();
        let at = self.page_of(first, &mut old)?;
        let behind = self.page_behind(first, &kind.1)?;
        let window = (Included(first.to_vec()), behind.clone().map_or_else(|| kind.1.clone(), Excluded));
        let (mut loose, mut large, mut last) = (BTreeMap::new(), 0, None);
        self.inner.walk(window, Direction::Ascending, &mut |key, value| {
            last = Some(key.to_vec());
            if key.len() + value.len() > size.largest_entry() {
                large += 1;
            } else {
                loose.insert(key.to_vec(), value.to_vec());
            }
            if loose.len() + large < MOST { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let next = match last {
            // There is more for this page.
            Some(mut last) if loose.len() + large == MOST => {
                last.push(0);
                Some(last)
            }
            _ => behind.or_else(|| range::key(&kind.1).cloned()),
        };
        if loose.len() < WORTH {
            return Ok(Step { next, packed: 0, left: loose.len() + large, changes: Batch::new() });
        }
        let mut changes: Batch = loose.keys().map(|key| (key.clone(), None)).collect();
        changes.extend(repacked(at, &old, &loose, size));
        Ok(Step { next, packed: loose.len(), left: large, changes })
    }
}

/// The pages that an old page and newer entries make; a newer entry without bytes deletes the old one.
pub(super) fn repacked(
    at: Option<Vec<u8>>,
    old: &Page,
    newer: &BTreeMap<Vec<u8>, Vec<u8>>,
    size: PageSize,
) -> Batch {
    let appends =
        old.len() == 0 || newer.keys().next().is_some_and(|first| **first > *old.key(old.len() - 1));
    let mut entries: BTreeMap<&[u8], &[u8]> =
        (0..old.len()).map(|index| (old.key(index), old.value(index))).collect();
    entries.extend(newer.iter().map(|(key, value)| (key.as_slice(), value.as_slice())));
    entries.retain(|_, value| !value.is_empty());
    // What grows at its end leaves full pages behind. Elsewhere more is to come everywhere, and pages
    // of the same size have room for it.
    let all: usize = entries.iter().map(|(key, value)| key.len() + value.len()).sum();
    let most = if appends { size.bytes() } else { all / all.div_ceil(size.bytes()).max(1) + 1 };
    let mut pages: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let (mut builder, mut filled) = (Builder::default(), 0);
    for (key, value) in entries {
        let length = key.len() + value.len();
        if filled > 0 && filled + length > most {
            pages.extend(builder.finish());
            filled = 0;
        }
        filled += length;
        builder.push(key, value);
    }
    pages.extend(builder.finish());
    let mut batch = Batch::new();
    match (at, pages.first_mut()) {
        // The page goes on answering for the keys before its first entry.
        (Some(at), Some(first)) => first.0 = at,
        (Some(at), None) => batch.push((page_key(&at), None)),
        (None, _) => {}
    }
    batch.extend(pages.into_iter().map(|(first, bytes)| (page_key(&first), Some(bytes))));
    batch
}
