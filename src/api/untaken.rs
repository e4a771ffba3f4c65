//! Memory for answers that are made and that nobody has taken up yet.
//!
//! Handlers have more threads than connections have: without a bound their answers would pile up between
//! the two. So a handler with a large answer waits until there is room for it.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// KiB of all large answers together.
const MOST: u32 = 16 * 1024;
/// Answers up to so many KiB do not wait.
const SMALL: u32 = 64;

/// The room there is.
#[derive(Debug)]
pub(super) struct Untaken(Arc<Semaphore>);

/// The room that one answer takes.
pub(super) type Room = OwnedSemaphorePermit;

impl Untaken {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(MOST as usize)))
    }

    /// Waits for room for so many bytes, on a thread that may block; one that is larger than all there is
    /// takes all. Whoever takes an answer up waits for nothing, so this comes to an end.
    pub(super) fn room(&self, bytes: usize) -> Option<Room> {
        let wanted = u32::try_from(bytes / 1024).unwrap_or(MOST).min(MOST);
        if wanted <= SMALL {
            return None;
        }
        Handle::current().block_on(Arc::clone(&self.0).acquire_many_owned(wanted)).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::task::spawn_blocking;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn large_answers_wait_for_each_other_and_small_ones_for_nobody() {
        let untaken = Arc::new(Untaken::new());
        let room = |bytes: usize| {
            let untaken = Arc::clone(&untaken);
            spawn_blocking(move || untaken.room(bytes))
        };
        let first = room(usize::MAX).await.unwrap();
        assert!(first.is_some() && room(1024).await.unwrap().is_none());
        let mut second = room(1 << 20);
        assert!(timeout(Duration::from_millis(20), &mut second).await.is_err(), "there is no room");
        drop(first);
        assert!(second.await.unwrap().is_some());
    }
}
