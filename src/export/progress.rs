//! How far running exports are, and how they are told to stop.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::JobId;

/// One running export: counters that its worker turns and anybody reads.
#[derive(Debug, Default)]
pub struct Progress {
    /// Messages written so far.
    pub messages: AtomicU64,
    /// Bytes written so far.
    pub bytes: Arc<AtomicU64>,
    /// Set to make it stop at the next message or write.
    pub cancelled: Arc<AtomicBool>,
}

/// The exports that are running now.
#[derive(Debug, Default)]
pub struct Running(Mutex<HashMap<JobId, Arc<Progress>>>);

impl Running {
    /// Enters a job.
    pub fn enter(&self, job: &JobId) -> Arc<Progress> {
        let progress = Arc::new(Progress::default());
        self.lock().insert(job.clone(), Arc::clone(&progress));
        progress
    }

    /// Takes a job out.
    pub fn leave(&self, job: &JobId) {
        self.lock().remove(job);
    }

    /// How far a job is, if it is running.
    pub fn of(&self, job: &JobId) -> Option<Arc<Progress>> {
        self.lock().get(job).cloned()
    }

    /// Tells a job to stop.
    pub fn cancel(&self, job: &JobId) {
        if let Some(progress) = self.of(job) {
            progress.cancelled.store(true, Ordering::SeqCst);
        }
    }

    /// Tells all jobs to stop.
    pub fn cancel_all(&self) {
        for progress in self.lock().values() {
            progress.cancelled.store(true, Ordering::SeqCst);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Arc<Progress>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
