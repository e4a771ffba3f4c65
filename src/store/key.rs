//! Keys whose byte order is the order of the values, so that a range scan is an ordered walk.
//!
//! A key is a kind's prefix byte and then its parts. Every part ends where its own encoding says,
//! so a key of fewer parts is a byte prefix of exactly the keys that begin with those parts.

use std::ops::Bound;

use super::engine::Range;
use crate::domain::{IntegrationId, JobId, MessageId, RoomId, TeamId, Time, UploadId, UserId};

/// One part of a key.
pub trait Part: Sized {
    /// Appends the encoding.
    fn encode(&self, out: &mut Vec<u8>);
    /// Reads the part at the front of `bytes` and moves past it; `None` if it is no such part.
    fn decode(bytes: &mut &[u8]) -> Option<Self>;
}

/// A whole key: a part, or a tuple of parts.
pub trait Key: Sized {
    /// Appends the encoding of all parts.
    fn encode(&self, out: &mut Vec<u8>);
    /// Reads a key; `None` if the bytes are no such key.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

/// 0x00 in a text becomes 0x00 0xff and the end is 0x00 0x00: order is kept, for nothing sorts
/// before the end.
impl Part for String {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_text(self, out);
    }

    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let mut text = Vec::new();
        loop {
            let plain = bytes.iter().position(|byte| *byte == 0)?;
            text.extend_from_slice(&bytes[..plain]);
            let next = *bytes.get(plain + 1)?;
            *bytes = &bytes[plain + 2..];
            match next {
                0 => return Self::from_utf8(text).ok(),
                0xff => text.push(0),
                _ => return None,
            }
        }
    }
}

fn encode_text(text: &str, out: &mut Vec<u8>) {
    for &byte in text.as_bytes() {
        out.push(byte);
        if byte == 0 {
            out.push(0xff);
        }
    }
    out.extend([0, 0]);
}

macro_rules! id_part {
    ($($id:ty),*) => {$(
        impl Part for $id {
            fn encode(&self, out: &mut Vec<u8>) {
                encode_text(self.as_str(), out);
            }

            fn decode(bytes: &mut &[u8]) -> Option<Self> {
                String::decode(bytes).map(<$id>::new)
            }
        }
    )*};
}

id_part!(UserId, RoomId, MessageId, UploadId, JobId, IntegrationId, TeamId);

/// Big-endian with the sign turned, so that times before 1970 sort first. What is no time is no part:
/// moved to where times end, it would be the key of another record.
impl Part for Time {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend((self.millis() ^ i64::MIN).to_be_bytes());
    }

    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<8>()?;
        *bytes = rest;
        let millis = i64::from_be_bytes(*head) ^ i64::MIN;
        Some(Self::from_millis(millis)).filter(|time| time.millis() == millis)
    }
}

/// Big-endian.
impl Part for u64 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.to_be_bytes());
    }

    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<8>()?;
        *bytes = rest;
        Some(Self::from_be_bytes(*head))
    }
}

/// `false` sorts first.
impl Part for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        match byte {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// A hash.
impl Part for [u8; 32] {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self);
    }

    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<32>()?;
        *bytes = rest;
        Some(*head)
    }
}

macro_rules! key {
    ($(($($part:ident $index:tt),+)),*) => {$(
        impl<$($part: Part),+> Key for ($($part,)+) {
            fn encode(&self, out: &mut Vec<u8>) {
                $(self.$index.encode(out);)+
            }

            fn decode(mut bytes: &[u8]) -> Option<Self> {
                let key = ($($part::decode(&mut bytes)?,)+);
                bytes.is_empty().then_some(key)
            }
        }
    )*};
}

key!((A 0), (A 0, B 1), (A 0, B 1, C 2), (A 0, B 1, C 2, D 3));

/// A prefix byte and a key as bytes.
pub(crate) fn encode(prefix: u8, key: &impl Key) -> Vec<u8> {
    let mut bytes = vec![prefix];
    key.encode(&mut bytes);
    bytes
}

/// All keys that begin with these bytes.
pub(crate) fn beginning_with(bytes: Vec<u8>) -> Range {
    let end = successor(&bytes).map_or(Bound::Unbounded, Bound::Excluded);
    (Bound::Included(bytes), end)
}

/// The smallest bytes that are larger than everything that begins with `bytes`.
fn successor(bytes: &[u8]) -> Option<Vec<u8>> {
    let last = bytes.iter().rposition(|&byte| byte != 0xff)?;
    let mut next = bytes[..=last].to_vec();
    next[last] += 1;
    Some(next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(key: &impl Key) -> Vec<u8> {
        encode(b'm', key)
    }

    fn key() -> impl Strategy<Value = (String, Time, String)> {
        let text = prop_oneof![".{0,6}", "[\u{0}a\u{1}]{0,4}"];
        (text.clone(), any::<i64>().prop_map(Time::from_millis), text)
    }

    proptest! {
        #[test]
        fn byte_order_is_value_order(one in key(), other in key()) {
            prop_assert_eq!(bytes(&one).cmp(&bytes(&other)), one.cmp(&other));
        }

        #[test]
        fn decoding_gives_back_what_was_encoded(one in key()) {
            let encoded = bytes(&one);
            prop_assert_eq!(<(String, Time, String)>::decode(&encoded[1..]), Some(one));
        }

        #[test]
        fn a_prefix_range_holds_exactly_what_begins_with_it(first in "[\u{0}a\u{ff}]{0,3}", one in key()) {
            let (Bound::Included(low), high) = beginning_with(bytes(&(first.clone(),))) else { panic!("a prefix is where its range begins") };
            let encoded = bytes(&one);
            let below = match high { Bound::Excluded(high) => encoded < high, _ => true };
            prop_assert_eq!(encoded >= low && below, one.0 == first);
        }

        #[test]
        fn random_bytes_never_panic(noise in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = <(String, Time, String)>::decode(&noise);
            let _ = <([u8; 32], String)>::decode(&noise);
        }
    }
}
