//! Fetches previews of links after messages were sent or edited, and puts them into the messages.
//!
//! It listens to what changes; if more is sent than can be fetched, the rest goes without.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app::App;
use crate::domain::change::{Change, Changed, How};
use crate::domain::{Message, MessageId, RoomId, Time};
use crate::error::Result;
use crate::service::previews;
use crate::store::feed::{Heard, Listener};

/// Messages whose links are fetched at the same time.
const AT_ONCE: usize = 4;
/// How long to wait when the disk fails.
const PAUSE: Duration = Duration::from_secs(5);

/// Where a message is, and the links to fetch for it.
type Task = ((RoomId, Time, MessageId), Vec<String>);

/// Fetches until `stop` is done.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) {
    let work = async {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut listener = Listener::new(&app.store);
        loop {
            let changes = match listener.next().await {
                Ok(Heard::Changes(changes)) => changes,
                Ok(Heard::Missed(writes)) => {
                    tracing::warn!(writes, "too much was sent at once for every link to have a preview");
                    continue;
                }
                Err(_) => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let said = changes.iter().any(|change| matches!(change.what, Changed::Message { .. }));
            // One look at a setting; a thread for every message would cost more than sending it.
            if !said || !matches!(previews::is_on(&app), Ok(true)) {
                continue;
            }
            let reader = Arc::clone(&app);
            match tokio::task::spawn_blocking(move || tasks(&reader, &changes)).await {
                Ok(Ok(tasks)) => {
                    for task in tasks {
                        let place = Arc::clone(&places).acquire_owned().await.expect("it is never closed");
                        tokio::spawn(fetch(Arc::clone(&app), task, place));
                    }
                }
                Ok(Err(error)) => tracing::warn!(%error, "links cannot have previews"),
                Err(panic) => tracing::error!(%panic, "links cannot have previews"),
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = stop => {}
    }
}

/// What is to be fetched because of these changes.
fn tasks(app: &App, changes: &[Change]) -> Result<Vec<Task>> {
    let mut tasks = Vec::new();
    if !previews::is_on(app)? {
        return Ok(tasks);
    }
    for Change { what, how } in changes {
        let Changed::Message { room, sent_at, id } = what else { continue };
        let key = (room.clone(), *sent_at, id.clone());
        if let Some(message) = app.store.get::<Message>(&key)? {
            let links = previews::wanted(app, &message, *how == How::Inserted)?;
            tasks.extend((!links.is_empty()).then_some((key, links)));
        }
    }
    Ok(tasks)
}

/// Fetches the links of one message.
async fn fetch(app: Arc<App>, (key, links): Task, place: OwnedSemaphorePermit) {
    let rules = match previews::rules(&app) {
        Ok(rules) => rules,
        Err(error) => return tracing::warn!(%error, "links cannot have previews"),
    };
    let mut fetched = Vec::new();
    for link in links {
        match app.fetcher.fetch(&link, &rules).await {
            Ok(preview) => fetched.push((link, preview)),
            Err(why) => tracing::debug!(%why, "a link has no preview"),
        }
    }
    if !fetched.is_empty() {
        let put = tokio::task::spawn_blocking(move || previews::put(&app, &key, &fetched)).await;
        if let Ok(Err(error)) = put {
            tracing::warn!(%error, "previews could not be kept");
        }
    }
    drop(place);
}
