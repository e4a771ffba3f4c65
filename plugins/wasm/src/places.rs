//! How many files may work at the same time, as each has a memory of its own.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A bounded number of places.
#[derive(Debug)]
pub(crate) struct Places {
    free: Mutex<usize>,
    left: Condvar,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<Places>);

impl Places {
    pub(crate) fn of(number: usize) -> Arc<Self> {
        Arc::new(Self { free: Mutex::new(number), left: Condvar::new() })
    }

    /// Takes a place, and waits so long for one.
    pub(crate) fn take(self: &Arc<Self>, longest: Duration) -> Option<Place> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.left.wait_timeout_while(free, longest, |free| *free == 0);
        let (mut free, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(1)?;
        Some(Place(Arc::clone(self)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_once_it_is_left() {
        let places = Places::of(2);
        let (one, two) = (places.take(Duration::ZERO), places.take(Duration::ZERO));
        assert!(one.is_some() && two.is_some() && places.take(Duration::ZERO).is_none());
        let waiting = Arc::clone(&places);
        let waiter = std::thread::spawn(move || waiting.take(Duration::from_secs(60)).is_some());
        drop(one);
        assert!(waiter.join().expect("no panic"));
    }
}
