//! Counting calls and estimates, in bounded memory.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::domain::{Time, UserId};

pub mod bodies;
pub mod logins;
pub mod pace;
pub mod places;
pub mod remembered;
mod turns;
pub mod workers;

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
}
