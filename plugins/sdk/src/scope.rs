//! What an export is about, and what it turned out to hold.

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::Timestamp;

/// What one export is about. Known before the first room.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Scope<'a> {
    /// How many rooms there will be, as far as that is known: 1, or more than 1.
    pub rooms: u64,
    /// The first instant of the window, if one was asked for.
    pub from: Option<Timestamp>,
    /// The end of the window: messages at this instant are not part of it. Always set, at the
    /// latest to the moment of the request, so that later messages cannot change the result.
    pub until: Timestamp,
    /// The query that messages had to match, as the request wrote it; empty for all. Where transforms
    /// change the messages it is `(withheld)`: it may name what they take out.
    pub query: &'a str,
    /// Set if messages were chosen one by one or by their thread: in words, for people.
    pub selection: Option<&'a str>,
    /// Whether what the server noted down - who joined, a new topic - is part of it.
    pub system_messages: bool,
    /// The ids of the transforms that every message has passed.
    pub transforms: &'a [&'a str],
    /// The zone in which documents for people show times. Machine formats keep UTC.
    pub time_zone: TimeZone,
    /// The login name of the person who asked.
    pub requested_by: &'a str,
    /// When the export was asked for.
    pub requested_at: Timestamp,
    /// Name and version of the program, for the provenance line.
    pub generator: &'a str,
}

impl<'a> Scope<'a> {
    /// An export of everything in one room until `until`, asked for by `requested_by` at that time.
    pub fn new(until: Timestamp, requested_by: &'a str) -> Self {
        Self {
            rooms: 1,
            from: None,
            until,
            query: "",
            selection: None,
            system_messages: true,
            transforms: &[],
            time_zone: TimeZone::UTC,
            requested_by,
            requested_at: until,
            generator: concat!("roomscribe ", env!("CARGO_PKG_VERSION")),
        }
    }

    /// Whether a room's whole history until [`until`](Self::until) is in it. A document must say so
    /// if not: a part must never pass for the whole.
    pub fn is_whole(&self) -> bool {
        self.from.is_none()
            && self.query.is_empty()
            && self.selection.is_none()
            && self.system_messages
            && self.transforms.is_empty()
    }

    /// What keeps the export from being the whole history, a line for each reason, for people. The
    /// window of time is not among them. The query in it is hostile text.
    pub fn narrowed(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(selection) = self.selection {
            lines.push(format!("Only {selection}"));
        }
        if !self.query.is_empty() {
            lines.push(format!("Only messages that match: {}", self.query));
        }
        if !self.system_messages {
            lines.push("Without what the server noted down".to_owned());
        }
        if !self.transforms.is_empty() {
            lines.push(format!("Changed on the way by: {}", self.transforms.join(", ")));
        }
        lines
    }

    /// The name of the zone for people: `UTC`, `Europe/Berlin`.
    pub fn zone_name(&self) -> &str {
        self.time_zone.iana_name().unwrap_or("UTC")
    }
}

/// What the host knows after the last message, of a room or of all. Serializes as the `counts` of
/// machine formats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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

impl Summary {
    /// Adds what another room holds.
    pub fn add(&mut self, room: &Self) {
        self.messages += room.messages;
        self.files += room.files;
        self.missing_files += room.missing_files;
        self.first = [self.first, room.first].into_iter().flatten().min();
        self.last = self.last.max(room.last);
    }
}
