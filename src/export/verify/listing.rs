//! The manifest, read line by line beside the files it lists.

use std::io::{BufRead, BufReader, Read};

use super::{Result, content_error, fault};
use crate::export::bag::MANIFEST;

/// Longer than any line that names a safe path.
const LONGEST_LINE: u64 = 1024;

/// The lines that have not been compared yet.
pub(crate) struct Listing<R>(BufReader<R>);

impl<R: Read> Listing<R> {
    pub(crate) fn new(manifest: R) -> Self {
        Self(BufReader::new(manifest))
    }

    /// Hash and name of the next line.
    pub(crate) fn next(&mut self) -> Result<Option<(String, String)>> {
        let mut line = Vec::new();
        let read = (&mut self.0).take(LONGEST_LINE).read_until(b'\n', &mut line);
        read.map_err(|error| content_error(MANIFEST, error))?;
        if line.is_empty() {
            return Ok(None);
        }
        let text = line.strip_suffix(b"\n").and_then(|text| str::from_utf8(text).ok());
        let (hash, name) = text
            .and_then(|text| text.split_once("  "))
            .ok_or_else(|| fault(MANIFEST, "it has a line that is no hash and name"))?;
        Ok(Some((hash.to_owned(), name.to_owned())))
    }

    /// What the lines came from.
    pub(super) fn into_inner(self) -> R {
        self.0.into_inner()
    }
}
