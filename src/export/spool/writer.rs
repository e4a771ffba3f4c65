//! The thread that hashes and writes the files of a spool, while formats make what comes next.

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use sha2::{Digest, Sha256};

use super::Progress;
use super::file::{Failure, Written};
use super::ledger::{Entry, Ledger};

/// Steps that wait at most.
const WAITING: usize = 8;

/// What is to be done next.
pub(super) enum Step {
    /// A file of a format begins.
    Begin { number: u64, entry: Entry },
    /// Goes behind what the file has.
    Part { file: Arc<HashedFile>, bytes: Vec<u8>, is_last: bool },
    /// A file is complete that no format wrote.
    Add { entry: Entry, written: Written },
    /// Nothing follows.
    End,
}

/// The thread. Dropping it waits until it has done what was sent to it: then the directory is nobody's.
#[derive(Debug)]
pub(super) struct Writer {
    queue: SyncSender<Step>,
    thread: Option<JoinHandle<Ledger>>,
}

impl Writer {
    pub(super) fn start(ledger: Ledger) -> io::Result<Self> {
        let (queue, steps) = sync_channel(WAITING);
        let thread = thread::Builder::new().name("spool".to_owned()).spawn(|| work(steps, ledger))?;
        Ok(Self { queue, thread: Some(thread) })
    }

    /// Where files send their parts.
    pub(super) fn queue(&self) -> SyncSender<Step> {
        self.queue.clone()
    }

    pub(super) fn send(&self, step: Step) -> io::Result<()> {
        self.queue.send(step).map_err(|_| failed())
    }

    /// Waits until everything is written; what is sent later goes nowhere. `None` if that was asked before.
    pub(super) fn finish(&mut self) -> io::Result<Option<Ledger>> {
        let Some(thread) = self.thread.take() else { return Ok(None) };
        // Files may be open still and hold the queue; if nobody takes this, the thread has ended.
        let _ = self.queue.send(Step::End);
        thread.join().map(Some).map_err(|_| failed())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            tracing::error!(%error, "an export was given up");
        }
    }
}

fn failed() -> io::Error {
    io::Error::other("the thread that writes an export has failed")
}

fn work(steps: Receiver<Step>, mut ledger: Ledger) -> Ledger {
    for step in steps {
        match step {
            Step::Begin { number, entry } => ledger.begin(number, entry),
            Step::Part { file, bytes, is_last } => {
                if let Some(outcome) = file.take(&bytes, is_last) {
                    ledger.end(file.number, outcome);
                }
            }
            Step::Add { entry, written } => ledger.add(entry, written),
            Step::End => break,
        }
    }
    ledger
}

/// Hashes and counts what goes to disk.
pub(super) struct HashedFile {
    number: u64,
    file: File,
    is_durable: bool,
    hashed: Mutex<(Sha256, u64)>,
    progress: Progress,
    /// Why it can never be complete.
    failure: OnceLock<Failure>,
}

impl HashedFile {
    /// What is durable is on disk once it is complete.
    pub(super) fn new(number: u64, file: File, is_durable: bool, progress: Progress) -> Self {
        Self { number, file, is_durable, hashed: Mutex::default(), progress, failure: OnceLock::new() }
    }

    pub(super) fn failure(&self) -> Option<&Failure> {
        self.failure.get()
    }

    /// The first failure stays.
    pub(super) fn fail(&self, failure: Failure) -> &Failure {
        self.failure.get_or_init(|| failure)
    }

    /// Writes a part. The end and every failure are an outcome.
    fn take(&self, bytes: &[u8], is_last: bool) -> Option<Result<Written, Failure>> {
        if let Some(failure) = self.failure() {
            return Some(Err(failure.clone()));
        }
        match self.write(bytes).and_then(|()| if is_last { self.complete().map(Some) } else { Ok(None) }) {
            Ok(written) => written.map(Ok),
            Err(error) => Some(Err(self.fail(Failure::of(error)).clone())),
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        self.progress.check()?;
        (&self.file).write_all(bytes)?;
        let mut hashed = self.hashed();
        hashed.0.update(bytes);
        hashed.1 += bytes.len() as u64;
        self.progress.add(bytes.len() as u64);
        Ok(())
    }

    fn complete(&self) -> io::Result<Written> {
        if self.is_durable {
            self.file.sync_all()?;
        }
        let (hasher, size) = std::mem::take(&mut *self.hashed());
        Ok(Written { size, sha256: hasher.finalize().into() })
    }

    fn hashed(&self) -> std::sync::MutexGuard<'_, (Sha256, u64)> {
        self.hashed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
