//! Settings and permissions as they are, kept decoded: every request looks at a dozen of them, and they
//! hardly ever change.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::engine::Batch;
use super::{Record, Result, Store};
use crate::domain::{Grant, Setting};

/// So many ids are kept of each kind, then all are forgotten: there may be ids that clients made up.
const MOST: usize = 2000;

/// What is known of both kinds.
#[derive(Default)]
pub(super) struct Known {
    settings: Kind<Setting>,
    grants: Kind<Grant>,
}

/// Records by id; `None` where there is none.
struct Kind<R> {
    by_id: RwLock<HashMap<String, Option<Arc<R>>>>,
    /// How often one was changed.
    changes: AtomicU64,
}

impl<R> Default for Kind<R> {
    fn default() -> Self {
        Self { by_id: RwLock::default(), changes: AtomicU64::new(0) }
    }
}

impl<R: Record<Key = (String,)>> Kind<R> {
    fn get(&self, store: &Store, id: &str) -> Result<Option<Arc<R>>> {
        if let Some(known) = self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(known.clone());
        }
        let before = self.changes.load(Ordering::SeqCst);
        let found = store.get::<R>(&(id.to_owned(),))?.map(Arc::new);
        let mut by_id = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        // If it was changed since, what was found may be what was before.
        if self.changes.load(Ordering::SeqCst) == before {
            if by_id.len() >= MOST {
                by_id.clear();
            }
            by_id.insert(id.to_owned(), found.clone());
        }
        Ok(found)
    }

    fn forget(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.by_id.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Known {
    /// Whether a batch changes settings, and whether permissions.
    pub(super) fn touched(batch: &Batch) -> [bool; 2] {
        let has = |prefix| batch.iter().any(|(key, _)| key.first() == Some(&prefix));
        [has(Setting::PREFIX), has(Grant::PREFIX)]
    }

    /// Forgets what was changed. To be called once the change has taken effect, before anybody hears of
    /// it.
    pub(super) fn forget(&self, [settings, grants]: [bool; 2]) {
        if settings {
            self.settings.forget();
        }
        if grants {
            self.grants.forget();
        }
    }
}

impl Store {
    /// The value of a setting that differs from its default.
    pub fn setting(&self, id: &str) -> Result<Option<Arc<Setting>>> {
        self.known.settings.get(self, id)
    }

    /// Who holds a permission.
    pub fn grant(&self, permission: &str) -> Result<Option<Arc<Grant>>> {
        self.known.grants.get(self, permission)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Batch as Writes, Error};
    use super::*;
    use crate::domain::{Json, Time};

    #[test]
    fn what_is_known_changes_with_what_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), 1 << 20).unwrap();
        let key = |id: &str| (id.to_owned(),);
        let put = |value: &str| {
            let setting = Setting { value: Json::from_text(value), updated: Time::from_millis(0) };
            store.write::<_, Error>(|batch| batch.put(&key("a"), &setting)).unwrap();
        };
        let known = || store.setting("a").unwrap().map(|setting| setting.value.as_str().to_owned());
        assert_eq!(known(), None);
        for value in ["1", "2"] {
            put(value);
            assert_eq!(known().as_deref(), Some(value));
        }
        let refused = store.write::<(), Error>(|batch| {
            batch.delete::<Setting>(&key("a"));
            Err(Error::NotDurable)
        });
        assert!(refused.is_err() && known().is_some());
        let delete = |batch: &mut Writes<'_>| {
            batch.delete::<Setting>(&key("a"));
            Ok(())
        };
        store.write::<_, Error>(delete).unwrap();
        assert_eq!(known(), None);
        assert_eq!(store.grant("a").unwrap(), None);
        let grant = Grant { roles: vec!["user".to_owned()], updated: Time::from_millis(0) };
        store.write::<_, Error>(|batch| batch.put(&key("a"), &grant)).unwrap();
        assert_eq!(store.grant("a").unwrap().as_deref(), Some(&grant));
    }

    #[test]
    fn made_up_ids_do_not_add_up() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), 1 << 20).unwrap();
        for number in 0..=MOST {
            assert_eq!(store.grant(&number.to_string()).unwrap(), None);
        }
        assert_eq!(store.known.grants.by_id.read().unwrap().len(), 1);
    }
}
