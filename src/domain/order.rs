//! What an export is to hold, how it is written, and where it goes.

use std::borrow::Cow;

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

/// What stands where a query may not be shown.
const WITHHELD: &str = "(withheld)";

/// What is said about an order to whoever gets the export. Where messages are changed on the way, what
/// is said around them must not undo it: titles, ids of rooms and queries are words of people.
impl Order {
    /// What people call it; of what is changed, only how much it is.
    pub fn public_title(&self) -> Cow<'_, str> {
        if self.transforms.is_empty() {
            return Cow::Borrowed(&self.title);
        }
        match &self.rooms {
            Rooms::Listed(rooms) if rooms.len() == 1 => Cow::Borrowed("one room"),
            Rooms::Listed(rooms) => Cow::Owned(format!("{} rooms", rooms.len())),
            Rooms::Thread { .. } => Cow::Borrowed("one thread"),
            Rooms::Messages { .. } => Cow::Borrowed("chosen messages of one room"),
            Rooms::Seen => Cow::Borrowed("all rooms that one person may see"),
            Rooms::Server => Cow::Borrowed("all rooms of the server"),
            Rooms::Own => Cow::Borrowed("all that is kept about one person"),
        }
    }

    /// The one room, if there is only one and it may be named.
    pub fn public_room(&self) -> Option<&RoomId> {
        self.rooms.single().filter(|_| self.transforms.is_empty())
    }

    /// The message that began the one thread, if it may be named.
    pub fn public_thread(&self) -> Option<&MessageId> {
        match &self.rooms {
            Rooms::Thread { thread, .. } if self.transforms.is_empty() => Some(thread),
            Rooms::Thread { .. }
            | Rooms::Messages { .. }
            | Rooms::Listed(_)
            | Rooms::Seen
            | Rooms::Server
            | Rooms::Own => None,
        }
    }

    /// The query; of what is changed, only whether there was one.
    pub fn public_query(&self) -> &str {
        if self.query.is_empty() || self.transforms.is_empty() { &self.query } else { WITHHELD }
    }
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
    /// Every room that the owner is in, and what is kept about the owner.
    Own,
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
            Self::Seen | Self::Server | Self::Own => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn order(rooms: Rooms, transforms: &[&str]) -> Order {
        let choice = |id: &&str| Choice::new(*id, &serde_json::Value::Null);
        Order {
            rooms,
            title: "bob, ann".to_owned(),
            from: None,
            until: Time::default(),
            query: "from:bob".to_owned(),
            time_zone: "UTC".to_owned(),
            system_messages: true,
            transforms: transforms.iter().map(choice).collect(),
            formats: vec![choice(&"json")],
            delivery: choice(&"file"),
            archive: None,
        }
    }

    #[test]
    fn what_is_changed_on_the_way_is_not_named_around_it() {
        let thread = Rooms::Thread { room: RoomId::new("bobann"), thread: MessageId::new("bob-was-here") };
        let plain = order(thread.clone(), &[]);
        assert_eq!((&*plain.public_title(), plain.public_query()), ("bob, ann", "from:bob"));
        assert_eq!(plain.public_room(), plain.rooms.single());
        assert_eq!(plain.public_thread(), Some(&MessageId::new("bob-was-here")));
        let changed = order(thread, &["drop"]);
        assert_eq!((&*changed.public_title(), changed.public_query()), ("one thread", "(withheld)"));
        assert_eq!((changed.public_room(), changed.public_thread()), (None, None));
        let two = Rooms::Listed(vec![RoomId::new("bob"), RoomId::new("ann")]);
        let mut everything = order(two, &["redact"]);
        everything.query = String::new();
        assert_eq!((&*everything.public_title(), everything.public_query()), ("2 rooms", ""));
    }
}
