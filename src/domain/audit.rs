//! Who exported what, and what became of it: noted down for those who must answer for it.

use serde::{Deserialize, Serialize};

use super::{JobId, Order, Time, UserId};

/// Something that happened to an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Time,
    /// The export. It may be long forgotten.
    pub export: JobId,
    /// Whose export it is; empty for the command line.
    pub user: UserId,
    /// Their login name at that time.
    pub username: String,
    /// From which address it was done; `None`: the server did it by itself.
    pub address: Option<String>,
    /// What.
    pub event: AuditEvent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AuditEvent {
    /// It was asked for, like this; secrets among the options are left out.
    Asked(Box<Order>),
    /// It was handed over.
    Done {
        /// SHA-256 of what was handed over.
        digest: Option<[u8; 32]>,
        /// Messages in it.
        messages: u64,
        /// Bytes before they were packed.
        bytes: u64,
    },
    /// It was given up.
    Failed(String),
    /// It was asked for once more after it had failed.
    Retried,
    /// It was cancelled.
    Cancelled,
    /// Its file was fetched.
    Downloaded {
        /// Through a link, by whoever had it.
        by_link: bool,
    },
    /// A link to its file was made.
    LinkMade {
        /// Until then it can be used.
        expires: Time,
        /// Whom the delivery sent it to; `None`: its owner made it.
        to: Option<String>,
    },
    /// It was deleted with its file.
    Deleted,
    /// The time of its file was over.
    Expired,
}

impl AuditEvent {
    /// The word on the wire.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Asked(_) => "asked",
            Self::Done { .. } => "done",
            Self::Failed(_) => "failed",
            Self::Retried => "retried",
            Self::Cancelled => "cancelled",
            Self::Downloaded { .. } => "downloaded",
            Self::LinkMade { .. } => "link-made",
            Self::Deleted => "deleted",
            Self::Expired => "expired",
        }
    }
}
