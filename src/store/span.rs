//! Which records of a kind are wanted.

use std::ops::Bound;

use super::engine::Range;
use super::key::{self, Key};
use super::schema::Record;

/// A stretch of keys of one kind, by their leading parts.
#[derive(Debug, Clone)]
pub struct Span {
    low: Vec<u8>,
    end: End,
}

/// Where a span ends.
#[derive(Debug, Clone)]
enum End {
    /// With the keys that begin like its first.
    Alike,
    /// Before this key.
    Before(Vec<u8>),
    /// With the kind.
    Kind,
}

impl Span {
    /// All records of the kind.
    pub fn all() -> Self {
        Self { low: Vec::new(), end: End::Alike }
    }

    /// The records whose keys begin with these parts.
    pub fn of(parts: &impl Key) -> Self {
        let mut low = Vec::new();
        parts.encode(&mut low);
        Self { low, end: End::Alike }
    }

    /// The records from the first of these keys to the second, which is not included.
    pub fn between(low: &impl Key, high: &impl Key) -> Self {
        let (mut from, mut to) = (Vec::new(), Vec::new());
        low.encode(&mut from);
        high.encode(&mut to);
        Self { low: from, end: End::Before(to) }
    }

    /// All records of the kind behind this one.
    pub fn after(key: &impl Key) -> Self {
        let mut low = Vec::new();
        key.encode(&mut low);
        // Nothing is between a key and itself with a zero behind.
        low.push(0);
        Self { low, end: End::Kind }
    }

    pub(super) fn bounds<R: Record>(self) -> Range {
        let prefixed = |bytes: Vec<u8>| [vec![R::PREFIX], bytes].concat();
        match self.end {
            End::Alike => key::beginning_with(prefixed(self.low)),
            // sled panics when a range is turned round.
            End::Before(high) => {
                let high = prefixed(high.max(self.low.clone()));
                (Bound::Included(prefixed(self.low)), Bound::Excluded(high))
            }
            End::Kind => (Bound::Included(prefixed(self.low)), key::beginning_with(vec![R::PREFIX]).1),
        }
    }
}
