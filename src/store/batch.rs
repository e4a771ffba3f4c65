//! Changes that take effect together, and the view their writer has of the store meanwhile.

use std::collections::BTreeMap;

use super::{Record, Result, Store, codec, key};

/// Gathers the changes of one [`Store::write`].
pub struct Batch<'a> {
    store: &'a Store,
    changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(store: &'a Store) -> Self {
        Self { store, changes: BTreeMap::new() }
    }

    /// The store as it was before this batch; walks see nothing of the batch.
    pub fn store(&self) -> &'a Store {
        self.store
    }

    /// The record at this key, with what this batch has changed.
    pub fn get<R: Record>(&self, key: &R::Key) -> Result<Option<R>> {
        match self.changes.get(&key::encode(R::PREFIX, key)) {
            Some(Some(bytes)) => codec::decode(bytes).map(Some),
            Some(None) => Ok(None),
            None => self.store.get(key),
        }
    }

    /// Whether there is a record at this key, with what this batch has changed.
    pub fn has<R: Record>(&self, key: &R::Key) -> Result<bool> {
        match self.changes.get(&key::encode(R::PREFIX, key)) {
            Some(change) => Ok(change.is_some()),
            None => self.store.has::<R>(key),
        }
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

    pub(super) fn into_changes(self) -> super::engine::Batch {
        self.changes.into_iter().collect()
    }
}
