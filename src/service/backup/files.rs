//! The files of a backup: linked where the disk is the same, else copied.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::{Error, Progress, failed, sync_directory};
use crate::store::backup::Step;

/// Bytes copied between two steps.
const PART: usize = 256 * 1024;
/// Links made between two steps: each costs next to nothing.
const LINKS: u64 = 200;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brought {
    /// It is in the backup.
    There,
    /// There is no such file.
    Gone,
}

/// Brings files into a backup.
pub(super) struct Files<'a> {
    directory: &'a Path,
    progress: &'a Progress,
    step: Step<'a>,
    count: u64,
    /// The directories that got names: those of uploads by the first byte of their hash, and few others.
    changed: BTreeSet<PathBuf>,
}

impl<'a> Files<'a> {
    pub(super) fn new(directory: &'a Path, progress: &'a Progress, step: Step<'a>) -> Self {
        Self { directory, progress, step, count: 0, changed: BTreeSet::new() }
    }

    /// How many there are since the last call.
    pub(super) fn take_count(&mut self) -> u64 {
        std::mem::take(&mut self.count)
    }

    /// Brings a file that never changes.
    pub(super) fn bring(&mut self, source: &Path, target: &Path) -> Result<Brought, Error> {
        self.prepare(target)?;
        match fs::hard_link(source, target) {
            Ok(()) => {
                if self.count.is_multiple_of(LINKS) {
                    (self.step)(0)?;
                }
                Ok(self.brought())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Brought::Gone),
            // Another disk, or one without links.
            Err(_) => self.copy(source, target),
        }
    }

    /// Copies a file.
    pub(super) fn copy(&mut self, source: &Path, target: &Path) -> Result<Brought, Error> {
        self.prepare(target)?;
        let read = |error: io::Error| Error::Source(error.into());
        let mut source = match File::open(source) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Brought::Gone),
            source => source.map_err(read)?,
        };
        let permissions = source.metadata().map_err(read)?.permissions();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // Nobody else may look into it before it has the permissions of the other.
        options.mode(0o600);
        let mut copy = options.open(target).map_err(|error| failed(target, error))?;
        let mut part = vec![0; PART];
        loop {
            let length = source.read(&mut part).map_err(read)?;
            if length == 0 {
                break;
            }
            copy.write_all(&part[..length]).map_err(|error| failed(target, error))?;
            (self.step)(0)?;
        }
        copy.set_permissions(permissions)
            .and_then(|()| copy.sync_all())
            .map_err(|error| failed(target, error))?;
        Ok(self.brought())
    }

    fn brought(&mut self) -> Brought {
        self.count += 1;
        self.progress.files.fetch_add(1, Ordering::Relaxed);
        Brought::There
    }

    /// Makes the directories of a file.
    fn prepare(&mut self, target: &Path) -> Result<(), Error> {
        let directory = target.parent().expect("a file lies in a directory");
        if !self.changed.contains(directory) {
            fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
            let made = directory.ancestors().take_while(|directory| directory.starts_with(self.directory));
            self.changed.extend(made.map(Path::to_owned));
        }
        Ok(())
    }

    /// All names are on disk when this returns.
    pub(super) fn sync(&mut self) -> Result<(), Error> {
        self.changed.iter().try_for_each(|directory| {
            (self.step)(0)?;
            sync_directory(directory)
        })
    }
}
