//! Integrations, the calls of theirs that wait, and how calls went.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::{Batch, Direction, Error, Result, Span, Store};
use crate::domain::integration::Way;
use crate::domain::{HookRecord, Integration, IntegrationId, Time, WaitingCall};

/// So many records of calls are kept of each integration.
const MOST_RECORDS: usize = 100;

/// A record of a call with its key: integration, when it was caused, and the id of the call.
pub type KeptRecord = ((IntegrationId, Time, String), HookRecord);

/// When a call is due, and its id.
pub type CallKey = (Time, String);

/// The integrations that are on and post to others, in memory: sending a message asks for them each
/// time. And how many of their calls wait.
#[derive(Default)]
pub struct WaysOut {
    list: RwLock<Option<Arc<[Integration]>>>,
    waiting: Mutex<HashMap<IntegrationId, u64>>,
}

impl WaysOut {
    /// The integrations. To be called by writers only, so that none reads what another changes.
    pub fn of(&self, batch: &Batch<'_>) -> Result<Arc<[Integration]>> {
        if let Some(list) = &*self.list.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(Arc::clone(list));
        }
        let mut found = Vec::new();
        batch.store().integrations::<Error>(|mut integration| {
            if integration.enabled && matches!(integration.way, Way::Out(_)) {
                // Nobody reads it here.
                integration.script.clear();
                found.push(integration);
            }
            Ok(())
        })?;
        let list: Arc<[Integration]> = found.into();
        *self.list.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&list));
        Ok(list)
    }

    /// To be called after every change of an integration, when it is written.
    pub fn changed(&self) {
        *self.list.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Takes one of `most` places in an integration's queue, if there is one.
    pub fn enter(&self, integration: &IntegrationId, most: u64) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.entry(integration.clone()).or_default();
        let free = *count < most;
        *count += u64::from(free);
        free
    }

    /// Counts anew what waits. Places of calls that were not written down in the end come back so.
    pub fn recount(&self, store: &Store) -> Result<()> {
        let mut counted: HashMap<IntegrationId, u64> = HashMap::new();
        store.walk::<WaitingCall, Error>(Span::all(), Direction::Ascending, |_, call| {
            *counted.entry(call.integration).or_default() += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = counted;
        Ok(())
    }

    /// How many calls wait, of all integrations together.
    pub fn waiting(&self) -> u64 {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// Gives a place back.
    pub fn leave(&self, integration: &IntegrationId) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = waiting.get_mut(integration) {
            *count = count.saturating_sub(1);
        }
    }
}

impl Store {
    /// The integration of that id.
    pub fn integration(&self, id: &IntegrationId) -> Result<Option<Integration>> {
        self.get(&(id.clone(),))
    }

    /// Calls `each` with every integration.
    pub fn integrations<E: From<Error>>(
        &self,
        mut each: impl FnMut(Integration) -> Result<(), E>,
    ) -> Result<(), E> {
        self.walk::<Integration, E>(Span::all(), Direction::Ascending, |_, integration| {
            each(integration)?;
            Ok(ControlFlow::Continue(()))
        })
    }

    /// How calls of an integration went, latest first: a part of them, and how many there are.
    pub fn hook_records(
        &self,
        integration: &IntegrationId,
        offset: usize,
        count: usize,
    ) -> Result<(Vec<KeptRecord>, u64)> {
        let span = Span::of(&(integration.clone(),));
        let total = self.count::<HookRecord>(span.clone(), u64::MAX)?;
        Ok((self.list(span, Direction::Descending, offset, count)?, total))
    }
}

impl Batch<'_> {
    /// Deletes an integration and what is known about its calls. Those that wait are passed over
    /// when they are due.
    pub fn delete_integration(&mut self, id: &IntegrationId) -> Result<()> {
        let (records, _) = self.store().hook_records(id, 0, usize::MAX)?;
        for (key, _) in records {
            self.delete::<HookRecord>(&key);
        }
        self.delete::<Integration>(&(id.clone(),));
        Ok(())
    }

    /// Notes how a call went, and forgets the oldest if these are too many.
    pub fn put_hook_record(
        &mut self,
        integration: &IntegrationId,
        caused: Time,
        id: &str,
        record: &HookRecord,
    ) -> Result<()> {
        let key = (integration.clone(), caused, id.to_owned());
        if !self.has::<HookRecord>(&key)? {
            let (old, _) = self.store().hook_records(integration, MOST_RECORDS - 1, usize::MAX)?;
            for (old, _) in old {
                self.delete::<HookRecord>(&old);
            }
        }
        self.put(&key, record)
    }
}
