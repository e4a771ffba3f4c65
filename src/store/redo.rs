//! Batches that are too large for the engine to apply as one: sled keeps all that it replaces in memory
//! until it is through, and takes the entries in no order.
//!
//! Such a batch first comes to disk as a whole, in a file of its own, and then into the database part by
//! part, in order. If a crash cuts that short, the next start does it again from the beginning.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use super::Result;
use super::engine::tap::{Noted, encode};
use super::engine::{Batch, Engine};

/// The file beside the database, and its name while it is written.
const FILE: &str = "redo";
const UNFINISHED: &str = "redo.part";
/// Bytes of entries that the engine applies as one.
const PART: usize = 64 * 1024;

/// A batch, in parts and in order.
pub(super) fn parts(mut batch: Batch) -> Vec<Batch> {
    batch.sort_by(|(one, _), (other, _)| one.cmp(other));
    let (mut parts, mut part, mut size) = (Vec::new(), Batch::new(), 0);
    for (key, value) in batch {
        size += key.len() + value.as_ref().map_or(0, Vec::len);
        part.push((key, value));
        if size >= PART {
            parts.push(std::mem::take(&mut part));
            size = 0;
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// Brings the parts to disk: from now on a start applies them.
pub(super) fn note(directory: &Path, parts: &[Batch]) -> io::Result<()> {
    let path = directory.join(UNFINISHED);
    let mut file = BufWriter::new(File::create(&path)?);
    for part in parts {
        file.write_all(&encode(part)?)?;
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(path, directory.join(FILE))?;
    File::open(directory)?.sync_all()
}

/// Forgets them: they are in the database, and on disk.
pub(super) fn forget(directory: &Path) -> io::Result<()> {
    fs::remove_file(directory.join(FILE))?;
    File::open(directory)?.sync_all()
}

/// Applies what a crash has left. Nobody has read from the engine yet.
pub(super) fn recover(directory: &Path, engine: &dyn Engine) -> Result<()> {
    let file = match File::open(directory.join(FILE)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    for part in Noted::of(file) {
        engine.apply(part?)?;
    }
    engine.flush()?;
    Ok(forget(directory)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::memory::Memory;

    fn batch() -> Batch {
        let key = |number: u32| number.wrapping_mul(0x9e37_79b1).to_be_bytes().to_vec();
        (0..500).map(|number| (key(number), (number % 7 > 0).then(|| vec![7; 1000]))).collect()
    }

    #[test]
    fn a_batch_that_was_cut_short_anywhere_is_applied_by_the_next_start() {
        let whole = Memory::default();
        whole.apply(batch()).unwrap();
        let parts = parts(batch());
        assert!(parts.len() > 5 && parts.iter().all(|part| !part.is_empty()));
        assert!(parts.concat().is_sorted_by_key(|(key, _)| key.clone()));
        for applied in 0..=parts.len() {
            let data = tempfile::tempdir().unwrap();
            let engine = Memory::default();
            engine.apply(batch().into_iter().map(|(key, _)| (key, Some(vec![1]))).collect()).unwrap();
            note(data.path(), &parts).unwrap();
            for part in &parts[..applied] {
                engine.apply(part.clone()).unwrap();
            }
            for _ in 0..2 {
                recover(data.path(), &engine).unwrap();
                assert_eq!(*engine.entries(), *whole.entries());
            }
            assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_note_that_was_cut_short_is_none() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join(UNFINISHED), [9]).unwrap();
        let engine = Memory::default();
        recover(data.path(), &engine).unwrap();
        assert!(engine.entries().is_empty());
        note(data.path(), &parts(batch())).unwrap();
        assert!(!data.path().join(UNFINISHED).exists(), "it is overwritten");
    }
}
