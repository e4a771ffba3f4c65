//! The kinds of things the store keeps, their prefix bytes, and the number of this layout.
//!
//! All kinds share one ordered key space, so that one batch can change several of them atomically.
//! A prefix byte is never reused for something else.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::codec::decode_body;
use super::engine::packed::PageSize;
use super::key::Key;
use super::message_indexes::List;
use super::room_lists::RoomList;
use crate::domain::directory::{DirectoryEntry, FileByName, MemberByName};
use crate::domain::search_run::StaleRun;
use crate::domain::{
    Activity, AuditEntry, Avatar, CustomStatus, EmojiName, ExportLink, Grant, HookRecord, Integration,
    IntegrationId, Invite, Job, JobId, LoginToken, Message, MessageId, OneTimeToken, OutboxMail,
    PasswordHistory, PushToken, Removed, Report, Rewriting, Role, RoleScope, Room, RoomId, SearchRun,
    SecondFactor, Setting, Sound, Subscription, Time, UnreadThread, Upload, UploadId, User, UserId,
    WaitingCall,
};

/// The number of this layout. A store of a higher number is from a newer program and is not opened.
pub const SCHEMA: u32 = 3;

/// A kind of value that the store keeps.
pub trait Record: Serialize + DeserializeOwned {
    /// First byte of every key of this kind.
    const PREFIX: u8;
    /// What people call it, for error messages.
    const NAME: &'static str;
    /// First byte of every stored value. Raise it with every change of the struct, and teach
    /// [`upgrade`](Self::upgrade) the old one.
    const VERSION: u8 = 1;
    /// The key.
    type Key: Key;

    /// Reads a value that an older version wrote; `None` if it cannot.
    fn upgrade(version: u8, body: &[u8]) -> Option<Self> {
        let _ = (version, body);
        None
    }
}

/// Declares the table of kinds, and a function that names every one of them.
macro_rules! kinds {
    ($(
        $(#[$doc:meta])* $prefix:literal $name:literal $record:ty [$($key:ty),+]
        $(version $version:literal by $upgrade:path)?;
    )*) => {
        $(impl Record for $record {
            const PREFIX: u8 = $prefix;
            const NAME: &'static str = $name;
            type Key = ($($key,)+);
            $(
                const VERSION: u8 = $version;

                fn upgrade(version: u8, body: &[u8]) -> Option<Self> {
                    $upgrade(version, body)
                }
            )?
        })*

        /// Every kind: prefix, name, and a check that key and value of an entry can be read.
        pub const KINDS: &[(u8, &str, fn(&[u8], &[u8]) -> bool)] = &[
            $(($prefix, $name, readable::<$record>),)*
        ];
    };
}

fn readable<R: Record>(key: &[u8], value: &[u8]) -> bool {
    R::Key::decode(key).is_some() && super::codec::decode::<R>(value).is_ok()
}

kinds! {
    b'z' "schema number" Schema [String];
    b'u' "user" User [UserId];
    b'n' "username" UserByName [String];
    b'e' "e-mail address" UserByEmail [String];
    b't' "login token" LoginToken [[u8; 32]];
    b'T' "token of a user" TokenOfUser [UserId, [u8; 32]];
    b'3' "second factor" SecondFactor [UserId];
    b'4' "one-time token" OneTimeToken [UserId, String];
    b'5' "password history" PasswordHistory [UserId];
    b'r' "room" Room [RoomId];
    b'R' "room name" RoomByName [String];
    b'a' "room activity" Activity [RoomId];
    b's' "subscription" Subscription [RoomId, UserId];
    b'S' "room of a user" RoomOfUser [UserId, RoomId];
    b'E' "directory entry" DirectoryEntry [String, String, String];
    b'D' "member by name" MemberByName [RoomId, bool, String, UserId];
    b'x' "ended membership" EndedMembership [UserId, RoomId];
    b'M' "listed room" ListedRoom [RoomList, String, RoomId];
    b'L' "announcement of a discussion" Announcement [RoomId];
    b'N' "invite" Invite [String];
    b'P' "invite of a user" InviteOfUser [RoomId, UserId, String];
    b'm' "message" Message [RoomId, Time, MessageId];
    b'i' "place of a message" MessagePlace [MessageId];
    b'h' "reply" Reply [MessageId, Time, MessageId];
    b'@' "unread thread" UnreadThread [UserId, RoomId, MessageId];
    b'I' "listed message" ListedMessage [RoomId, List, Time, MessageId];
    b'Z' "deleted message" DeletedMessage [RoomId, Time, MessageId];
    b'H' "hidden message" HiddenMessage [RoomId, MessageId, Time];
    b'B' "report" Report [String];
    b'C' "report of a message" ReportOfMessage [MessageId, Time, String];
    b'X' "report of an author" ReportOfAuthor [UserId, Time, String];
    b'U' "report of a user" ReportOfUser [UserId, Time, String];
    b'W' "search run" SearchRun [RoomId, Time, MessageId];
    b'7' "stale search run" StaleRun [RoomId, Time, MessageId];
    b'c' "unfinished import" UnfinishedImport [RoomId];
    b'd' "deleted room" DeletedRoom [RoomId];
    b'f' "upload" Upload [UploadId];
    b'F' "file of a room" FileOfRoom [RoomId, Time, UploadId];
    b'G' "file by name" FileByName [RoomId, String, UploadId];
    b'b' "use of a blob" BlobUse [[u8; 32], UploadId];
    b'l' "role" Role [String] version 2 by upgrade_role;
    b'(' "role holder" RoleHolder [String, String, RoomId];
    b'!' "removed thing" Removed [String, String];
    b'p' "permission" Grant [String];
    b'g' "setting" Setting [String];
    b'j' "export job" Job [JobId];
    b'J' "job of a user" JobOfUser [UserId, Time, JobId];
    b'q' "open job" OpenJob [JobId];
    b'Q' "ended job" EndedJob [Time, JobId];
    b'k' "kept file" KeptFile [Time, JobId];
    b'y' "export link" ExportLink [[u8; 32]];
    b'Y' "link of a job" LinkOfJob [JobId, [u8; 32]];
    b'v' "audit entry" AuditEntry [Time, u64];
    b'V' "audit of a job" AuditOfJob [JobId, Time, u64];
    b'w' "audit of a user" AuditOfUser [UserId, Time, u64];
    b'+' "request for one's data" DataRequest [UserId, u64];
    b'$' "custom emoji" EmojiName [String];
    b'K' "custom sound" Sound [String];
    b'%' "custom status" CustomStatus [String];
    b'&' "push token" PushToken [UserId, String];
    b'o' "mail" OutboxMail [String];
    b'O' "waiting mail" WaitingMail [Time, String];
    b'9' "integration" Integration [IntegrationId];
    b'0' "waiting call" WaitingCall [Time, String];
    b'#' "record of a call" HookRecord [IntegrationId, Time, String];
    b'A' "avatar" Avatar [String, String];
    b'1' "unfinished rewriting" Rewriting [UserId];
}

/// Prefixes of the kinds that grow with what people write and hardly change once they are written, in
/// order: the engine packs them. Messages are read many at a time, entries of indexes one by one.
pub const PACKED: &[(u8, PageSize)] = &[
    (b'F', PageSize::Small),
    (b'G', PageSize::Small),
    (b'H', PageSize::Large),
    (b'I', PageSize::Small),
    (b'Z', PageSize::Small),
    (b'b', PageSize::Small),
    (b'f', PageSize::Small),
    (b'h', PageSize::Small),
    (b'i', PageSize::Small),
    (b'm', PageSize::Large),
];

/// A role as it was before it could ask for a second factor.
fn upgrade_role(version: u8, body: &[u8]) -> Option<Role> {
    #[derive(Serialize, Deserialize)]
    struct First {
        id: String,
        name: String,
        description: String,
        scope: RoleScope,
        protected: bool,
        updated: Time,
    }
    if version != 1 {
        return None;
    }
    let First { id, name, description, scope, protected, updated } = decode_body(body)?;
    Some(Role { id, name, description, scope, protected, updated, second_factor: false })
}
/// Who holds a role there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleHolder(pub UserId);
/// The number of the layout, under the key `schema`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema(pub u32);

/// Login names in lower case lead to the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserByName(pub UserId);

/// E-mail addresses in lower case lead to the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserByEmail(pub UserId);

/// Finds the tokens of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenOfUser;

/// Names of channels and groups lead to the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomByName(pub RoomId);

/// Finds the rooms of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomOfUser;

/// A membership that is no more: clients that were away ask what has gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedMembership {
    /// The id that the membership had on the wire.
    pub id: String,
    /// When it ended.
    pub ended: Time,
}

/// A deleted room whose messages are still to be cleared away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedRoom;

/// A room that an import made and has not finished: it still gets its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnfinishedImport;

/// Finds the rooms of a list in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedRoom;

/// A discussion leads to the message in its parent that tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement(pub MessageId);

/// Finds the invites that a user made for a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteOfUser;

/// A message's id leads to the rest of its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePlace {
    /// The room.
    pub room: RoomId,
    /// When it was sent.
    pub sent_at: Time,
}

/// Finds the replies of a thread in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply;

/// Finds the messages of a list of a room in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedMessage;

/// What is left of a message that was deleted at the time in the key: clients that were away ask
/// what has gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedMessage {
    /// The thread it replied in.
    pub thread: Option<MessageId>,
    /// Whether a thread began with it.
    pub began_thread: bool,
}

/// A message as it was before it was changed or deleted at the time in the key. Nobody is shown it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HiddenMessage(pub Message);

/// Finds the open reports of a message in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportOfMessage;

/// Finds the open reports of the messages that a user wrote, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportOfAuthor;

/// Finds the open reports of a user in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportOfUser;

/// Finds the files of a room in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileOfRoom;

/// Counts who needs a blob: the last one to go takes it along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobUse;

/// Finds the jobs of a user in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOfUser;

/// Finds the jobs that are not at their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenJob;

/// Finds the jobs that are at their end and keep no file, by the time they came to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedJob;

/// Finds the files of finished jobs, by the time these were finished, and tells how much they take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// Whose it is.
    pub owner: UserId,
    /// Bytes.
    pub size: u64,
}

/// The last export of one's own data; the key says whether it was a full one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRequest {
    /// The job.
    pub job: JobId,
    /// When it was asked for.
    pub asked: Time,
}

/// Finds the links to the file of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkOfJob;

/// Finds what is noted about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditOfJob;

/// Finds what is noted about the exports of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditOfUser;

/// Finds the mails to be sent, by the time they are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingMail;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_kinds_share_a_prefix() {
        let mut prefixes: Vec<u8> = KINDS.iter().map(|(prefix, ..)| *prefix).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        assert_eq!(prefixes.len(), KINDS.len());
    }
}
