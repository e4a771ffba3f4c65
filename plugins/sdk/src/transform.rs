//! What may happen to messages between the store and the formats.

use serde::de::DeserializeOwned;
use typed_arena::Arena;

use crate::{Member, Message, OptionSpec, Result, Room, Scope};

/// A change that every message of an export passes before any format sees it: pseudonyms, words
/// blacked out, messages left out.
///
/// Like a format it is built once at start; what belongs to one export lives in the
/// [`Transformer`] that [`start`](Self::start) returns.
pub trait Transform: Send + Sync + 'static {
    /// What a request may choose; see [`ExportFormat::Options`](crate::ExportFormat::Options).
    type Options: DeserializeOwned;

    /// The word in requests and in config.toml: `redact`. Lower case, stable for ever.
    fn id(&self) -> &str;

    /// One line for people who choose a transform.
    fn describe(&self) -> &str;

    /// The options for people.
    fn options(&self) -> Vec<OptionSpec<'_>> {
        Vec::new()
    }

    /// Begins an export. Also called to check options while the requester still waits: refuse here
    /// what parsing alone cannot see, such as a pattern that does not compile.
    fn start<'run>(&'run self, options: Self::Options) -> Result<Box<dyn Transformer + 'run>>;
}

/// Changes the rooms and messages of one export.
///
/// The host may read a room more than once, for formats that want different orders: the same
/// message must come out the same every time.
pub trait Transformer {
    /// Whether the members and messages of all rooms must be seen once before anything is changed.
    /// It costs a second reading: only for what one message cannot know, such as the names of
    /// everybody.
    fn wants_preview(&self) -> bool {
        false
    }

    /// Somebody, as stored, before anything is changed. Called only if
    /// [wanted](Self::wants_preview).
    fn preview_member(&mut self, member: &Member<'_>) {
        let _ = member;
    }

    /// A message, as stored and without its files, before anything is changed. Called only if
    /// [wanted](Self::wants_preview).
    fn preview(&mut self, message: &Message<'_>) {
        let _ = message;
    }

    /// Changes what is said about a room. Called before its members and messages; the
    /// [slug](Room::slug) is made after this, from what is left.
    fn room<'a>(&mut self, room: &mut Room<'a>, scope: &Scope<'_>, texts: &'a Texts) -> Result<()> {
        let _ = (room, scope, texts);
        Ok(())
    }

    /// Changes what is said about a member of a room.
    fn member<'a>(&mut self, member: &mut Member<'a>, texts: &'a Texts) -> Result<Verdict> {
        let _ = (member, texts);
        Ok(Verdict::Keep)
    }

    /// Changes a message. Files are found after this, from
    /// [`files_json`](Message::files_json) and [`file_json`](Message::file_json): a file that is no
    /// longer named there does not become part of the export.
    fn message<'a>(&mut self, message: &mut Message<'a>, texts: &'a Texts) -> Result<Verdict>;
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It stays.
    Keep,
    /// It is not part of the export.
    Drop,
}

/// Keeps the texts that a transform made for as long as the view that borrows them.
pub struct Texts(Arena<String>);

impl Texts {
    /// Room for the texts of one message; nothing is allocated before the first.
    pub fn new() -> Self {
        Self(Arena::with_capacity(0))
    }

    /// Keeps a text, and lends it.
    pub fn keep(&self, text: impl Into<String>) -> &str {
        self.0.alloc(text.into())
    }

    /// Keeps a value as JSON.
    pub fn keep_json(&self, value: &impl serde::Serialize) -> Result<&serde_json::value::RawValue> {
        Ok(serde_json::from_str(self.keep(serde_json::to_string(value)?))?)
    }
}

impl Default for Texts {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Texts").finish_non_exhaustive()
    }
}
