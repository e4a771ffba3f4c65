//! Where an export goes, looked at before it is made.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::anyhow;

use crate::cli::{Outcome, usage};
use crate::export::bag::MANIFEST;

/// Endings of archives that are not written. A directory of such a name would mislead.
const OTHER_ARCHIVES: &[&str] = &["7z", "bz2", "gz", "rar", "tar", "tbz", "tgz", "txz", "xz", "zst"];

pub(super) fn is_zip(output: &Path) -> bool {
    has_ending(output, &["zip"])
}

fn has_ending(output: &Path, endings: &[&str]) -> bool {
    let found = output.extension();
    found.is_some_and(|found| endings.iter().any(|ending| found.eq_ignore_ascii_case(ending)))
}

/// Refuses a place where nothing can be written, or where something lies that was not to be replaced.
pub(super) fn check(output: &Path, force: bool) -> Outcome {
    let shown = output.display();
    let refused = |text: String| Err(usage(anyhow!("{shown} {text}")));
    if has_ending(output, OTHER_ARCHIVES) {
        return refused("is an archive that is not written; name a .zip file, or a directory".to_owned());
    }
    if is_zip(output) {
        let parent = output.parent().filter(|parent| *parent != Path::new(""));
        if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
            return refused(format!(
                "cannot be written: there is no directory {}; make it first",
                parent.display()
            ));
        }
        if output.is_dir() {
            return refused("is a directory; name a file".to_owned());
        }
        if output.exists() && !force {
            return refused("is there already; replace it with --force".to_owned());
        }
    } else if output.is_file() {
        return refused("is a file; name a .zip file, or a directory".to_owned());
    } else if holds_something(output)? {
        if !force {
            return refused(
                "is not empty; choose another directory, or replace an export in it with --force".to_owned(),
            );
        }
        if !output.join(MANIFEST).is_file() {
            return refused(
                "holds no export, so --force does not replace it; choose another directory".to_owned(),
            );
        }
    }
    Ok(())
}

fn holds_something(directory: &Path) -> io::Result<bool> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().transpose()?.is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Puts loose files in the place of an export that lies there; if that fails, it lies there again.
pub(super) fn replacing(directory: &Path, write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    if !holds_something(directory)? {
        return write();
    }
    let mut aside = directory.file_name().unwrap_or_default().to_owned();
    aside.push(format!(".{}.old", std::process::id()));
    let aside: PathBuf = directory.with_file_name(aside);
    fs::rename(directory, &aside)?;
    match write() {
        Ok(()) => fs::remove_dir_all(&aside),
        Err(error) => {
            fs::rename(&aside, directory)?;
            Err(error)
        }
    }
}
