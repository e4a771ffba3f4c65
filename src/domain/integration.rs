//! Integrations: web addresses that post into rooms, and web addresses that rooms post to.

use serde::{Deserialize, Serialize};

use super::{IntegrationId, Json, RoomId, Time, UserId};

/// A way in or out for other programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integration {
    /// Its id.
    pub id: IntegrationId,
    /// What people call it.
    pub name: String,
    /// Whether it does anything.
    pub enabled: bool,
    /// In or out.
    pub way: Way,
    /// As whom it posts.
    pub user: UserId,
    /// The login name at the time it was chosen.
    pub username: String,
    /// Where it posts, or what it listens to.
    pub places: Vec<Place>,
    /// The name that its messages show instead of the user's.
    pub alias: String,
    /// The picture that its messages show, a link.
    pub avatar: String,
    /// The emoji that its messages show as their picture.
    pub emoji: String,
    /// Of a way in: whoever knows it may post. Of a way out: receivers tell by it who posts.
    pub token: String,
    /// Whether its owner wants the script to run.
    pub script_enabled: bool,
    /// A script. It is kept for its owner, and never run.
    pub script: String,
    /// When it was made.
    pub created: Time,
    /// By whom.
    pub created_by: UserId,
    /// Their login name at that time.
    pub created_by_username: String,
    /// When it last changed.
    pub updated: Time,
}

/// Which way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// Others post here.
    In {
        /// Whether a post may say where it goes.
        overrides_place: bool,
    },
    /// We post to others.
    Out(Outgoing),
}

/// What is posted to others, when and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// What it waits for.
    pub event: HookEvent,
    /// Where it posts to.
    pub urls: Vec<String>,
    /// Of messages only those that begin with one of these words; empty: all.
    pub trigger_words: Vec<String>,
    /// The words may stand anywhere.
    pub anywhere: bool,
    /// Whether changed messages count, too.
    pub on_edits: bool,
    /// Where answers are posted; empty: in the room that it is about.
    pub target_room: String,
    /// Whether answers are posted as who caused them.
    pub impersonates: bool,
    /// What is done when nobody takes it.
    pub retries: Retries,
}

/// How often a call is tried again, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retries {
    /// Whether at all.
    pub on: bool,
    /// How often.
    pub count: u32,
    /// When.
    pub delay: RetryDelay,
}

/// The pause before another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RetryDelay {
    /// 0.1 s, 1 s, 10 s …
    PowersOfTen,
    /// 2 s, 4 s, 8 s …
    PowersOfTwo,
    /// 2 s, 4 s, 6 s …
    IncrementsOfTwo,
}

impl RetryDelay {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PowersOfTen, Self::PowersOfTwo, Self::IncrementsOfTwo];
    /// The longest pause.
    pub const LONGEST: i64 = super::time::DAY;

    /// The word in requests.
    pub fn word(self) -> &'static str {
        match self {
            Self::PowersOfTen => "powers-of-ten",
            Self::PowersOfTwo => "powers-of-two",
            Self::IncrementsOfTwo => "increments-of-two",
        }
    }

    /// Milliseconds to wait after so many tries.
    pub fn millis(self, tries: u32) -> i64 {
        let tries = tries.max(1);
        let millis = match self {
            Self::PowersOfTen => 10_i64.saturating_pow(tries + 1),
            Self::PowersOfTwo => 2_i64.saturating_pow(tries).saturating_mul(1000),
            Self::IncrementsOfTwo => i64::from(tries).saturating_mul(2000),
        };
        millis.min(Self::LONGEST)
    }
}

/// What a way out waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HookEvent {
    /// A message was sent.
    SendMessage,
    /// A file was sent.
    FileUploaded,
    /// A room was archived.
    RoomArchived,
    /// A room was made.
    RoomCreated,
    /// Somebody joined a room.
    RoomJoined,
    /// Somebody left a room.
    RoomLeft,
    /// An account was made.
    UserCreated,
}

impl HookEvent {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::SendMessage,
        Self::FileUploaded,
        Self::RoomArchived,
        Self::RoomCreated,
        Self::RoomJoined,
        Self::RoomLeft,
        Self::UserCreated,
    ];

    /// The word in requests.
    pub fn word(self) -> &'static str {
        match self {
            Self::SendMessage => "sendMessage",
            Self::FileUploaded => "fileUploaded",
            Self::RoomArchived => "roomArchived",
            Self::RoomCreated => "roomCreated",
            Self::RoomJoined => "roomJoined",
            Self::RoomLeft => "roomLeft",
            Self::UserCreated => "userCreated",
        }
    }

    /// Whether it matters in which room it happens.
    pub fn has_place(self) -> bool {
        match self {
            Self::SendMessage | Self::FileUploaded | Self::RoomJoined | Self::RoomLeft => true,
            Self::RoomArchived | Self::RoomCreated | Self::UserCreated => false,
        }
    }

    /// Whether words of a message can cause it.
    pub fn has_words(self) -> bool {
        self == Self::SendMessage
    }
}

/// Where something is posted or listened to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// A room, however it is called by now.
    Room(RoomId),
    /// The conversation with somebody.
    User(UserId),
    /// Every channel.
    PublicChannels,
    /// Every group.
    PrivateGroups,
    /// Every conversation.
    DirectMessages,
}

/// A call that waits to be made, or to be made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingCall {
    /// Its integration.
    pub integration: IntegrationId,
    /// Where to.
    pub url: String,
    /// When it was caused.
    pub created: Time,
    /// Tries so far.
    pub tries: u32,
    /// What happened.
    pub event: HookEvent,
    /// Where; an answer is posted there.
    pub room: Option<RoomId>,
    /// Who did it.
    pub user: UserId,
    /// Object of what is told, without the token.
    pub data: Json,
}

/// How a call of an integration went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookRecord {
    /// What happened.
    pub event: HookEvent,
    /// Where to.
    pub url: String,
    /// When it was last tried.
    pub updated: Time,
    /// Tries so far.
    pub tries: u32,
    /// Whether there will be no other try.
    pub finished: bool,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The beginning of the answer.
    pub answer: String,
    /// What went wrong; empty: nothing.
    pub error: String,
    /// Object of what was told, without the token.
    pub data: Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let pauses = |delay: RetryDelay| [1, 2, 3, 40].map(|tries| delay.millis(tries));
        assert_eq!(pauses(RetryDelay::PowersOfTen), [100, 1000, 10_000, RetryDelay::LONGEST]);
        assert_eq!(pauses(RetryDelay::PowersOfTwo), [2000, 4000, 8000, RetryDelay::LONGEST]);
        assert_eq!(pauses(RetryDelay::IncrementsOfTwo), [2000, 4000, 6000, 80_000]);
    }
}
