//! How often in a row a foreign format has failed.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many faults in a row switch a format off.
const MOST: u32 = 3;

/// The faults since the last room that went well.
#[derive(Debug, Default)]
pub(crate) struct Strikes(Mutex<(u32, String)>);

impl Strikes {
    fn lock(&self) -> MutexGuard<'_, (u32, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more fault. `true`: it was the one that switches off.
    pub(crate) fn add(&self, words: &str) -> bool {
        let mut strikes = self.lock();
        *strikes = (strikes.0.saturating_add(1), words.to_owned());
        strikes.0 == MOST
    }

    /// A room went well. What is switched off stays so.
    pub(crate) fn clear(&self) {
        let mut strikes = self.lock();
        if strikes.0 < MOST {
            *strikes = Default::default();
        }
    }

    /// The last fault, if there were too many.
    pub(crate) fn out(&self) -> Option<String> {
        let strikes = self.lock();
        (strikes.0 >= MOST).then(|| strikes.1.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_in_a_row_are_out_and_stay_out() {
        let strikes = Strikes::default();
        assert!(!strikes.add("a") && !strikes.add("b"));
        strikes.clear();
        assert!(!strikes.add("c") && !strikes.add("d") && strikes.out().is_none());
        assert!(strikes.add("e"));
        assert!(!strikes.add("f"), "told once");
        strikes.clear();
        assert_eq!(strikes.out().as_deref(), Some("f"));
    }
}
