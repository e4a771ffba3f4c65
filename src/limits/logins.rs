//! Counting failed logins, by whom they were meant for and by where they came from.
//!
//! In memory only, and bounded: a restart forgives.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::MOST_COUNTERS;
use crate::domain::{Time, UserId};

/// Failed logins by login name, by account and by address.
#[derive(Default)]
pub struct LoginGuard {
    failures: Mutex<Failures>,
}

type Failures = HashMap<Suspect, VecDeque<Failure>>;

struct Failure {
    at: Time,
    /// The account that was tried, if there is one.
    account: Option<UserId>,
}

/// Whose failures are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Suspect {
    /// A login name in lower case.
    Username(String),
    /// The id of an account that was named otherwise, or what was typed where there is none.
    Account(String),
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

/// A try to show who one is.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The account that is tried, if that is known.
    pub account: Option<UserId>,
    /// Whose failures count for it.
    pub thresholds: Vec<Threshold>,
}

impl LoginGuard {
    /// Who is blocked, if anybody, before the credentials are looked at.
    ///
    /// The first of the thresholds wins. Attempts from a blocked address count as failures; those
    /// with a blocked name do not, or else anybody could lock somebody else out for good.
    pub fn check(&self, attempt: &Attempt, now: Time) -> Option<Suspect> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        refuse(&mut failures, attempt, now)
    }

    /// Counts an attempt whose credentials were right or not. Answers who is blocked all the same:
    /// of attempts that come together only as many are told their verdict as the limit allows.
    ///
    /// Who is right is forgiven. An address is forgiven only what it did to the same account, or else
    /// whoever has one could guess at all others without end.
    pub fn settle(&self, attempt: &Attempt, right: bool, now: Time) -> Option<Suspect> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let blocked = refuse(&mut failures, attempt, now);
        if blocked.is_some() {
            return blocked;
        }
        if right {
            for threshold in &attempt.thresholds {
                forgive(&mut failures, &threshold.suspect, attempt.account.as_ref());
            }
        } else {
            note(&mut failures, attempt, now);
        }
        None
    }
}

fn forgive(failures: &mut Failures, suspect: &Suspect, account: Option<&UserId>) {
    match suspect {
        Suspect::Username(_) | Suspect::Account(_) | Suspect::Factor(_) => {
            failures.remove(suspect);
        }
        Suspect::Address(_) => {
            let (Some(account), Some(noted)) = (account, failures.get_mut(suspect)) else { return };
            noted.retain(|failure| failure.account.as_ref() != Some(account));
        }
    }
}

fn refuse(failures: &mut Failures, attempt: &Attempt, now: Time) -> Option<Suspect> {
    let reached = |threshold: &&Threshold| {
        let recent = |noted: &VecDeque<Failure>| {
            noted.iter().filter(|failure| failure.at.plus(threshold.window) > now).count()
        };
        failures.get(&threshold.suspect).map_or(0, recent) >= threshold.limit
    };
    let blocked = attempt.thresholds.iter().find(reached)?.suspect.clone();
    if matches!(blocked, Suspect::Address(_)) {
        note(failures, attempt, now);
    }
    Some(blocked)
}

fn note(failures: &mut Failures, attempt: &Attempt, now: Time) {
    if failures.len() >= MOST_COUNTERS {
        let day_ago = now.plus(-crate::domain::time::DAY);
        failures.retain(|_, noted| noted.back().is_some_and(|last| last.at > day_ago));
        if failures.len() >= MOST_COUNTERS {
            failures.clear();
        }
    }
    for threshold in &attempt.thresholds {
        let noted = failures.entry(threshold.suspect.clone()).or_default();
        noted.push_back(Failure { at: now, account: attempt.account.clone() });
        // Older ones cannot matter: the newest alone reach the limit.
        while noted.len() > threshold.limit {
            noted.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(account: &str, suspect: Suspect, limit: usize) -> Attempt {
        let thresholds = vec![Threshold { suspect, limit, window: 1000 }];
        Attempt { account: Some(UserId::new(account)), thresholds }
    }

    fn bob(limit: usize) -> Attempt {
        attempt("b", Suspect::Username("bob".to_owned()), limit)
    }

    #[test]
    fn an_address_is_forgiven_what_it_did_to_the_account_that_logs_in() {
        let guard = LoginGuard::default();
        let from = |account: &str| attempt(account, Suspect::Address(IpAddr::from([10, 0, 0, 1])), 2);
        let now = Time::from_millis(0);
        assert_eq!(guard.settle(&from("al"), false, now), None);
        assert_eq!(guard.settle(&from("bob"), true, now), None);
        assert_eq!(guard.settle(&from("bob"), false, now), None);
        assert!(guard.check(&from("al"), now).is_some(), "bob's success forgives nothing done to al");
        let guard = LoginGuard::default();
        assert_eq!(guard.settle(&from("al"), false, now), None);
        assert_eq!(guard.settle(&from("al"), true, now), None);
        assert_eq!(guard.settle(&from("bob"), false, now), None);
        assert_eq!(guard.check(&from("al"), now), None, "whoever mistyped at first is forgiven");
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
        let attempt = attempt("b", suspect, 1);
        let at = Time::from_millis;
        assert_eq!(guard.settle(&attempt, false, at(0)), None);
        assert!(guard.check(&attempt, at(900)).is_some());
        assert!(guard.check(&attempt, at(1800)).is_some());
        assert_eq!(guard.check(&attempt, at(2800)), None);
    }
}
