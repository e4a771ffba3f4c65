//! The private directory of one export: formats write into it, deliveries read from it.
//!
//! A spool is written once and then sealed. The seal - `manifest.ndjson` renamed into place after
//! everything else is on disk - is the commit point of an export: before it a crash costs one
//! rendering, after it nothing is written here any more.

mod file;
mod names;
mod progress;
mod sealed;
mod writer;

use std::fs::{self, DirBuilder, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use export_sdk::{ArtifactPath, ErrorKind, Output};

use self::file::{Outcome, SpoolFile, Written};
pub(crate) use self::names::{Names, Use, folded};
pub use self::progress::Progress;
pub use self::sealed::Sealed;
use self::sealed::{FILES, Line, SEAL, copy_hashed};
pub(crate) use self::sealed::{copy_checked, sync_directory};
use self::writer::Writer;

/// Files in the order of their creation; those that are being written have no hash yet.
const JOURNAL: &str = "journal.ndjson";

/// An export that is being written.
///
/// Dropping it leaves an unsealed directory behind, which the next try empties. Per file it keeps
/// some hundred bytes in memory: the hash of its name and, if a format wrote it, its outcome.
/// Names and media types wait on disk.
#[derive(Debug)]
pub struct Spool {
    directory: PathBuf,
    progress: Progress,
    journal: BufWriter<File>,
    names: Names,
    /// Of the files that formats wrote, in the order of their creation.
    written: Vec<Outcome>,
    writer: Writer,
}

impl Spool {
    /// Makes the directory, readable for nobody else, and empties what an earlier try left in it.
    /// A sealed export is not touched: that is an error, and [`Sealed::open`] the way to it.
    pub fn create(directory: PathBuf, progress: Progress) -> io::Result<Self> {
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
        let journal = BufWriter::new(File::create_new(directory.join(JOURNAL))?);
        let (names, written, writer) = (Names::new(), Vec::new(), Writer::start()?);
        Ok(Self { directory, progress, journal, names, written, writer })
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
        self.note(path, media_type, Some(Written { size, sha256 }))?;
        Ok(true)
    }

    /// Waits until everything that formats wrote is in its files, and counted. Nothing may be written later.
    pub fn finish(&mut self) -> io::Result<()> {
        self.writer.finish()
    }

    /// Completes the export. Fails if any file is incomplete, even if the format did not care.
    pub fn seal(mut self) -> io::Result<Sealed> {
        self.progress.check()?;
        self.finish()?;
        let journal = self.journal.into_inner().map_err(io::IntoInnerError::into_error)?;
        drop(journal);
        let journal = self.directory.join(JOURNAL);
        let aside = self.directory.join(format!("{SEAL}.part"));
        let mut manifest = BufWriter::new(File::create(&aside)?);
        let mut written = self.written.into_iter();
        for line in sealed::lines(BufReader::new(File::open(&journal)?)) {
            let mut line = line?;
            if line.written.is_none() {
                let outcome = written.next().expect("each line without a hash has an outcome");
                line.written = Some(completed(&line.path, &outcome)?);
            }
            line.write(&mut manifest)?;
        }
        let manifest = manifest.into_inner().map_err(io::IntoInnerError::into_error)?;
        manifest.sync_all()?;
        sync_tree(&self.directory.join(FILES))?;
        fs::remove_file(&journal)?;
        fs::rename(&aside, self.directory.join(SEAL))?;
        sync_directory(&self.directory)?;
        if let Some(parent) = self.directory.parent() {
            sync_directory(parent)?;
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
        copy.sync_all()
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

    fn note(&mut self, path: &ArtifactPath, media_type: &str, written: Option<Written>) -> io::Result<()> {
        Line { path: path.clone(), media_type: media_type.to_owned(), written }.write(&mut self.journal)
    }
}

impl Output for Spool {
    fn create(&mut self, path: &ArtifactPath, media_type: &str) -> export_sdk::Result<Box<dyn Write + Send>> {
        self.progress.check()?;
        let place = self.claim(path, Use::Written).map_err(|error| {
            let message = error.to_string();
            export_sdk::Error::new(ErrorKind::Internal, message).because(error)
        })?;
        let outcome = Outcome::default();
        let file = SpoolFile::create(&place, &self.progress, &outcome, self.writer.queue())?;
        self.note(path, media_type, None)?;
        self.written.push(outcome);
        Ok(Box::new(file))
    }

    fn scratch(&mut self) -> export_sdk::Result<File> {
        self.progress.check()?;
        Ok(tempfile::tempfile_in(&self.directory)?)
    }
}

fn completed(path: &ArtifactPath, outcome: &Outcome) -> io::Result<Written> {
    match outcome.get() {
        Some(Ok(written)) => Ok(*written),
        Some(Err(failure)) => Err(failure.to_error()),
        None => Err(io::Error::other(format!("the format has finished but still holds {path} open"))),
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
