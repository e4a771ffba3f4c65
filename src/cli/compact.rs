//! `roomscribe compact`.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use indicatif::HumanBytes;

use super::import::counter;
use super::interrupt::{INTERRUPTED, Interrupt};
use super::{Outcome, Place, complain, open_existing, say};
use crate::app::App;
use crate::config::MEGABYTE;
use crate::store::Store;
use crate::store::compact::Compacted;

#[derive(Args)]
#[command(after_help = "Example:\n  \
    roomscribe compact --data data        while the server is stopped\n\n\
    The records are copied to a new store, which is read back and takes the place of the old one; uploads and \
    exports stay where they are. Meanwhile the disk holds both. It may be stopped at any moment: the next start \
    finds the one or the other, whole. Run it as the user whom the data belongs to.\n\
    Exit codes: 0 done, 1 the task failed, 2 wrong usage or configuration, 3 could not start, 130 stopped by \
    Ctrl-C.")]
pub(super) struct Options {}

pub(super) fn run(place: Place) -> Outcome {
    let app = open_existing(place.config()?)?;
    Interrupt::catch(|| {
        complain("roomscribe: stopped; the store is whole, as it was or compacted");
        std::process::exit(INTERRUPTED.into());
    })?;
    let data = app.config.server.data.clone();
    let least = app.config.export.keep_free_mb.saturating_mul(MEGABYTE);
    let compacted = compact(store_of(app)?, &data, least)?;
    say(&format!(
        "The store took {}, and takes {} now.",
        HumanBytes(compacted.before),
        HumanBytes(compacted.after)
    ))
}

/// The store of commands that need nothing else any more.
pub(super) fn store_of(app: App) -> anyhow::Result<Store> {
    Arc::into_inner(app.store).context("the store is still in use")
}

/// Compacts a store and shows how far it is.
pub(super) fn compact(store: Store, data: &Path, least: u64) -> anyhow::Result<Compacted> {
    let bar = counter("entries");
    let compacted = store.compact(data, least, &mut |entries| bar.inc(entries));
    bar.finish_and_clear();
    Ok(compacted?)
}

/// Compacts what much was written to at once, if that pays. What was written is safe either way.
pub(super) fn compact_if_it_pays(app: App) -> Outcome {
    let data = app.config.server.data.clone();
    let least = app.config.export.keep_free_mb.saturating_mul(MEGABYTE);
    let store = store_of(app)?;
    if !store.is_worth_compacting()? {
        return Ok(());
    }
    match compact(store, &data, least) {
        Ok(Compacted { before, after }) => {
            complain(&format!(
                "the store was compacted from {} to {}",
                HumanBytes(before),
                HumanBytes(after)
            ));
        }
        Err(error) => {
            complain(&format!("the store was not compacted; run `roomscribe compact` later: {error:#}"));
        }
    }
    Ok(())
}
