//! Keeps the index of searches up to date: seals the messages of rooms into runs, mends what late
//! messages have made stale, forgets what is empty. In small steps, so that others get at the disk;
//! whatever is left undone by a stop or an import is found by the next pass.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::app::App;
use crate::domain::{Activity, Time};
use crate::store::{Direction, Error, Result, Span};

/// Messages of one run: reading them takes less than a millisecond, and what they hold fits into
/// some kilobytes.
pub const RUN: usize = 256;
/// How long there is nothing to do, unless somebody rings.
const PAUSE: Duration = Duration::from_secs(60);
/// However often somebody rings.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// Rooms that changed so shortly before a pass are looked at again: their clock is not its.
const OVERLAP: i64 = 60_000;

/// Indexes until `stop` is done.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) {
    let stopping = Arc::new(AtomicBool::new(false));
    let work = async {
        let mut since = None;
        loop {
            // A server that has just started has others to serve first.
            let _ = tokio::time::timeout(PAUSE, app.index_bell.notified()).await;
            let began = app.now();
            let (indexer, asked) = (Arc::clone(&app), Arc::clone(&stopping));
            let goes_on = move || !asked.load(Ordering::SeqCst);
            match tokio::task::spawn_blocking(move || pass(&indexer, since, RUN, goes_on)).await {
                Ok(Ok(())) => since = Some(began.plus(-OVERLAP)),
                Ok(Err(error)) => tracing::error!(%error, "indexing failed; trying again later"),
                Err(panic) => tracing::error!(%panic, "indexing failed; trying again later"),
            }
            tokio::time::sleep(SHORTEST_PAUSE).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = stop => stopping.store(true, Ordering::SeqCst),
    }
}

/// Brings the rooms up to date in which something happened since then, by runs of `length` messages,
/// as long as `goes_on` says so. Only one pass may be under way.
pub fn pass(app: &App, since: Option<Time>, length: usize, goes_on: impl Fn() -> bool) -> Result<()> {
    let store = &app.store;
    let step = |work: &dyn Fn() -> Result<bool>| -> Result<()> {
        while goes_on() {
            let began = Instant::now();
            if !work()? {
                break;
            }
            // As long a rest as the work was: at most half of one core, and of the writer's time.
            thread::sleep(began.elapsed());
        }
        Ok(())
    };
    step(&|| store.mend_run(length))?;
    store.walk::<Activity, Error>(Span::all(), Direction::Ascending, |(room,), activity| {
        if since.is_none_or(|since| activity.updated >= since) {
            step(&|| store.trim_runs(&room))?;
            step(&|| store.seal_run(&room, length))?;
        }
        Ok(if goes_on() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    if since.is_none() && goes_on() {
        store.note_sealed()?;
    }
    Ok(())
}
