//! Packs what was written, so that the store stays small and quick. In small steps, so that others get
//! at the disk; what a stop leaves undone is found by the next pass.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::app::App;

/// A server that has just started has others to serve first, for so many of the configured pauses.
const FIRST_PAUSES: u32 = 60;
/// So many entries must have been written since the last pass.
const WORTH: u64 = 4096;
/// And more than this part of those that it left.
const PART: u64 = 4;

/// Packs until `stop` is done.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) {
    let stopping = Arc::new(AtomicBool::new(false));
    let pause = Duration::from_millis(app.config.store.pack_pause_ms);
    let work = async {
        tokio::time::sleep(pause * FIRST_PAUSES).await;
        // What the last run of the program has left is not known.
        let (mut waiting, mut left) = (WORTH, 0);
        loop {
            tokio::time::sleep(pause).await;
            waiting += app.store.take_unpacked();
            if waiting < WORTH.max(left / PART) {
                continue;
            }
            waiting = 0;
            let (app, asked) = (Arc::clone(&app), Arc::clone(&stopping));
            let rest = move |worked: Duration| {
                // At most half of one core, and of the writer's time.
                thread::sleep(worked);
                !asked.load(Ordering::SeqCst)
            };
            match tokio::task::spawn_blocking(move || app.store.pack(rest)).await {
                Ok(Ok(loose)) => left = loose,
                Ok(Err(error)) => tracing::error!(%error, "packing failed; trying again later"),
                Err(panic) => tracing::error!(%panic, "packing failed; trying again later"),
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = stop => stopping.store(true, Ordering::SeqCst),
    }
}
