//! An engine that stands still in the middle of reading messages, until it is let go on.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use roomscribe::domain::{Activity, JobId, Message, MessageId, RoomId, RoomKind};
use roomscribe::store::engine::sled::SledEngine;
use roomscribe::store::engine::{Batch, Direction, Engine, Range, Visit};
use roomscribe::store::{Error, Record, Result, Store};

use super::TestServer;
use super::exports::{accepted, file_of};
use super::work::PATIENCE;

/// Passes everything through, but holds who reads messages once so many were read.
pub(crate) struct Gate {
    inner: Arc<dyn Engine>,
    /// So many messages may still be read; `None`: all.
    messages_left: Mutex<Option<u64>>,
    opened: Condvar,
}

impl TestServer {
    /// A new server whose rendering can be held where a test wants it.
    pub(crate) fn start_gated() -> (Self, Arc<Gate>) {
        let mut gate = None;
        let server = Self::start().reopen_with(|directory| {
            let sled = |place: &Path| Ok(Arc::new(SledEngine::open(place, 16 << 20)?) as Arc<dyn Engine>);
            Store::open_between(directory, sled, |inner| {
                let (messages_left, opened) = (Mutex::new(None), Condvar::new());
                Arc::clone(gate.insert(Arc::new(Gate { inner, messages_left, opened }))) as _
            })
        });
        (server, gate.expect("the store was opened"))
    }
}

/// More than are counted before a rendering begins, so that it can be held in the middle.
pub(crate) const MANY: u64 = 30_000;

impl TestServer {
    /// A room of that name with [`MANY`] messages.
    pub(crate) fn long_room(&self, name: &str) -> RoomId {
        let room = self.room(RoomKind::Channel, name, &["admin", "bob"]);
        let put = |batch: &mut roomscribe::store::Batch<'_>| {
            let mut message = self.message(&room, "", "2024-03-01T00:00:00.000Z", "on and on");
            for number in 0..MANY {
                message.id = MessageId::new(format!("{name}{number}"));
                batch.put_message(&message)?;
            }
            let activity = Activity { messages: MANY, ..batch.activity(&room)? };
            batch.put_activity(&room, &activity)
        };
        self.app.store.write::<_, Error>(put).expect("messages");
        room
    }

    /// A long room with an export whose rendering stands still in the middle, and the export's id.
    pub(crate) fn long_export(&self, gate: &Gate) -> (RoomId, String) {
        let room = self.long_room("talk");
        let export = accepted(&self.as_admin(), file_of(&room, "json"));
        gate.close_after(MANY / 3 * 2);
        self.work();
        self.wait_until("its rendering has begun", || {
            self.app.running.of(&JobId::new(&export)).is_some_and(|progress| progress.messages() > 0)
        });
        (room, export)
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

    fn passed(&self, key: &[u8]) -> Result<()> {
        self.inner.passed(key)
    }

    fn size(&self) -> Result<u64> {
        self.inner.size()
    }
}
