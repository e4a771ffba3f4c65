//! The bytes of uploads, as files named by their SHA-256: equal files are kept once.

use std::collections::HashMap;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::domain::id::random_id;

/// The directories of uploaded bytes.
#[derive(Debug)]
pub struct Blobs {
    finished: PathBuf,
    arriving: PathBuf,
    /// How many want that nothing is removed, and whether something was not because of that.
    holders: AtomicUsize,
    held_back: AtomicBool,
    /// The files that were read and found whole.
    seen: Mutex<HashMap<[u8; 32], State>>,
}

/// So many files are known to be whole.
const MOST_SEEN: usize = 10_000;

/// What changes when somebody changes a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    file: u64,
    size: u64,
    /// Seconds and nanoseconds.
    changed: (i64, i64),
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        let changed = (metadata.mtime(), metadata.mtime_nsec());
        Self { file: metadata.ino(), size: metadata.size(), changed }
    }
}

impl Blobs {
    /// Opens the directories and clears away what a crash left half-arrived.
    pub(super) fn open(data_dir: &Path) -> io::Result<Self> {
        let blobs = Self {
            finished: data_dir.join("uploads"),
            arriving: data_dir.join("arriving"),
            holders: AtomicUsize::new(0),
            held_back: AtomicBool::new(false),
            seen: Mutex::default(),
        };
        match fs::remove_dir_all(&blobs.arriving) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::create_dir_all(&blobs.finished)?;
        fs::create_dir_all(&blobs.arriving)?;
        Ok(blobs)
    }

    /// Begins to take in a file.
    pub fn receive(&self) -> io::Result<Arriving> {
        let path = self.arriving.join(random_id());
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok(Arriving { file, path, hash: Sha256::new(), size: 0, kept: false })
    }

    /// Keeps an arrived file: it is on disk under its final name when this returns.
    pub fn keep(&self, mut arriving: Arriving) -> io::Result<Blob> {
        arriving.file.sync_all()?;
        let sha256: [u8; 32] = std::mem::take(&mut arriving.hash).finalize().into();
        let path = self.path(&sha256);
        let dir = path.parent().expect("a blob lies in a directory");
        fs::create_dir_all(dir)?;
        fs::rename(&arriving.path, &path)?;
        arriving.kept = true;
        File::open(dir)?.sync_all()?;
        File::open(&self.finished)?.sync_all()?;
        Ok(Blob { sha256, size: arriving.size })
    }

    /// Where the bytes of that hash lie, or would lie.
    pub fn path(&self, sha256: &[u8; 32]) -> PathBuf {
        let name = hex::encode(sha256);
        self.finished.join(&name[..2]).join(&name[2..])
    }

    /// Whether the bytes of that hash are there, and are what they were. Reads them all.
    pub fn is_whole(&self, sha256: &[u8; 32]) -> Result<bool, super::Error> {
        has_hash(&self.path(sha256), sha256)
    }

    /// Where the bytes of that hash lie, which are what they were. They are all read the first time,
    /// and again once the file was touched since. Fails if they are damaged or gone.
    pub fn whole(&self, sha256: &[u8; 32]) -> Result<PathBuf, super::Error> {
        let path = self.path(sha256);
        let damaged = |what: &str| super::Error::Corrupt(format!("the file {} is {what}", path.display()));
        let state = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(damaged("gone")),
            metadata => State::of(&metadata?),
        };
        let seen = || self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen().get(sha256) == Some(&state) {
            return Ok(path);
        }
        if !self.is_whole(sha256)? {
            return Err(damaged("damaged"));
        }
        let mut seen = seen();
        if seen.len() >= MOST_SEEN {
            seen.clear();
        }
        seen.insert(*sha256, state);
        Ok(path)
    }

    /// Calls `each` with the hash of every blob, in no order.
    pub fn each(&self, mut each: impl FnMut([u8; 32]) -> io::Result<()>) -> io::Result<()> {
        for directory in fs::read_dir(&self.finished)? {
            let directory = directory?;
            if !directory.file_type()?.is_dir() {
                continue;
            }
            for file in fs::read_dir(directory.path())? {
                let name = [directory.file_name(), file?.file_name()]
                    .map(|name| name.to_string_lossy().into_owned());
                let mut sha256 = [0; 32];
                // Whatever else somebody put there is theirs.
                if hex::decode_to_slice(name.concat(), &mut sha256).is_ok() {
                    each(sha256)?;
                }
            }
        }
        Ok(())
    }

    /// As long as the answer lives no blob is removed, whether it is needed or not.
    pub fn hold(&self) -> Hold<'_> {
        self.holders.fetch_add(1, Ordering::SeqCst);
        Hold(self)
    }

    /// Whether a blob was not removed since the last call because it was held.
    pub fn take_held_back(&self) -> bool {
        self.held_back.swap(false, Ordering::SeqCst)
    }

    pub(super) fn remove(&self, sha256: &[u8; 32]) -> io::Result<()> {
        if self.holders.load(Ordering::SeqCst) > 0 {
            self.held_back.store(true, Ordering::SeqCst);
            return Ok(());
        }
        match fs::remove_file(self.path(sha256)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }
}

/// Whether there is a file whose bytes have this hash. Reads them all.
pub fn has_hash(path: &Path, sha256: &[u8; 32]) -> Result<bool, super::Error> {
    let mut hash = Sha256::new();
    match File::open(path).and_then(|mut file| io::copy(&mut file, &mut hash)) {
        Ok(_) => Ok(<[u8; 32]>::from(hash.finalize()) == *sha256),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// While it lives, blobs stay where they are.
#[derive(Debug)]
pub struct Hold<'a>(&'a Blobs);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.holders.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Bytes that were taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blob {
    /// Their SHA-256.
    pub sha256: [u8; 32],
    /// How many.
    pub size: u64,
}

/// A file on its way in. Dropped before it is kept, it is gone.
#[derive(Debug)]
pub struct Arriving {
    file: File,
    path: PathBuf,
    hash: Sha256,
    size: u64,
    kept: bool,
}

impl Arriving {
    /// How many bytes have arrived.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads what has arrived from its beginning.
    pub fn reader(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    /// Brings what has arrived to disk, so that [`Blobs::keep`] has little left to do.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync_all()
    }
}

impl Write for Arriving {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, "a broken-off upload could not be cleared away; the next start will");
        }
    }
}
