//! Clearing away: what deleted rooms and people leave behind, uploads that no message took up, mails that are
//! long sent, exports whose time is over.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::domain::time::DAY;
use crate::domain::{OutboxMail, OutboxState};
use crate::service::{erasure, retention, uploads};
use crate::store::{Direction, Error, Result, Span};

/// How long there is nothing to sweep, unless somebody rings.
const PAUSE: Duration = Duration::from_secs(15 * 60);
/// For so long a mail that was sent is remembered, so that posting it again sends nothing.
const MAIL_MEMORY: i64 = 30 * DAY;

/// Sweeps until `stop` is done.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) {
    let work = async {
        let sweeper = Arc::clone(&app);
        let tidied = tokio::task::spawn_blocking(move || tidy(&sweeper)).await;
        if let Ok(Err(error)) = tidied {
            tracing::warn!(%error, "what a crash left could not be cleared away; the next start will");
        }
        loop {
            let sweeper = Arc::clone(&app);
            match tokio::task::spawn_blocking(move || sweep_some(&sweeper)).await {
                // There is more: let others have the disk for a moment.
                Ok(Ok(true)) => tokio::time::sleep(Duration::from_millis(20)).await,
                Ok(Ok(false)) => {
                    let _ = tokio::time::timeout(PAUSE, app.sweep_bell.notified()).await;
                }
                Ok(Err(error)) => {
                    tracing::error!(%error, "sweeping failed; trying again later");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(panic) => {
                    tracing::error!(%panic, "sweeping failed; trying again later");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = stop => {}
    }
}

/// Clears away what a crash left: bytes without a record, files that nobody is given any more.
pub fn tidy(app: &App) -> crate::error::Result<()> {
    remove_orphans(app)?;
    retention::finish_removals(app)
}

/// Removes the bytes of uploads that a crash left without a record.
pub fn remove_orphans(app: &App) -> Result<()> {
    let mut failure = None;
    app.store.blobs().each(|sha256| {
        if failure.is_none() {
            failure = app.store.remove_blob_if_unused(&sha256).err();
        }
        Ok(())
    })?;
    failure.map_or(Ok(()), Err)
}

/// Sweeps a bounded part; whether there may be more.
pub fn sweep_some(app: &App) -> crate::error::Result<bool> {
    if app.store.clear_deleted_room()? {
        return Ok(true);
    }
    if erasure::sweep(app)? {
        return Ok(true);
    }
    Ok(uploads::expire(app)? > 0 || forget_old_mails(app)? || retention::sweep(app)?)
}

/// Forgets mails whose end is long ago.
fn forget_old_mails(app: &App) -> Result<bool> {
    const PART: usize = 500;
    let long_ago = app.now().plus(-MAIL_MEMORY);
    let mut old = Vec::new();
    app.store.walk::<OutboxMail, Error>(Span::all(), Direction::Ascending, |key, mail| {
        let ended = match mail.state {
            OutboxState::Waiting { .. } => None,
            OutboxState::Sent { at } | OutboxState::Failed { at, .. } => Some(at),
        };
        if ended.is_some_and(|ended| ended < long_ago) {
            old.push(key);
        }
        Ok(if old.len() >= PART {
            std::ops::ControlFlow::Break(())
        } else {
            std::ops::ControlFlow::Continue(())
        })
    })?;
    app.store.write::<_, Error>(|batch| {
        for key in &old {
            batch.delete::<OutboxMail>(key);
        }
        Ok(())
    })?;
    Ok(old.len() >= PART)
}
