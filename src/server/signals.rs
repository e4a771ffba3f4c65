//! Being asked to stop, or to look again for what may have changed.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGINT and SIGTERM, which no longer end the process at once.
pub struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
}

impl Signals {
    /// Catches them from now on. To be called on the runtime.
    pub fn catch() -> Self {
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

/// SIGHUP, which no longer ends the process.
pub struct Hangups(Option<Signal>);

impl Hangups {
    /// Catches it from now on. To be called on the runtime.
    pub fn catch() -> Self {
        Self(caught(SignalKind::hangup()))
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        of(&mut self.0).await;
    }
}

fn caught(kind: SignalKind) -> Option<Signal> {
    signal(kind).inspect_err(|error| tracing::warn!(%error, ?kind, "a signal cannot be caught")).ok()
}

async fn of(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}
