//! Stored keys and records, as damage or a stranger may leave them.
//!
//! The first byte tells how long the key is, the rest is the value, and at the same time another key.

use roomscribe::domain::{JobId, MessageId, RoomId, Time, UserId};
use roomscribe::store::key::Key;
use roomscribe::store::message_indexes::List;
use roomscribe::store::room_lists::RoomList;
use roomscribe::store::schema::KINDS;

/// What is read as a key is written as the same bytes, bytes sort as keys do, and no kind of record
/// panics or takes memory without bound, whatever its bytes are.
pub fn check(bytes: &[u8]) {
    let Some((&length, rest)) = bytes.split_first() else { return };
    let (key, value) = rest.split_at(usize::from(length).min(rest.len()));
    for (_, _, readable) in KINDS {
        readable(key, value);
    }
    every_shape(key, value);
}

/// The shapes of all keys in [`KINDS`]. Ids are written like texts.
fn every_shape(one: &[u8], other: &[u8]) {
    shape::<(String,)>(one, other);
    shape::<(String, String)>(one, other);
    shape::<(String, String, RoomId)>(one, other);
    shape::<(RoomId, Time, MessageId)>(one, other);
    shape::<(RoomId, MessageId, Time)>(one, other);
    shape::<(RoomId, List, Time, MessageId)>(one, other);
    shape::<(RoomList, String, RoomId)>(one, other);
    shape::<(RoomId, bool, String, UserId)>(one, other);
    shape::<([u8; 32],)>(one, other);
    shape::<([u8; 32], String)>(one, other);
    shape::<(JobId, [u8; 32])>(one, other);
    shape::<(Time, u64)>(one, other);
    shape::<(UserId, u64)>(one, other);
    shape::<(UserId, Time, u64)>(one, other);
}

fn shape<K: Key + Ord>(one: &[u8], other: &[u8]) {
    let Some(key) = again::<K>(one) else { return };
    let Some(another) = again::<K>(other) else { return };
    assert_eq!(
        key.cmp(&another),
        one.cmp(other),
        "{} do not sort as their bytes",
        std::any::type_name::<K>()
    );
}

fn again<K: Key>(bytes: &[u8]) -> Option<K> {
    let key = K::decode(bytes)?;
    let mut encoded = Vec::new();
    key.encode(&mut encoded);
    assert_eq!(encoded, bytes, "a {} is written as other bytes", std::any::type_name::<K>());
    Some(key)
}
