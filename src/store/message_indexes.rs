//! Lists of a room's messages that are kept in order, so that showing a page of one costs what the
//! page holds.
//!
//! A plain message stands in none of them. [`Batch::put_message`] keeps them up to date.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::key::Part;
use super::schema::ListedMessage;
use super::{Batch, Direction, Error, Result, Span, Store};
use crate::domain::{Message, MessageId, RoomId, Time, UserId};

/// A list of messages of a room.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// Messages that changed after they were sent, by the time of the last change. All others are
    /// found by the time they were sent.
    Changed,
    /// Messages that tell of a discussion, by the time they were sent.
    Discussions,
    /// Messages that mention this user (or `all`, `here`), by the time they were sent.
    Mentioning(UserId),
    /// Pinned messages, by the time they were sent.
    Pinned,
    /// Messages that this user starred, by the time they were sent.
    Starred(UserId),
    /// Messages that began a thread, by the time of the last reply.
    Threads,
}

impl Part for List {
    fn encode(&self, out: &mut Vec<u8>) {
        let (letter, user) = match self {
            Self::Changed => (b'c', None),
            Self::Discussions => (b'd', None),
            Self::Mentioning(user) => (b'm', Some(user)),
            Self::Pinned => (b'p', None),
            Self::Starred(user) => (b's', Some(user)),
            Self::Threads => (b't', None),
        };
        out.push(letter);
        if let Some(user) = user {
            user.encode(out);
        }
    }

    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let (&letter, rest) = bytes.split_first()?;
        *bytes = rest;
        Some(match letter {
            b'c' => Self::Changed,
            b'd' => Self::Discussions,
            b'm' => Self::Mentioning(UserId::decode(bytes)?),
            b'p' => Self::Pinned,
            b's' => Self::Starred(UserId::decode(bytes)?),
            b't' => Self::Threads,
            _ => return None,
        })
    }
}

/// The key of an entry.
pub type Place = (RoomId, List, Time, MessageId);

/// Every place that a message has in a list.
pub fn places(message: &Message) -> BTreeSet<Place> {
    let mut places = BTreeSet::new();
    let mut add = |list, at| {
        places.insert((message.room.clone(), list, at, message.id.clone()));
    };
    let sent_at = message.sent_at;
    if message.updated_at > sent_at {
        add(List::Changed, message.updated_at);
    }
    // Looking at the text first spares most messages the parsing.
    if message.extra.as_str().contains("\"drid\"") && message.extra.value()["drid"].is_string() {
        add(List::Discussions, sent_at);
    }
    if message.mentions.as_str().contains("\"_id\"") {
        for mentioned in message.mentions.value().as_array().into_iter().flatten() {
            if let Some(id) = mentioned["_id"].as_str() {
                add(List::Mentioning(UserId::new(id)), sent_at);
            }
        }
    }
    if message.pinned.is_some() {
        add(List::Pinned, sent_at);
    }
    for user in &message.starred {
        add(List::Starred(user.clone()), sent_at);
    }
    if let Some(replies) = message.replies.as_ref().filter(|replies| replies.count > 0) {
        add(List::Threads, replies.last.unwrap_or(sent_at));
    }
    places
}

impl Batch<'_> {
    /// Takes a message out of the lists it has left and puts it into those it has come to.
    pub(super) fn list_message(&mut self, before: Option<&Message>, after: Option<&Message>) -> Result<()> {
        let (old, new) = (before.map(places).unwrap_or_default(), after.map(places).unwrap_or_default());
        for left in old.difference(&new) {
            self.delete::<ListedMessage>(left);
        }
        new.difference(&old).try_for_each(|come| self.put(come, &ListedMessage))
    }
}

impl Store {
    /// Calls `each` with the places of a list from `from` to before `until`, until it breaks.
    pub fn places<E: From<Error>>(
        &self,
        (room, list): (&RoomId, &List),
        (from, until): (Time, Time),
        direction: Direction,
        mut each: impl FnMut(Time, MessageId) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let key = |at| (room.clone(), list.clone(), at);
        let span = Span::between(&key(from), &key(until));
        self.walk::<ListedMessage, E>(span, direction, |(_, _, at, id), _| each(at, id))
    }

    /// The messages of a list: `limit` of them after `skip`.
    pub fn listed(
        &self,
        room: &RoomId,
        list: &List,
        direction: Direction,
        (skip, limit): (usize, usize),
    ) -> Result<Vec<Message>> {
        let span = Span::of(&(room.clone(), list.clone()));
        let mut messages = Vec::new();
        for ((_, _, _, id), _) in self.list::<ListedMessage>(span, direction, skip, limit)? {
            messages.extend(self.message(&id)?);
        }
        Ok(messages)
    }

    /// How many messages a list has, counted at most to `limit`.
    pub fn count_listed(&self, room: &RoomId, list: &List, limit: u64) -> Result<u64> {
        self.count::<ListedMessage>(Span::of(&(room.clone(), list.clone())), limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::{Pinned, Replies};
    use crate::domain::{Json, UserRef};
    use crate::store::key::Key;

    fn message() -> Message {
        let author = UserRef { id: UserId::new("u"), username: "bob".to_owned(), name: None };
        Message::new(MessageId::new("m"), RoomId::new("r"), author, Time::from_millis(5), "x")
    }

    fn lists(message: &Message) -> Vec<(List, i64)> {
        places(message).into_iter().map(|(_, list, at, _)| (list, at.millis())).collect()
    }

    #[test]
    fn a_plain_message_stands_in_no_list() {
        let mut plain = message();
        assert_eq!(lists(&plain), []);
        plain.mentions = Json::from_text("[]");
        plain.extra = Json::from_text(r#"{"alias":"drid"}"#);
        plain.replies = Some(Replies::default());
        assert_eq!(lists(&plain), []);
    }

    #[test]
    fn a_message_stands_in_every_list_that_it_belongs_to() {
        let mut full = message();
        let user = UserId::new("u");
        full.updated_at = Time::from_millis(9);
        full.extra = Json::from_text(r#"{"drid":"d"}"#);
        full.mentions = Json::from_text(r#"[{"_id":"u"},{"_id":"all"},{"username":"no id"}]"#);
        full.pinned = Some(Pinned::default());
        full.starred = vec![user.clone()];
        full.replies = Some(Replies { count: 1, last: Some(Time::from_millis(7)), followers: Vec::new() });
        let expected = [
            (List::Changed, 9),
            (List::Discussions, 5),
            (List::Mentioning(UserId::new("all")), 5),
            (List::Mentioning(user.clone()), 5),
            (List::Pinned, 5),
            (List::Starred(user), 5),
            (List::Threads, 7),
        ];
        assert_eq!(lists(&full), expected);
        for place in places(&full) {
            let mut bytes = Vec::new();
            place.encode(&mut bytes);
            assert_eq!(Place::decode(&bytes), Some(place));
        }
        assert_eq!(List::decode(&mut &b"?"[..]), None);
    }
}
