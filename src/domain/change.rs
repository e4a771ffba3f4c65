//! What has changed, for those who want to know at once.

use super::{MessageId, RoomId, Time, UserId};

/// A record of chat that was put or taken away. Whoever wants to know how it is now reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The record.
    pub what: Changed,
    /// What happened to it.
    pub how: How,
}

/// What happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was not there before.
    Inserted,
    /// It was there, and is another now.
    Updated,
    /// It is gone.
    Removed,
}

/// A record of chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// A message, system messages included: sent, edited, reacted to, pinned, deleted …
    Message {
        /// Its room.
        room: RoomId,
        /// When it was sent.
        sent_at: Time,
        /// Its id.
        id: MessageId,
    },
    /// A room's properties.
    Room(RoomId),
    /// A room's counters, its last message, and with them what is unread there.
    Activity(RoomId),
    /// A user's membership of a room: joined, read, mentioned, made owner, left …
    Subscription {
        /// The room.
        room: RoomId,
        /// The user.
        user: UserId,
    },
    /// An account.
    User(UserId),
    /// A role, by its id.
    Role(String),
    /// A permission, by its id.
    Permission(String),
    /// A setting, by its id.
    Setting(String),
}
