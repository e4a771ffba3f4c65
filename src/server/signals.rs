//! Being asked to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGINT and SIGTERM, which no longer end the process at once.
pub struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
}

impl Signals {
    /// Catches them from now on. To be called on the runtime.
    pub fn catch() -> Self {
        let caught = |kind| {
            let caught = signal(kind);
            caught.inspect_err(|error| tracing::warn!(%error, "a signal to stop cannot be caught")).ok()
        };
        Self { interrupt: caught(SignalKind::interrupt()), terminate: caught(SignalKind::terminate()) }
    }

    /// Waits for the next of them.
    pub async fn next(&mut self) {
        tokio::select! {
            () = of(&mut self.interrupt) => {}
            () = of(&mut self.terminate) => {}
        }
    }
}

async fn of(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}
