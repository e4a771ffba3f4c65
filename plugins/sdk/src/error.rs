//! Why a plug-in could not go on.

use std::error::Error as StdError;
use std::{fmt, io};

/// The result of everything a plug-in does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the host does about an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server does not start; the message names the table and the key.
    BadSettings,
    /// The request is refused while the requester waits; nothing is queued. Names the option.
    BadOptions,
    /// Somebody asked for it: the job is cancelled, which is not a failure.
    Cancelled,
    /// May pass: tried again later, a limited number of times.
    Unavailable,
    /// Will not pass: the other side said no. The job fails with this message.
    Rejected,
    /// A full disk or a bug. The job fails with a general message, the chain is logged.
    Internal,
}

/// A failure with a message for people and, where there is one, the error behind it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A failure of the given kind. The message is shown to people and says what to do next.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The request carries an option that this plug-in cannot accept.
    pub fn bad_options(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadOptions, message)
    }

    /// The same failure with the error that caused it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the host will do.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        let cancelled = error.get_ref().is_some_and(<dyn StdError + Send + Sync>::is::<Cancelled>);
        if cancelled {
            return Self::new(ErrorKind::Cancelled, "the export was cancelled");
        }
        Self::new(ErrorKind::Internal, "the export could not be written").because(error)
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        if error.is_io() {
            return io::Error::from(error).into();
        }
        Self::new(ErrorKind::Internal, "a value could not be written as JSON").because(error)
    }
}

/// Marks a write that failed because the export was cancelled.
///
/// It travels inside [`io::Error::other`]: `ErrorKind::Interrupted` would not do, because
/// `write_all` takes it as a request to try again.
#[derive(Debug, thiserror::Error)]
#[error("the export was cancelled")]
pub struct Cancelled;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_write_stays_cancelled_on_its_way_up() {
        let error: Error = io::Error::other(Cancelled).into();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        let error: Error = io::Error::other("disk on fire").into();
        assert_eq!(error.kind(), ErrorKind::Internal);
    }
}
