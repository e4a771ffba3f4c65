//! A complete export on disk and its manifest, read and written one line at a time.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use export_sdk::{Artifact, ArtifactPath};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Progress;
use super::file::Written;

/// The manifest. Its presence is the seal.
pub(super) const SEAL: &str = "manifest.ndjson";
/// The directory of the artifacts.
pub(super) const FILES: &str = "files";

/// A complete export. Nothing in it changes any more.
#[derive(Debug)]
pub struct Sealed {
    directory: PathBuf,
    /// Written and hashed by this process, and not found on disk.
    is_fresh: bool,
}

impl Sealed {
    /// The export in `directory`, or `None` if there is none that is complete.
    pub fn open(directory: &Path) -> io::Result<Option<Self>> {
        let sealed = directory.join(SEAL).try_exists()?;
        Ok(sealed.then(|| Self { directory: directory.to_owned(), is_fresh: false }))
    }

    /// The export in `directory`, which has its seal and the bytes that this process gave it.
    pub(super) fn just_written(directory: PathBuf) -> Self {
        Self { directory, is_fresh: true }
    }

    /// Whether this process has just written and hashed the files: then nothing can be learned from hashing
    /// them again where they lie.
    pub fn is_fresh(&self) -> bool {
        self.is_fresh
    }

    /// The files in the order in which they were completed, read from the manifest one by one.
    pub fn artifacts(&self) -> io::Result<impl Iterator<Item = io::Result<Artifact>> + use<>> {
        let files = self.directory.join(FILES);
        let manifest = BufReader::new(File::open(self.directory.join(SEAL))?);
        Ok(lines(manifest).map(move |line| Ok(line?.into_artifact(&files))))
    }

    /// Deletes the export. The seal goes first, so that a crash leaves nothing that looks complete.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(self.directory.join(SEAL))?;
        sync_directory(&self.directory)?;
        fs::remove_dir_all(&self.directory)
    }
}

/// One line of the manifest: a complete file.
pub(super) struct Line {
    pub(super) path: ArtifactPath,
    pub(super) media_type: String,
    pub(super) written: Written,
}

/// How a line looks in the file.
#[derive(Serialize, Deserialize)]
struct Json {
    path: String,
    media_type: String,
    size: u64,
    sha256: String,
}

impl Line {
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let json = Json {
            path: self.path.to_string(),
            media_type: self.media_type.clone(),
            size: self.written.size,
            sha256: hex::encode(self.written.sha256),
        };
        serde_json::to_writer(&mut *out, &json)?;
        out.write_all(b"\n")
    }

    fn parse(text: &str) -> io::Result<Self> {
        let Json { path, media_type, size, sha256 } = serde_json::from_str(text)?;
        let path = ArtifactPath::new(path).map_err(io::Error::other)?;
        let mut hash = [0; 32];
        hex::decode_to_slice(sha256, &mut hash).map_err(io::Error::other)?;
        Ok(Self { path, media_type, written: Written { size, sha256: hash } })
    }

    /// With its place below the directory of the artifacts.
    pub(super) fn into_artifact(self, files: &Path) -> Artifact {
        let Self { path, media_type, written: Written { size, sha256 } } = self;
        let file = files.join(path.as_str());
        Artifact { path, media_type, size, sha256, file }
    }
}

fn lines(file: impl BufRead) -> impl Iterator<Item = io::Result<Line>> {
    file.lines().map(|text| Line::parse(&text?))
}

/// Copies all of `from`, telling size and hash of what it has seen.
pub(super) fn copy_hashed(
    from: &mut impl Read,
    to: &mut impl Write,
    progress: &Progress,
) -> io::Result<Written> {
    let mut hasher = Sha256::new();
    let mut size = 0;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        progress.check()?;
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(Written { size, sha256: hasher.finalize().into() }),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..count]);
        to.write_all(&buffer[..count])?;
        size += count as u64;
        progress.add(count as u64);
    }
}

/// Copies an artifact, refusing one that is no longer what was sealed.
pub(crate) fn copy_checked(artifact: &Artifact, to: &mut impl Write, progress: &Progress) -> io::Result<()> {
    let copied = copy_hashed(&mut File::open(&artifact.file)?, to, progress)?;
    if copied.sha256 == artifact.sha256 {
        return Ok(());
    }
    let message =
        format!("{} has changed on disk since it was written; export the room again", artifact.path);
    Err(io::Error::new(io::ErrorKind::InvalidData, message))
}

/// Makes the names in a directory survive a power cut.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    // Only Unix can open a directory as a file.
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}
