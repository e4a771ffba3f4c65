//! Walks over loose and packed entries together, window by window.
//!
//! A window is a stretch of keys with few enough loose entries to hold them in memory. These are read
//! first, then the pages, one at a time; see the module above for why nothing is missed.

use std::ops::Bound::{self, Excluded, Included};
use std::ops::ControlFlow;

use super::page::Page;
use super::range::{contains, is_empty, key};
use super::{Packed, page_key};
use crate::store::Result;
use crate::store::engine::{Direction, Range, Visit};

/// Loose entries and pages of one window at most. The first windows are smaller, for most walks end soon.
#[derive(Clone, Copy)]
struct Bounds {
    loose: usize,
    pages: usize,
}

impl Bounds {
    const FIRST: Self = Self { loose: 16, pages: 1 };

    const LARGEST: Self = Self { loose: 256, pages: 16 };

    fn next(self) -> Self {
        let Self { loose, pages } = Self::LARGEST;
        Self { loose: loose.min(self.loose * 2), pages: pages.min(self.pages * 2) }
    }
}

/// Keys and values.
type Entries = Vec<(Vec<u8>, Vec<u8>)>;

/// The loose entries of a window, not yet merged, and who gets them.
struct Merge<'a, 'b> {
    loose: Entries,
    next: usize,
    direction: Direction,
    visit: &'a mut Visit<'b>,
}

impl Merge<'_, '_> {
    /// Shows the loose entries that come before `limit`, all if there is none. Whether one stood there.
    fn loose_before(&mut self, limit: Option<&[u8]>) -> ControlFlow<(), bool> {
        while let Some((key, value)) = self.loose.get(self.next) {
            if let Some(limit) = limit {
                let comes_first = match self.direction {
                    Direction::Ascending => key.as_slice() < limit,
                    Direction::Descending => key.as_slice() > limit,
                };
                if key == limit {
                    self.next += 1;
                    self.show(self.next - 1)?;
                    return ControlFlow::Continue(true);
                }
                if !comes_first {
                    break;
                }
            }
            self.next += 1;
            if !value.is_empty() {
                self.show(self.next - 1)?;
            }
        }
        ControlFlow::Continue(false)
    }

    fn show(&mut self, index: usize) -> ControlFlow<()> {
        let (key, value) = &self.loose[index];
        if value.is_empty() { ControlFlow::Continue(()) } else { (self.visit)(key, value) }
    }

    /// Shows the entries of a page that are in the window, and the loose ones between.
    fn page(&mut self, page: &Page, window: &Range) -> ControlFlow<()> {
        for step in 0..page.len() {
            let index = match self.direction {
                Direction::Ascending => step,
                Direction::Descending => page.len() - 1 - step,
            };
            let key = page.key(index);
            if !contains(window, key) {
                continue;
            }
            if !self.loose_before(Some(key))? {
                (self.visit)(key, page.value(index))?;
            }
        }
        ControlFlow::Continue(())
    }
}

impl Packed {
    /// Walks a range of one kind, smallest key first; whether `visit` broke.
    pub(super) fn ascend(&self, prefix: u8, range: Range, visit: &mut Visit<'_>) -> Result<ControlFlow<()>> {
        let (mut low, high) = range;
        let mut bounds = Bounds::FIRST;
        let mut page = Page::default();
        loop {
            let first = key(&low).cloned().unwrap_or_else(|| vec![prefix]);
            let behind = self.nth_page(
                (Excluded(page_key(&first)), high.as_ref().map(|key| page_key(key))),
                Direction::Ascending,
                bounds.pages,
            )?;
            let mut window = (low, behind.map_or_else(|| high.clone(), Excluded));
            let (loose, cut) = self.loose(&window, Direction::Ascending, bounds.loose)?;
            if let Some(last) = cut {
                window.1 = Included(last);
            }
            let from = (Included(page_key(&[prefix])), Included(page_key(&first)));
            let from = self.nth_page(from, Direction::Descending, 1)?.unwrap_or(first);
            let mut merge = Merge { loose, next: 0, direction: Direction::Ascending, visit: &mut *visit };
            let pages_of_it = (Included(page_key(&from)), window.1.as_ref().map(|key| page_key(key)));
            let mut result = Ok(ControlFlow::Continue(()));
            self.inner.walk(pages_of_it, Direction::Ascending, &mut |_, bytes| {
                result = page.read(bytes).map(|()| merge.page(&page, &window));
                if matches!(result, Ok(ControlFlow::Continue(()))) {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            })?;
            if result?.is_break() || merge.loose_before(None).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if bounds.pages == Bounds::LARGEST.pages {
                self.inner.passed(&page_key(&from))?;
            }
            low = match window.1 {
                end if end == high => return Ok(ControlFlow::Continue(())),
                Excluded(end) => Included(end),
                Included(end) => Excluded(end),
                Bound::Unbounded => return Ok(ControlFlow::Continue(())),
            };
            if is_empty(&(low.clone(), high.clone())) {
                return Ok(ControlFlow::Continue(()));
            }
            bounds = bounds.next();
        }
    }

    /// Walks a range of one kind, largest key first; whether `visit` broke.
    pub(super) fn descend(&self, prefix: u8, range: Range, visit: &mut Visit<'_>) -> Result<ControlFlow<()>> {
        let (low, mut high) = range;
        let mut bounds = Bounds::FIRST;
        let mut page = Page::default();
        loop {
            let below = || (Included(page_key(&[prefix])), high.as_ref().map(|key| page_key(key)));
            let start = self.nth_page(below(), Direction::Descending, bounds.pages)?;
            let start = start.filter(|start| contains(&(low.clone(), Bound::Unbounded), start));
            let mut window = (start.map_or_else(|| low.clone(), Included), high.clone());
            let (loose, cut) = self.loose(&window, Direction::Descending, bounds.loose)?;
            if let Some(last) = cut {
                window.0 = Included(last);
            }
            let mut merge = Merge { loose, next: 0, direction: Direction::Descending, visit: &mut *visit };
            let mut result = Ok(ControlFlow::Continue(()));
            self.inner.walk(below(), Direction::Descending, &mut |at, bytes| {
                result = page.read(bytes).map(|()| merge.page(&page, &window));
                let reaches_down = key(&window.0).is_some_and(|lowest| at[1..] <= lowest[..]);
                if reaches_down || !matches!(result, Ok(ControlFlow::Continue(()))) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })?;
            if result?.is_break() || merge.loose_before(None).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            high = match window.0 {
                end if end == low => return Ok(ControlFlow::Continue(())),
                Included(end) | Excluded(end) => Excluded(end),
                Bound::Unbounded => return Ok(ControlFlow::Continue(())),
            };
            if is_empty(&(low.clone(), high.clone())) {
                return Ok(ControlFlow::Continue(()));
            }
            bounds = bounds.next();
        }
    }

    /// The key of the `nth` page in this range of pages; `None` if there are fewer.
    fn nth_page(&self, range: Range, direction: Direction, nth: usize) -> Result<Option<Vec<u8>>> {
        if is_empty(&range) {
            return Ok(None);
        }
        let (mut count, mut found) = (0, None);
        self.inner.walk(range, direction, &mut |at, _| {
            count += 1;
            if count < nth {
                return ControlFlow::Continue(());
            }
            found = Some(at[1..].to_vec());
            ControlFlow::Break(())
        })?;
        Ok(found)
    }

    /// The first loose entries of a window; and the key of the last of them, if there may be more.
    fn loose(&self, window: &Range, direction: Direction, most: usize) -> Result<(Entries, Option<Vec<u8>>)> {
        let mut loose = Vec::new();
        if is_empty(window) {
            return Ok((loose, None));
        }
        self.inner.walk(window.clone(), direction, &mut |key, value| {
            loose.push((key.to_vec(), value.to_vec()));
            if loose.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let cut = if loose.len() < most { None } else { loose.last().map(|(key, _)| key.clone()) };
        Ok((loose, cut))
    }
}
