//! Shows on a terminal how far an export is, and nothing elsewhere.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::import::counter;
use crate::export::progress::JobProgress;

/// Does the work while a bar shows how far it is.
pub(super) fn watched<T>(work: impl FnOnce(&JobProgress) -> T) -> T {
    let progress = JobProgress::default();
    thread::scope(|scope| {
        let (stop, stopped) = channel::<()>();
        let (bar, shown) = (counter("messages"), &progress);
        scope.spawn(move || {
            while stopped.recv_timeout(Duration::from_millis(200)) == Err(RecvTimeoutError::Timeout) {
                show(&bar, shown);
            }
            bar.finish_and_clear();
        });
        let done = work(&progress);
        drop(stop);
        done
    })
}

/// Once it is known how much there is to do, the bar says when it will be done.
fn show(bar: &ProgressBar, progress: &JobProgress) {
    if let Some(expected) = progress.expected().filter(|expected| bar.length() != Some(*expected)) {
        let template = "{spinner} {human_pos} of {human_len} messages, {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_length(expected);
    }
    bar.set_position(progress.messages());
}
