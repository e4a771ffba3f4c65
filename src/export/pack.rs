//! From a sealed export to what leaves the server: one zip, or a directory of loose files.
//!
//! Both are written aside and renamed, both carry the hashes of all files and the server's signature
//! (see [`bag`](super::bag)), and both refuse a file that has changed since it was sealed. Equal
//! exports give equal bytes. The zip ends with its own hash; see [`verify`](super::verify).

mod contents;
mod loose;
mod sink;
mod zipped;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use export_sdk::{Artifact, ArtifactPath, Timestamp, safe_file_name};
use tempfile::TempPath;

use self::contents::Contents;
use self::loose::LooseFiles;
pub(crate) use self::sink::{COMMENT_LENGTH, HASH_LENGTH, LABEL, comment};
pub(crate) use self::zipped::MODE;
use self::zipped::Zip;
use super::bag::{Info, Layout};
use super::signing::Signer;
use super::spool::{Progress, Sealed, sync_directory};

/// How an export is packed.
#[derive(Debug, Clone)]
pub struct Packing<'a> {
    /// Where its files lie.
    pub layout: Layout,
    /// How hard a zip is compressed: 0 (stored) to 9. What is compressed already is stored anyway.
    pub level: u8,
    /// The time of all entries of a zip; its day is the day of the export.
    pub stamp: Timestamp,
    /// What is told about the export beyond what the packer sees itself.
    pub info: Info,
    /// Signs it.
    pub signer: Option<&'a Signer>,
}

impl Packing<'_> {
    /// Nothing is told, nobody signs.
    pub fn new(layout: Layout, level: u8, stamp: Timestamp) -> Self {
        Self { layout, level, stamp, info: Info::default(), signer: None }
    }
}

/// Packs an export into one zip at `to`.
pub fn pack(sealed: &Sealed, to: &Path, packing: &Packing<'_>, progress: &Progress) -> io::Result<Artifact> {
    let mut packer = Packer::begin(to, packing, progress.clone())?;
    for artifact in sealed.artifacts()? {
        packer.add(&artifact?)?;
    }
    packer.finish(sealed, packing)
}

/// A zip that is being written aside. Dropping it removes what there is.
///
/// The zip crate keeps its table of contents in memory until the end, some hundred bytes per file;
/// contents pass through.
pub struct Packer {
    to: PathBuf,
    contents: Contents<Zip>,
    aside: TempPath,
    progress: Progress,
}

impl Packer {
    /// For files that are then added in the order of their export, which may not be complete yet.
    pub fn begin(to: &Path, packing: &Packing<'_>, progress: Progress) -> io::Result<Self> {
        let top = packing.layout.top().ok_or_else(|| {
            let message =
                format!("{:?} cannot be the name of a bag; choose a plain file name", packing.layout);
            io::Error::new(io::ErrorKind::InvalidInput, message)
        })?;
        let aside = TempPath::try_from_path(beside(to, "", ".part")?)?;
        let zip = Zip::new(File::create(&aside)?, top, packing.level, packing.stamp)?;
        let contents = Contents::begin(zip, packing.layout.shape());
        Ok(Self { to: to.to_owned(), contents, aside, progress })
    }

    /// Packs the next file.
    pub fn add(&mut self, artifact: &Artifact) -> io::Result<()> {
        self.contents.add(artifact, false, &self.progress)
    }

    /// Completes the zip of that export, all of whose files were added.
    pub fn finish(self, sealed: &Sealed, packing: &Packing<'_>) -> io::Result<Artifact> {
        let Self { to, contents, aside, .. } = self;
        let (size, sha256) = contents.finish(sealed, packing)?.finish()?;
        aside.persist(&to)?;
        sync_directory(parent(&to))?;
        let name = to.file_name().unwrap_or_default().to_string_lossy();
        let path = ArtifactPath::new(safe_file_name(&name)).map_err(io::Error::other)?;
        Ok(Artifact { path, media_type: "application/zip".to_owned(), size, sha256, file: to })
    }
}

/// Lays an export out as loose files in `directory`, which must be empty or not exist. The directory
/// itself is the bag then, whatever its name. Where it can, a file is not copied but gets a second name:
/// the sealed export is to be removed afterwards.
pub fn lay_out(
    sealed: &Sealed,
    directory: &Path,
    packing: &Packing<'_>,
    progress: &Progress,
) -> io::Result<()> {
    if directory.try_exists()? && fs::read_dir(directory)?.next().is_some() {
        let message = format!("{} is not empty; choose another directory", directory.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
    }
    let aside = beside(directory, ".", &format!(".{}.part", std::process::id()))?;
    fs::create_dir_all(parent(directory))?;
    fs::create_dir(&aside)?;
    let done = write_files(sealed, &aside, packing, progress).and_then(|()| {
        if directory.try_exists()? {
            fs::remove_dir(directory)?;
        }
        fs::rename(&aside, directory)?;
        sync_directory(parent(directory))
    });
    done.inspect_err(|_| discard(fs::remove_dir_all(&aside)))
}

fn write_files(sealed: &Sealed, aside: &Path, packing: &Packing<'_>, progress: &Progress) -> io::Result<()> {
    let mut contents = Contents::begin(LooseFiles::new(aside), packing.layout.shape());
    for artifact in sealed.artifacts()? {
        contents.add(&artifact?, sealed.is_fresh(), progress)?;
    }
    contents.finish(sealed, packing)?.finish()?;
    super::spool::sync_tree(aside)
}

/// `directory/name` -> `directory/<before>name<after>`.
fn beside(path: &Path, before: &str, after: &str) -> io::Result<PathBuf> {
    let Some(name) = path.file_name() else {
        let message = format!("{} does not end in a name", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    };
    let mut aside = std::ffi::OsString::from(before);
    aside.push(name);
    aside.push(after);
    Ok(path.with_file_name(aside))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    }
}

/// For the tidying after a failure, which is the one to report.
fn discard(tidied: io::Result<()>) {
    if let Err(error) = tidied {
        tracing::debug!(%error, "could not remove what a failed export left");
    }
}

#[cfg(test)]
mod tests;
