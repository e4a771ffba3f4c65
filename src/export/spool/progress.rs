//! What a long piece of work tells the outside, and the outside tells it: bytes, "stop", and how much
//! of the disk it must leave free.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use export_sdk::Cancelled;

use crate::export::space::{Floor, Shortage};

/// Counts the bytes of one piece of work and carries the wish to stop it. Clones share all of it.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    cancelled: Arc<AtomicBool>,
    bytes: Arc<AtomicU64>,
    floor: Arc<OnceLock<Floor>>,
}

impl Progress {
    /// Makes the work fail with [`Cancelled`] at its next read or write.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Makes the work fail once less than this is free. What was said first holds.
    pub fn keep_free(&self, floor: Floor) -> &Floor {
        self.floor.get_or_init(|| floor)
    }

    /// The shortage of disk for which the work failed.
    pub fn shortage(&self) -> Option<Shortage> {
        self.floor.get().and_then(Floor::shortage)
    }

    /// Another part of the same work: it ends with this one, but counts its own bytes.
    #[must_use]
    pub fn part(&self) -> Self {
        Self { bytes: Arc::default(), ..self.clone() }
    }

    /// The bytes so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Fails once somebody has called [`cancel`](Self::cancel), or the disk is too full.
    pub fn check(&self) -> io::Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(io::Error::other(Cancelled));
        }
        self.floor.get().map_or(Ok(()), Floor::check)
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if let Some(floor) = self.floor.get() {
            floor.add(bytes);
        }
    }
}
