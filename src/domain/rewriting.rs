//! What is still to be done to everything somebody wrote, after they were deleted or renamed.

use serde::{Deserialize, Serialize};

use super::{MessageId, RoomId, Time, UserId};

/// The mark of an unfinished walk over all messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewriting {
    /// What is done to the messages of the user.
    pub change: Rewrite,
    /// The last message that was looked at; `None`: none yet.
    pub reached: Option<(RoomId, Time, MessageId)>,
}

/// What is done to somebody's messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rewrite {
    /// They go, with their files.
    Delete,
    /// They stay, without saying whose they were.
    Unlink {
        /// Who stands for those who are gone.
        to: UserId,
    },
    /// They get the new login name, and so does what others noted down about the user.
    Rename {
        /// The login names before.
        former: Vec<String>,
        /// The login name now.
        to: String,
    },
}
