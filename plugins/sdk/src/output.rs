//! The only way out of a format.

use std::fs::File;
use std::io::Write;

use crate::{ArtifactPath, Result};

/// Where one export's files go. The only way out of a format.
///
/// Files may be open at the same time and need no closing: after
/// [`finish`](crate::FormatWriter::finish) the host flushes, syncs and hashes all of them, and a
/// write error fails the export. When the export is cancelled the next write fails; let `?` carry
/// the error up.
pub trait Output {
    /// Adds a file. A path that exists already is an error. The writer is buffered.
    fn create(&mut self, path: &ArtifactPath, media_type: &str) -> Result<Box<dyn Write + Send>>;

    /// A temporary file for reading, writing and seeking. It has no name, is no part of the export
    /// and is gone when it is dropped.
    fn scratch(&mut self) -> Result<File>;
}
