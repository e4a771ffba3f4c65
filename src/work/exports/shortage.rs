//! What a full disk has to do with a failed export.

use export_sdk::{Error, ErrorKind};

use crate::export::progress::{JobProgress, Phase};

/// Says what a full disk has to do with a failure, which plug-ins cannot know.
pub(super) fn explain(error: Error, progress: &JobProgress) -> Error {
    if error.kind() != ErrorKind::Internal {
        return error;
    }
    // What is rendered waits for better times; what is not would only wait in the way of others.
    let rendered = matches!(progress.phase(), Phase::Packing | Phase::Delivering);
    let kind = if rendered { ErrorKind::Unavailable } else { ErrorKind::Internal };
    if let Some(shortage) = progress.work.shortage() {
        return Error::new(kind, shortage.to_string()).because(error);
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|error| is_full(error.kind())) {
            let text = "the disk is full; make room, then use exports.retry";
            return Error::new(kind, text).because(error.to_string());
        }
        cause = error.source();
    }
    error
}

/// Whether the disk has no room for this file, or not for this user.
fn is_full(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(kind, StorageFull | QuotaExceeded | FileTooLarge)
}
