//! Who may have a request worked on, and who waits for that: so many, for so long, and in turn.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot::{Receiver, Sender, channel};
use tokio::time::timeout;

use crate::domain::UserId;

/// Whose request it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Asker {
    /// Somebody who is logged in.
    User(UserId),
    /// Anybody else, by address.
    Stranger(IpAddr),
}

/// Workers for users, and a few of their own for strangers: a crowd that logs in, each with a
/// password that takes long to check, must not keep those waiting who are in.
#[derive(Debug)]
pub struct Workers {
    users: Arc<Lane>,
    strangers: Arc<Lane>,
}

/// Lets a request be worked on; another one when this is dropped.
#[derive(Debug)]
pub struct Worker {
    lane: Arc<Lane>,
}

#[derive(Debug)]
struct Lane {
    most_waiting: usize,
    patience: Duration,
    state: Mutex<State>,
}

/// Everybody who waits has a line of their own, and the lines take turns: whoever asks for much waits
/// for that, and whoever asks for little does not.
#[derive(Debug)]
struct State {
    free: usize,
    waiting: usize,
    lines: HashMap<Asker, VecDeque<Sender<Worker>>>,
    turns: VecDeque<Asker>,
}

impl Workers {
    /// So many workers, a quarter of them for strangers, and a queue before each; for how long one
    /// waits there.
    pub fn of(workers: usize, queue: usize, patience: Duration) -> Self {
        let strangers = workers.div_ceil(4);
        // Of a single worker both have one.
        let users = (workers - strangers).max(1);
        Self {
            users: Lane::of(users, queue, patience),
            strangers: Lane::of(strangers, queue.div_ceil(4), patience),
        }
    }

    /// A worker for a request; `None` if too many wait, or it has waited for too long.
    pub async fn take(&self, asker: Asker) -> Option<Worker> {
        let lane = match asker {
            Asker::User(_) => &self.users,
            Asker::Stranger(_) => &self.strangers,
        };
        let waiting = {
            let mut state = lane.lock();
            if state.free > 0 {
                state.free -= 1;
                return Some(Worker { lane: Arc::clone(lane) });
            }
            state.queue(asker, lane.most_waiting)?
        };
        timeout(lane.patience, waiting).await.ok()?.ok()
    }
}

impl Lane {
    fn of(free: usize, most_waiting: usize, patience: Duration) -> Arc<Self> {
        let state = State { free, waiting: 0, lines: HashMap::new(), turns: VecDeque::new() };
        Arc::new(Self { most_waiting, patience, state: Mutex::new(state) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A place in the asker's line. If there is none left, the last one of the longest line goes, or
    /// this one if that is the longest.
    fn queue(&mut self, asker: Asker, most: usize) -> Option<Receiver<Worker>> {
        if self.waiting >= most {
            self.forget_gone();
        }
        if self.waiting >= most {
            let own = self.lines.get(&asker).map_or(0, VecDeque::len);
            let longest = self.lines.values_mut().max_by_key(|line| line.len())?;
            if longest.len() <= own + 1 {
                return None;
            }
            longest.pop_back();
            self.waiting -= 1;
        }
        let (sender, receiver) = channel();
        if !self.lines.contains_key(&asker) {
            self.turns.push_back(asker.clone());
        }
        self.lines.entry(asker).or_default().push_back(sender);
        self.waiting += 1;
        Some(receiver)
    }

    /// Forgets those who have waited for too long.
    fn forget_gone(&mut self) {
        self.lines.retain(|_, line| {
            line.retain(|waiting| !waiting.is_closed());
            !line.is_empty()
        });
        self.turns.retain(|asker| self.lines.contains_key(asker));
        self.waiting = self.lines.values().map(VecDeque::len).sum();
    }

    /// Whoever is next and still waits. If that is nobody, there is a free worker more.
    fn next(&mut self) -> Option<Sender<Worker>> {
        while let Some(asker) = self.turns.pop_front() {
            let Some(line) = self.lines.get_mut(&asker) else { continue };
            let first = line.pop_front();
            self.waiting -= usize::from(first.is_some());
            if line.is_empty() {
                self.lines.remove(&asker);
            } else {
                self.turns.push_back(asker);
            }
            if let Some(first) = first.filter(|first| !first.is_closed()) {
                return Some(first);
            }
        }
        self.free += 1;
        None
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let next = self.lane.lock().next();
        if let Some(next) = next {
            // Whoever went away just now drops it again, for the next one.
            drop(next.send(Self { lane: Arc::clone(&self.lane) }));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    fn user(name: &str) -> Asker {
        Asker::User(UserId::new(name))
    }

    /// Somebody who waits; answers their place among all who were served, or `None`.
    async fn wait(
        workers: &Arc<Workers>,
        served: &Arc<Mutex<usize>>,
        name: &str,
    ) -> JoinHandle<Option<usize>> {
        let (workers, served, asker) = (Arc::clone(workers), Arc::clone(served), user(name));
        let waiting = tokio::spawn(async move {
            let _worker = workers.take(asker).await?;
            let mut served = served.lock().unwrap();
            *served += 1;
            Some(*served)
        });
        yield_now().await;
        waiting
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_ask_take_turns_however_much_they_ask() {
        let (workers, served) = (Arc::new(Workers::of(2, 4, PATIENCE)), Arc::default());
        let busy = workers.take(user("al")).await.unwrap();
        let mut greedy = Vec::new();
        for _ in 0..4 {
            greedy.push(wait(&workers, &served, "al").await);
        }
        assert!(workers.take(user("al")).await.is_none(), "no more of one");
        let modest = wait(&workers, &served, "bob").await;
        let stranger = Asker::Stranger(IpAddr::from([10, 0, 0, 1]));
        assert!(workers.take(stranger).await.is_some(), "strangers have their own");
        assert_eq!(greedy.pop().unwrap().await.unwrap(), None, "the last of the longest line makes room");
        drop(busy);
        assert_eq!(modest.await.unwrap(), Some(2), "and not behind all of them");
        for (place, greedy) in [1, 3, 4].into_iter().zip(greedy) {
            assert_eq!(greedy.await.unwrap(), Some(place));
        }
        assert!(workers.take(user("al")).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_waited_for_long_enough_waits_no_more_and_is_passed_over() {
        let (workers, served) = (Arc::new(Workers::of(1, 2, PATIENCE)), Arc::default());
        let busy = workers.take(user("al")).await.unwrap();
        for _ in 0..2 {
            let (first, second) = (wait(&workers, &served, "al").await, wait(&workers, &served, "bob").await);
            assert_eq!((first.await.unwrap(), second.await.unwrap()), (None, None));
        }
        let late = wait(&workers, &served, "bob").await;
        drop(busy);
        assert_eq!(late.await.unwrap(), Some(1));
        assert!(workers.take(user("al")).await.is_some());
    }
}
