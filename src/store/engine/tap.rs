//! An engine that also writes down every batch that is applied, while somebody copies it.
//!
//! A copy that is made by walking holds some entries as they were early and others as they were
//! late. Whoever applies the batches of the meantime to it, in their order, brings it to the very
//! state that the engine had when the last of them was applied.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::{Batch, Direction, Engine, Range, Visit};
use crate::store::Error;

/// The length that stands for "deleted".
const DELETED: u32 = u32::MAX;

/// Passes everything through, and notes batches while it is told to.
pub struct Tap {
    inner: Arc<dyn Engine>,
    /// Whoever applies a batch reads this until it is applied: who has changed it knows that all
    /// batches since are in the journal.
    journal: RwLock<Option<Mutex<Journal>>>,
}

struct Journal {
    file: BufWriter<File>,
    /// Why it is no longer written. The server goes on without it.
    broken: Option<io::Error>,
}

impl Tap {
    /// Passes through to this engine.
    pub fn around(inner: Arc<dyn Engine>) -> Self {
        Self { inner, journal: RwLock::new(None) }
    }

    /// Notes all batches from now on, in a new file. `None`: somebody else has it note already.
    pub fn begin(&self, path: &Path) -> io::Result<Option<Tapping<'_>>> {
        let mut journal = self.journal.write().unwrap_or_else(PoisonError::into_inner);
        if journal.is_some() {
            return Ok(None);
        }
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        let reader = file.try_clone()?;
        *journal = Some(Mutex::new(Journal { file: BufWriter::new(file), broken: None }));
        Ok(Some(Tapping { tap: self, file: Some(reader) }))
    }

    fn stop(&self) -> Option<Journal> {
        let journal = self.journal.write().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(journal.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Batches are noted as long as this lives.
pub struct Tapping<'a> {
    tap: &'a Tap,
    file: Option<File>,
}

impl Tapping<'_> {
    /// Notes no more, and returns what was noted. Fails if some of it could not be.
    pub fn end(mut self) -> io::Result<Noted> {
        let journal = self.tap.stop().expect("only this ends it");
        let mut file = self.file.take().expect("it is taken here only");
        if let Some(error) = journal.broken {
            return Err(error);
        }
        journal.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        io::Seek::rewind(&mut file)?;
        Ok(Noted::of(file))
    }
}

impl Drop for Tapping<'_> {
    fn drop(&mut self) {
        if self.file.is_some() {
            drop(self.tap.stop());
        }
    }
}

/// The batches that were noted, in their order. One of them is in memory at a time.
pub struct Noted(BufReader<File>);

impl Iterator for Noted {
    type Item = io::Result<Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        match io::BufRead::fill_buf(&mut self.0) {
            Ok([]) => None,
            Ok(_) => Some(self.batch()),
            Err(error) => Some(Err(error)),
        }
    }
}

impl Noted {
    /// Reads a file of [encoded](encode) batches.
    pub fn of(file: File) -> Self {
        Self(BufReader::new(file))
    }

    fn batch(&mut self) -> io::Result<Batch> {
        let entries = self.number()?;
        (0..entries)
            .map(|_| {
                let length = self.number()?;
                let key = self.bytes(length)?;
                let value = match self.number()? {
                    DELETED => None,
                    length => Some(self.bytes(length)?),
                };
                Ok((key, value))
            })
            .collect()
    }

    fn number(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        self.0.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn bytes(&mut self, length: u32) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = (&mut self.0).take(length.into()).read_to_end(&mut bytes)?;
        if read < length as usize {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }
}

impl Journal {
    fn note(&mut self, bytes: &[u8]) {
        if self.broken.is_none() {
            self.broken = self.file.write_all(bytes).err();
        }
    }
}

/// A batch as it is noted: number of entries, then each key and value behind its length; all numbers are little-endian.
pub fn encode(batch: &Batch) -> io::Result<Vec<u8>> {
    let length = |length: usize| {
        let number = u32::try_from(length).ok().filter(|number| *number != DELETED);
        number.map(u32::to_le_bytes).ok_or_else(|| io::Error::other("a batch is too large to be noted"))
    };
    let mut bytes = length(batch.len())?.to_vec();
    for (key, value) in batch {
        bytes.extend(length(key.len())?);
        bytes.extend(key);
        match value {
            None => bytes.extend(DELETED.to_le_bytes()),
            Some(value) => {
                bytes.extend(length(value.len())?);
                bytes.extend(value);
            }
        }
    }
    Ok(bytes)
}

impl Engine for Tap {
    fn get(&self, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        self.inner.get(key, read)
    }

    fn walk(&self, range: Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        self.inner.walk(range, direction, visit)
    }

    fn apply(&self, batch: Batch) -> Result<(), Error> {
        let journal = self.journal.read().unwrap_or_else(PoisonError::into_inner);
        let Some(journal) = &*journal else { return self.inner.apply(batch) };
        // Held while the batch is applied: the journal has the order in which batches took effect.
        let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
        let encoded = encode(&batch);
        if let Err(error) = self.inner.apply(batch) {
            // Nobody knows how much of it took effect.
            journal.broken = Some(io::Error::other("the store failed meanwhile"));
            return Err(error);
        }
        match encoded {
            Ok(bytes) => journal.note(&bytes),
            Err(error) => journal.broken = Some(error),
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), Error> {
        self.inner.flush()
    }

    fn passed(&self, key: &[u8]) -> Result<(), Error> {
        self.inner.passed(key)
    }

    fn size(&self) -> Result<u64, Error> {
        self.inner.size()
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Bound;

    use super::*;
    use crate::store::engine::fault::FaultEngine;
    use crate::store::engine::sled::SledEngine;

    type Faulty = Arc<FaultEngine<SledEngine>>;

    fn tapped(directory: &Path) -> (Tap, Faulty) {
        let engine = Arc::new(FaultEngine::new(SledEngine::open(directory, 1 << 20).unwrap()));
        (Tap::around(Arc::clone(&engine) as Arc<dyn Engine>), engine)
    }

    fn batch(key: &str, value: Option<&str>) -> Batch {
        vec![(key.into(), value.map(Into::into)), (b"beside".to_vec(), Some(Vec::new()))]
    }

    #[test]
    fn what_is_applied_meanwhile_is_noted_in_its_order_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let (tap, _) = tapped(&directory.path().join("store"));
        tap.apply(batch("before", Some("1"))).unwrap();
        let tapping = tap.begin(&directory.path().join("journal")).unwrap().unwrap();
        assert!(tap.begin(&directory.path().join("second")).unwrap().is_none());
        let meanwhile = [
            batch("a", Some("1")),
            batch("a", None),
            batch("", Some("")),
            batch("a", Some(&"x".repeat(99_999))),
        ];
        for batch in &meanwhile {
            tap.apply(batch.clone()).unwrap();
        }
        let noted = tapping.end().unwrap();
        tap.apply(batch("after", Some("1"))).unwrap();
        assert_eq!(noted.collect::<io::Result<Vec<_>>>().unwrap(), meanwhile);
        let mut entries = 0;
        let all = (Bound::Unbounded, Bound::Unbounded);
        tap.walk(all, Direction::Ascending, &mut |_, _| {
            entries += 1;
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(entries, 5, "before, beside, the empty one, a, after");
    }

    #[test]
    fn who_gives_up_leaves_room_for_the_next() {
        let directory = tempfile::tempdir().unwrap();
        let (tap, _) = tapped(&directory.path().join("store"));
        drop(tap.begin(&directory.path().join("one")).unwrap().unwrap());
        tap.apply(batch("a", None)).unwrap();
        let second = tap.begin(&directory.path().join("two")).unwrap().unwrap();
        assert_eq!(second.end().unwrap().count(), 0);
    }

    #[test]
    fn a_batch_that_failed_is_not_called_noted() {
        let directory = tempfile::tempdir().unwrap();
        let (tap, engine) = tapped(&directory.path().join("store"));
        let tapping = tap.begin(&directory.path().join("journal")).unwrap().unwrap();
        engine.fail_writes_after(0);
        assert!(tap.apply(batch("a", Some("1"))).is_err());
        assert!(tapping.end().is_err());
    }
}
