//! Bringing rooms in: exports in the format `ndjson`, alone or in the zip or directory of an export
//! with their files, and NDJSON of REST message objects, plain or gzip.
//!
//! An export that is imported and exported again is the same, byte for byte, in a store that did not
//! have its room. Importing twice changes nothing: what is there already, by its id, is passed over.
//! Messages keep everything they came with; missing authors are made, who cannot log in, and missing
//! rooms, as the header of an export has them, else as public channels. Each batch is atomic, so an
//! import that was broken off is simply run again. A room that was there before gets messages, but
//! neither members nor roles, unless [`Rules::join`] says so.

mod document;
mod fields;
mod file;
mod header;
mod importer;
mod inflated;
mod intact;
mod line;
mod message;
mod rooms;
mod rules;
mod source;
mod threads;
mod zip;

use std::fmt;
use std::io;

use importer::Importer;
pub use rules::Rules;
pub use source::Source;

use crate::domain::Time;
use crate::store::{Error as StoreError, Store};

/// So many names of new rooms are told.
const MOST_NAMES: usize = 100;

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line is wrong.
    #[error("{}line {line}: {complaint}", shown(document.as_deref()))]
    Line {
        /// The document, if there are several.
        document: Option<String>,
        /// The line's number, from 1.
        line: u64,
        /// What is wrong.
        complaint: String,
    },
    /// The source cannot be read at all.
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn shown(document: Option<&str>) -> String {
    document.map(|name| format!("{name:?}, ")).unwrap_or_default()
}

/// An import that stopped. What it had imported before is kept.
#[derive(Debug)]
pub struct Failure {
    /// Why.
    pub error: Error,
    /// What was imported before.
    pub imported: Imported,
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.imported == Imported::default() && !matches!(self.error, Error::Line { .. }) {
            return write!(f, "{}", self.error);
        }
        write!(f, "{}; {}; what stands before it was imported", self.error, self.imported)
    }
}

/// What an import did. Shown, it is a line for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// New messages.
    pub messages: u64,
    /// Messages that were there already.
    pub known: u64,
    /// New accounts.
    pub users: u64,
    /// New memberships.
    pub memberships: u64,
    /// Authors who have no account, for its name is another's or is not allowed; once for each room.
    pub nameless: u64,
    /// New rooms.
    pub rooms: u64,
    /// The names of the first of them.
    pub names: Vec<String>,
    /// New files.
    pub files: u64,
    /// Files that were there already.
    pub known_files: u64,
    /// Files that the export names and that were not beside it, or were damaged.
    pub missing_files: u64,
}

impl Imported {
    fn note_room(&mut self, name: &str) {
        self.rooms += 1;
        if self.names.len() < MOST_NAMES {
            self.names.push(name.to_owned());
        }
    }
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} messages, {} users, {} rooms", self.messages, self.users, self.rooms)?;
        if !self.names.is_empty() {
            write!(f, ": {}", self.names.join(", "))?;
        }
        if self.rooms > self.names.len() as u64 {
            write!(f, ", …")?;
        }
        write!(f, "; {} messages were there already", self.known)?;
        if self.memberships > 0 {
            write!(f, "; {} memberships were added", self.memberships)?;
        }
        if self.nameless > 0 {
            write!(
                f,
                "; {} authors have no account, for their names are taken or not allowed",
                self.nameless
            )?;
        }
        let (new, known, missing) = (self.files, self.known_files, self.missing_files);
        if new + known + missing > 0 {
            write!(f, "; {new} files, {known} were there already, {missing} are missing")?;
        }
        Ok(())
    }
}

/// Imports everything of `source`. `progress` is told the number of lines now and then.
pub fn import(
    store: &Store,
    source: Source,
    rules: &Rules,
    now: Time,
    progress: &mut dyn FnMut(u64),
) -> Result<Imported, Box<Failure>> {
    let mut importer = Importer::new(store, rules, now, progress);
    let ended = source.documents_ahead(&mut |_, lines, _| importer.meet(lines)).and_then(|()| {
        source.documents(&mut |document, lines, beside| importer.read(document, lines, beside))
    });
    // However it ended: what was told to be imported is on disk.
    let durable =
        store.durable_blocking().and_then(|()| store.pack(|_| true)).and_then(|_| store.durable_blocking());
    match durable.map_err(Error::from).and(ended) {
        Ok(()) => Ok(importer.imported),
        Err(error) => Err(Box::new(Failure { error, imported: importer.done() })),
    }
}
