//! How far running exports are, and how they are told to stop.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::spool::Progress;
use crate::domain::JobId;

/// One running export: counters that its worker turns and anybody reads.
#[derive(Debug, Default)]
pub struct JobProgress {
    messages: AtomicU64,
    /// Bytes, and the wish to stop.
    pub work: Progress,
}

impl JobProgress {
    /// Messages written so far.
    pub fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    /// Notes one more message.
    pub(super) fn wrote_message(&self) {
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
