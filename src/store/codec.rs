//! Stored values: a version byte, then bincode. The only file that says bincode.
//!
//! bincode does not describe itself, so the version byte is what tells an old value from a new one.

use bincode::Options;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Error, Record};

/// No record is larger. sled keeps larger values in files that it does not sync.
pub const LARGEST_RECORD: u64 = 100 * 1024;

fn options() -> impl Options {
    // Variable-length integers, no trailing bytes.
    bincode::DefaultOptions::new().with_limit(LARGEST_RECORD)
}

/// The bytes of a record.
pub(crate) fn encode<R: Record>(record: &R) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![R::VERSION];
    options().serialize_into(&mut bytes, record).map_err(|error| match *error {
        bincode::ErrorKind::SizeLimit => Error::TooLarge { kind: R::NAME },
        _ => Error::Engine(format!("a {} cannot be encoded: {error}", R::NAME)),
    })?;
    Ok(bytes)
}

/// The record in these bytes, whichever version of the program wrote them.
pub(crate) fn decode<R: Record>(bytes: &[u8]) -> Result<R, Error> {
    match bytes.split_first() {
        Some((&version, body)) if version == R::VERSION => decode_body(body).ok_or_else(unreadable::<R>),
        Some((&version, body)) => R::upgrade(version, body).ok_or_else(unreadable::<R>),
        None => Err(unreadable::<R>()),
    }
}

/// For `Record::upgrade`: reads the struct that an older version wrote.
pub fn decode_body<T: DeserializeOwned + Serialize>(body: &[u8]) -> Option<T> {
    options().deserialize(body).ok()
}

fn unreadable<R: Record>() -> Error {
    Error::Corrupt(format!("a stored {} cannot be read", R::NAME))
}
