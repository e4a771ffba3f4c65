//! What an export is to hold, how it is written, and where it goes.

use serde::{Deserialize, Serialize};

use super::{Json, MessageId, RoomId, Time};

/// An order for an export, checked when it was given. It says everything that decides about the
/// result, so that carrying it out again gives the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Whose messages.
    pub rooms: Rooms,
    /// What people call that: the room's name, `3 rooms`.
    pub title: String,
    /// First instant of the window.
    pub from: Option<Time>,
    /// End of the window, not included. Pinned when the order is given.
    pub until: Time,
    /// Messages must match this query; empty: all do.
    pub query: String,
    /// The zone of dates in the query and of the times in documents for people: an IANA name.
    pub time_zone: String,
    /// Whether what the server noted down is part of it.
    pub system_messages: bool,
    /// What every message passes, in this order.
    pub transforms: Vec<Choice>,
    /// The formats, at least one, none twice.
    pub formats: Vec<Choice>,
    /// How it is handed over.
    pub delivery: Choice,
    /// How the files are laid out; `None`: as the formats want it.
    pub archive: Option<Archive>,
}

/// Whose messages an export holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rooms {
    /// These rooms, in this order; at least one, none twice.
    Listed(Vec<RoomId>),
    /// One thread.
    Thread {
        /// Its room.
        room: RoomId,
        /// The message that began it.
        thread: MessageId,
    },
    /// Messages chosen one by one.
    Messages {
        /// Their room.
        room: RoomId,
        /// Their ids; those of other rooms are left out.
        messages: Vec<MessageId>,
    },
    /// Every room that the owner may see.
    Seen,
    /// Every room of the server.
    Server,
}

impl Rooms {
    /// The one room, if there is only one.
    pub fn single(&self) -> Option<&RoomId> {
        match self {
            Self::Listed(rooms) => match rooms.as_slice() {
                [room] => Some(room),
                _ => None,
            },
            Self::Thread { room, .. } | Self::Messages { room, .. } => Some(room),
            Self::Seen | Self::Server => None,
        }
    }
}

/// A plug-in and what it was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The plug-in's id.
    pub id: String,
    /// Its options as given: an object, or null for none.
    pub options: Json,
}

impl Choice {
    /// A plug-in with options as JSON.
    pub fn new(id: impl Into<String>, options: &serde_json::Value) -> Self {
        Self { id: id.into(), options: Json::of(options) }
    }
}

/// How the files of an export lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Archive {
    /// A bag after RFC 8493.
    Bag,
    /// At the top, for programs that read the archive as it is.
    Plain,
}
