//! What a long piece of work tells the outside, and the outside tells it: bytes and "stop".

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use export_sdk::Cancelled;

/// Counts the bytes of one piece of work and carries the wish to stop it. Clones share both.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    cancelled: Arc<AtomicBool>,
    bytes: Arc<AtomicU64>,
}

impl Progress {
    /// Makes the work fail with [`Cancelled`] at its next read or write.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// The bytes so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Fails once somebody has called [`cancel`](Self::cancel).
    pub fn check(&self) -> io::Result<()> {
        if self.cancelled.load(Ordering::Relaxed) { Err(io::Error::other(Cancelled)) } else { Ok(()) }
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}
