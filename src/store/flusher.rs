//! Group commit: one thread brings changes to disk for everybody who waits.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::{Error, engine::Engine};
use crate::metrics::Flushes;

type Waiter = oneshot::Sender<bool>;

/// Where several are about to write, one flush for all costs little more than one for each, and they
/// are better off with this delay.
const GATHERING: Duration = Duration::from_millis(1);
/// So many are several.
const CROWD: usize = 3;

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
    /// How many write, or wait for their turn to.
    writing: AtomicUsize,
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
    pub(super) fn writing(&self) -> Writing<'_> {
        self.shared.writing.fetch_add(1, Ordering::Relaxed);
        Writing(&self.shared.writing)
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

    /// Asks for everything applied so far to be brought to disk. `None`: it is there already.
    pub(super) fn request(&self) -> Option<oneshot::Receiver<bool>> {
        let shared = &self.shared;
        if shared.durable.load(Ordering::SeqCst) >= shared.applied.load(Ordering::SeqCst) {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        lock(&shared.queue).waiters.push(sender);
        shared.wake.notify_one();
        Some(receiver)
    }
}

/// One who writes, or waits for their turn to.
pub(super) struct Writing<'a>(&'a AtomicUsize);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Shared {
    /// Flushes as long as somebody waits; who comes during a flush is served by the next.
    fn run(&self) {
        loop {
            let mut waiters = {
                let mut queue = lock(&self.queue);
                while queue.waiters.is_empty() && !queue.closed {
                    queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
                }
                if queue.waiters.is_empty() {
                    return;
                }
                std::mem::take(&mut queue.waiters)
            };
            if self.writing.load(Ordering::Relaxed) >= CROWD {
                thread::sleep(GATHERING);
                waiters.append(&mut lock(&self.queue).waiters);
            }
            let began = Instant::now();
            let flushed = self.flush();
            self.flushes.note(began.elapsed(), waiters.len());
            for waiter in waiters {
                // Who no longer listens has gone away; that is nobody's loss.
                let _ = waiter.send(flushed);
            }
        }
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
        if self.shared.durable.load(Ordering::SeqCst) < self.shared.applied.load(Ordering::SeqCst) {
            self.shared.flush();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
