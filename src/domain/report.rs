//! What people report to the moderators: a message, or somebody.

use serde::{Deserialize, Serialize};

use super::{Message, Time, UserId, UserRef};

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Its id.
    pub id: String,
    /// Who reports.
    pub by: UserRef,
    /// When.
    pub at: Time,
    /// What is wrong, in the reporter's words.
    pub description: String,
    /// What is reported.
    pub about: About,
    /// Set once a moderator has dealt with it.
    pub dismissed: Option<Dismissal>,
}

/// What is reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum About {
    /// A message as it was then, for it may be edited or deleted since. Without what others put on it.
    Message(Box<Message>),
    /// Somebody.
    User(UserRef),
}

impl About {
    /// The message as evidence.
    pub fn message(message: &Message) -> Self {
        let mut message = message.clone();
        message.replies = None;
        message.reactions.clear();
        message.starred.clear();
        Self::Message(Box::new(message))
    }

    /// Who wrote the message, or who is reported.
    pub fn user(&self) -> &UserRef {
        match self {
            Self::Message(message) => &message.author,
            Self::User(user) => user,
        }
    }
}

/// How a moderator dealt with a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dismissal {
    /// The moderator.
    pub by: UserId,
    /// When.
    pub at: Time,
    /// Why.
    pub reason: String,
    /// What was done.
    pub action: String,
}
