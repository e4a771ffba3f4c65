//! How rooms are written down.

use serde::de::DeserializeOwned;

use crate::{FormatWriter, OptionSpec, Origin, Output, Result, Scope};

/// A way to write rooms down: HTML, JSON, CSV.
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
    fn options(&self) -> Vec<OptionSpec<'_>> {
        Vec::new()
    }

    /// The order in which this format wants the messages of a room.
    fn order(&self) -> Order {
        Order::Time
    }

    /// Whether the programs that read this format expect its files at the very top of a zip. Such a
    /// zip is not laid out as a bag, unless the request says so.
    fn wants_top(&self) -> bool {
        false
    }

    /// Where it comes from, if it is not part of the program.
    fn origin(&self) -> Option<Origin<'_>> {
        None
    }

    /// Why no export can have it just now, for people; `None`: it can.
    fn switched_off(&self) -> Option<String> {
        None
    }

    /// Refuses, while the requester still waits, what parsing alone cannot see.
    fn check(&self, options: &Self::Options) -> Result<()> {
        let _ = options;
        Ok(())
    }

    /// Opens the files that every export has. The rooms follow, each announced to the writer.
    ///
    /// A format that writes every room into files of its own returns
    /// [`each_room`](crate::each_room).
    fn start<'run>(
        &'run self,
        options: Self::Options,
        scope: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>>;
}

/// In what order a format receives the messages of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Oldest first; equal times by id.
    Time,
    /// Oldest first, but the replies of a thread come right after the message that began it,
    /// themselves oldest first. A reply whose beginning is not part of the export keeps its place
    /// in time.
    Threads,
}
