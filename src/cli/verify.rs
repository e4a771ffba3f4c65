//! `roomscribe verify`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{Outcome, say};
use crate::export::spool::Progress;
use crate::export::verify::verify;

#[derive(Args)]
pub(super) struct Options {
    /// The zip of an export
    file: PathBuf,
}

pub(super) fn run(options: &Options) -> Outcome {
    let verified =
        verify(&options.file, &Progress::default()).with_context(|| format!("{}", options.file.display()))?;
    say(&format!(
        "{}: intact, {} files, {} bytes, manifest SHA-256 {}",
        options.file.display(),
        verified.files,
        verified.bytes,
        hex::encode(verified.manifest_sha256)
    ))?;
    Ok(())
}
