//! How far running exports are, and how they are told to stop.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::spool::Progress;
use crate::domain::JobId;

/// What a running export is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Messages are read and written down.
    Rendering,
    /// What was written is brought to disk.
    Sealing,
    /// One zip is made.
    Packing,
    /// It is handed over.
    Delivering,
}

impl Phase {
    const ALL: [Self; 4] = [Self::Rendering, Self::Sealing, Self::Packing, Self::Delivering];

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rendering => "rendering",
            Self::Sealing => "sealing",
            Self::Packing => "packing",
            Self::Delivering => "delivering",
        }
    }
}

/// One running export: counters that its worker turns and anybody reads.
#[derive(Debug)]
pub struct JobProgress {
    began: Instant,
    phase: AtomicU8,
    messages: AtomicU64,
    expected: AtomicU64,
    /// Bytes, and the wish to stop.
    pub work: Progress,
}

impl Default for JobProgress {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            phase: AtomicU8::new(0),
            messages: AtomicU64::new(0),
            expected: AtomicU64::new(0),
            work: Progress::default(),
        }
    }
}

impl JobProgress {
    /// Messages read so far.
    pub fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    /// Messages there will be, if anybody knows.
    pub fn expected(&self) -> Option<u64> {
        Some(self.expected.load(Ordering::Relaxed)).filter(|expected| *expected > 0)
    }

    /// What it is doing.
    pub fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.phase.load(Ordering::Relaxed)).min(Phase::ALL.len() - 1)]
    }

    /// How long the rendering will take from now, judged by how long it took so far. `None` in
    /// other phases, in the first second, and if nobody knows how much there is to do.
    pub fn left(&self) -> Option<Duration> {
        let (done, expected) = (self.messages(), self.expected()?);
        let elapsed = self.began.elapsed();
        if self.phase() != Phase::Rendering || elapsed < Duration::from_secs(1) || done == 0 {
            return None;
        }
        let per_message = elapsed.checked_div(u32::try_from(done).ok()?)?;
        per_message.checked_mul(u32::try_from(expected.saturating_sub(done)).ok()?)
    }

    /// Notes what it is doing now.
    pub fn enter(&self, phase: Phase) {
        let number = Phase::ALL.iter().position(|known| *known == phase).unwrap_or_default();
        self.phase.store(u8::try_from(number).unwrap_or_default(), Ordering::Relaxed);
    }

    /// Notes how many messages there will be.
    pub(super) fn expect(&self, messages: u64) {
        self.expected.store(messages, Ordering::Relaxed);
    }

    /// Notes one more message.
    pub(super) fn read_message(&self) {
        self.messages.fetch_add(1, Ordering::Relaxed);
    }
}

/// The exports that are running now.
#[derive(Debug, Default)]
pub struct Running(Mutex<HashMap<JobId, Arc<JobProgress>>>);

impl Running {
    /// Enters a job; `None` if it is running already.
    pub fn enter(&self, job: &JobId) -> Option<Arc<JobProgress>> {
        let mut running = self.lock();
        if running.contains_key(job) {
            return None;
        }
        let progress = Arc::new(JobProgress::default());
        running.insert(job.clone(), Arc::clone(&progress));
        Some(progress)
    }

    /// Takes a job out.
    pub fn leave(&self, job: &JobId) {
        self.lock().remove(job);
    }

    /// How far a job is, if it is running.
    pub fn of(&self, job: &JobId) -> Option<Arc<JobProgress>> {
        self.lock().get(job).cloned()
    }

    /// Tells a job to stop.
    pub fn cancel(&self, job: &JobId) {
        if let Some(progress) = self.of(job) {
            progress.work.cancel();
        }
    }

    /// Tells all jobs to stop.
    pub fn cancel_all(&self) {
        for progress in self.lock().values() {
            progress.work.cancel();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Arc<JobProgress>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
