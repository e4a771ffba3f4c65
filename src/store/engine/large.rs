//! The files in which sled keeps what is too large for its log. It does not bring them to disk itself.
//!
//! Such a file is written once, before the log names it, and begins with its checksum. Every flush looks
//! whether the directory has changed, and brings whole files that are new to disk. One that is still
//! being written is not needed by this flush, and is looked at again by the next.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crc32fast::Hasher;

/// The directory beside the log.
const DIRECTORY: &str = "blobs";
/// Two changes of a directory that are closer to each other may bear the same time.
const TICK: Duration = Duration::from_millis(100);
/// Bytes read at a time.
const PART: usize = 64 * 1024;

/// The files, and which of them are on disk.
pub(super) struct LargeFiles {
    directory: PathBuf,
    durable: HashSet<OsString>,
    /// The time of the directory when all in it was on disk.
    settled: Option<SystemTime>,
}

impl LargeFiles {
    /// Of a database in this directory, which nobody has written to yet. What a crash may have left on its
    /// way is brought to disk.
    pub(super) fn open(database: &Path) -> io::Result<Self> {
        let directory = database.join(DIRECTORY);
        let mut files = Self { directory, durable: HashSet::new(), settled: None };
        files.list(|path| File::open(path)?.sync_all().map(|()| true))?;
        Ok(files)
    }

    /// Brings files that are new to disk. Returns how many there were.
    pub(super) fn sync(&mut self) -> io::Result<usize> {
        // Both times before the files are listed: what comes later changes the one of the directory.
        let now = SystemTime::now();
        let changed = fs::metadata(&self.directory)?.modified()?;
        if self.settled == Some(changed) {
            return Ok(0);
        }
        let (new, unfinished) = self.list(sync_whole)?;
        let is_old = now.duration_since(changed).is_ok_and(|age| age > TICK);
        self.settled = (is_old && !unfinished).then_some(changed);
        Ok(new)
    }

    /// Has `sync` bring new files to disk, which may say that one is not whole yet. How many it did, and
    /// whether any was not.
    fn list(&mut self, sync: impl Fn(&Path) -> io::Result<bool>) -> io::Result<(usize, bool)> {
        let (mut there, mut new, mut unfinished) = (HashSet::new(), 0, false);
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            if self.durable.contains(&name) {
                there.insert(name);
                continue;
            }
            match sync(&self.directory.join(&name)) {
                Ok(true) => {
                    there.insert(name);
                    new += 1;
                }
                Ok(false) => unfinished = true,
                // sled has removed it meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        if new > 0 {
            File::open(&self.directory)?.sync_all()?;
        }
        self.durable = there;
        Ok((new, unfinished))
    }
}

/// Brings a file to disk if all of it is written.
fn sync_whole(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut sum = [0; 4];
    match file.read_exact(&mut sum) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
        read => read?,
    }
    let (mut hasher, mut part) = (Hasher::new(), vec![0; PART]);
    loop {
        match file.read(&mut part) {
            Ok(0) => break,
            Ok(count) => hasher.update(&part[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if hasher.finalize().to_le_bytes() != sum {
        return Ok(false);
    }
    file.sync_all()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::Engine;
    use crate::store::engine::sled::SledEngine;

    fn age(directory: &Path) {
        let past = SystemTime::now() - Duration::from_secs(60);
        File::open(directory).unwrap().set_modified(past).unwrap();
    }

    #[test]
    fn what_sled_keeps_beside_its_log_is_brought_to_disk_once() {
        let database = tempfile::tempdir().unwrap();
        let engine = SledEngine::open(database.path(), 1 << 20).unwrap();
        let mut files = LargeFiles::open(database.path()).unwrap();
        assert_eq!(files.sync().unwrap(), 0);
        for number in 1..3_u8 {
            engine.apply(vec![(vec![number], Some(vec![number; 500_000]))]).unwrap();
            // sled may write a node once more when it splits or merges it.
            assert!(files.sync().unwrap() > 0, "whole, and new");
            assert_eq!(files.sync().unwrap(), 0);
        }
        engine.apply(vec![(vec![3], Some(vec![3; 100]))]).unwrap();
    }

    #[test]
    fn a_file_that_is_still_being_written_is_looked_at_again() {
        let database = tempfile::tempdir().unwrap();
        let directory = database.path().join(DIRECTORY);
        fs::create_dir(&directory).unwrap();
        let mut hasher = Hasher::new();
        hasher.update(b"kind and bytes");
        let whole = [&hasher.finalize().to_le_bytes(), b"kind and bytes".as_slice()].concat();
        let mut files = LargeFiles::open(database.path()).unwrap();
        for part in [0, 3, 10] {
            fs::write(directory.join("7"), &whole[..part]).unwrap();
            age(&directory);
            assert_eq!(files.sync().unwrap(), 0);
            assert_eq!(files.settled, None, "{part} bytes are not all");
        }
        // The directory does not show that the file has grown.
        fs::write(directory.join("7"), &whole).unwrap();
        assert_eq!(files.sync().unwrap(), 1);
        assert!(files.settled.is_some());
        assert_eq!(files.sync().unwrap(), 0);
        fs::remove_file(directory.join("7")).unwrap();
        assert_eq!(files.sync().unwrap(), 0);
        assert!(files.durable.is_empty());
    }

    #[test]
    fn a_directory_that_has_just_changed_is_looked_at_again() {
        let database = tempfile::tempdir().unwrap();
        fs::create_dir(database.path().join(DIRECTORY)).unwrap();
        let mut files = LargeFiles::open(database.path()).unwrap();
        files.sync().unwrap();
        assert_eq!(files.settled, None, "another change may bear the same time");
        age(&database.path().join(DIRECTORY));
        files.sync().unwrap();
        assert!(files.settled.is_some());
    }
}
