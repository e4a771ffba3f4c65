//! What the server does by itself: it renders and delivers exports, sends mails, calls those who want
//! to know what happens, packs what was written and indexes what searches look for, fetches previews
//! of links, clears away messages whose time is over, sweeps, and makes backups when it is asked to.

mod background;
pub mod backup;
pub mod downloads;
pub mod exports;
pub mod indexing;
pub mod mails;
pub mod outgoing;
mod own_data;
pub mod packing;
pub mod previews;
pub mod retention;
pub mod sweep;

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::App;

/// The background work of a running server.
pub struct Work {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Work {
    /// Starts everything. Call it after [`crate::service::jobs::recover`] and
    /// [`crate::service::outbox::recover`].
    pub fn start(app: &Arc<App>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let told = || {
            let mut stopped = stopped.clone();
            async move {
                // An error means that the sender is gone, which is a reason to stop, too.
                let _ = stopped.wait_for(|stop| *stop).await;
            }
        };
        let tasks = vec![
            tokio::spawn(exports::run(Arc::clone(app), told())),
            tokio::spawn(mails::run(Arc::clone(app), told())),
            tokio::spawn(outgoing::run(Arc::clone(app), told())),
            tokio::spawn(retention::run(Arc::clone(app), told())),
            tokio::spawn(sweep::run(Arc::clone(app), told())),
            tokio::spawn(indexing::run(Arc::clone(app), told())),
            tokio::spawn(previews::run(Arc::clone(app), told())),
            tokio::spawn(packing::run(Arc::clone(app), told())),
            tokio::spawn(backup::run(Arc::clone(app), told())),
        ];
        Self { stop, tasks }
    }

    /// Stops everything and waits until it has.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(panic) = task.await {
                tracing::error!(%panic, "background work ended badly");
            }
        }
    }
}
