//! Every way a use case can refuse, in Rocket.Chat's own codes and words. Knows no HTTP.

use serde_json::Value;

use crate::store;

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a use case refused or failed.
///
/// Rocket.Chat's errors have a *code* that programs test and a *reason* that people read. Which
/// code and which words belong to which refusal is part of the contract with its clients; they
/// stand where the refusal is made. How each shape looks on the wire is `api::reply`'s affair.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No or wrong credentials.
    #[error("You must be logged in to do this.")]
    NotLoggedIn,
    /// The endpoint's permissions are missing.
    #[error("User does not have the permissions required for this action")]
    Forbidden,
    /// A use case refuses without a code.
    #[error("unauthorized")]
    Unauthorized,
    /// A use case refuses somebody without rights, in a word of its own.
    #[error("{0}")]
    Denied(String),
    /// A refusal with code and reason; an empty reason is left out on the wire.
    #[error("{reason} [{code}]")]
    Refused {
        /// What programs test.
        code: String,
        /// What people read.
        reason: String,
        /// More about it; `Null` if there is none.
        details: Value,
    },
    /// A refusal that is only a sentence.
    #[error("{0}")]
    Plain(String),
    /// A sentence with a type of error, but without the code in brackets.
    #[error("{text}")]
    Typed {
        /// The sentence.
        text: String,
        /// The type.
        kind: String,
        /// More about it; `Null` if there is none.
        details: Value,
    },
    /// A refusal that says nothing.
    #[error("failed")]
    Silent,
    /// A login that failed.
    #[error("{message}")]
    Login {
        /// A word or a number.
        error: Value,
        /// What people read.
        message: String,
        /// More about it; `Null` if there is none.
        details: Value,
    },
    /// The thing is not there.
    #[error("{0}")]
    NotFound(String),
    /// Too many calls.
    #[error(
        "Error, too many requests. Please slow down. You must wait {seconds} seconds before trying this endpoint again. [error-too-many-requests]"
    )]
    TooMany {
        /// How long to wait.
        seconds: u64,
    },
    /// Too much to do right now.
    #[error("The server is busy. Please try again in a few seconds.")]
    Busy,
    /// What is kept cannot be read as it was written. Logged in full, answered in general terms.
    #[error(
        "The data of this server is damaged, so this cannot be shown. Its administrators find more in the log. \
         [error-damaged-data]"
    )]
    Damaged(#[source] store::Error),
    /// Ours to mend. Logged in full, answered in general terms.
    #[error("Internal error occured")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A refusal with code and reason: `E(code, reason)`.
    pub fn refused(code: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Refused { code: code.into(), reason: reason.into(), details: Value::Null }
    }

    /// A refusal with a code only: `E(code)`.
    pub fn code(code: impl Into<String>) -> Self {
        Self::refused(code, "")
    }

    /// A refusal that is only a sentence: `F(text)`.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::Plain(text.into())
    }

    /// A sentence with a type: `F(text; type)`.
    pub fn typed(text: impl Into<String>, kind: impl Into<String>) -> Self {
        Self::Typed { text: text.into(), kind: kind.into(), details: Value::Null }
    }

    /// Parameters that do not fit, in the words of a JSON schema: `must be string [invalid-params]`.
    pub fn invalid(text: impl Into<String>) -> Self {
        Self::refused("invalid-params", text)
    }

    /// `error-not-allowed` with its usual reason.
    pub fn not_allowed() -> Self {
        Self::refused("error-not-allowed", "Not allowed")
    }

    /// A failure of the machine or of this program.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::TooLarge { kind } => {
                Self::refused("error-too-large", format!("The {kind} is too large to be kept"))
            }
            damage @ store::Error::Corrupt(_) => Self::Damaged(damage),
            other => Self::internal(other),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::internal(error)
    }
}
