//! A directory that is being filled, one file after the other.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use export_sdk::Artifact;

use super::contents::Target;
use super::parent;

/// Files below a directory; each is on disk when the next begins.
pub(super) struct LooseFiles<'a> {
    directory: &'a Path,
    file: Option<BufWriter<File>>,
}

impl<'a> LooseFiles<'a> {
    pub(super) fn new(directory: &'a Path) -> Self {
        Self { directory, file: None }
    }

    /// Completes the file begun last.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self.file.take() {
            Some(file) => file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all(),
            None => Ok(()),
        }
    }

    /// The path of a file, whose directory is there.
    fn place(&self, name: &str) -> io::Result<PathBuf> {
        let place = self.directory.join(name);
        fs::create_dir_all(parent(&place))?;
        Ok(place)
    }

    fn file(&mut self) -> io::Result<&mut BufWriter<File>> {
        self.file.as_mut().ok_or_else(|| io::Error::other("no file was begun"))
    }
}

impl Target for LooseFiles<'_> {
    fn begin(&mut self, name: &str, _: &str, _: u64) -> io::Result<()> {
        self.finish()?;
        let place = self.place(name)?;
        self.file = Some(BufWriter::new(File::create_new(place)?));
        Ok(())
    }

    /// By hard link: a spool lives shorter than what is laid out of it, and is on disk already.
    fn take_over(&mut self, name: &str, artifact: &Artifact) -> io::Result<bool> {
        self.finish()?;
        let place = self.place(name)?;
        Ok(is_alone(&artifact.file)? && fs::hard_link(&artifact.file, place).is_ok())
    }
}

/// Whether a file has no other name. One that has belongs to the store, and nobody outside may be able
/// to change it.
#[cfg(unix)]
fn is_alone(file: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::symlink_metadata(file)?.nlink() == 1)
}

#[cfg(not(unix))]
fn is_alone(_: &Path) -> io::Result<bool> {
    Ok(false)
}

impl Write for LooseFiles<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file()?.flush()
    }
}
