//! Where a backup is made: beside its final place, under a name that says that it is not finished.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Error, MANIFEST, Manifest, beside, failed, is_empty, sync_directory};
use crate::store::engine::sled::await_letting_go;
use crate::store::make_private;

/// Behind the name of what is not finished.
const SUFFIX: &str = ".unfinished";
/// Marks an unfinished backup, and is locked as long as somebody works on it.
const MARK: &str = "unfinished-backup";

/// Fails if `directory` is something already that a backup may not replace.
pub fn check_target(directory: &Path) -> Result<(), Error> {
    match is_empty(directory) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::Taken(directory.to_owned())),
        Err(_) if directory.is_file() => Err(Error::Taken(directory.to_owned())),
        Err(error) => Err(failed(directory, error)),
    }
}

/// A backup that is being made. Dropped before it is finished, it is gone.
pub(super) struct Unfinished {
    path: PathBuf,
    target: PathBuf,
    /// Holds the lock.
    _mark: File,
    finished: bool,
}

impl Unfinished {
    /// Takes the place, and clears away what a crash left there.
    pub(super) fn begin(target: &Path) -> Result<Self, Error> {
        check_target(target)?;
        let path = beside(target, SUFFIX);
        let ours = |name: &str| path.join(name).is_file();
        if !is_empty(&path).map_err(|error| failed(&path, error))? {
            if !ours(MARK) && !ours(MANIFEST) {
                return Err(Error::InTheWay(path));
            }
            // A lock that is taken here and lost with the directory: nobody works on it.
            drop(lock(&path)?);
            tracing::info!(directory = %path.display(), "clearing away a backup that was not finished");
            fs::remove_dir_all(&path).map_err(|error| failed(&path, error))?;
        }
        make_private(&path).map_err(|error| failed(&path, error))?;
        let mark = lock(&path)?;
        Ok(Self { path, target: target.to_owned(), _mark: mark, finished: false })
    }

    /// Where it is made.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name. The store in it is closed.
    pub(super) fn finish(mut self, manifest: &Manifest) -> Result<(), Error> {
        self.seal(manifest).map_err(|error| failed(&self.path, error))?;
        sync_directory(&self.path.join("store"))?;
        sync_directory(&self.path)?;
        check_target(&self.target)?;
        fs::rename(&self.path, &self.target).map_err(|error| failed(&self.target, error))?;
        self.finished = true;
        let parent = self.target.parent().filter(|parent| !parent.as_os_str().is_empty());
        sync_directory(parent.unwrap_or(Path::new(".")))
    }

    fn seal(&self, manifest: &Manifest) -> io::Result<()> {
        await_letting_go(&self.path.join("store"))?;
        // What an open store has beside its data.
        fs::remove_file(self.path.join("lock"))?;
        fs::remove_dir_all(self.path.join("arriving"))?;
        let mut file = File::create_new(self.path.join(MANIFEST))?;
        serde_json::to_writer_pretty(&mut file, manifest)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::remove_file(self.path.join(MARK))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            let directory = self.path.display();
            tracing::warn!(%error, %directory, "an unfinished backup could not be cleared away; the next one will");
        }
    }
}

fn lock(path: &Path) -> Result<File, Error> {
    let mark = File::create(path.join(MARK)).map_err(|error| failed(path, error))?;
    match mark.try_lock() {
        Ok(()) => Ok(mark),
        Err(TryLockError::WouldBlock) => Err(Error::Shared(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(path, error)),
    }
}
