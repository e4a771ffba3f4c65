//! Writing much at once, where nobody else uses the store: see [`engine::bulk`](super::engine::bulk).

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use super::engine::{self, Engine, bulk::Bulk, filter::Filter};
use super::key::beginning_with;
use super::schema::PACKED;
use super::{Direction, Result, Store, redo, swap};

/// A store that has so many entries of the packed kinds is not gone over before it is written to.
const MOST_KNOWN: u64 = 100_000;

/// Where changes wait until they are many.
pub(super) struct BulkWrites {
    changes: Arc<Bulk>,
    /// So many bytes of memory they may take, about.
    most: usize,
    /// The directory of the database.
    directory: PathBuf,
}

impl Store {
    /// From now on changes are kept in memory until they take about `most` bytes, and then come into the
    /// database together. They are seen at once, but [`durable_blocking`](Self::durable_blocking) alone
    /// brings the last of them there.
    pub fn write_in_bulk(&mut self, data_dir: &Path, most: usize) -> Result<()> {
        let changes = Arc::new(Bulk::before(Arc::clone(&self.engine), self.filter()?));
        self.engine = Arc::clone(&changes) as Arc<dyn Engine>;
        self.bulk = Some(BulkWrites { changes, most, directory: data_dir.join(swap::STORE) });
        Ok(())
    }

    /// What there is of the kinds of which much is written. `None` if that is much already: then most of
    /// what is asked for may be there, and going over all of it would take long.
    fn filter(&self) -> Result<Option<Filter>> {
        let kinds: Vec<u8> = PACKED.iter().map(|(prefix, _)| *prefix).collect();
        let (mut filter, mut count) = (Filter::of(kinds.clone()), 0);
        for prefix in kinds {
            self.engine.walk(beginning_with(vec![prefix]), Direction::Ascending, &mut |key, _| {
                filter.add(key);
                count += 1;
                if count < MOST_KNOWN { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
        }
        Ok((count < MOST_KNOWN).then_some(filter))
    }

    /// Whether no changes wait in memory.
    pub fn is_handed_over(&self) -> bool {
        self.bulk.as_ref().is_none_or(|bulk| bulk.changes.size() == 0)
    }

    /// Brings changes that wait in memory into the database.
    pub(super) fn hand_over(&self) -> Result<()> {
        let Some(bulk) = &self.bulk else { return Ok(()) };
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.hand_on(bulk)
    }

    /// Takes the changes of a batch in. The caller has the writer's lock.
    pub(super) fn take_in(&self, changes: engine::Batch) -> Result<()> {
        let Some(bulk) = &self.bulk else { return self.commit(self.packed.prepare(changes)?) };
        bulk.changes.apply(changes)?;
        if bulk.changes.size() < bulk.most { Ok(()) } else { self.hand_on(bulk) }
    }

    fn hand_on(&self, bulk: &BulkWrites) -> Result<()> {
        // What could not be handed on is lost, and what comes later may need it.
        self.apply_in_parts(bulk).inspect_err(|_| self.flusher.failed())
    }

    fn apply_in_parts(&self, bulk: &BulkWrites) -> Result<()> {
        let parts = redo::parts(self.packed.prepare(bulk.changes.take())?);
        if parts.len() <= 1 {
            return parts.into_iter().try_for_each(|part| self.commit(part));
        }
        // What was written before must not be missing where a start does this again.
        self.packed.flush()?;
        redo::note(&bulk.directory, &parts)?;
        parts.into_iter().try_for_each(|part| self.commit(part))?;
        self.packed.flush()?;
        Ok(redo::forget(&bulk.directory)?)
    }
}
