//! The data directory: its owner's, and one process's at a time.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::{Error, Result};

/// Makes the data directory, if it is missing, and locks it.
pub(super) fn lock(data_dir: &Path) -> Result<File> {
    make_private(data_dir)?;
    let lock = File::create(data_dir.join("lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(Error::InUse(data_dir.to_owned())),
        Err(fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Makes a directory that only its owner may look into. One that is there stays as it is.
pub fn make_private(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Whether anything is in a directory; one that is not there is empty.
pub(super) fn has_entries(directory: &Path) -> io::Result<bool> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().transpose()?.is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
