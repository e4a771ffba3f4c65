//! Counting calls, failed logins and estimates, in bounded memory.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::domain::{Time, UserId};

pub mod bodies;
pub mod places;
pub mod remembered;

/// No more counters than this are kept; then the oldest windows are swept away.
const MOST_COUNTERS: usize = 50_000;

/// What people change of their own account, each thing seldom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnChange {
    /// The display name.
    Name,
    /// The e-mail address.
    Email,
    /// The line about the status.
    StatusText,
    /// The picture is taken away.
    AvatarReset,
}

/// Calls in fixed windows: per endpoint and client, or per whatever else.
pub struct RateLimiter<K = (usize, IpAddr)> {
    windows: Mutex<HashMap<K, Window>>,
}

impl<K> Default for RateLimiter<K> {
    fn default() -> Self {
        Self { windows: Mutex::default() }
    }
}

struct Window {
    began: Time,
    /// How long it lasts, in milliseconds.
    length: i64,
    calls: u64,
}

impl Window {
    fn end(&self) -> Time {
        self.began.plus(self.length)
    }
}

/// How an endpoint's limit stands for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Calls allowed in a window.
    pub limit: u64,
    /// Calls left in this one.
    pub remaining: u64,
    /// When the next window begins.
    pub reset: Time,
    /// Whether this call is one too many.
    pub refused: bool,
}

impl RateLimiter {
    /// Counts one call of `endpoint` by `client`.
    pub fn count(&self, endpoint: usize, client: IpAddr, limit: u64, window: i64, now: Time) -> Allowance {
        self.count_one((endpoint, client), limit, window, now)
    }
}

impl<K: Eq + Hash> RateLimiter<K> {
    /// Counts one call.
    pub fn count_one(&self, key: K, limit: u64, window: i64, now: Time) -> Allowance {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= MOST_COUNTERS {
            windows.retain(|_, counter| now < counter.end());
            if windows.len() >= MOST_COUNTERS {
                windows.clear();
            }
        }
        let fresh = || Window { began: now, length: window, calls: 0 };
        let counter = windows.entry(key).or_insert_with(fresh);
        counter.length = window;
        if now >= counter.end() {
            *counter = fresh();
        }
        counter.calls += 1;
        Allowance {
            limit,
            remaining: limit.saturating_sub(counter.calls),
            reset: counter.end(),
            refused: counter.calls > limit,
        }
    }
}

/// Whose calls of methods are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MethodCalls {
    /// All from an address.
    Address(IpAddr),
    /// All of a user.
    User(UserId),
    /// A user's of one method.
    Method(UserId, &'static str),
    /// The same, for a method that has a limit of its own.
    Own(UserId, &'static str),
}

/// Estimates under way: one of each user, and few of all.
#[derive(Default)]
pub struct Estimates {
    users: Mutex<HashSet<UserId>>,
}

/// Who is in the way of another estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crowd {
    /// The same user.
    Own,
    /// Others.
    Others,
}

/// One estimate; dropped when it ends.
pub struct EstimatePlace<'a> {
    estimates: &'a Estimates,
    user: UserId,
}

impl Estimates {
    /// Of all users together. Each keeps a core busy for some seconds.
    const MOST: usize = 2;

    /// Enters an estimate of a user.
    pub fn enter(&self, user: &UserId) -> Result<EstimatePlace<'_>, Crowd> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if users.contains(user) {
            return Err(Crowd::Own);
        }
        if users.len() >= Self::MOST {
            return Err(Crowd::Others);
        }
        users.insert(user.clone());
        Ok(EstimatePlace { estimates: self, user: user.clone() })
    }

    /// How many there are.
    pub fn under_way(&self) -> usize {
        self.users.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Drop for EstimatePlace<'_> {
    fn drop(&mut self) {
        self.estimates.users.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.user);
    }
}

/// So many of something at the same time, and no more.
pub struct Seats {
    free: Semaphore,
}

impl Seats {
    /// So many.
    pub fn of(count: usize) -> Self {
        Self { free: Semaphore::new(count) }
    }

    /// Takes a seat until what is returned is dropped; `None` if there is none.
    pub fn take(&self) -> Option<SemaphorePermit<'_>> {
        self.free.try_acquire().ok()
    }
}

/// Failed logins by login name and by address.
#[derive(Default)]
pub struct LoginGuard {
    failures: Mutex<HashMap<Suspect, VecDeque<Time>>>,
}

/// Whose failures are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Suspect {
    /// A login name in lower case.
    Username(String),
    /// An address.
    Address(IpAddr),
    /// An account whose second factor is being guessed.
    Factor(UserId),
}

/// How many failures of whom, within which time, are too many.
#[derive(Debug, Clone)]
pub struct Threshold {
    /// Whose failures.
    pub suspect: Suspect,
    /// At so many failures further attempts are refused.
    pub limit: usize,
    /// Failures count for so many milliseconds.
    pub window: i64,
}

impl LoginGuard {
    /// Who is blocked, if anybody, before the credentials are looked at.
    ///
    /// The first of the thresholds wins. Attempts from a blocked address count as failures; those
    /// with a blocked name do not, or else anybody could lock somebody else out for good.
    pub fn check(&self, thresholds: &[Threshold], now: Time) -> Option<Suspect> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        refuse(&mut failures, thresholds, now)
    }

    /// Counts an attempt whose credentials were right or not. Answers who is blocked all the same:
    /// of attempts that come together only as many are told their verdict as the limit allows.
    pub fn settle(&self, thresholds: &[Threshold], right: bool, now: Time) -> Option<Suspect> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let blocked = refuse(&mut failures, thresholds, now);
        if blocked.is_some() {
            return blocked;
        }
        if right {
            for threshold in thresholds {
                failures.remove(&threshold.suspect);
            }
        } else {
            note(&mut failures, thresholds, now);
        }
        None
    }
}

type Failures = HashMap<Suspect, VecDeque<Time>>;

fn refuse(failures: &mut Failures, thresholds: &[Threshold], now: Time) -> Option<Suspect> {
    let reached = |threshold: &&Threshold| {
        let recent =
            |times: &VecDeque<Time>| times.iter().filter(|time| time.plus(threshold.window) > now).count();
        failures.get(&threshold.suspect).map_or(0, recent) >= threshold.limit
    };
    let blocked = thresholds.iter().find(reached)?.suspect.clone();
    if matches!(blocked, Suspect::Address(_)) {
        note(failures, thresholds, now);
    }
    Some(blocked)
}

fn note(failures: &mut Failures, thresholds: &[Threshold], now: Time) {
    if failures.len() >= MOST_COUNTERS {
        let day_ago = now.plus(-crate::domain::time::DAY);
        failures.retain(|_, times| times.back().is_some_and(|last| *last > day_ago));
        if failures.len() >= MOST_COUNTERS {
            failures.clear();
        }
    }
    for threshold in thresholds {
        let times = failures.entry(threshold.suspect.clone()).or_default();
        times.push_back(now);
        // Older ones cannot matter: the newest alone reach the limit.
        while times.len() > threshold.limit {
            times.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_allows_its_limit_and_the_next_one_begins_anew() {
        let limiter = RateLimiter::default();
        let client = IpAddr::from([127, 0, 0, 1]);
        let at = Time::from_millis;
        assert_eq!(limiter.count(0, client, 2, 1000, at(0)).remaining, 1);
        assert!(!limiter.count(0, client, 2, 1000, at(1)).refused);
        let third = limiter.count(0, client, 2, 1000, at(999));
        assert!(third.refused && third.reset == at(1000));
        assert!(!limiter.count(1, client, 2, 1000, at(999)).refused, "another endpoint counts apart");
        assert!(!limiter.count(0, client, 2, 1000, at(1000)).refused);
    }

    fn bob(limit: usize) -> Vec<Threshold> {
        vec![Threshold { suspect: Suspect::Username("bob".to_owned()), limit, window: 1000 }]
    }

    #[test]
    fn failures_block_until_they_are_old_or_a_login_works() {
        let guard = LoginGuard::default();
        let at = Time::from_millis;
        assert_eq!(guard.settle(&bob(2), false, at(0)), None);
        assert_eq!(guard.check(&bob(2), at(1)), None);
        assert_eq!(guard.settle(&bob(2), false, at(10)), None);
        assert!(guard.check(&bob(2), at(11)).is_some());
        assert_eq!(guard.check(&bob(2), at(1000)), None, "the first is old");
        assert_eq!(guard.settle(&bob(2), true, at(1000)), None);
        assert_eq!(guard.check(&bob(1), at(1000)), None, "a login that works wipes the slate");
    }

    #[test]
    fn attempts_that_come_together_get_no_more_verdicts_than_the_limit() {
        let guard = LoginGuard::default();
        let now = Time::from_millis(0);
        assert!((0..5).all(|_| guard.check(&bob(3), now).is_none()), "all five are under way");
        let told = (0..5).filter(|_| guard.settle(&bob(3), false, now).is_none()).count();
        assert_eq!(told, 3);
        assert!(guard.settle(&bob(3), true, now).is_some(), "the right one came too late");
    }

    #[test]
    fn a_blocked_address_that_goes_on_stays_blocked() {
        let guard = LoginGuard::default();
        let suspect = Suspect::Address(IpAddr::from([10, 0, 0, 1]));
        let thresholds = [Threshold { suspect, limit: 1, window: 1000 }];
        let at = Time::from_millis;
        assert_eq!(guard.settle(&thresholds, false, at(0)), None);
        assert!(guard.check(&thresholds, at(900)).is_some());
        assert!(guard.check(&thresholds, at(1800)).is_some());
        assert_eq!(guard.check(&thresholds, at(2800)), None);
    }
}
