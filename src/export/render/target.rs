//! Where rendered files go: into a spool, or nowhere but into an estimate.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use export_sdk as sdk;
use export_sdk::{ArtifactPath, Output};

use crate::export::spool::Spool;

/// What takes the files of an export.
pub trait Target: Output {
    /// Adds a file that lies elsewhere and never changes. `false` if it was added before.
    fn link(
        &mut self,
        path: &ArtifactPath,
        media_type: &str,
        blob: &Path,
        sha256: [u8; 32],
        size: u64,
    ) -> io::Result<bool>;
}

impl Target for Spool {
    fn link(
        &mut self,
        path: &ArtifactPath,
        media_type: &str,
        blob: &Path,
        sha256: [u8; 32],
        size: u64,
    ) -> io::Result<bool> {
        Spool::link(self, path, media_type, blob, sha256, size)
    }
}

/// The target as one format sees it, in a directory of its own if there are several.
pub(super) struct Placed<'a> {
    target: &'a RefCell<dyn Target + 'a>,
    directory: Option<&'a str>,
}

impl<'a> Placed<'a> {
    pub(super) fn new(target: &'a RefCell<dyn Target + 'a>, directory: Option<&'a str>) -> Self {
        Self { target, directory }
    }
}

impl Output for Placed<'_> {
    fn create(&mut self, path: &ArtifactPath, media_type: &str) -> sdk::Result<Box<dyn Write + Send>> {
        match self.directory {
            None => self.target.borrow_mut().create(path, media_type),
            Some(directory) => {
                let path = ArtifactPath::new(format!("{directory}/{path}"))?;
                self.target.borrow_mut().create(&path, media_type)
            }
        }
    }

    fn scratch(&mut self) -> sdk::Result<File> {
        self.target.borrow_mut().scratch()
    }
}
