//! `roomscribe plugin check`: what every format must get right, tried one after the other.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, anyhow};
use clap::Args;
use export_sdk::conformance::{CHECKS, golden_rooms, sample_messages, sample_room, sample_scope};
use export_sdk::{AnyFormat, ArtifactPath, Output, Registry, Summary};
use indicatif::{HumanBytes, HumanCount};
use serde_json::Value;

use super::target::Target;
use crate::cli::{Outcome, printable, say};

/// Messages of `--large`.
const MILLION: u64 = 1_000_000;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    roomscribe plugin check tsv.wasm\n  \
    roomscribe plugin check --large -- python3 tsv.py\n  \
    roomscribe plugin check tsv.wasm --golden golden/     what it writes stays as it is there\n\n\
    Exit codes: 0 all is right, 1 something is not, 2 wrong usage.")]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    target: Target,
    /// A room of a million messages, too
    #[arg(long)]
    large: bool,
    /// Compare what it makes of three rooms with the files in this directory; those that are missing
    /// are written
    #[arg(long, value_name = "DIR")]
    golden: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Outcome {
    let format = options.target.open()?;
    let about = format.description();
    let name = about.name.clone();
    say(&format!("{name} {}: {}", about.version, about.description))?;
    drop(format);

    let mut failed = 0;
    let mut tell = |check: &str, outcome: Result<String, String>| match outcome {
        Ok(more) => say(&format!("ok      {check}{more}")),
        Err(complaint) => {
            failed += 1;
            say(&format!("FAILED  {check}\n        {}", printable(&complaint)))
        }
    };
    // Each has a format of its own: one that has failed too often is switched off.
    let fresh = || {
        let mut registry = Registry::default();
        registry.add_format(options.target.open()?)?;
        Ok::<_, crate::cli::Failure>(registry)
    };
    for check in CHECKS {
        let registry = fresh()?;
        let outcome = check.run(registry.format(&name)?);
        tell(check.name, outcome.map(|()| String::new()))?;
    }
    if let Some(directory) = &options.golden {
        tell("the golden files", compare(fresh()?.format(&name)?, directory))?;
    }
    if options.large {
        tell("a million messages", million(fresh()?.format(&name)?))?;
    }
    match failed {
        0 => say(&format!("\n{}", options.target.how_to_use(&name))),
        1 => Err(anyhow!("one check failed").into()),
        _ => Err(anyhow!("{failed} checks failed").into()),
    }
}

/// Answers what was written anew.
fn compare(format: &dyn AnyFormat, directory: &Path) -> Result<String, String> {
    let mut written = 0;
    for (name, bytes) in golden_rooms(format).map_err(|error| error.to_string())? {
        let path = directory.join(&name);
        match fs::read(&path) {
            Ok(golden) if golden == bytes => {}
            Ok(golden) => {
                let same = golden.iter().zip(&bytes).take_while(|(one, other)| one == other).count();
                let line = golden[..same].split(|byte| *byte == b'\n').count();
                let path = path.display();
                return Err(format!("{path} is another from line {line} on; remove it if that is right"));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write(&path, &bytes).map_err(|error| format!("{error:#}"))?;
                written += 1;
            }
            Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
        }
    }
    Ok(if written == 0 { String::new() } else { format!(" ({written} written anew)") })
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let cannot = || format!("{} cannot be written", path.display());
    fs::create_dir_all(path.parent().with_context(cannot)?).with_context(cannot)?;
    fs::write(path, bytes).with_context(cannot)
}

/// Answers how long it took.
fn million(format: &dyn AnyFormat) -> Result<String, String> {
    let began = Instant::now();
    let bytes = export_million(format).map_err(|error| error.to_string())?;
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate for people")]
    let rate = (MILLION as f64 / seconds) as u64;
    Ok(format!(" ({} in {seconds:.1} s, {} messages a second)", HumanBytes(bytes), HumanCount(rate)))
}

fn export_million(format: &dyn AnyFormat) -> export_sdk::Result<u64> {
    let (mut output, room, scope) = (Counting::default(), sample_room(), sample_scope());
    let messages = sample_messages();
    let usual = messages.iter().filter(|message| message.text.len() < 200);
    let mut writer = format.start(&Value::Null, &scope, &mut output)?;
    writer.begin_room(&room, &scope)?;
    let mut summary = Summary::default();
    for message in usual.cycle().take(usize::try_from(MILLION).unwrap_or(usize::MAX)) {
        writer.write(message)?;
        summary.messages += 1;
    }
    writer.end_room(&summary)?;
    writer.finish(&summary)?;
    Ok(output.bytes())
}

/// An output that only counts.
#[derive(Default)]
struct Counting(std::sync::Arc<std::sync::atomic::AtomicU64>);

impl Counting {
    fn bytes(&self) -> u64 {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Output for Counting {
    fn create(&mut self, _: &ArtifactPath, _: &str) -> export_sdk::Result<Box<dyn Write + Send>> {
        Ok(Box::new(Self(std::sync::Arc::clone(&self.0))))
    }

    fn scratch(&mut self) -> export_sdk::Result<fs::File> {
        Ok(tempfile::tempfile()?)
    }
}

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len() as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
