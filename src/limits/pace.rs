//! How slowly the other side of a connection may take or give bytes.
//!
//! A limit for each piece alone is met by whoever moves one byte within it. So bytes earn time: who
//! moves fewer than 1024 in a second uses up its patience in the end.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// Bytes in a second below which patience runs out.
const SLOWEST: f64 = 1024.0;

/// The other side of a connection was too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the other side was too slow")]
pub struct TooSlow;

/// What is left of somebody's patience. Only the time counts in which the other side is waited for.
#[derive(Debug)]
pub struct Pace {
    patience: Duration,
    left: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Pace {
    /// So much patience, and never more.
    pub fn of(patience: Duration) -> Self {
        Self { patience, left: patience, waiting: None }
    }

    /// The other side is waited for. Ready when that has been for too long.
    pub fn poll_wait(&mut self, context: &mut Context<'_>) -> Poll<TooSlow> {
        let left = self.left;
        let (_, end) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
        end.as_mut().poll(context).map(|()| TooSlow)
    }

    /// The other side has taken or given so many bytes.
    pub fn moved(&mut self, bytes: usize) {
        if let Some((since, _)) = self.waiting.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        #[expect(clippy::cast_precision_loss, reason = "nobody counts the bytes of a long time so closely")]
        let earned = Duration::from_secs_f64(bytes as f64 / SLOWEST);
        self.left = self.left.saturating_add(earned).min(self.patience);
    }

    /// Nothing is wanted of the other side any more.
    pub fn rest(&mut self) {
        self.waiting = None;
        self.left = self.patience;
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);
    const SECOND: Duration = Duration::from_secs(1);

    /// Waits for so long at most. Whether that was too long.
    async fn waits(pace: &mut Pace, time: Duration) -> bool {
        tokio::time::timeout(time, poll_fn(|context| pace.poll_wait(context))).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn drops_use_patience_up_and_a_steady_stream_does_not() {
        let mut pace = Pace::of(PATIENCE);
        let mut drops = 0;
        while !waits(&mut pace, SECOND).await {
            pace.moved(100);
            drops += 1;
        }
        // A second for each, of which a tenth is earned back.
        assert!((30..40).contains(&drops), "{drops}");
        let mut pace = Pace::of(PATIENCE);
        for _ in 0..1000 {
            assert!(!waits(&mut pace, SECOND).await);
            pace.moved(2000);
        }
        assert!(waits(&mut pace, PATIENCE + SECOND).await, "silence is too slow");
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_nothing_is_wanted_does_not_count() {
        let mut pace = Pace::of(PATIENCE);
        for _ in 0..10 {
            assert!(!waits(&mut pace, PATIENCE / 2).await);
            pace.rest();
            sleep(PATIENCE * 2).await;
        }
    }
}
