//! Clears away messages whose time is over, room after room, in small steps with pauses between them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::service::retention_policies::{Round, Step, is_on, pause_minutes, step};

/// Between two steps others have the disk.
const BREATH: Duration = Duration::from_millis(50);
/// How often it is looked whether the next round is due: settings change meanwhile.
const LOOK: Duration = Duration::from_secs(60);

/// Goes over all rooms time and again until `stop` is done.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) {
    let work = async {
        loop {
            go_over(&app).await;
            let mut waited = Duration::ZERO;
            // A round that was off until now begins soon after it is switched on.
            let mut was_on = is_on(&app).unwrap_or(false);
            while waited < pause(&app) {
                tokio::time::sleep(LOOK).await;
                waited += LOOK;
                let now_on = is_on(&app).unwrap_or(false);
                if now_on && !was_on {
                    break;
                }
                was_on = now_on;
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = stop => {}
    }
}

fn pause(app: &App) -> Duration {
    Duration::from_secs(60 * pause_minutes(app).unwrap_or(30))
}

/// One round. A step that fails ends it; the next round begins anew.
async fn go_over(app: &Arc<App>) {
    let mut round = Round::default();
    loop {
        let worker = Arc::clone(app);
        let done = tokio::task::spawn_blocking(move || {
            let result = step(&worker, &mut round);
            (result, round)
        });
        match done.await {
            Ok((Ok(Step::More), next)) => round = next,
            Ok((Ok(Step::Done), _)) => return,
            Ok((Err(error), _)) => {
                tracing::error!(%error, "old messages could not be cleared away; trying again later");
                return;
            }
            Err(panic) => {
                tracing::error!(%panic, "clearing away old messages failed; trying again later");
                return;
            }
        }
        tokio::time::sleep(BREATH).await;
    }
}
