//! The terms of messages on their way to the thread that gathers them: half of the work on an index
//! is to find the lists of its terms, and the pages need nothing of it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use export_sdk::{Error, ErrorKind, Result};

use super::postings::Postings;

/// Bytes of terms that are handed over at once.
const BATCH: usize = 64 << 10;
/// Batches that wait at most.
const WAITING: usize = 4;

/// Messages in their order, and the thread with their postings. Dropping it ends the thread.
pub(super) struct Gathering {
    /// Terms, each behind a byte with its length; a zero ends a message.
    batch: Vec<u8>,
    queue: SyncSender<Vec<u8>>,
    /// Taken by its failure.
    thread: Option<JoinHandle<Result<Postings>>>,
}

impl Gathering {
    pub(super) fn start(postings: Postings) -> Result<Self> {
        let (queue, batches) = sync_channel(WAITING);
        let thread =
            thread::Builder::new().name("search index".to_owned()).spawn(|| gather(postings, batches))?;
        Ok(Self { batch: Vec::with_capacity(BATCH), queue, thread: Some(thread) })
    }

    /// Notes a term of the message that comes next.
    pub(super) fn add(&mut self, term: &str) {
        let length = u8::try_from(term.len()).expect("terms are cut to forty characters");
        if length > 0 {
            self.batch.push(length);
            self.batch.extend_from_slice(term.as_bytes());
        }
    }

    /// All terms of a message have been added.
    pub(super) fn end_message(&mut self) -> Result<()> {
        self.batch.push(0);
        if self.batch.len() < BATCH {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        match self.queue.send(full) {
            Ok(()) => Ok(()),
            // The thread has ended early, and says why.
            Err(_) => self.join().map(drop),
        }
    }

    /// The postings of all messages.
    pub(super) fn finish(mut self) -> Result<Postings> {
        let rest = std::mem::take(&mut self.batch);
        if self.queue.send(rest).is_ok() {
            // Nothing follows.
            self.queue = sync_channel(0).0;
        }
        self.join()
    }

    fn join(&mut self) -> Result<Postings> {
        let ended = self.thread.take().and_then(|thread| thread.join().ok());
        ended
            .unwrap_or_else(|| Err(Error::new(ErrorKind::Internal, "the search index could not be gathered")))
    }
}

fn gather(mut postings: Postings, batches: Receiver<Vec<u8>>) -> Result<Postings> {
    let mut ordinal = 0;
    for batch in batches {
        let mut rest = batch.as_slice();
        while let Some((length, behind)) = rest.split_first() {
            let (term, behind) = behind.split_at(usize::from(*length));
            rest = behind;
            if term.is_empty() {
                ordinal += 1;
                postings.settle()?;
            } else {
                postings.add(term, ordinal);
            }
        }
    }
    Ok(postings)
}
