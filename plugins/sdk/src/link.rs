//! Where the files of messages lie, seen from a format.

use std::fmt;

use crate::ArtifactPath;

/// The place of a file, as a relative link from the top directory of the format that gets it:
/// `assets/f1-cat.png`, or `../assets/f1-cat.png` where several formats share their files.
///
/// A document in a directory of its own puts as many `../` before it as it is deep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLink(String);

impl FileLink {
    /// A link to `path`; `shared` if formats lie in directories beside it.
    pub fn new(path: &ArtifactPath, shared: bool) -> Self {
        Self(format!("{}{path}", if shared { "../" } else { "" }))
    }

    /// The link, with `/` between its names. Nothing in it is percent-encoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
