//! Panics of the database that mean damage: sled asserts much of what it reads.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::store::Error;

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Does the work; if it panics, that is an error, and said in the log instead of on standard error.
pub(super) fn contained<T, E: Into<Error>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, Error> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if CONTAINED.get() {
                tracing::warn!(%panic, "the store is damaged");
            } else {
                others(panic);
            }
        }));
    });
    CONTAINED.set(true);
    // What a panic leaves half-done is only the database's own, which has no lock that a panic breaks;
    // and a batch that panicked is a failure after which nobody writes any more.
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    CONTAINED.set(false);
    match done {
        Ok(result) => result.map_err(Into::into),
        Err(panic) => Err(Error::Corrupt(format!("sled gave up: {}", text(&*panic)))),
    }
}

fn text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a reason")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_that_says_why_and_others_go_on() {
        let panicked = contained(|| -> Result<(), Error> { panic!("page {} is gone", 7) });
        assert!(matches!(&panicked, Err(Error::Corrupt(text)) if text == "sled gave up: page 7 is gone"));
        assert!(panic::catch_unwind(|| panic!("on purpose")).is_err());
        assert!(matches!(contained(|| Ok::<_, Error>(3)), Ok(3)));
    }
}
