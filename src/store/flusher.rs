//! Group commit: one thread brings changes to disk for everybody who waits.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{Error, engine::Engine};
use crate::metrics::Flushes;

/// Who waits for the disk, and hears whether everything is there.
type Waiter = Box<dyn FnOnce(bool) + Send>;

/// While others are about to write, a flush waits so long for them: one for all costs little more than
/// one for each, and they are better off with this delay.
const GATHERING: Duration = Duration::from_millis(1);
/// What nobody waits for is brought to disk after so long.
const UNASKED: Duration = Duration::from_secs(1);

/// The flushing thread and the queue before it.
pub(super) struct Flusher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    engine: Arc<dyn Engine>,
    /// Changes applied so far, and how many of them are known to be on disk.
    applied: AtomicU64,
    durable: AtomicU64,
    /// How many write, or are about to.
    writing: AtomicUsize,
    /// Whether the flushing thread waits for those.
    gathers: AtomicBool,
    /// Set for good when the engine could not do what it must.
    failed: watch::Sender<bool>,
    flushes: Flushes,
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Default)]
struct Queue {
    waiters: Vec<Waiter>,
    closed: bool,
}

impl Flusher {
    pub(super) fn start(engine: Arc<dyn Engine>) -> Result<Self, Error> {
        let shared = Arc::new(Shared {
            engine,
            applied: AtomicU64::new(0),
            durable: AtomicU64::new(0),
            writing: AtomicUsize::new(0),
            gathers: AtomicBool::new(false),
            failed: watch::Sender::new(false),
            flushes: Flushes::default(),
            queue: Mutex::default(),
            wake: Condvar::new(),
        });
        let worker = Arc::clone(&shared);
        let thread = thread::Builder::new().name("flusher".to_owned()).spawn(move || worker.run())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Counts one who is about to write, as long as the answer lives.
    pub(super) fn writing(&self) -> Writing {
        self.shared.writing.fetch_add(1, Ordering::SeqCst);
        Writing(Arc::clone(&self.shared))
    }

    /// Notes that a batch was applied.
    pub(super) fn applied(&self) {
        self.shared.applied.fetch_add(1, Ordering::SeqCst);
    }

    /// Notes that the engine could not apply a batch.
    pub(super) fn failed(&self) {
        self.shared.failed.send_replace(true);
    }

    /// Whether the engine has failed.
    pub(super) fn has_failed(&self) -> bool {
        *self.shared.failed.borrow()
    }

    /// Changes to `true` once the engine has failed.
    pub(super) fn watch(&self) -> watch::Receiver<bool> {
        self.shared.failed.subscribe()
    }

    /// How flushes went so far.
    pub(super) fn flushes(&self) -> &Flushes {
        &self.shared.flushes
    }

    /// Asks for everything applied so far to be brought to disk. `told` hears whether it is there: at
    /// once if it was there already, else on the flushing thread.
    pub(super) fn request(&self, told: impl FnOnce(bool) + Send + 'static) {
        let shared = &self.shared;
        if shared.is_durable() {
            return told(true);
        }
        let mut queue = lock(&shared.queue);
        queue.waiters.push(Box::new(told));
        // The second finds the thread awake.
        let is_first = queue.waiters.len() == 1;
        drop(queue);
        if is_first {
            shared.wake.notify_one();
        }
    }
}

/// One who writes, or is about to.
pub struct Writing(Arc<Shared>);

impl Drop for Writing {
    fn drop(&mut self) {
        let was_last = self.0.writing.fetch_sub(1, Ordering::SeqCst) == 1;
        if was_last && self.0.gathers.load(Ordering::SeqCst) {
            // Whoever has the lock has not looked yet, or is asleep by now.
            drop(lock(&self.0.queue));
            self.0.wake.notify_one();
        }
    }
}

impl Shared {
    /// Flushes as long as somebody waits; who comes during a flush is served by the next.
    fn run(&self) {
        while let Some(waiters) = self.gather() {
            let began = Instant::now();
            let flushed = self.flush();
            if !waiters.is_empty() {
                self.flushes.note(began.elapsed(), waiters.len());
            }
            for waiter in waiters {
                waiter(flushed);
            }
        }
    }

    /// Those who wait for the next flush; nobody if it is only time for one. `None`: this is the end.
    fn gather(&self) -> Option<Vec<Waiter>> {
        let mut queue = lock(&self.queue);
        while queue.waiters.is_empty() {
            if queue.closed {
                return None;
            }
            let (woken, waited) =
                self.wake.wait_timeout(queue, UNASKED).unwrap_or_else(PoisonError::into_inner);
            queue = woken;
            if waited.timed_out() && !self.is_durable() && !*self.failed.borrow() {
                break;
            }
        }
        self.gathers.store(true, Ordering::SeqCst);
        let others = |queue: &mut Queue| !queue.closed && self.writing.load(Ordering::SeqCst) > 0;
        let gathered = self.wake.wait_timeout_while(queue, GATHERING, others);
        let (mut queue, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        self.gathers.store(false, Ordering::SeqCst);
        Some(std::mem::take(&mut queue.waiters))
    }

    fn is_durable(&self) -> bool {
        self.durable.load(Ordering::SeqCst) >= self.applied.load(Ordering::SeqCst)
    }

    /// Whether everything applied so far is on disk. After a failure that is never known again: the
    /// system forgets what it could not write, and the next flush succeeds without it.
    fn flush(&self) -> bool {
        let reached = self.applied.load(Ordering::SeqCst);
        if *self.failed.borrow() {
            return false;
        }
        if let Err(error) = self.engine.flush() {
            tracing::error!(%error, "the store could not be brought to disk");
            self.failed.send_replace(true);
            return false;
        }
        self.durable.fetch_max(reached, Ordering::SeqCst);
        true
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        lock(&self.shared.queue).closed = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
        // What nobody waits for is brought to disk, too.
        if !self.shared.is_durable() {
            self.shared.flush();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
