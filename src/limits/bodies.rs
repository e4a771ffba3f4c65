//! Memory for the bodies of requests that are in flight: all of them together get so much.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes for the bodies of users and for those of strangers: these must not crowd out those.
const OF_USERS: usize = 192 * 1024 * 1024;
const OF_STRANGERS: usize = 64 * 1024 * 1024;
/// So much of every body is free: whoever only says something gets through however full it is, and
/// what it adds up to is bounded by the connections.
const FREE: usize = 32 * 1024;

/// Whose body it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// Somebody who is logged in.
    User,
    /// Anybody else.
    Stranger,
}

/// What there is for the bodies in flight.
#[derive(Debug)]
pub struct Bodies {
    users: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
}

impl Default for Bodies {
    fn default() -> Self {
        Self::of(OF_USERS, OF_STRANGERS)
    }
}

impl Bodies {
    /// So many bytes for users and for strangers.
    pub fn of(users: usize, strangers: usize) -> Self {
        Self { users: Arc::new(Semaphore::new(users)), strangers: Arc::new(Semaphore::new(strangers)) }
    }

    /// A share for a body that begins to arrive.
    pub fn share(&self, sender: Sender) -> Share {
        let bytes = match sender {
            Sender::User => &self.users,
            Sender::Stranger => &self.strangers,
        };
        Share { bytes: Arc::clone(bytes), free: FREE, taken: None }
    }
}

/// What one body takes; given back when this is dropped.
#[derive(Debug)]
pub struct Share {
    bytes: Arc<Semaphore>,
    free: usize,
    taken: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// Takes so many bytes more. Whether there were so many: bodies do not wait for each other, for
    /// those that wait would hold what the others wait for.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let counted = bytes.saturating_sub(self.free);
        self.free = self.free.saturating_sub(bytes);
        let Ok(counted) = u32::try_from(counted) else { return false };
        let Ok(more) = Arc::clone(&self.bytes).try_acquire_many_owned(counted) else { return false };
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_get_what_there_is_and_give_it_back() {
        let bodies = Bodies::of(1000, 10);
        let mut first = bodies.share(Sender::User);
        assert!(first.grow(FREE + 600) && first.grow(300));
        let mut second = bodies.share(Sender::User);
        assert!(second.grow(FREE), "little things are free");
        assert!(!second.grow(101));
        let mut strange = bodies.share(Sender::Stranger);
        assert!(strange.grow(FREE + 10) && !strange.grow(1));
        drop(first);
        assert!(second.grow(1000) && !second.grow(1));
    }
}
