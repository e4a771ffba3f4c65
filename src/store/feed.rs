//! What was changed, for listeners within the program, in the order in which it took effect.
//!
//! Every write tells its changes itself, so that no use case can forget to. Who listens gets them
//! once they are on disk; who is too slow is told how much was missed and reads anew. While nobody
//! listens it costs nothing.

use std::sync::Arc;

use tokio::sync::broadcast;

use super::batch::Before;
use super::engine::{self, Engine};
use super::key::Key;
use super::{Record, Result, Store};
use crate::domain::change::{Change, Changed, How};
use crate::domain::{Activity, Grant, Message, Role, Room, Setting, Subscription, User};

/// So many writes wait for a slow listener.
const WAITING: usize = 4096;

/// The speaking side.
pub(super) struct Feed(broadcast::Sender<Arc<[Change]>>);

impl Default for Feed {
    fn default() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }
}

impl Feed {
    /// What this batch is about to change, if anybody wants to know. What is not known of before is read.
    pub(super) fn note(
        &self,
        engine: &dyn Engine,
        batch: &engine::Batch,
        before: &Before,
    ) -> Result<Arc<[Change]>> {
        if self.0.receiver_count() == 0 {
            return Ok(Arc::new([]));
        }
        let mut changes = Vec::new();
        for (key, value) in batch {
            let Some(what) = changed(key) else { continue };
            let mut was_there = before.get(key).copied();
            if was_there.is_none() {
                engine.get(key, &mut |_| was_there = Some(true))?;
            }
            let how = match (was_there.unwrap_or(false), value.is_some()) {
                (false, true) => How::Inserted,
                (true, true) => How::Updated,
                (true, false) => How::Removed,
                (false, false) => continue,
            };
            changes.push(Change { what, how });
        }
        Ok(changes.into())
    }

    /// Tells what has taken effect.
    pub(super) fn tell(&self, changes: Arc<[Change]>) {
        if !changes.is_empty() {
            // An error means that the last listener has just gone.
            let _ = self.0.send(changes);
        }
    }
}

/// The record of chat at this key; `None` for what only the store itself needs.
fn changed(key: &[u8]) -> Option<Changed> {
    fn of<R: Record>(rest: &[u8]) -> Option<R::Key> {
        R::Key::decode(rest)
    }
    let (&prefix, rest) = key.split_first()?;
    Some(match prefix {
        Message::PREFIX => {
            let (room, sent_at, id) = of::<Message>(rest)?;
            Changed::Message { room, sent_at, id }
        }
        Room::PREFIX => Changed::Room(of::<Room>(rest)?.0),
        Activity::PREFIX => Changed::Activity(of::<Activity>(rest)?.0),
        Subscription::PREFIX => {
            let (room, user) = of::<Subscription>(rest)?;
            Changed::Subscription { room, user }
        }
        User::PREFIX => Changed::User(of::<User>(rest)?.0),
        Role::PREFIX => Changed::Role(of::<Role>(rest)?.0),
        Grant::PREFIX => Changed::Permission(of::<Grant>(rest)?.0),
        Setting::PREFIX => Changed::Setting(of::<Setting>(rest)?.0),
        _ => return None,
    })
}

/// The listening side.
pub struct Listener {
    store: Arc<Store>,
    receiver: broadcast::Receiver<Arc<[Change]>>,
}

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// What one write has changed, in the order of the store's keys.
    Changes(Arc<[Change]>),
    /// So many writes were missed: what was known may be wrong.
    Missed(u64),
}

impl Listener {
    /// Listens from now on.
    pub fn new(store: &Arc<Store>) -> Self {
        Self { store: Arc::clone(store), receiver: store.feed.0.subscribe() }
    }

    /// Waits for the next changes, which are on disk then. Fails if the disk does.
    pub async fn next(&mut self) -> Result<Heard> {
        loop {
            match self.receiver.recv().await {
                Ok(changes) => {
                    self.store.durable().await?;
                    return Ok(Heard::Changes(changes));
                }
                Err(broadcast::error::RecvError::Lagged(missed)) => return Ok(Heard::Missed(missed)),
                // The store that is held here holds the speaking side.
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Json, Time};

    fn open() -> (tempfile::TempDir, Arc<Store>) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), 1 << 20).unwrap();
        (directory, Arc::new(store))
    }

    fn set(store: &Store, id: &str, value: &str) {
        let setting = Setting { value: Json::from_text(value), updated: Time::from_millis(0) };
        store.write::<_, super::super::Error>(|batch| batch.put(&(id.to_owned(),), &setting)).unwrap();
    }

    fn next(listener: &mut Listener) -> Heard {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(listener.next()).unwrap()
    }

    fn setting(id: &str, how: How) -> Heard {
        Heard::Changes([Change { what: Changed::Setting(id.to_owned()), how }].into())
    }

    #[test]
    fn changes_are_heard_in_the_order_in_which_they_took_effect() {
        let (_directory, store) = open();
        set(&store, "before", "1");
        let mut listener = Listener::new(&store);
        set(&store, "a", "1");
        set(&store, "a", "2");
        store
            .write::<_, super::super::Error>(|batch| {
                batch.delete::<Setting>(&("a".to_owned(),));
                batch.delete::<Setting>(&("never there".to_owned(),));
                Ok(())
            })
            .unwrap();
        for how in [How::Inserted, How::Updated, How::Removed] {
            assert_eq!(next(&mut listener), setting("a", how));
        }
    }

    #[test]
    fn what_fails_is_not_told() {
        let (_directory, store) = open();
        let mut listener = Listener::new(&store);
        let refused = store.write::<(), super::super::Error>(|batch| {
            let setting = Setting { value: Json::from_text("1"), updated: Time::from_millis(0) };
            batch.put(&("a".to_owned(),), &setting)?;
            Err(super::super::Error::NotDurable)
        });
        assert!(refused.is_err());
        set(&store, "b", "1");
        assert_eq!(next(&mut listener), setting("b", How::Inserted));
    }

    #[test]
    fn who_is_too_slow_is_told_so() {
        let (_directory, store) = open();
        let mut listener = Listener::new(&store);
        for number in 0..=WAITING {
            set(&store, "a", &number.to_string());
        }
        assert!(matches!(next(&mut listener), Heard::Missed(missed) if missed > 0));
        assert!(matches!(next(&mut listener), Heard::Changes(_)));
    }
}
