//! So many things at the same time of everybody, and of all together.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Places that are taken, by who took them.
#[derive(Debug)]
pub struct Places<K> {
    most_each: usize,
    most: usize,
    taken: Mutex<HashMap<K, usize>>,
}

/// One place or some; free again when this is dropped.
#[derive(Debug)]
pub struct Place<K: Eq + Hash> {
    places: Arc<Places<K>>,
    of: K,
    count: usize,
}

impl<K: Eq + Hash + Clone> Places<K> {
    /// So many of everybody, and so many in all.
    pub fn of(most_each: usize, most: usize) -> Arc<Self> {
        Arc::new(Self { most_each, most, taken: Mutex::default() })
    }

    /// Takes a place; `None` if they have enough or there is none.
    pub fn take(self: &Arc<Self>, by: K) -> Option<Place<K>> {
        self.take_some(by, 1)
    }

    /// Takes so many places; `None` if they had too many then or there are not so many.
    pub fn take_some(self: &Arc<Self>, by: K, count: usize) -> Option<Place<K>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.get(&by).copied().unwrap_or_default();
        let fits = |taken: usize, most: usize| count <= most.saturating_sub(taken);
        if !fits(own, self.most_each) || !fits(taken.values().sum(), self.most) {
            return None;
        }
        taken.insert(by.clone(), own + count);
        Some(Place { places: Arc::clone(self), of: by, count })
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.of) {
            *own -= self.count;
            if *own == 0 {
                taken.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_so_many_places_and_all_together_so_many() {
        let places = Places::of(2, 3);
        let bobs = [places.take("bob"), places.take("bob")];
        assert!(bobs.iter().all(Option::is_some) && places.take("bob").is_none());
        let als = places.take("al");
        assert!(als.is_some() && places.take("al").is_none(), "three are taken");
        drop(bobs);
        assert!(places.take("al").is_some());
        drop(als);
        assert!(places.take_some("bob", 2).is_some() && places.take_some("bob", 3).is_none());
        assert!(places.taken.lock().unwrap().is_empty(), "who is gone is forgotten");
    }
}
