//! Which names an export has used: no two may fall together on any file system.

use std::collections::HashMap;

use export_sdk::ArtifactPath;
use sha2::{Digest, Sha256};

use crate::export::bag::RESERVED;

/// The used names, without regard to case.
///
/// This and the outcome of each written file are all that a spool keeps in memory per file. A name
/// is kept as 128 bits of its hash, so 100,000 files cost a few megabytes whatever they are called.
#[derive(Debug)]
pub(crate) struct Names(HashMap<[u8; 16], Use>);

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Directory,
    Written,
    /// A file that existed before, and its hash.
    Linked([u8; 32]),
}

impl Names {
    /// Nothing is used but the names of what is put beside every export.
    pub(crate) fn new() -> Self {
        Self(RESERVED.into_iter().map(|name| (fingerprint(name), Use::Written)).collect())
    }

    /// Takes a name for a file; the error is what has it already, or its directory's name.
    pub(crate) fn claim(&mut self, path: &ArtifactPath, purpose: Use) -> Result<(), Use> {
        let path = path.as_str();
        let parents = || path.match_indices('/').map(|(end, _)| fingerprint(&path[..end]));
        for parent in parents() {
            match self.0.get(&parent) {
                None | Some(Use::Directory) => {}
                Some(taken) => return Err(*taken),
            }
        }
        if let Some(taken) = self.0.get(&fingerprint(path)) {
            return Err(*taken);
        }
        for parent in parents() {
            self.0.insert(parent, Use::Directory);
        }
        self.0.insert(fingerprint(path), purpose);
        Ok(())
    }

    /// Gives the name of a file back.
    pub(crate) fn release(&mut self, path: &ArtifactPath) {
        self.0.remove(&fingerprint(path.as_str()));
    }

    /// What this path stands for, or one that differs in case only.
    pub(crate) fn find(&self, path: &ArtifactPath) -> Option<Use> {
        self.0.get(&fingerprint(path.as_str())).copied()
    }
}

fn fingerprint(name: &str) -> [u8; 16] {
    // Upper case first, because some letters (ß, the Kelvin sign) meet only there.
    let folded = name.to_uppercase().to_lowercase();
    Sha256::digest(folded)[..16].try_into().expect("a SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(names: &mut Names, path: &str) -> bool {
        names.claim(&ArtifactPath::new(path).unwrap(), Use::Written).is_ok()
    }

    #[test]
    fn names_that_differ_in_case_only_are_the_same() {
        let mut names = Names::new();
        assert!(claim(&mut names, "assets/Ärger.png"));
        assert!(!claim(&mut names, "ASSETS/äRGER.PNG"));
        assert!(claim(&mut names, "assets/Arger.png"));
        assert!(!claim(&mut names, "Manifest-SHA256.txt"));
        assert!(!claim(&mut names, "signature.JSON"));
        assert!(claim(&mut names, "below/signature.json"));
    }

    #[test]
    fn a_file_is_no_directory_and_a_directory_no_file() {
        let mut names = Names::new();
        assert!(claim(&mut names, "a/b/c"));
        assert!(!claim(&mut names, "A"));
        assert!(!claim(&mut names, "a/B"));
        assert!(claim(&mut names, "x"));
        assert!(!claim(&mut names, "X/y"));
        assert!(claim(&mut names, "a/b/d"));
    }
}
