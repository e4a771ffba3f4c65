//! Messages as plug-ins see them: borrowed, typed, lossless.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{FileLink, Timestamp};

/// One message as a plug-in sees it.
///
/// A view borrows from the record that the host has just read and dies before the next one,
/// so a room of any size passes through in constant memory. Copy what you want to keep.
///
/// It serializes as the message object of Rocket.Chat's REST API. Fields may be added in any
/// release; build one with [`Message::new`] and set the rest.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Message<'a> {
    /// Its id, stable for ever.
    pub id: &'a str,
    /// The room's id.
    pub room: &'a str,
    /// Who wrote it.
    pub author: Author<'a>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
    /// Markdown as typed. Never HTML: escaping belongs to the format.
    pub text: &'a str,
    /// Rocket.Chat's type of a system message (`uj`, `room_changed_topic`); [`system_text`]
    /// says it in English. `None` for what people wrote.
    ///
    /// [`system_text`]: crate::system_text
    pub kind: Option<&'a str>,
    /// The id of the message that began the thread this one replies in.
    pub thread: Option<&'a str>,
    /// A reply that is shown in the room, too.
    pub shown_in_room: bool,
    /// What the thread that begins here has gathered.
    pub replies: Option<Replies<'a>>,
    /// The last edit.
    pub edited: Option<Edited<'a>>,
    /// Set when the message is pinned.
    pub pinned: Option<Pinned<'a>>,
    /// Empty for most messages, and an empty `Vec` does not allocate.
    pub reactions: Vec<Reaction<'a>>,
    /// Ids of the users who starred it, as far as the reader may know.
    pub starred: Vec<&'a str>,
    /// The files, in order, with the place of each inside the export.
    pub files: Vec<File<'a>>,
    /// JSON array of mentioned users; see [`mentions`](Self::mentions).
    pub mentions: Option<&'a RawValue>,
    /// JSON array of rooms named with `#`.
    pub channels: Option<&'a RawValue>,
    /// JSON array of links in the text.
    pub urls: Option<&'a RawValue>,
    /// JSON array; see [`attachments`](Self::attachments).
    pub attachments: Option<&'a RawValue>,
    /// Rocket.Chat's JSON of the first file; use [`files`](Self::files).
    pub file_json: Option<&'a RawValue>,
    /// Rocket.Chat's JSON of all files; use [`files`](Self::files).
    pub files_json: Option<&'a RawValue>,
    /// Every other key of the message object (`alias`, `emoji`, `groupable`, custom fields), as JSON.
    pub extra: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Message<'a> {
    /// A plain text message; set the rest.
    pub fn new(id: &'a str, room: &'a str, author: Author<'a>, sent_at: Timestamp, text: &'a str) -> Self {
        Self {
            id,
            room,
            author,
            sent_at,
            updated_at: sent_at,
            text,
            kind: None,
            thread: None,
            shown_in_room: false,
            replies: None,
            edited: None,
            pinned: None,
            reactions: Vec::new(),
            starred: Vec::new(),
            files: Vec::new(),
            mentions: None,
            channels: None,
            urls: None,
            attachments: None,
            file_json: None,
            files_json: None,
            extra: Vec::new(),
        }
    }

    /// The mentioned users. What an importer brought in another shape is left out.
    pub fn mentions(&self) -> Vec<Mention<'a>> {
        parse_list(self.mentions)
    }

    /// Quotes, file cards and cards of integrations. What an importer brought in another shape is
    /// left out.
    pub fn attachments(&self) -> Vec<Attachment<'a>> {
        parse_list(self.attachments)
    }

    /// The name shown instead of the author's, set by integrations.
    pub fn alias(&self) -> Option<Cow<'a, str>> {
        let raw = self.extra.iter().find(|(key, _)| key == "alias")?.1;
        serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)
    }
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Items that cannot be read are skipped one by one: a view never fails.
fn parse_list<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Vec<T> {
    let Some(raw) = raw else { return Vec::new() };
    let items: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    items.into_iter().filter_map(|item| serde_json::from_str(item.get()).ok()).collect()
}

/// Who wrote a message, as it was when it was written.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    /// The user's id.
    pub id: &'a str,
    /// The login name.
    pub username: &'a str,
    /// The display name, if one was set.
    pub name: Option<&'a str>,
}

/// What a thread has gathered, kept on the message that began it.
#[derive(Debug, Clone)]
pub struct Replies<'a> {
    /// How many replies.
    pub count: u64,
    /// The time of the last.
    pub last: Option<Timestamp>,
    /// Ids of the users who follow the thread.
    pub followers: Vec<&'a str>,
}

/// The last edit of a message.
#[derive(Debug, Clone, Copy)]
pub struct Edited<'a> {
    /// When.
    pub at: Timestamp,
    /// The editor's user id.
    pub by_id: &'a str,
    /// The editor's login name.
    pub by_username: &'a str,
}

/// That and by whom a message was pinned. Imported messages may know neither who nor when.
#[derive(Debug, Clone, Copy)]
pub struct Pinned<'a> {
    /// When.
    pub at: Option<Timestamp>,
    /// User id and login name of the person who pinned it.
    pub by: Option<(&'a str, &'a str)>,
}

/// One emoji under a message and who gave it.
#[derive(Debug, Clone)]
pub struct Reaction<'a> {
    /// The short name with colons, `:smile:`.
    pub emoji: &'a str,
    /// Login names.
    pub usernames: Vec<&'a str>,
    /// Display names in the same order, or empty.
    pub names: Vec<&'a str>,
}

/// A file of a message.
#[derive(Debug, Clone)]
pub struct File<'a> {
    /// The upload's id.
    pub id: Cow<'a, str>,
    /// The name it was uploaded under. Hostile: use [`path`](Self::path) in links.
    pub name: Cow<'a, str>,
    /// Its media type.
    pub media_type: Cow<'a, str>,
    /// Its size in bytes, 0 if unknown.
    pub size: u64,
    /// Where it lies beside the format's documents, or why it does not.
    pub path: Result<FileLink, &'static str>,
    /// What the server noted down when the file came in; absent where the file is missing.
    pub stored: Option<Stored<'a>>,
}

/// What the server noted down when a file came in. Its name, type and size may differ from what the
/// message says of it; these are the true ones.
#[derive(Debug, Clone)]
pub struct Stored<'a> {
    /// The name. Hostile.
    pub name: Cow<'a, str>,
    /// The media type.
    pub media_type: Cow<'a, str>,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// The id of the user who sent it.
    pub user: Cow<'a, str>,
    /// When it came in.
    pub at: Timestamp,
    /// A line about it, empty if there is none.
    pub description: Cow<'a, str>,
}

/// A user named with `@`.
#[derive(Debug, Clone, Deserialize)]
pub struct Mention<'a> {
    /// The user's id; `all` and `here` for everybody.
    #[serde(borrow, rename = "_id", default)]
    pub id: Cow<'a, str>,
    /// The login name as it stands in the text.
    #[serde(borrow)]
    pub username: Cow<'a, str>,
    /// The display name.
    #[serde(borrow, default)]
    pub name: Option<Cow<'a, str>>,
}

/// A quote, a file card or a card of an integration. All texts are hostile.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Attachment<'a> {
    /// The title; the file name of a file card.
    #[serde(borrow)]
    pub title: Option<Cow<'a, str>>,
    /// Where the title leads; `/file-upload/…` for files of this server.
    #[serde(borrow)]
    pub title_link: Option<Cow<'a, str>>,
    /// Markdown; the quoted text of a quote.
    #[serde(borrow)]
    pub text: Option<Cow<'a, str>>,
    /// Markdown under a file.
    #[serde(borrow)]
    pub description: Option<Cow<'a, str>>,
    /// Text above the card.
    #[serde(borrow)]
    pub pretext: Option<Cow<'a, str>>,
    /// The quoted author.
    #[serde(borrow)]
    pub author_name: Option<Cow<'a, str>>,
    /// The link to the quoted message; present exactly in quotes.
    #[serde(borrow)]
    pub message_link: Option<Cow<'a, str>>,
    /// An image; of this server only if it begins with `/file-upload/`.
    #[serde(borrow)]
    pub image_url: Option<Cow<'a, str>>,
    /// A sound.
    #[serde(borrow)]
    pub audio_url: Option<Cow<'a, str>>,
    /// A video.
    #[serde(borrow)]
    pub video_url: Option<Cow<'a, str>>,
    /// `file` for uploads.
    #[serde(borrow, rename = "type")]
    pub kind: Option<Cow<'a, str>>,
    /// Small table of titles and values; see [`fields`](Self::fields).
    #[serde(borrow)]
    pub fields: Option<&'a RawValue>,
}

impl<'a> Attachment<'a> {
    /// Whether it says nothing but that the message has a file of this server.
    pub fn is_of_file(&self) -> bool {
        let own = |link: &str| link.starts_with("/file-upload/");
        self.kind.as_deref() == Some("file") || self.title_link.as_deref().is_some_and(own)
    }

    /// The table of a card. What an importer brought in another shape is left out.
    pub fn fields(&self) -> Vec<CardField<'a>> {
        self.fields.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }
}

/// A row of a card's table. Both texts are hostile.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct CardField<'a> {
    /// What it is.
    #[serde(borrow)]
    pub title: Cow<'a, str>,
    /// Markdown.
    #[serde(borrow)]
    pub value: Cow<'a, str>,
}
