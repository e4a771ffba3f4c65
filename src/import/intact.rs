//! Whether the documents of an export are those that were exported, before anything is imported.
//!
//! Files that people sent are not looked at here: each is compared with its own hash when it is taken in.

use std::collections::BTreeMap;
use std::io;

use sha2::{Digest, Sha256};

use super::source::Source;
use crate::export::bag::MANIFEST;
use crate::export::verify::Listing;

/// Reads every document to its end, and compares its hash with the one in its list. Where there is no
/// list, as in a zip that somebody else made, that it can be read is all there is to know.
pub(super) fn check(source: &Source) -> io::Result<()> {
    let mut found = BTreeMap::new();
    source.documents_ahead(&mut |name, lines, _| {
        let name = name.unwrap_or_default();
        let mut hasher = Sha256::new();
        io::copy(lines, &mut hasher).map_err(|error| damaged(name, &error.to_string()))?;
        found.insert(name.to_owned(), hex::encode(hasher.finalize()));
        Ok::<(), io::Error>(())
    })?;
    source.lists(&mut |before, list| {
        let mut listing = Listing::new(list);
        while let Some((hash, name)) = listing.next().map_err(io::Error::other)? {
            let name = format!("{before}{name}");
            if found.remove(&name).is_some_and(|sum| sum != hash) {
                return Err(damaged(&name, &format!("its hash is not the one in {MANIFEST}")));
            }
        }
        match found.keys().find(|name| name.starts_with(before)) {
            Some(name) => {
                Err(io::Error::other(format!("{name:?} is not part of the export: {MANIFEST} lacks it")))
            }
            None => Ok(()),
        }
    })
}

fn damaged(name: &str, complaint: &str) -> io::Error {
    io::Error::other(format!("{name:?} is damaged: {complaint}"))
}
