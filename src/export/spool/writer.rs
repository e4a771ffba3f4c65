//! The thread that hashes and writes the files of a spool, while formats make what comes next.

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use sha2::{Digest, Sha256};

use super::Progress;
use super::file::{Failure, Outcome, Written};

/// Parts of files that wait at most.
const WAITING: usize = 8;

/// What is to be done next.
pub(super) enum Step {
    /// Goes behind what the file has.
    Part { file: Arc<HashedFile>, bytes: Vec<u8>, is_last: bool },
    /// Nothing follows.
    End,
}

/// The thread. Dropping it waits until it has done what was sent to it: then the directory is nobody's.
#[derive(Debug)]
pub(super) struct Writer {
    queue: SyncSender<Step>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start() -> io::Result<Self> {
        let (queue, steps) = sync_channel(WAITING);
        let thread = thread::Builder::new().name("spool".to_owned()).spawn(|| work(steps))?;
        Ok(Self { queue, thread: Some(thread) })
    }

    /// Where files send their parts.
    pub(super) fn queue(&self) -> SyncSender<Step> {
        self.queue.clone()
    }

    /// Waits until everything is written. What is sent later goes nowhere.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        // Files may be open still and hold the queue; if nobody takes this, the thread has ended.
        let _ = self.queue.send(Step::End);
        thread.join().map_err(|_| io::Error::other("the thread that writes an export has failed"))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            tracing::error!(%error, "an export was given up");
        }
    }
}

fn work(steps: Receiver<Step>) {
    for step in steps {
        match step {
            Step::Part { file, bytes, is_last } => file.take(&bytes, is_last),
            Step::End => return,
        }
    }
}

/// Hashes and counts what goes to disk. A failure is the outcome, and so is a complete file.
pub(super) struct HashedFile {
    file: File,
    hashed: Mutex<(Sha256, u64)>,
    progress: Progress,
    outcome: Outcome,
}

impl HashedFile {
    pub(super) fn new(file: File, progress: Progress, outcome: Outcome) -> Self {
        Self { file, hashed: Mutex::default(), progress, outcome }
    }

    fn take(&self, bytes: &[u8], is_last: bool) {
        if self.outcome.get().is_some() {
            return;
        }
        let written = self.write(bytes).and_then(|()| if is_last { self.file.sync_all() } else { Ok(()) });
        match written {
            Err(error) => drop(self.outcome.set(Err(Failure::of(error)))),
            Ok(()) if is_last => {
                let (hasher, size) = std::mem::take(&mut *self.hashed());
                drop(self.outcome.set(Ok(Written { size, sha256: hasher.finalize().into() })));
            }
            Ok(()) => {}
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

    fn hashed(&self) -> std::sync::MutexGuard<'_, (Sha256, u64)> {
        self.hashed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
