//! How the store brings changes to disk. The store counts before anybody shows it.

use std::time::Duration;

use prometheus::{Histogram, Registry};

use super::register;

/// Bounds of how many wait for one flush.
const WAITERS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// How long flushes take, and how many wait for each. Clones count together.
#[derive(Debug, Clone)]
pub struct Flushes {
    seconds: Histogram,
    waiters: Histogram,
}

impl Default for Flushes {
    fn default() -> Self {
        let seconds = "How long the disk took to make changes durable.";
        let waiters = "How many requests and jobs waited for one flush.";
        Self {
            seconds: register::histogram(
                "roomscribe_store_flush_duration_seconds",
                seconds,
                register::SECONDS,
            ),
            waiters: register::histogram("roomscribe_store_flush_waiters", waiters, WAITERS),
        }
    }
}

impl Flushes {
    /// Notes a flush that took so long, and that so many waited for.
    pub fn note(&self, took: Duration, waiters: usize) {
        self.seconds.observe(took.as_secs_f64());
        let waiters = u32::try_from(waiters).unwrap_or(u32::MAX);
        self.waiters.observe(f64::from(waiters));
    }

    pub(super) fn register(&self, registry: &Registry) {
        register::registered(registry, self.seconds.clone());
        register::registered(registry, self.waiters.clone());
    }
}
