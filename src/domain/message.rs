//! What people say, and what the server notes down between.

use serde::{Deserialize, Serialize};

use super::{Json, MessageId, RoomId, Time, UploadId, UserId, UserRef};

/// A message. Nothing a client or an importer sent is lost: what has no field of its own is in
/// [`extra`](Self::extra).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The room.
    pub room: RoomId,
    /// When it was sent; with the id its place in the room.
    pub sent_at: Time,
    /// When anything about it last changed.
    pub updated_at: Time,
    /// Who wrote it.
    pub author: UserRef,
    /// Markdown as typed; the parameter of a system message.
    pub text: String,
    /// Rocket.Chat's type of a system message (`uj`); `None` for what people wrote.
    pub kind: Option<String>,
    /// The message that began the thread this one replies in.
    pub thread: Option<MessageId>,
    /// A reply that is shown in the room, too.
    pub shown_in_room: bool,
    /// What the thread that begins here has gathered.
    pub replies: Option<Replies>,
    /// The last edit.
    pub edited: Option<Edited>,
    /// Set when the message is pinned.
    pub pinned: Option<Pinned>,
    /// Reactions in the order they were first given.
    pub reactions: Vec<Reaction>,
    /// Who starred it.
    pub starred: Vec<UserId>,
    /// Array of mentioned users.
    pub mentions: Json,
    /// Array of rooms named with `#`.
    pub channels: Json,
    /// Array of links.
    pub urls: Json,
    /// Array of quotes and cards.
    pub attachments: Json,
    /// The first file.
    pub file: Json,
    /// Array of all files.
    pub files: Json,
    /// Object of every other key (`alias`, `emoji`, `groupable`, `customFields` …).
    pub extra: Json,
}

impl Message {
    /// A plain message of a person.
    pub fn new(id: MessageId, room: RoomId, author: UserRef, sent_at: Time, text: impl Into<String>) -> Self {
        Self {
            id,
            room,
            sent_at,
            updated_at: sent_at,
            author,
            text: text.into(),
            kind: None,
            thread: None,
            shown_in_room: false,
            replies: None,
            edited: None,
            pinned: None,
            reactions: Vec::new(),
            starred: Vec::new(),
            mentions: Json::NONE,
            channels: Json::NONE,
            urls: Json::NONE,
            attachments: Json::NONE,
            file: Json::NONE,
            files: Json::NONE,
            extra: Json::NONE,
        }
    }

    /// The ids of its files, as far as it names any.
    pub fn file_ids(&self) -> Vec<UploadId> {
        if self.file.is_none() && self.files.is_none() {
            return Vec::new();
        }
        let mut named = vec![self.file.value()];
        if let serde_json::Value::Array(files) = self.files.value() {
            named.extend(files);
        }
        let mut ids: Vec<_> =
            named.iter().filter_map(|file| file["_id"].as_str()).map(UploadId::new).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// About how many bytes it has: those of all that grows with what people write.
    pub fn weight(&self) -> usize {
        let free = [
            &self.mentions,
            &self.channels,
            &self.urls,
            &self.attachments,
            &self.file,
            &self.files,
            &self.extra,
        ];
        let names = self.reactions.iter().flat_map(|given| given.usernames.iter().chain(&given.names));
        self.text.len()
            + free.iter().map(|part| part.as_str().len()).sum::<usize>()
            + names.map(String::len).sum::<usize>()
    }

    /// What the server notes down: somebody joined, the topic changed.
    pub fn system(kind: &str, room: RoomId, actor: UserRef, at: Time, parameter: impl Into<String>) -> Self {
        let mut message = Self::new(MessageId::random(), room, actor, at, parameter);
        message.kind = Some(kind.to_owned());
        message.extra = Json::from_text(r#"{"groupable":false}"#);
        message
    }
}

/// What a thread has gathered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replies {
    /// How many replies.
    pub count: u64,
    /// The time of the last one.
    pub last: Option<Time>,
    /// Who follows the thread.
    pub followers: Vec<UserId>,
}

/// The last edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// When.
    pub at: Time,
    /// The editor's id.
    pub by: UserId,
    /// The editor's login name.
    pub by_username: String,
}

/// By whom and when a message was pinned. Imported messages may know neither.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// When.
    pub at: Option<Time>,
    /// Id and login name.
    pub by: Option<(UserId, String)>,
}

/// One emoji and who gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// The short name with colons, `:smile:`.
    pub emoji: String,
    /// Login names.
    pub usernames: Vec<String>,
    /// Display names, where an importer brought them.
    pub names: Vec<String>,
}
