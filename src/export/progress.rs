//! How far running exports are, and how they are told to stop.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
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
    phase: Mutex<(Phase, Instant)>,
    /// Messages read, by all readings together, and how many there will be in each.
    read: AtomicU64,
    expected: AtomicU64,
    readings: AtomicU64,
    /// Bytes to be packed.
    to_pack: AtomicU64,
    /// The bytes of the rendering, and the wish to stop.
    pub work: Progress,
    /// The bytes that were packed; stops with the work.
    pub packing: Progress,
}

impl Default for JobProgress {
    fn default() -> Self {
        let work = Progress::default();
        Self {
            phase: Mutex::new((Phase::Rendering, Instant::now())),
            read: AtomicU64::new(0),
            expected: AtomicU64::new(0),
            readings: AtomicU64::new(1),
            to_pack: AtomicU64::new(0),
            packing: work.part(),
            work,
        }
    }
}

impl JobProgress {
    /// Messages so far. Where formats want different orders, a message counts once all have it.
    pub fn messages(&self) -> u64 {
        self.read.load(Ordering::Relaxed) / self.readings.load(Ordering::Relaxed).max(1)
    }

    /// Messages there will be, if anybody knows.
    pub fn expected(&self) -> Option<u64> {
        Some(self.expected.load(Ordering::Relaxed)).filter(|expected| *expected > 0)
    }

    /// What it is doing.
    pub fn phase(&self) -> Phase {
        self.now().0
    }

    /// How long what it is doing will take from now, judged by how long it took so far. `None` in the
    /// first second, where nobody knows how much there is to do, and where it depends on others.
    pub fn left(&self) -> Option<Duration> {
        let (phase, since) = self.now();
        let (done, whole) = match phase {
            Phase::Rendering => {
                let readings = self.readings.load(Ordering::Relaxed);
                (self.read.load(Ordering::Relaxed), self.expected()?.saturating_mul(readings))
            }
            Phase::Packing => (self.packing.bytes(), self.to_pack.load(Ordering::Relaxed)),
            Phase::Sealing | Phase::Delivering => return None,
        };
        time_left(since.elapsed(), done, whole)
    }

    /// Notes what it is doing now.
    pub fn enter(&self, phase: Phase) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = (phase, Instant::now());
    }

    /// Notes that so many bytes are packed now.
    pub fn pack(&self, bytes: u64) {
        self.to_pack.store(bytes, Ordering::Relaxed);
        self.enter(Phase::Packing);
    }

    /// Notes that reading begins now: how often every message is read, and how many there will be.
    pub(super) fn expect(&self, readings: u64, messages: Option<u64>) {
        self.readings.store(readings.max(1), Ordering::Relaxed);
        self.expected.store(messages.unwrap_or(0), Ordering::Relaxed);
        self.enter(Phase::Rendering);
    }

    /// Notes one more message.
    pub(super) fn read_message(&self) {
        self.read.fetch_add(1, Ordering::Relaxed);
    }

    fn now(&self) -> (Phase, Instant) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rest, if it goes on as it went so far.
fn time_left(elapsed: Duration, done: u64, whole: u64) -> Option<Duration> {
    if elapsed < Duration::from_secs(1) || done == 0 || whole == 0 {
        return None;
    }
    let rest = elapsed.as_nanos() * u128::from(whole.saturating_sub(done)) / u128::from(done);
    Some(Duration::from_nanos(u64::try_from(rest).unwrap_or(u64::MAX)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_takes_as_long_as_the_same_part_took() {
        let seconds = Duration::from_secs;
        assert_eq!(time_left(seconds(10), 25, 100), Some(seconds(30)));
        assert_eq!(time_left(seconds(3600), 1, u64::MAX), Some(Duration::from_nanos(u64::MAX)));
        assert_eq!(time_left(seconds(10), 100, 100), Some(seconds(0)));
        assert_eq!(time_left(seconds(10), 101, 100), Some(seconds(0)), "more came than were expected");
        for (elapsed, done, whole) in [(seconds(0), 5, 10), (seconds(5), 0, 10), (seconds(5), 5, 0)] {
            assert_eq!(time_left(elapsed, done, whole), None, "too early, or nobody knows");
        }
    }

    #[test]
    fn a_message_that_is_read_twice_counts_once() {
        let progress = JobProgress::default();
        progress.expect(2, Some(3));
        for _ in 0..5 {
            progress.read_message();
        }
        assert_eq!((progress.messages(), progress.expected()), (2, Some(3)));
    }

    #[test]
    fn packing_counts_its_own_bytes_and_stops_with_the_rest() {
        let progress = JobProgress::default();
        progress.work.add(10);
        progress.packing.add(4);
        assert_eq!((progress.work.bytes(), progress.packing.bytes()), (10, 4));
        progress.work.cancel();
        assert!(progress.packing.check().is_err());
    }
}
