//! Who may have a request worked on, and who waits for that: so many, for so long, and no more.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::bodies::Sender;
use super::places::Places;

/// Workers for users, and fewer of their own for strangers: people who log in, each with a password
/// that takes long to check, must not keep those waiting who are in.
#[derive(Debug)]
pub struct Workers {
    users: Lane,
    strangers: Lane,
}

/// The place where a request is worked on; free again when this is dropped.
pub type Worker = OwnedSemaphorePermit;

#[derive(Debug)]
struct Lane {
    free: Arc<Semaphore>,
    waiting: Arc<Places<IpAddr>>,
    patience: Duration,
}

impl Workers {
    /// So many workers, a quarter of them for strangers; so many requests that wait for them, a
    /// quarter of them from one address; and for how long.
    pub fn of(workers: usize, queue: usize, patience: Duration) -> Self {
        let lane = |workers: usize, queue: usize| Lane {
            free: Arc::new(Semaphore::new(workers)),
            waiting: Places::of(queue.div_ceil(4), queue),
            patience,
        };
        let strangers = workers.div_ceil(4);
        // Of a single worker both have one.
        Self {
            users: lane((workers - strangers).max(1), queue),
            strangers: lane(strangers, queue.div_ceil(4)),
        }
    }

    /// A worker for a request from that address; `None` if too many wait already, or it has waited
    /// for too long.
    pub async fn take(&self, sender: Sender, address: IpAddr) -> Option<Worker> {
        let lane = match sender {
            Sender::User => &self.users,
            Sender::Stranger => &self.strangers,
        };
        if let Ok(worker) = Arc::clone(&lane.free).try_acquire_owned() {
            return Some(worker);
        }
        let _place = lane.waiting.take(address)?;
        let waited = tokio::time::timeout(lane.patience, Arc::clone(&lane.free).acquire_owned()).await;
        waited.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_wait_and_only_for_so_long() {
        let workers = Arc::new(Workers::of(2, 4, PATIENCE));
        let first = workers.take(Sender::User, address(1)).await.unwrap();
        let wait = |last: u8| {
            let workers = Arc::clone(&workers);
            tokio::spawn(async move { workers.take(Sender::User, address(last)).await.is_some() })
        };
        let waiting = [wait(1), wait(2), wait(3), wait(4)];
        tokio::task::yield_now().await;
        assert!(workers.take(Sender::User, address(5)).await.is_none(), "four wait already");
        assert!(workers.take(Sender::Stranger, address(5)).await.is_some(), "strangers have their own");
        drop(first);
        for waiting in waiting {
            assert!(waiting.await.unwrap(), "one after the other");
        }
        let _busy = workers.take(Sender::User, address(1)).await.unwrap();
        let one = || workers.take(Sender::User, address(1));
        let (late, refused) = tokio::join!(one(), one());
        assert!(late.is_none(), "it waited for too long");
        assert!(refused.is_none(), "an address has a quarter of the places");
    }
}
