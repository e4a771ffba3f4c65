//! `roomscribe verify`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use indicatif::{DecimalBytes, HumanCount};

use super::{Failure, Outcome, printable, say, usage};
use crate::export::prove::Proof;
use crate::export::signing::PublicKey;
use crate::export::spool::Progress;
use crate::export::verify::verify;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    roomscribe verify general.zip\n  \
    roomscribe verify general/ --key server.key\n  \
    roomscribe verify --proof proof.json --key server.key\n\n\
    Where nobody can have put another key in its place, `roomscribe key` prints the key of the server.")]
pub(super) struct Options {
    /// The zip of an export, or its directory
    #[arg(required_unless_present = "proof")]
    archive: Option<PathBuf>,
    /// Check a proof that `roomscribe prove` made
    #[arg(long, value_name = "FILE", conflicts_with = "archive")]
    proof: Option<PathBuf>,
    /// Only this key may have signed it: 64 hexadecimal digits, or a file with them
    #[arg(long, value_name = "HEX|FILE")]
    key: Option<String>,
}

pub(super) fn run(options: &Options) -> Outcome {
    let wanted = options.key.as_deref().map(key).transpose()?;
    match (&options.archive, &options.proof) {
        (Some(archive), _) => check_archive(archive, wanted),
        (None, Some(proof)) => check_proof(proof, wanted),
        (None, None) => Err(usage(anyhow!("name an export, or a proof with --proof"))),
    }
}

fn check_archive(path: &Path, wanted: Option<PublicKey>) -> Outcome {
    let named = || format!("{}", path.display());
    let verified = verify(path, &Progress::default()).with_context(named)?;
    let signed = signed(verified.key, wanted).with_context(named)?;
    let files = if verified.files == 1 { "file" } else { "files" };
    let lines = match verified.lines {
        0 => String::new(),
        1 => ", 1 provable line".to_owned(),
        lines => format!(", {} provable lines", HumanCount(lines)),
    };
    say(&format!(
        "{}: intact: {} {files}, {}{lines}; {signed}",
        path.display(),
        HumanCount(verified.files),
        DecimalBytes(verified.bytes),
    ))
}

fn check_proof(path: &Path, wanted: Option<PublicKey>) -> Outcome {
    let named = || format!("{}", path.display());
    let proven = Proof::read(path).and_then(|proof| proof.check()).with_context(named)?;
    let signed = signed(Some(proven.key), wanted).with_context(named)?;
    // What people typed, and what forgers may have: nothing of it may steer a terminal.
    say(&format!(
        "message {} by {}, {}, was in the export of {} ({}), line {} of {} of {}; {signed}\n{}",
        printable(&proven.message),
        printable(&proven.username),
        printable(&proven.sent_at),
        printable(proven.day.as_deref().unwrap_or("an unknown day")),
        printable(proven.description.as_deref().unwrap_or("without description")),
        HumanCount(proven.line),
        HumanCount(proven.lines),
        printable(&proven.file),
        printable(&proven.text),
    ))
}

/// Who signed, in words; an error if that is not who should have.
fn signed(key: Option<PublicKey>, wanted: Option<PublicKey>) -> anyhow::Result<String> {
    match (key, wanted) {
        (None, None) => Ok("not signed: anybody can have made it".to_owned()),
        (None, Some(_)) => Err(anyhow!("it is not signed; fetch the original again")),
        (Some(key), None) => {
            Ok(format!("signed by key {key}; compare this key with the server's (roomscribe key)"))
        }
        (Some(key), Some(wanted)) if key == wanted => {
            Ok(format!("signed by key {key}, which is the key you gave"))
        }
        (Some(key), Some(wanted)) => {
            Err(anyhow!("it is signed by key {key}, not by the one you gave, {wanted}: it may be forged"))
        }
    }
}

/// The key itself, or the file that has it.
fn key(text: &str) -> Result<PublicKey, Failure> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let unusable =
        || format!("--key {text}: give the 64 digits that `roomscribe key` prints, or a file with them");
    let content = fs::read_to_string(text).with_context(unusable).map_err(usage)?;
    content.trim().parse().with_context(unusable).map_err(usage)
}
