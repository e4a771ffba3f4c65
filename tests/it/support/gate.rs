//! An engine that stands still in the middle of reading messages, until it is let go on.

use std::sync::{Arc, Condvar, Mutex};

use roomscribe::domain::Message;
use roomscribe::store::engine::sled::SledEngine;
use roomscribe::store::engine::{Batch, Direction, Engine, Range, Visit};
use roomscribe::store::{Record, Result, Store};

use super::TestServer;
use super::work::PATIENCE;

/// Passes everything through, but holds who reads messages once so many were read.
pub(crate) struct Gate {
    inner: SledEngine,
    /// So many messages may still be read; `None`: all.
    messages_left: Mutex<Option<u64>>,
    opened: Condvar,
}

impl TestServer {
    /// A new server whose rendering can be held where a test wants it.
    pub(crate) fn start_gated() -> (Self, Arc<Gate>) {
        let mut gate = None;
        let server = Self::start().reopen_with(|directory| {
            Store::open_with(directory, |place| {
                let engine = Arc::new(Gate {
                    inner: SledEngine::open(place, 16 << 20)?,
                    messages_left: Mutex::new(None),
                    opened: Condvar::new(),
                });
                gate = Some(Arc::clone(&engine));
                Ok(engine)
            })
        });
        (server, gate.expect("the store was opened"))
    }
}

impl Gate {
    /// Lets `count` more messages be read; then whoever reads more of them is held.
    pub(crate) fn close_after(&self, count: u64) {
        *self.messages_left.lock().expect("no test has panicked") = Some(count);
    }

    /// Lets everybody go on.
    pub(crate) fn open(&self) {
        *self.messages_left.lock().expect("no test has panicked") = None;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let left = self.messages_left.lock().expect("no test has panicked");
        // A test that failed opens no gate; its server must end all the same.
        let waited = self.opened.wait_timeout_while(left, PATIENCE, |left| *left == Some(0));
        let (mut left, _) = waited.expect("no test has panicked");
        *left = left.map(|left| left.saturating_sub(1));
    }
}

impl Engine for Gate {
    fn get(&self, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<()> {
        self.inner.get(key, read)
    }

    fn walk(&self, range: Range, direction: Direction, visit: &mut Visit<'_>) -> Result<()> {
        self.inner.walk(range, direction, &mut |key, value| {
            if key.first() == Some(&Message::PREFIX) {
                self.pass();
            }
            visit(key, value)
        })
    }

    fn apply(&self, batch: Batch) -> Result<()> {
        self.inner.apply(batch)
    }

    fn flush(&self) -> Result<()> {
        self.inner.flush()
    }

    fn size(&self) -> Result<u64> {
        self.inner.size()
    }
}
