//! Who may have a request worked on, and who waits for that: so many, for so long, and in turn.

use std::collections::HashMap;
use std::fmt;
use std::mem;
use std::net::IpAddr;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot::{Sender, channel};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::turns::Turns;
use crate::domain::UserId;

/// Whose request it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Asker {
    /// Somebody who is logged in.
    User(UserId),
    /// Anybody else, by address.
    Stranger(IpAddr),
}

/// How long a request may keep a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// It waits for nothing but its turn to write: the few workers for such requests are done with each
    /// before more of them would be of use.
    Little,
    /// Seconds, if need be.
    Any,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// Too many wait, or this has waited for too long. It was not begun.
    Busy,
    /// It panicked.
    Panicked,
}

/// Workers for users, and a few of their own for strangers: a crowd that logs in, each with a
/// password that takes long to check, must not keep those waiting who are in. What users ask for that
/// is done in no time has a few of its own, too: there is only one writer at a time, and the fewer
/// threads wait to be it, the more of its time is spent on writing.
#[derive(Debug)]
pub struct Workers {
    users: Arc<Lane>,
    hasty: Arc<Lane>,
    strangers: Arc<Lane>,
    patience: Duration,
}

#[derive(Debug)]
struct Lane {
    workers: usize,
    state: Mutex<State>,
}

/// Nothing waits unless all workers are at work.
#[derive(Debug)]
struct State {
    working: usize,
    /// How many work for whom.
    of_each: HashMap<Asker, usize>,
    waiting: Turns<Asker, Arc<Task>>,
}

type Work = Box<dyn FnOnce() + Send>;

/// A request that waits, until one side takes it: a worker to begin, or whoever gives up waiting.
struct Task(Mutex<Stage>);

enum Stage {
    Waits(Work),
    Begun,
    GivenUp,
}

impl Workers {
    /// So many workers, a quarter of them for strangers, and a queue before each; for how long one
    /// waits there.
    pub fn of(workers: usize, queue: usize, patience: Duration) -> Self {
        let strangers = workers.div_ceil(4);
        // Of a single worker both have one.
        let users = (workers - strangers).max(1);
        let hasty = thread::available_parallelism().map_or(1, NonZero::get).clamp(2, 4).min(users);
        Self {
            users: Lane::of(users, queue),
            hasty: Lane::of(hasty, queue + users),
            strangers: Lane::of(strangers, queue.div_ceil(4)),
            patience,
        }
    }

    /// Has `task` done on a thread that may block, when it is its asker's turn, and waits for what it
    /// gives as its answer, then or later, from whatever thread. A task whose caller goes away before
    /// it is begun is never begun.
    pub async fn run<T: Send + 'static>(
        &self,
        asker: Asker,
        effort: Effort,
        task: impl FnOnce(Sender<T>) + Send + 'static,
    ) -> Result<T, Unanswered> {
        let lane = match (&asker, effort) {
            (Asker::User(_), Effort::Little) => &self.hasty,
            (Asker::User(_), Effort::Any) => &self.users,
            (Asker::Stranger(_), _) => &self.strangers,
        };
        let (sender, mut answer) = channel();
        let task = Arc::new(Task(Mutex::new(Stage::Waits(Box::new(move || task(sender))))));
        let waits = Waits(&task);
        lane.add(asker, &task);
        let answered = match timeout(self.patience, &mut answer).await {
            Ok(answered) => answered.ok(),
            Err(_) if task.give_up() => None,
            Err(_) => answer.await.ok(),
        };
        // An answer that was dropped was so by a panic, unless it was never asked for.
        let unanswered = || if waits.0.give_up() { Unanswered::Busy } else { Unanswered::Panicked };
        answered.ok_or_else(unanswered)
    }
}

/// Gives a task up when this is dropped.
struct Waits<'a>(&'a Task);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

impl Task {
    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The work, if it still waits.
    fn begin(&self) -> Option<Work> {
        let mut stage = self.lock();
        match mem::replace(&mut *stage, Stage::Begun) {
            Stage::Waits(work) => Some(work),
            before => {
                *stage = before;
                None
            }
        }
    }

    /// Drops the work if it still waits. Whether it will never be begun.
    fn give_up(&self) -> bool {
        let mut stage = self.lock();
        if matches!(*stage, Stage::Begun) {
            return false;
        }
        let given_up = mem::replace(&mut *stage, Stage::GivenUp);
        drop(stage);
        drop(given_up);
        true
    }

    fn is_given_up(&self) -> bool {
        matches!(*self.lock(), Stage::GivenUp)
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Task").finish_non_exhaustive()
    }
}

impl Lane {
    fn of(workers: usize, most_waiting: usize) -> Arc<Self> {
        let state = State { working: 0, of_each: HashMap::new(), waiting: Turns::of(most_waiting) };
        Arc::new(Self { workers, state: Mutex::new(state) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a task done by a free worker, or lets it wait for one.
    fn add(self: &Arc<Self>, asker: Asker, task: &Arc<Task>) {
        let mut state = self.lock();
        let task = Arc::clone(task);
        if state.working < self.workers {
            state.working += 1;
            state.begin(&asker);
            drop(state);
            let lane = Arc::clone(self);
            spawn_blocking(move || lane.work(asker, task));
            return;
        }
        let displaced = state.waiting.push(&asker, task, |task| task.is_given_up());
        drop(state);
        if let Some(displaced) = displaced {
            displaced.give_up();
        }
    }

    /// One worker, from the first task to when nothing waits.
    fn work(&self, asker: Asker, task: Arc<Task>) {
        let mut next = Some((asker, task));
        while let Some((asker, task)) = next {
            if let Some(work) = task.begin() {
                // A panic has been reported, and dropped the answer.
                let _ = catch_unwind(AssertUnwindSafe(work));
            }
            next = self.lock().next(&asker, self.workers);
        }
    }
}

impl State {
    fn begin(&mut self, asker: &Asker) {
        match self.of_each.get_mut(asker) {
            Some(own) => *own += 1,
            None => drop(self.of_each.insert(asker.clone(), 1)),
        }
    }

    /// What a worker does next that is done with a task of `asker`. While others wait, nobody keeps more
    /// than three quarters of the workers.
    fn next(&mut self, asker: &Asker, workers: usize) -> Option<(Asker, Arc<Task>)> {
        match self.of_each.get_mut(asker) {
            Some(own) if *own > 1 => *own -= 1,
            Some(_) | None => drop(self.of_each.remove(asker)),
        }
        let most_each = (3 * workers).div_ceil(4);
        let Self { of_each, waiting, .. } = self;
        let next = waiting.pop(|asker| of_each.get(asker).is_none_or(|own| *own < most_each));
        match &next {
            Some((asker, _)) => self.begin(asker),
            None => self.working -= 1,
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::task::{JoinHandle, yield_now};
    use tokio::time::advance;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    fn user(name: &str) -> Asker {
        Asker::User(UserId::new(name))
    }

    /// Workers, and the names of those who were served, in order.
    #[derive(Clone)]
    struct Shop {
        workers: Arc<Workers>,
        served: Arc<Mutex<Vec<&'static str>>>,
    }

    type End = JoinHandle<Result<(), Unanswered>>;

    impl Shop {
        fn of(workers: usize, queue: usize) -> Self {
            Self { workers: Arc::new(Workers::of(workers, queue, PATIENCE)), served: Arc::default() }
        }

        /// Somebody who asks for something, which is done when the sender is dropped.
        async fn ask(&self, name: &'static str) -> (End, mpsc::Sender<()>) {
            let (done, wait) = mpsc::channel();
            let Self { workers, served } = self.clone();
            let end = tokio::spawn(async move {
                let task = move |answer: Sender<()>| {
                    served.lock().unwrap().push(name);
                    let _ = wait.recv();
                    answer.send(()).unwrap();
                };
                workers.run(user(name), Effort::Any, task).await
            });
            yield_now().await;
            (end, done)
        }

        async fn until_served(&self, count: usize) {
            while self.served.lock().unwrap().len() < count {
                yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn those_who_ask_take_turns_however_much_they_ask() {
        let shop = Shop::of(2, 4);
        let (busy, done) = shop.ask("al").await;
        shop.until_served(1).await;
        let mut greedy = Vec::new();
        for _ in 0..4 {
            let (end, done) = shop.ask("al").await;
            drop(done);
            greedy.push(end);
        }
        let (refused, _) = shop.ask("al").await;
        assert_eq!(refused.await.unwrap(), Err(Unanswered::Busy), "no more of one");
        let (modest, _) = shop.ask("bob").await;
        assert_eq!(
            greedy.pop().unwrap().await.unwrap(),
            Err(Unanswered::Busy),
            "the longest line makes room"
        );
        let stranger = Asker::Stranger(IpAddr::from([10, 0, 0, 1]));
        let own = shop.workers.run(stranger, Effort::Any, |answer| answer.send(()).unwrap());
        assert_eq!(own.await, Ok(()), "strangers have their own");
        drop(done);
        for end in greedy.into_iter().chain([busy, modest]) {
            assert_eq!(end.await.unwrap(), Ok(()));
        }
        assert_eq!(*shop.served.lock().unwrap(), ["al", "al", "bob", "al", "al"]);
    }

    #[tokio::test]
    async fn nobody_keeps_more_than_three_quarters_while_others_wait() {
        // Of six workers users have four.
        let shop = Shop::of(6, 8);
        let mut greedy = Vec::new();
        for _ in 0..6 {
            greedy.push(shop.ask("al").await);
        }
        shop.until_served(4).await;
        let mut modest = Vec::new();
        for _ in 0..2 {
            modest.push(shop.ask("bob").await);
        }
        for (gone, count) in [(0, 5), (1, 6)] {
            drop(mem::replace(&mut greedy[gone].1, mpsc::channel().0));
            shop.until_served(count).await;
        }
        let served = shop.served.lock().unwrap().clone();
        assert_eq!(served[..4], ["al"; 4], "while nobody else waits there is no limit");
        assert!(served[4..].contains(&"bob"), "{served:?}");
        drop((greedy, modest));
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_waited_for_long_enough_waits_no_more_and_is_never_served() {
        let shop = Shop::of(1, 2);
        let (_end, done) = shop.ask("al").await;
        shop.until_served(1).await;
        for _ in 0..2 {
            let (first, second) = (shop.ask("al").await, shop.ask("bob").await);
            // While a thread is busy the paused clock does not go on by itself.
            advance(PATIENCE * 2).await;
            assert_eq!(first.0.await.unwrap(), Err(Unanswered::Busy));
            assert_eq!(second.0.await.unwrap(), Err(Unanswered::Busy));
        }
        let (gone, _) = shop.ask("bob").await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        let (late, _) = shop.ask("cy").await;
        drop(done);
        assert_eq!(late.await.unwrap(), Ok(()));
        assert_eq!(*shop.served.lock().unwrap(), ["al", "cy"]);
    }

    #[tokio::test]
    async fn a_panic_harms_nobody_else() {
        let shop = Shop::of(1, 4);
        let panicked = shop.workers.run(user("al"), Effort::Any, |_: Sender<()>| panic!("on purpose"));
        assert_eq!(panicked.await, Err(Unanswered::Panicked));
        let answer = shop.workers.run(user("al"), Effort::Little, |answer| answer.send(3).unwrap());
        assert_eq!(answer.await, Ok(3));
    }
}
