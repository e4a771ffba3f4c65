//! Changes that take effect together, and the view their writer has of the store meanwhile.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{Record, Result, Store, codec, key};

/// Gathers the changes of one [`Store::write`].
pub struct Batch<'a> {
    store: &'a Store,
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// Where it is known from reading whether there was a record before.
    before: RefCell<Before>,
}

/// Keys, and whether there was a record.
pub(super) type Before = BTreeMap<Vec<u8>, bool>;

impl<'a> Batch<'a> {
    pub(super) fn new(store: &'a Store) -> Self {
        Self { store, changes: BTreeMap::new(), before: RefCell::default() }
    }

    /// The store as it was before this batch; walks see nothing of the batch.
    pub fn store(&self) -> &'a Store {
        self.store
    }

    /// The record at this key, with what this batch has changed.
    pub fn get<R: Record>(&self, key: &R::Key) -> Result<Option<R>> {
        let key = key::encode(R::PREFIX, key);
        if let Some(change) = self.changes.get(&key) {
            return change.as_deref().map(codec::decode).transpose();
        }
        let found = self.store.get_encoded(&key)?;
        self.note_before(key, found.is_some());
        Ok(found)
    }

    /// Whether there is a record at this key, with what this batch has changed.
    pub fn has<R: Record>(&self, key: &R::Key) -> Result<bool> {
        let key = key::encode(R::PREFIX, key);
        if let Some(change) = self.changes.get(&key) {
            return Ok(change.is_some());
        }
        let found = self.store.has_encoded(&key)?;
        self.note_before(key, found);
        Ok(found)
    }

    fn note_before(&self, key: Vec<u8>, was_there: bool) {
        self.before.borrow_mut().insert(key, was_there);
    }

    /// Notes that there is no record at this key, so that nobody needs to look it up.
    pub(super) fn note_new<R: Record>(&self, key: &R::Key) {
        self.note_before(key::encode(R::PREFIX, key), false);
    }

    /// Puts a record.
    pub fn put<R: Record>(&mut self, key: &R::Key, record: &R) -> Result<()> {
        self.changes.insert(key::encode(R::PREFIX, key), Some(codec::encode(record)?));
        Ok(())
    }

    /// Deletes a record; nothing happens if there is none.
    pub fn delete<R: Record>(&mut self, key: &R::Key) {
        self.changes.insert(key::encode(R::PREFIX, key), None);
    }

    /// How many changes there are so far.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether nothing has changed so far.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes, and what is known of before.
    pub(super) fn into_changes(self) -> (super::engine::Batch, Before) {
        (self.changes.into_iter().collect(), self.before.into_inner())
    }
}
