//! What people import: lines of JSON, plain or gzip, and zips of exports.
//!
//! An input that begins like a zip is one; one that begins with `==` holds files of which a zip is made;
//! any other is a document.

use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use roomscribe::domain::Time;
use roomscribe::import::{self, Imported, Rules, Source};
use roomscribe::store::Store;
use roomscribe::store::engine::memory::Memory;
use tempfile::TempDir;

use crate::parts::{parts, zipped};

const NOW: i64 = 1_710_498_030_123;

/// An import comes to an end; all that it wrote can be read; and one that went through changes nothing
/// when it is done again.
pub fn check(bytes: &[u8]) {
    let directory = TempDir::new().expect("a temporary directory");
    let store = Store::open_with(&directory.path().join("data"), |_| Ok(Arc::new(Memory::default())))
        .expect("a store in memory opens");
    let Some(source) = Given::new(bytes, directory.path()) else { return };
    let imported = run(&store, &source);
    store.check().expect("what was imported can be read");
    if imported.is_some() {
        let again = run(&store, &source).expect("what was imported once can be imported again");
        let Imported { messages, users, memberships, rooms, files, .. } = again;
        assert_eq!(
            (messages, users, memberships, rooms, files),
            (0, 0, 0, 0, 0),
            "importing again changes something"
        );
        store.check().expect("what was imported can still be read");
    }
}

fn run(store: &Store, source: &Given<'_>) -> Option<Imported> {
    let source = source.open()?;
    if source.is_export() && source.check().is_err() {
        return None;
    }
    import::import(store, source, &Rules::default(), Time::from_millis(NOW), &mut |_| {}).ok()
}

/// What an input is, to be opened as often as wanted.
enum Given<'a> {
    Document(&'a [u8]),
    Zip(std::path::PathBuf),
}

impl<'a> Given<'a> {
    fn new(bytes: &'a [u8], directory: &Path) -> Option<Self> {
        let zip = match bytes {
            [b'P', b'K', ..] => bytes.to_vec(),
            [b'=', b'=', ..] => zipped(&parts(bytes), "")?,
            document => return Some(Self::Document(document)),
        };
        let path = directory.join("room.zip");
        fs::write(&path, zip).expect("the temporary directory takes files");
        Some(Self::Zip(path))
    }

    fn open(&self) -> Option<Source> {
        match self {
            Self::Document(document) => Some(Source::stream(Cursor::new(document.to_vec()))),
            Self::Zip(path) => Source::open(path).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_in_an_input_are_imported() {
        let directory = TempDir::new().expect("a temporary directory");
        let store = Store::open_with(&directory.path().join("data"), |_| Ok(Arc::new(Memory::default())));
        let input = include_bytes!("../../corpus/import/plain");
        let given = Given::new(input, directory.path()).expect("a zip");
        let imported = run(&store.expect("a store"), &given).expect("an export");
        assert!(imported.messages > 1 && imported.files == 1, "{imported}");
    }
}
