//! Work that takes long and that nobody waits for, on a thread of its own: it gives way to those that
//! answer requests, as do the threads that it starts.

use std::any::Any;
use std::io;
use std::thread;

use tokio::sync::oneshot;

/// How much such a thread gives way, in Unix' steps of niceness: it gets about a tenth of a core that
/// others want, too, and all of one that nobody wants.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Runs `task` to its end, even if nobody waits for it any more. A panic is an error with its text.
pub(super) async fn run<T: Send + 'static>(task: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (done, result) = oneshot::channel();
    let work = move || {
        give_way();
        // Who has stopped waiting needs no result.
        let _ = done.send(task());
    };
    let thread = thread::Builder::new().name("background".to_owned()).spawn(work)?;
    match result.await {
        Ok(value) => Ok(value),
        Err(_) => Err(io::Error::other(match thread.join() {
            Ok(()) => "it ended without a result".to_owned(),
            Err(panic) => text(&*panic),
        })),
    }
}

/// For good: taking it back is a privilege, which is why the thread is not one that others will use.
fn give_way() {
    // On Linux, "this process" means the calling thread. A system that refuses serves all alike.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "a background thread takes as much as others");
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_and_threads_of_others_stay_as_they_are() {
        let niceness = || rustix::process::getpriority_process(None).expect("readable");
        let before = niceness();
        assert_eq!(run(niceness).await.expect("a result"), NICENESS.max(before));
        assert_eq!(niceness(), before);
        let failure = run(|| panic!("of {}", "sorts")).await.expect_err("no result");
        assert_eq!(failure.to_string(), "of sorts");
    }
}
