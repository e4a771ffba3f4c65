//! What a run of messages may hold, in few bytes: a Bloom filter of their features. It says "no"
//! truthfully and "maybe" sometimes in vain.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};

/// Bits that each feature sets. With [`BITS_PER_FEATURE`] one in thirty answers is in vain.
const PROBES: u64 = 3;
/// Bits of a new signature for each of its features.
const BITS_PER_FEATURE: usize = 8;
/// Bytes of the largest signature, well below the largest record.
const LARGEST: usize = 64 * 1024;
/// Bytes of the smallest, which leaves room for edits.
const SMALLEST: usize = 64;

/// The features of a run of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

impl Signature {
    /// May hold anything.
    pub const ANYTHING: Self = Self(Vec::new());

    /// Of features that are all different.
    pub fn of(features: &[u64]) -> Self {
        let bytes = (features.len() * BITS_PER_FEATURE / 8).clamp(SMALLEST, LARGEST);
        let mut signature = Self(vec![0; bytes]);
        for &feature in features {
            signature.add(feature);
        }
        signature
    }

    /// Adds a feature; whether that changed anything.
    pub fn add(&mut self, feature: u64) -> bool {
        let mut changed = false;
        for (byte, mask) in probes(feature, self.0.len()) {
            changed |= self.0[byte] & mask == 0;
            self.0[byte] |= mask;
        }
        changed
    }

    /// Whether the feature may be there.
    pub fn may_hold(&self, feature: u64) -> bool {
        probes(feature, self.0.len()).all(|(byte, mask)| self.0[byte] & mask != 0)
    }

    /// Whether so much was added that it says "maybe" too often.
    pub fn is_crowded(&self) -> bool {
        let set: usize = self.0.iter().map(|byte| byte.count_ones() as usize).sum();
        set * 5 > self.0.len() * 8 * 3
    }

    /// Its size.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }
}

/// The bits of a feature among so many bytes; of [`Signature::ANYTHING`] none.
fn probes(feature: u64, bytes: usize) -> impl Iterator<Item = (usize, u8)> {
    let bits = bytes as u64 * 8;
    let hash = mix(feature);
    let (first, step) = (hash & 0xffff_ffff, hash >> 32 | 1);
    let count = if bytes == 0 { 0 } else { PROBES };
    (0..count).map(move |probe| {
        let at = (((first + probe * step) & 0xffff_ffff) * bits) >> 32;
        (usize::try_from(at / 8).expect("within the bytes"), 1 << (at % 8))
    })
}

/// The finalizer of `SplitMix64`: every bit of the result depends on every bit of the number.
fn mix(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// As one piece: number by number it would take many times as long.
impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Signature;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Signature, E> {
                Ok(Signature(bytes.to_vec()))
            }

            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Signature, E> {
                Ok(Signature(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_put_in_may_be_there(features: Vec<u64>, later: Vec<u64>) {
            let mut signature = Signature::of(&features);
            for &feature in &later {
                signature.add(feature);
            }
            prop_assert!(features.iter().chain(&later).all(|&feature| signature.may_hold(feature)));
            prop_assert!(later.iter().all(|&feature| !signature.add(feature)));
        }
    }

    #[test]
    fn most_of_what_is_not_there_is_known_not_to_be() {
        let signature = Signature::of(&(0..10_000).collect::<Vec<u64>>());
        assert_eq!(signature.bytes(), 10_000);
        let in_vain = (10_000..20_000).filter(|&feature| signature.may_hold(feature)).count();
        assert!(in_vain < 500, "{in_vain} of 10,000");
        assert!(!signature.is_crowded());
    }

    #[test]
    fn too_much_makes_it_crowded() {
        let mut signature = Signature::of(&[]);
        assert!(!signature.is_crowded());
        for feature in 0..300 {
            signature.add(feature);
        }
        assert!(signature.is_crowded());
        assert!(Signature::ANYTHING.may_hold(7) && !Signature::ANYTHING.is_crowded());
    }
}
