//! Ranges of keys, cut at the borders between kinds.

use std::cmp::{max_by, min_by};
use std::ops::Bound::{self, Excluded, Included, Unbounded};

use crate::store::engine::Range;

/// The key of a bound.
pub(super) fn key(bound: &Bound<Vec<u8>>) -> Option<&Vec<u8>> {
    match bound {
        Included(key) | Excluded(key) => Some(key),
        Unbounded => None,
    }
}

/// Whether no key can be within. sled panics when it is asked for such a range.
pub(in crate::store::engine) fn is_empty(range: &Range) -> bool {
    match range {
        (Included(low), Included(high)) => low > high,
        (Included(low) | Excluded(low), Included(high) | Excluded(high)) => low >= high,
        (Unbounded, _) | (_, Unbounded) => false,
    }
}

/// Whether this key is within.
pub(super) fn contains(range: &Range, key: &[u8]) -> bool {
    let above = match &range.0 {
        Included(low) => key >= low.as_slice(),
        Excluded(low) => key > low.as_slice(),
        Unbounded => true,
    };
    above
        && match &range.1 {
            Included(high) => key <= high.as_slice(),
            Excluded(high) => key < high.as_slice(),
            Unbounded => true,
        }
}

/// The part of a range that belongs to the kind of this prefix; it has two ends.
pub(super) fn of_kind(prefix: u8, range: &Range) -> Range {
    let first = Included(vec![prefix]);
    let last = prefix.checked_add(1).map_or(Excluded(vec![prefix, 0xff, 0xff]), |next| Excluded(vec![next]));
    let low = max_by(range.0.clone(), first, |one, other| key(one).cmp(&key(other)));
    let high = match key(&range.1) {
        None => last,
        Some(_) => min_by(range.1.clone(), last, |one, other| key(one).cmp(&key(other))),
    };
    (low, high)
}

/// The one kind that all keys of a range belong to.
pub(super) fn only_kind(range: &Range) -> Option<u8> {
    let (low, high) = (key(&range.0)?, key(&range.1)?);
    let prefix = *low.first()?;
    let ends = high.first() == Some(&prefix)
        || (matches!(range.1, Excluded(_)) && prefix.checked_add(1).is_some_and(|next| *high == [next]));
    ends.then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: Bound<&[u8]>, high: Bound<&[u8]>) -> Range {
        (low.map(<[u8]>::to_vec), high.map(<[u8]>::to_vec))
    }

    #[test]
    fn a_range_is_cut_at_the_borders_of_a_kind() {
        let all = range(Unbounded, Unbounded);
        assert_eq!(of_kind(b'm', &all), range(Included(b"m"), Excluded(b"n")));
        let inner = range(Excluded(b"ma"), Included(b"mb"));
        assert_eq!(of_kind(b'm', &inner), inner);
        assert!(is_empty(&of_kind(b'a', &inner)) && is_empty(&of_kind(b'z', &inner)));
        let wide = range(Included(b"a"), Excluded(b"mb"));
        assert_eq!(of_kind(b'm', &wide), range(Included(b"m"), Excluded(b"mb")));
        assert!(is_empty(&of_kind(b'm', &range(Included(b"a"), Excluded(b"m")))));
    }

    #[test]
    fn a_range_of_one_kind_is_known() {
        assert_eq!(only_kind(&range(Included(b"ma"), Excluded(b"n"))), Some(b'm'));
        assert_eq!(only_kind(&range(Included(b"ma"), Included(b"mb"))), Some(b'm'));
        assert_eq!(only_kind(&range(Included(b"ma"), Included(b"n"))), None);
        assert_eq!(only_kind(&range(Included(b"ma"), Unbounded)), None);
    }
}
