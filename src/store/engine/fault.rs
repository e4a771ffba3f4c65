//! An engine that fails on demand, around a real one: for tests of what the server does then.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Batch, Direction, Engine, Range, Visit};
use crate::store::Error;

/// Passes everything through until told to fail, and knows what a power cut would take away.
pub struct FaultEngine<E> {
    inner: E,
    state: Mutex<State>,
}

/// How a chosen call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Once, without effect; the calls after it go well.
    Once,
    /// Once, and what it refused is there all the same once the store is opened anew.
    OnceButKept,
    /// Without effect, and so does every call after it.
    ForGood,
}

struct State {
    /// Batches and flushes so far.
    calls: u64,
    chosen: Option<(u64, Fault)>,
    writes_left: i64,
    flushes_left: i64,
    failed: bool,
    /// What the keys held that were changed since the last flush, the latest change last.
    before: Batch,
    /// A refused batch that comes up again after [`FaultEngine::end`].
    kept: Batch,
    /// A flush has failed: a log ends at its first hole, whatever is flushed behind that.
    is_torn: bool,
    has_ended: bool,
}

impl<E> FaultEngine<E> {
    /// An engine that does not fail yet.
    pub fn new(inner: E) -> Self {
        let state = State {
            calls: 0,
            chosen: None,
            writes_left: i64::MAX,
            flushes_left: i64::MAX,
            failed: false,
            before: Batch::new(),
            kept: Batch::new(),
            is_torn: false,
            has_ended: false,
        };
        Self { inner, state: Mutex::new(state) }
    }

    /// Lets `count` more batches through; all later ones meet a full disk.
    pub fn fail_writes_after(&self, count: i64) {
        self.state().writes_left = count;
    }

    /// Lets `count` more flushes through; all later ones fail.
    pub fn fail_flushes_after(&self, count: i64) {
        self.state().flushes_left = count;
    }

    /// Lets one call fail, a batch or a flush, counted like [`calls`](Self::calls).
    pub fn fail_call(&self, number: u64, fault: Fault) {
        self.state().chosen = Some((number, fault));
    }

    /// How many batches and flushes there were.
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Whether a batch or a flush was refused since [`heal`](Self::heal).
    pub fn has_failed(&self) -> bool {
        self.state().failed
    }

    /// The disk is well again.
    pub fn heal(&self) {
        let mut state = self.state();
        (state.chosen, state.failed) = (None, false);
        (state.writes_left, state.flushes_left) = (i64::MAX, i64::MAX);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Engine> FaultEngine<E> {
    /// Ends everything: no call after this has an effect. A power cut takes away all that no flush has
    /// brought to disk; the end of the process alone takes nothing.
    pub fn end(&self, by_power_cut: bool) -> Result<(), Error> {
        let mut state = self.state();
        state.has_ended = true;
        let (before, kept) = (std::mem::take(&mut state.before), std::mem::take(&mut state.kept));
        if by_power_cut {
            // Of a key that was changed several times the oldest value counts.
            let oldest: BTreeMap<_, _> = before.into_iter().rev().collect();
            self.inner.apply(oldest.into_iter().collect())?;
        } else {
            self.inner.apply(kept)?;
        }
        self.inner.flush()
    }
}

/// Whether a call that spends one of those that are left must fail.
fn must_fail(state: &mut State, left: fn(&mut State) -> &mut i64) -> Option<Fault> {
    let number = state.calls;
    state.calls += 1;
    let spent = *left(state) <= 0;
    *left(state) = left(state).saturating_sub(1);
    let fault = match state.chosen {
        Some((chosen, fault)) if chosen == number => Some(fault),
        Some((chosen, Fault::ForGood)) if chosen < number => Some(Fault::ForGood),
        Some(_) | None => (spent || state.has_ended).then_some(Fault::ForGood),
    };
    state.failed |= fault.is_some();
    fault
}

fn full() -> Error {
    Error::Io(io::Error::from(io::ErrorKind::StorageFull))
}

impl<E: Engine> Engine for FaultEngine<E> {
    fn get(&self, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        self.inner.get(key, read)
    }

    fn walk(&self, range: Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        self.inner.walk(range, direction, visit)
    }

    fn apply(&self, batch: Batch) -> Result<(), Error> {
        let mut state = self.state();
        match must_fail(&mut state, |state| &mut state.writes_left) {
            Some(Fault::Once | Fault::ForGood) => return Err(full()),
            Some(Fault::OnceButKept) => {
                state.kept = batch;
                return Err(full());
            }
            None => {}
        }
        for (key, _) in &batch {
            let mut value = None;
            self.inner.get(key, &mut |bytes| value = Some(bytes.to_vec()))?;
            state.before.push((key.clone(), value));
        }
        self.inner.apply(batch)
    }

    fn flush(&self) -> Result<(), Error> {
        let reached = {
            let mut state = self.state();
            if must_fail(&mut state, |state| &mut state.flushes_left).is_some() {
                state.is_torn = true;
                return Err(full());
            }
            state.before.len()
        };
        // Others may write meanwhile.
        self.inner.flush()?;
        let mut state = self.state();
        if !state.is_torn && !state.has_ended {
            state.before.drain(..reached);
        }
        Ok(())
    }

    fn passed(&self, key: &[u8]) -> Result<(), Error> {
        self.inner.passed(key)
    }

    fn size(&self) -> Result<u64, Error> {
        self.inner.size()
    }
}
