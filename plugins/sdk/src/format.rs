//! How a room is written down.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Message, OptionSpec, Output, Result, Room, Timestamp};

/// A way to write a room down: HTML, JSON, CSV.
///
/// A format is built once at start and shared by all exports; what belongs to one export lives in
/// the [`FormatWriter`] that [`start`](Self::start) returns. Everything here runs on a blocking
/// thread: plain `std::io`, no `async`.
pub trait ExportFormat: Send + Sync + 'static {
    /// What a request may choose. Derive `Deserialize` with `deny_unknown_fields` and `default`;
    /// the host parses it when the request arrives, so a typo is refused at once and never a
    /// failed job. What only the administrator may choose is not here but in your settings.
    type Options: DeserializeOwned;

    /// The word in requests and in config.toml: `html`. Lower case, stable for ever.
    fn id(&self) -> &str;

    /// The media type of the main file: `text/html`.
    fn media_type(&self) -> &str;

    /// The extension of the main file without the dot: `html`.
    fn extension(&self) -> &str;

    /// One line for people who choose a format.
    fn describe(&self) -> &str;

    /// The options for people, in the order they should be read.
    fn options(&self) -> &[OptionSpec] {
        &[]
    }

    /// The order in which this format wants the messages.
    fn order(&self) -> Order {
        Order::Time
    }

    /// Opens the files that every export has and writes what comes before the first message.
    fn start<'run>(
        &'run self,
        options: Self::Options,
        scope: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>>;
}

/// Receives the messages of one export, each exactly once.
///
/// The host drives: between two calls it reports progress and checks for cancellation, so a writer
/// does neither. A writer that is dropped without [`finish`](Self::finish) was cancelled or failed;
/// there is nothing to clean up, the host removes the files.
pub trait FormatWriter {
    /// Writes one message.
    fn write(&mut self, message: &Message<'_>) -> Result<()>;

    /// Writes what comes after the last message. Consumes the writer: nothing can follow.
    fn finish(self: Box<Self>, summary: &Summary) -> Result<()>;
}

/// In what order a format receives messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Oldest first; equal times by id.
    Time,
    /// Oldest first, but the replies of a thread come right after the message that began it,
    /// themselves oldest first. A reply whose beginning is not part of the export keeps its place
    /// in time.
    Threads,
}

/// What one export is about. Known before the first message.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Scope<'a> {
    /// The room.
    pub room: Room<'a>,
    /// The first instant of the window, if one was asked for.
    pub from: Option<Timestamp>,
    /// The end of the window: messages at this instant are not part of it. Always set, at the
    /// latest to the moment of the request, so that later messages cannot change the result.
    pub until: Timestamp,
    /// The login name of the person who asked.
    pub requested_by: &'a str,
    /// When the export was asked for.
    pub requested_at: Timestamp,
    /// A lower bound of the number of messages, exact while below 10,000: enough to choose between
    /// one page and many.
    pub at_least: u64,
    /// Name and version of the program, for the provenance line.
    pub generator: &'a str,
}

impl<'a> Scope<'a> {
    /// An export of everything in `room` until `until`, asked for by `requested_by` at that time.
    pub fn new(room: Room<'a>, until: Timestamp, requested_by: &'a str) -> Self {
        Self {
            room,
            from: None,
            until,
            requested_by,
            requested_at: until,
            at_least: 0,
            generator: concat!("roomscribe ", env!("CARGO_PKG_VERSION")),
        }
    }
}

/// What the host knows after the last message. Serializes as the `counts` of machine formats.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Summary {
    /// Messages written, system messages included.
    pub messages: u64,
    /// Files that are part of the export.
    pub files: u64,
    /// Files that messages mention but the server does not have.
    pub missing_files: u64,
    /// The time of the first message, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Timestamp>,
    /// The time of the last message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
}
