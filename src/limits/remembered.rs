//! Who has shown a second factor a moment ago and is not asked for it again at once.
//!
//! In memory only: a restart asks once more, which is safe.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::MOST_COUNTERS;
use crate::domain::Time;

/// Sessions that have shown a second factor, each under a hash that stands for token, address and
/// program, with the time of it.
#[derive(Default)]
pub struct Remembered {
    shown: Mutex<HashMap<[u8; 32], Time>>,
}

impl Remembered {
    /// Notes that a session has shown a second factor; it counts for so many milliseconds.
    pub fn note(&self, session: [u8; 32], now: Time, lifetime: i64) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.len() >= MOST_COUNTERS {
            shown.retain(|_, at| now < at.plus(lifetime));
            if shown.len() >= MOST_COUNTERS {
                shown.clear();
            }
        }
        shown.insert(session, now);
    }

    /// Whether a session has shown one within so many milliseconds.
    pub fn knows(&self, session: &[u8; 32], now: Time, lifetime: i64) -> bool {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.get(session).is_some_and(|at| now < at.plus(lifetime))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_remembered_for_its_time_and_no_other_is() {
        let remembered = Remembered::default();
        let at = Time::from_millis;
        remembered.note([1; 32], at(0), 1000);
        assert!(remembered.knows(&[1; 32], at(999), 1000));
        assert!(!remembered.knows(&[1; 32], at(1000), 1000));
        assert!(!remembered.knows(&[1; 32], at(500), 500), "the lifetime is that of now");
        assert!(!remembered.knows(&[2; 32], at(0), 1000));
    }
}
