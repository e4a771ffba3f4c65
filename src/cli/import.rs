//! `roomscribe import`.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::compact::compact_if_it_pays;
use super::interrupt::{INTERRUPTED, Interrupt};
use super::{Outcome, Place, complain, is_watched, open, say, unable, usage};
use crate::export::spool::Progress;
use crate::export::verify::verify;
use crate::import::{self, Rules, Source};
use crate::service::{bootstrap, settings};
use crate::store::Store;

/// What is imported waits in memory until it takes so many bytes.
const GATHERED: usize = 64 << 20;

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    roomscribe import general.zip         an export as ndjson, with its files\n  \
    roomscribe import room.ndjson.gz      its lines, or REST message objects\n\n\
    A room that is missing is made as it was, with its members; people who are missing are made, and cannot \
    log in. A room that is there already gets the messages it lacks, but neither members nor roles, unless \
    --join is given; what else is there stays as it is, so running it again changes nothing.")]
pub(super) struct Options {
    /// An NDJSON file, plain or gzip; the zip or the directory of an export; - for NDJSON on standard input
    file: PathBuf,
    /// First check all of the export and its signature, as `roomscribe verify` does; if anything is
    /// wrong, import nothing [default: only the rooms' documents, against the list of hashes beside them]
    #[arg(long, conflicts_with = "no_verify")]
    verify: bool,
    /// Import documents that are not what their list of hashes says; what a zip cannot unpack stays refused
    #[arg(long)]
    no_verify: bool,
    /// Make authors and members in the file members of rooms that exist already, unless they have left them
    #[arg(long)]
    join: bool,
}

pub(super) fn run(place: Place, options: &Options) -> Outcome {
    let source = if options.file.as_os_str() == "-" {
        Source::stream(io::stdin())
    } else {
        let opened = Source::open(&options.file);
        opened.with_context(|| format!("{} cannot be opened", options.file.display())).map_err(usage)?
    };
    check(&source, options)?;
    // Batches are atomic: what was imported so far is whole, wherever it stops.
    Interrupt::catch(|| {
        complain("roomscribe: stopped; run the same command again to go on");
        std::process::exit(INTERRUPTED.into());
    })?;
    let config = place.config()?;
    let is_new = !Store::exists(&config.server.data);
    let mut app = open(config)?;
    bootstrap::prepare(&app, false).map_err(unable)?;
    if let Some(store) = Arc::get_mut(&mut app.store) {
        store.write_in_bulk(&app.config.server.data, GATHERED).map_err(unable)?;
    }
    let bar = counter("messages");
    let rules = Rules {
        join: options.join,
        usernames: settings::text(&app, "UTF8_User_Names_Validation").map_err(unable)?,
        most_people: settings::limit(&app, "DirectMesssage_maxUsers").map_err(unable)?.unwrap_or(u64::MAX),
    };
    let imported =
        import::import(&app.store, source, &rules, app.now(), &mut |lines| bar.set_position(lines));
    bar.finish_and_clear();
    say(&imported?.to_string())?;
    if is_new { compact_if_it_pays(app) } else { Ok(()) }
}

/// Looks at the file before anything is imported.
fn check(source: &Source, options: &Options) -> Outcome {
    let file = options.file.display();
    if options.verify && !source.is_export() {
        let text = "--verify needs the zip or the directory of an export";
        return Err(usage(anyhow!("{text}; {file} is one document, with no list of hashes")));
    }
    if fs::metadata(&options.file).is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0) {
        return Err(anyhow!("{file} is empty; fetch the file again").into());
    }
    if options.verify {
        verify(&options.file, &Progress::default())
            .with_context(|| format!("{file}; nothing was imported"))?;
    } else if !options.no_verify {
        source.check().with_context(|| format!("{file}; nothing was imported"))?;
    }
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
