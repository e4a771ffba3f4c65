//! `roomscribe plugin new`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use clap::builder::PossibleValuesParser;
use format_examples::{EXAMPLES, ROOM};

use crate::cli::{Outcome, say, usage};

/// The most characters of a format's name.
const LONGEST_NAME: usize = 32;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    roomscribe plugin new tickets --lang python           a program: the quickest beginning\n  \
    roomscribe plugin new tickets --lang assemblyscript   WebAssembly: one file that can do no harm\n\n\
    It makes a directory of that name with the source, a README.md and a room.ndjson.\n\
    Exit codes: 0 done, 1 the directory cannot be written, 2 wrong usage.")]
pub(in crate::cli) struct Options {
    /// What requests will call the format: lower-case letters, digits and '-'
    name: String,
    /// What to write it in
    #[arg(long = "lang", value_name = "LANGUAGE",
        value_parser = PossibleValuesParser::new(EXAMPLES.iter().map(|example| example.language)))]
    language: String,
    /// Make the directory in this one
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    place: PathBuf,
}

pub(super) fn run(options: &Options) -> Outcome {
    let name = &options.name;
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_name =
        name.starts_with(word) && name.len() <= LONGEST_NAME && name.chars().all(|c| word(c) || c == '-');
    if !is_name {
        return Err(usage(anyhow!(
            "{name:?} is no name of a format; use 1 to {LONGEST_NAME} of a-z, 0-9 and '-', not '-' first"
        )));
    }
    let directory = options.place.join(name);
    let shown = directory.display();
    fs::create_dir_all(&options.place)
        .and_then(|()| fs::create_dir(&directory))
        .with_context(|| format!("{shown} cannot be made; choose another name or directory"))?;
    let mut examples = EXAMPLES.iter().filter(|example| example.language == options.language);
    let example = examples.next().context("clap takes no other language")?;
    let (source, readme) = example.named(name);
    let source_name = format!("{name}.{}", example.extension);
    write(&directory.join(&source_name), &source)?;
    write(&directory.join("README.md"), &readme)?;
    write(&directory.join("room.ndjson"), ROOM)?;
    say(&format!("{shown}/{source_name} is a format that works; README.md beside it says how to go on."))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
