//! The private directory of one export: formats write into it, deliveries read from it.
//!
//! A spool is written once and then sealed. The seal - `manifest.ndjson` renamed into place after
//! everything else is on disk - is the commit point of an export: before it a crash costs one
//! rendering, after it nothing is written here any more.

mod file;
mod ledger;
mod names;
mod progress;
mod sealed;
mod writer;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use export_sdk::{Artifact, ArtifactPath, ErrorKind, Output};

use self::file::{SpoolFile, Written};
use self::ledger::{Entry, Ledger, UNSEALED};
pub(crate) use self::names::{Names, Use, folded};
pub use self::progress::Progress;
pub use self::sealed::Sealed;
use self::sealed::{FILES, SEAL, copy_hashed};
pub(crate) use self::sealed::{copy_checked, sync_directory};
use self::writer::{HashedFile, Step, Writer};

/// Complete files that nobody has taken yet, at most.
const UNTAKEN: usize = 64;

/// An export that is being written.
///
/// Dropping it leaves an unsealed directory behind, which the next try empties. Per file it keeps
/// the hash of its name in memory, and the name itself only until the file is complete.
#[derive(Debug)]
pub struct Spool {
    directory: PathBuf,
    progress: Progress,
    names: Names,
    /// Files that formats began.
    begun: u64,
    /// Whether what is complete must survive a power cut.
    is_durable: bool,
    writer: Writer,
    /// Of a spool whose files are all written.
    ledger: Option<Ledger>,
}

impl Spool {
    /// Makes the directory, readable for nobody else, and empties what an earlier try left in it.
    /// A sealed export is not touched: that is an error, and [`Sealed::open`] the way to it.
    pub fn create(directory: PathBuf, progress: Progress) -> io::Result<Self> {
        Self::begin(directory, progress, true, None)
    }

    /// One that is of use only to this process, and is not brought to disk. Each file is told as soon as it
    /// is complete; the format waits if they are not taken up.
    pub fn passing(directory: PathBuf, progress: Progress) -> io::Result<(Self, Receiver<Artifact>)> {
        let (follower, complete) = sync_channel(UNTAKEN);
        Ok((Self::begin(directory, progress, false, Some(follower))?, complete))
    }

    fn begin(
        directory: PathBuf,
        progress: Progress,
        is_durable: bool,
        follower: Option<SyncSender<Artifact>>,
    ) -> io::Result<Self> {
        if Sealed::open(&directory)?.is_some() {
            let message = format!("the export in {} is complete already", directory.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        match fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory.join(FILES))?;
        let writer = Writer::start(Ledger::create(&directory, follower)?)?;
        let (names, begun, ledger) = (Names::new(), 0, None);
        Ok(Self { directory, progress, names, begun, is_durable, writer, ledger })
    }

    /// Whether that path holds a linked file of that hash.
    pub fn holds(&self, path: &ArtifactPath, sha256: &[u8; 32]) -> bool {
        self.names.find(path) == Some(Use::Linked(*sha256)) && self.place(path).exists()
    }

    /// Adds a file that lies elsewhere and never changes: by hard link, or by copy where the file
    /// system cannot link. `false` if that path holds a linked file of the same hash already.
    pub fn link(
        &mut self,
        path: &ArtifactPath,
        media_type: &str,
        blob: &Path,
        sha256: [u8; 32],
        size: u64,
    ) -> io::Result<bool> {
        self.progress.check()?;
        if self.holds(path, &sha256) {
            return Ok(false);
        }
        let place = self.claim(path, Use::Linked(sha256))?;
        if let Err(error) = self.take_in(blob, &place, sha256, size) {
            // The caller may go on without this file.
            self.names.release(path);
            return match fs::remove_file(&place) {
                Err(leftover) if leftover.kind() != io::ErrorKind::NotFound => Err(leftover),
                Ok(()) | Err(_) => Err(error),
            };
        }
        let entry = Entry { path: path.clone(), media_type: media_type.to_owned() };
        self.writer.send(Step::Add { entry, written: Written { size, sha256 } })?;
        Ok(true)
    }

    /// Waits until everything that formats wrote is in its files, and counted. Nothing may be written later.
    pub fn finish(&mut self) -> io::Result<()> {
        if let Some(ledger) = self.writer.finish()? {
            self.ledger = Some(ledger);
        }
        Ok(())
    }

    /// Completes the export. Fails if any file is incomplete, even if the format did not care.
    pub fn seal(mut self) -> io::Result<Sealed> {
        self.progress.check()?;
        self.finish()?;
        let ledger = self.ledger.ok_or_else(|| io::Error::other("an export cannot be sealed twice"))?;
        let manifest = ledger.finish()?;
        if self.is_durable {
            manifest.sync_all()?;
            sync_tree(&self.directory.join(FILES))?;
        }
        fs::rename(self.directory.join(UNSEALED), self.directory.join(SEAL))?;
        if self.is_durable {
            sync_directory(&self.directory)?;
            if let Some(parent) = self.directory.parent() {
                sync_directory(parent)?;
            }
        }
        Ok(Sealed::just_written(self.directory))
    }

    fn take_in(&self, blob: &Path, place: &Path, sha256: [u8; 32], size: u64) -> io::Result<()> {
        if fs::hard_link(blob, place).is_ok() {
            expect(blob, fs::metadata(place)?.len() == size)?;
            self.progress.add(size);
            return Ok(());
        }
        let mut original = File::open(blob)?;
        let mut copy = File::create_new(place)?;
        let copied = copy_hashed(&mut original, &mut copy, &self.progress)?;
        expect(blob, copied == Written { size, sha256 })?;
        if self.is_durable { copy.sync_all() } else { Ok(()) }
    }

    fn place(&self, path: &ArtifactPath) -> PathBuf {
        self.directory.join(FILES).join(path.as_str())
    }

    /// Takes the name and makes its directories.
    fn claim(&mut self, path: &ArtifactPath, purpose: Use) -> io::Result<PathBuf> {
        if self.names.claim(path, purpose).is_err() {
            let message =
                format!("the export has a file of the name {path} already, or one that differs in case only");
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        let place = self.place(path);
        fs::create_dir_all(place.parent().expect("it is a path below the spool"))?;
        Ok(place)
    }
}

impl Output for Spool {
    fn create(&mut self, path: &ArtifactPath, media_type: &str) -> export_sdk::Result<Box<dyn Write + Send>> {
        self.progress.check()?;
        let place = self.claim(path, Use::Written).map_err(|error| {
            let message = error.to_string();
            export_sdk::Error::new(ErrorKind::Internal, message).because(error)
        })?;
        let file = OpenOptions::new().write(true).create_new(true).open(&place)?;
        self.begun += 1;
        let entry = Entry { path: path.clone(), media_type: media_type.to_owned() };
        self.writer.send(Step::Begin { number: self.begun, entry })?;
        let file = HashedFile::new(self.begun, file, self.is_durable, self.progress.clone());
        Ok(Box::new(SpoolFile::new(file, self.writer.queue(), self.progress.clone())))
    }

    fn scratch(&mut self) -> export_sdk::Result<File> {
        self.progress.check()?;
        Ok(tempfile::tempfile_in(&self.directory)?)
    }
}

fn expect(blob: &Path, intact: bool) -> io::Result<()> {
    if intact {
        return Ok(());
    }
    let message = format!("{} is damaged: restore it from a backup", blob.display());
    Err(io::Error::new(io::ErrorKind::InvalidData, message))
}

/// Syncs a directory and those below; names are on disk only then.
pub(crate) fn sync_tree(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        }
    }
    sync_directory(directory)
}

#[cfg(test)]
mod tests;
