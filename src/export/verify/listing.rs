//! The manifest inside a zip, read line by line beside the files it lists.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::structure::{self, Record};
use super::{Result, Unpacked, VerifyError, content_error, unpack};

/// Longer than any line that names a safe path.
const LONGEST_LINE: u64 = 1024;

/// The lines that have not been compared yet, in the order of the files.
pub(super) struct Listing {
    lines: BufReader<Unpacked<BufReader<File>>>,
    manifest: Record,
}

impl Listing {
    pub(super) fn open(path: &Path, manifest: &Record) -> Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(manifest.offset))?;
        let mut reader = BufReader::new(file);
        structure::read_local(&mut reader, manifest)?;
        Ok(Self { lines: BufReader::new(unpack(reader, manifest)), manifest: manifest.clone() })
    }

    /// The next line must be about this file and its hash.
    pub(super) fn expect(&mut self, record: &Record, sha256: [u8; 32]) -> Result<()> {
        match self.next()? {
            None => Err(record.fault("the list of hashes does not name it")),
            Some((_, name)) if name != record.name => {
                Err(record.fault("the list of hashes names another file in its place"))
            }
            Some((hash, _)) if hash != hex::encode(sha256) => {
                Err(record.fault("its hash is not the one in the list of hashes"))
            }
            Some(_) => Ok(()),
        }
    }

    /// No file may be left.
    pub(super) fn expect_end(&mut self) -> Result<()> {
        match self.next()? {
            None => Ok(()),
            Some((_, name)) => {
                Err(VerifyError::File { name, complaint: "it is in the list of hashes, but missing" })
            }
        }
    }

    /// Hash and name of the next line.
    fn next(&mut self) -> Result<Option<(String, String)>> {
        let mut line = Vec::new();
        let read = (&mut self.lines).take(LONGEST_LINE).read_until(b'\n', &mut line);
        read.map_err(|error| content_error(&self.manifest, error))?;
        if line.is_empty() {
            return Ok(None);
        }
        let text = line.strip_suffix(b"\n").and_then(|text| str::from_utf8(text).ok());
        let (hash, name) = text
            .and_then(|text| text.split_once("  "))
            .ok_or_else(|| self.manifest.fault("it has a line that is no hash and name"))?;
        Ok(Some((hash.to_owned(), name.to_owned())))
    }
}
