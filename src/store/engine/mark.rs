//! How far the database has come, noted outside of it.
//!
//! sled takes whatever cannot be read at the end of its log for the trace of a crash, and forgets
//! it. So every flush puts a higher number into the database, and once that is on disk into a file
//! beside it: a database that has not come as far as the file says has lost what was acknowledged.
//! A crash leaves the file behind the database, or as far as it, never ahead.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::store::Error;

/// The file's name beside the log.
const FILE: &str = "mark";

/// The file.
pub(super) struct Mark {
    file: File,
    reached: u64,
}

/// Where the file is.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// How far the database has come by the file.
pub(super) fn noted(dir: &Path) -> io::Result<Option<u64>> {
    let mut text = Vec::new();
    match File::open(path(dir)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?.take(LINE as u64 + 1).read_to_end(&mut text)?,
    };
    // Nobody waits for this file to be on disk, so a power cut may leave anything: then it is as if
    // there was none.
    Ok(parse(&text))
}

impl Mark {
    /// Opens the file of a database that has come to `reached`. Fails if it had come farther.
    pub(super) fn open(dir: &Path, reached: u64) -> Result<Self, Error> {
        let noted = noted(dir)?.unwrap_or(0);
        if noted > reached {
            let text = format!("the end of its log is lost, it has come to {reached} of {noted}");
            return Err(Error::Corrupt(text));
        }
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path(dir))?;
        Ok(Self { file, reached })
    }

    /// What to put into the database with the next flush.
    pub(super) fn next(&self) -> String {
        line(self.reached + 1)
    }

    /// Notes that [`next`](Self::next) is on disk.
    pub(super) fn advance(&mut self) -> io::Result<()> {
        self.reached += 1;
        self.file.write_all_at(line(self.reached).as_bytes(), 0)
    }
}

/// A line has two numbers of 20 digits, a blank between them, and its end.
const LINE: usize = 42;

/// The number as it stands in the file and in the database: twice, so that damage shows.
pub(super) fn line(number: u64) -> String {
    format!("{number:020} {number:020}\n")
}

/// The number of a line.
pub(super) fn parse(text: &[u8]) -> Option<u64> {
    let text = str::from_utf8(text).ok()?;
    let number = text.get(..20)?.parse().ok()?;
    (text == line(number)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_database_that_has_come_as_far_is_opened() {
        let directory = tempfile::tempdir().unwrap();
        let mut mark = Mark::open(directory.path(), 7).unwrap();
        assert_eq!(mark.next(), line(8));
        mark.advance().unwrap();
        assert_eq!(mark.next(), line(9));
        drop(mark);
        for reached in [8, 9] {
            assert_eq!(Mark::open(directory.path(), reached).unwrap().next(), line(reached + 1));
        }
        let error = Mark::open(directory.path(), 7).err().unwrap().to_string();
        assert!(error.contains("7 of 8"), "{error}");
    }

    #[test]
    fn a_file_that_makes_no_sense_says_nothing() {
        assert_eq!(line(8).len(), LINE);
        assert_eq!(parse(line(8).as_bytes()), Some(8));
        for damaged in [String::new(), "\0".repeat(LINE), line(8).replacen('8', "9", 1), line(8) + "x"] {
            assert_eq!(parse(damaged.as_bytes()), None, "{damaged:?}");
        }
    }
}
