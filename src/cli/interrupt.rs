//! Ctrl-C while a command works.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// The exit code that shells know.
pub(super) const INTERRUPTED: u8 = 130;

/// Whether somebody has pressed Ctrl-C.
#[derive(Clone, Default)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on Ctrl-C calls `act`, once, in place of ending the process.
    pub(super) fn catch(act: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let mut caught = {
            let _within = runtime.enter();
            signal(SignalKind::interrupt())?
        };
        let pressed = Self::default();
        let noted = pressed.clone();
        thread::spawn(move || {
            if runtime.block_on(caught.recv()).is_some() {
                noted.0.store(true, Ordering::Relaxed);
                act();
            }
        });
        Ok(pressed)
    }

    pub(super) fn is_pressed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
