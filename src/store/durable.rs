//! What those who write know of how it comes to disk.

use tokio::sync::oneshot;

use super::flusher::Writing;
use super::{Error, Result, Store};
use crate::metrics::Flushes;

impl Store {
    /// Tells `told` once everything written so far is on disk: at once if it is there already, else on
    /// the flushing thread, which `told` must not keep.
    pub fn once_durable(&self, told: impl FnOnce(Result<()>) + Send + 'static) {
        self.flusher.request(move |durable| told(answered(durable)));
    }

    /// Returns once everything written so far is on disk.
    pub async fn durable(&self) -> Result<()> {
        let (sender, receiver) = oneshot::channel();
        self.flusher.request(|durable| _ = sender.send(durable));
        answered(receiver.await.unwrap_or(false))
    }

    /// The same for blocking threads.
    pub fn durable_blocking(&self) -> Result<()> {
        self.hand_over()?;
        let (sender, receiver) = oneshot::channel();
        self.flusher.request(|durable| _ = sender.send(durable));
        answered(receiver.blocking_recv().unwrap_or(false))
    }

    /// Says that something is about to be written and waited for, as long as the answer lives: whoever
    /// waits for the disk meanwhile waits a little for that, too.
    pub fn about_to_write(&self) -> Writing {
        self.flusher.writing()
    }

    /// Returns once the engine could not write or flush. What was refused then may still be in its
    /// memory or come to disk later, and what a failed flush should have kept may be lost although the
    /// next one succeeds: so nothing is written or called durable any more, and only opening the store
    /// anew makes things right.
    pub async fn failed(&self) {
        let mut failed = self.flusher.watch();
        // An error means that the store is closed, and then nobody waits.
        let _ = failed.wait_for(|failed| *failed).await;
    }

    /// Whether the engine has failed since the store was opened.
    pub fn has_failed(&self) -> bool {
        self.flusher.has_failed()
    }

    /// How changes came to disk so far.
    pub fn flushes(&self) -> &Flushes {
        self.flusher.flushes()
    }
}

fn answered(durable: bool) -> Result<()> {
    if durable { Ok(()) } else { Err(Error::NotDurable) }
}
