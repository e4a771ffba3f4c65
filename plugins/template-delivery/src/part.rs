//! A file in the making: under its final name there is all of it, or nothing.

use std::io;
use std::path::{Path, PathBuf};

use export_sdk::{Artifact, Error, ErrorKind, Result};
use tokio::fs::{self, File};
use tokio::io::{AsyncWriteExt, BufReader, copy_buf};

/// So much is read at once, however large the export is.
const PIECE: usize = 256 << 10;

/// A file that goes when it is dropped: after an error, and when the export is cancelled.
pub(crate) struct Part(PathBuf);

impl Part {
    /// A hidden file beside `target`, because only inside of one file system a rename is done at
    /// once. What a killed server has left, the same try overwrites.
    pub(crate) fn beside(target: &Path, attempt: u32) -> Self {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        Self(target.with_file_name(format!(".{name}.{attempt}.part")))
    }

    /// Writes the artifact. Its own file belongs to the host: read it, never move it.
    pub(crate) async fn fill(&self, artifact: &Artifact) -> Result<()> {
        let mut source = BufReader::with_capacity(PIECE, File::open(&artifact.file).await?);
        let mut part = File::create(&self.0).await?;
        let size = copy_buf(&mut source, &mut part).await?;
        if size != artifact.size {
            let message = format!("the export has {size} bytes instead of {}", artifact.size);
            return Err(Error::new(ErrorKind::Internal, message));
        }
        part.flush().await?;
        // A success that a power cut undoes would be none.
        Ok(part.sync_all().await?)
    }

    pub(crate) async fn rename(self, target: &Path) -> io::Result<()> {
        fs::rename(&self.0, target).await?;
        File::open(target.parent().unwrap_or(target)).await?.sync_all().await
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After the rename there is nothing to remove.
        let _ = std::fs::remove_file(&self.0);
    }
}
