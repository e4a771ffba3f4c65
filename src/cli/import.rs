//! `roomscribe import`.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Outcome, Place, is_watched, say, unable, usage};
use crate::import;
use crate::service::bootstrap;

#[derive(Args)]
#[command(after_help = "Example:\n  roomscribe import room.ndjson.gz\n\nRunning it again changes nothing.")]
pub(super) struct Options {
    /// The file; - for standard input
    file: PathBuf,
}

pub(super) fn run(place: Place, options: &Options) -> Outcome {
    let source: Box<dyn Read + Send> = if options.file.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        let opened = File::open(&options.file);
        Box::new(
            opened.with_context(|| format!("{} cannot be opened", options.file.display())).map_err(usage)?,
        )
    };
    let app = place.app()?;
    bootstrap::prepare(&app, false).map_err(unable)?;
    let bar = counter("messages");
    let imported = import::import(&app.store, source, app.now(), &mut |lines| bar.set_position(lines));
    bar.finish_and_clear();
    let imported = imported?;
    let rooms =
        if imported.rooms.is_empty() { String::new() } else { format!(": {}", imported.rooms.join(", ")) };
    say(&format!(
        "{} messages, {} users, {} rooms{rooms}; {} messages were there already",
        imported.messages,
        imported.users,
        imported.rooms.len(),
        imported.known
    ))?;
    Ok(())
}

/// A counter on a terminal, nothing elsewhere.
pub(super) fn counter(what: &str) -> ProgressBar {
    if !is_watched() {
        return ProgressBar::hidden();
    }
    let template = format!("{{spinner}} {{human_pos}} {what}, {{per_sec}}, {{elapsed}}");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
