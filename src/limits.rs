//! Counting calls and failed logins, in bounded memory.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::domain::Time;

/// No more counters than this are kept; then the oldest windows are swept away.
const MOST_COUNTERS: usize = 50_000;

/// Calls per endpoint and client in fixed windows.
#[derive(Default)]
pub struct RateLimiter {
    windows: Mutex<HashMap<(usize, IpAddr), Window>>,
}

struct Window {
    began: Time,
    calls: u64,
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
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= MOST_COUNTERS {
            windows.retain(|_, counter| now < counter.began.plus(window));
            if windows.len() >= MOST_COUNTERS {
                windows.clear();
            }
        }
        let counter = windows.entry((endpoint, client)).or_insert(Window { began: now, calls: 0 });
        if now >= counter.began.plus(window) {
            *counter = Window { began: now, calls: 0 };
        }
        counter.calls += 1;
        Allowance {
            limit,
            remaining: limit.saturating_sub(counter.calls),
            reset: counter.began.plus(window),
            refused: counter.calls > limit,
        }
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
    /// A login name as typed.
    Username(String),
    /// An address.
    Address(IpAddr),
}

impl LoginGuard {
    /// Whether there were `limit` failures within the last `window` milliseconds.
    pub fn is_blocked(&self, suspect: &Suspect, limit: u64, window: i64, now: Time) -> bool {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = failures
            .get(suspect)
            .map_or(0, |times| times.iter().filter(|time| time.plus(window) > now).count());
        limit > 0 && recent as u64 >= limit
    }

    /// Notes a failure.
    pub fn failed(&self, suspect: Suspect, now: Time) {
        const MOST_FAILURES: usize = 1000;
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= MOST_COUNTERS {
            let day_ago = now.plus(-crate::domain::time::DAY);
            failures.retain(|_, times| times.back().is_some_and(|last| *last > day_ago));
            if failures.len() >= MOST_COUNTERS {
                failures.clear();
            }
        }
        let times = failures.entry(suspect).or_default();
        times.push_back(now);
        if times.len() > MOST_FAILURES {
            times.pop_front();
        }
    }

    /// A login worked: the failures before it no longer count.
    pub fn succeeded(&self, suspect: &Suspect) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(suspect);
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

    #[test]
    fn failures_block_until_they_are_old_or_a_login_works() {
        let guard = LoginGuard::default();
        let bob = Suspect::Username("bob".to_owned());
        let at = Time::from_millis;
        guard.failed(bob.clone(), at(0));
        assert!(!guard.is_blocked(&bob, 2, 1000, at(1)));
        guard.failed(bob.clone(), at(10));
        assert!(guard.is_blocked(&bob, 2, 1000, at(11)));
        assert!(!guard.is_blocked(&bob, 2, 1000, at(1000)), "the first is old");
        guard.succeeded(&bob);
        assert!(!guard.is_blocked(&bob, 1, 1000, at(11)));
    }
}
