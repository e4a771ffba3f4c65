//! The data directory, before anything is opened in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// What may lie in it where there is no store yet: its own parts, of a start that was broken off or of
/// a store that is lost, and what a file system or an operator puts there.
const OWN: &[&str] = &[
    "arriving",
    "config.toml",
    "demo-exports",
    "exports",
    "lock",
    "lost+found",
    "mails",
    "outbox",
    "plugins",
    "signing-key",
    "signing-key.part",
    "spool",
    "store",
    "store.finished",
    "store.replaced",
    "store.unfinished",
    "uploads",
];

/// Refuses a directory that this user may not look into, which would seem to be empty.
pub(super) fn check_readable(data: &Path) -> Result<()> {
    for directory in [data, &data.join("store")] {
        match fs::read_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            read => drop(read.with_context(|| format!("{} cannot be read", directory.display()))?),
        }
    }
    Ok(())
}

/// Refuses a directory in which somebody keeps something else.
pub(super) fn check_own(data: &Path) -> Result<()> {
    let entries = match fs::read_dir(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with('.') && !OWN.contains(&&*name) {
            bail!(
                "{} holds other things, {name:?} for one; choose an empty or a new directory with --data",
                data.display()
            );
        }
    }
    Ok(())
}

/// Where it is, from wherever somebody looks.
pub(super) fn shown(data: &Path) -> String {
    let place: PathBuf = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    place.display().to_string()
}
