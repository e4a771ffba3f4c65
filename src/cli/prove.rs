//! `roomscribe prove`.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;

use super::{Outcome, say, usage};
use crate::export::prove::prove;
use crate::export::spool::Progress;

#[derive(Args)]
#[command(after_help = "Example:\n  \
    roomscribe prove general.zip kF3pQzY7aXw2LmN9c --out proof.json\n  \
    roomscribe verify --proof proof.json --key server.key\n\n\
    The export must hold the format ndjson: there every message is one line, and its id is `_id`.")]
pub(super) struct Options {
    /// The zip of an export, or its directory
    archive: PathBuf,
    /// The message's id
    message: String,
    /// Write the proof into this file [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Outcome {
    let proof = prove(&options.archive, &options.message, &Progress::default())
        .with_context(|| format!("{}", options.archive.display()))?;
    let text = proof.to_json();
    let Some(out) = &options.out else { return say(text.trim_end()) };
    let mut file = File::create_new(out).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            usage(anyhow!("{} is there already; choose another file with --out", out.display()))
        }
        _ => anyhow!(error).context(format!("{} cannot be written", out.display())).into(),
    })?;
    file.write_all(text.as_bytes()).with_context(|| format!("{} cannot be written", out.display()))?;
    Ok(())
}
