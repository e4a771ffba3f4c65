//! A mail that waits to be sent. Its text lies in the data directory under its key.

use serde::{Deserialize, Serialize};

use super::Time;

/// One mail to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxMail {
    /// Names it for ever; the file is `<key>.eml`.
    pub key: String,
    /// The sender's address on the envelope.
    pub from: String,
    /// The recipient's address on the envelope.
    pub to: String,
    /// When it was queued.
    pub created: Time,
    /// Tries so far.
    pub attempts: u32,
    /// Where it stands.
    pub state: OutboxState,
}

/// Where a mail stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutboxState {
    /// To be tried at this time or later.
    Waiting {
        /// When.
        due: Time,
    },
    /// Accepted by the mail server. Kept for a while, so that posting it again sends nothing.
    Sent {
        /// When.
        at: Time,
    },
    /// Given up.
    Failed {
        /// When.
        at: Time,
        /// What the mail server said.
        reason: String,
    },
}
