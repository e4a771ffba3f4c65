//! A packed export that lies somewhere, as a zip or as loose files.

use std::fs;
use std::io::Read;
use std::path::Path;

use super::directory::LooseFiles;
use super::zipped::Zip;
use super::{Result, Verified};
use crate::export::bag::Shape;
use crate::export::spool::Progress;

/// What can be asked of either kind. Names are those in the manifests: a bag's name in a zip is not
/// part of them.
pub(crate) trait Archive {
    fn shape(&self) -> Shape;

    /// A file, unpacked while it is read; `None` if there is none of this name. What it holds is
    /// not checked here.
    fn read(&self, name: &str) -> Result<Option<Box<dyn Read>>>;

    /// Checks everything.
    fn check(&self, progress: &Progress) -> Result<Verified>;
}

/// Finds out what lies at `path`.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Archive>> {
    if fs::metadata(path)?.is_dir() {
        Ok(Box::new(LooseFiles::open(path)?))
    } else {
        Ok(Box::new(Zip::open(path)?))
    }
}
