//! Which keys may be there, in memory that does not grow: a Bloom filter. "No" is always true.

use std::hash::{DefaultHasher, Hasher};
use std::ops::Bound::{Excluded, Included};

use super::Range;

/// Bytes: of ten million keys one in twenty is asked for in vain.
const SIZE: usize = 8 << 20;
/// Bits that each key sets.
const PROBES: u64 = 4;

/// The keys of some kinds. Their keys begin with a text, which ends with two zero bytes: see
/// [`key`](crate::store::key).
pub struct Filter {
    bits: Vec<u8>,
    kinds: Vec<u8>,
}

impl Filter {
    /// Of kinds of which there is nothing yet, by their prefixes.
    pub fn of(kinds: Vec<u8>) -> Self {
        Self { bits: vec![0; SIZE], kinds }
    }

    /// Notes a key.
    pub fn add(&mut self, key: &[u8]) {
        if !self.is_for(key) {
            return;
        }
        for part in [Some(key), beginning(key)].into_iter().flatten() {
            for (byte, mask) in probes(part) {
                self.bits[byte] |= mask;
            }
        }
    }

    /// Whether the key may be there.
    pub fn may_hold(&self, key: &[u8]) -> bool {
        !self.is_for(key) || self.may_have_noted(key)
    }

    /// Whether any key of the range may be there.
    pub fn may_hold_some(&self, range: &Range) -> bool {
        let (Included(low), Excluded(high)) = range else { return true };
        // All keys with this text, and no others.
        let is_beginning = beginning(low) == Some(low)
            && high.strip_suffix(&[1]).is_some_and(|high| low.strip_suffix(&[0]) == Some(high));
        !is_beginning || !self.is_for(low) || self.may_have_noted(low)
    }

    fn is_for(&self, key: &[u8]) -> bool {
        key.first().is_some_and(|prefix| self.kinds.contains(prefix))
    }

    fn may_have_noted(&self, part: &[u8]) -> bool {
        probes(part).all(|(byte, mask)| self.bits[byte] & mask != 0)
    }
}

/// A key up to the end of its first text.
fn beginning(key: &[u8]) -> Option<&[u8]> {
    let end = key.windows(2).position(|bytes| bytes == [0, 0])?;
    Some(&key[..end + 2])
}

fn probes(part: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    let mut hasher = DefaultHasher::new();
    hasher.write(part);
    let hash = hasher.finish();
    let (start, step) = (hash >> 32, hash | 1);
    (0..PROBES).map(move |probe| {
        let bit = start.wrapping_add(probe.wrapping_mul(step));
        let byte = (bit / 8 % SIZE as u64) as usize;
        (byte, 1 << (bit % 8))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::key::beginning_with;

    fn key(prefix: u8, number: u32) -> Vec<u8> {
        [&[prefix], format!("{number}").as_bytes(), &[0, 0], &number.to_be_bytes()].concat()
    }

    #[test]
    fn no_is_always_true_and_hardly_ever_missing() {
        let mut filter = Filter::of(vec![b'i']);
        (0..1000).for_each(|number| filter.add(&key(b'i', number)));
        let text = |number| beginning_with(beginning(&key(b'i', number)).unwrap().to_vec());
        for number in 0..1000 {
            assert!(filter.may_hold(&key(b'i', number)) && filter.may_hold_some(&text(number)));
        }
        let others = 1000..11_000;
        assert!(others.clone().filter(|number| filter.may_hold(&key(b'i', *number))).count() < 10);
        assert!(others.filter(|number| filter.may_hold_some(&text(*number))).count() < 10);
        // Of other kinds and wider ranges it knows nothing.
        assert!(filter.may_hold(&key(b'x', 1)));
        assert!(filter.may_hold_some(&beginning_with(vec![b'i'])));
        assert!(filter.may_hold_some(&beginning_with(b"i1".to_vec())));
        assert!(filter.may_hold_some(&(Included(key(b'i', 5000)), Excluded(key(b'i', 5001)))));
    }
}
