//! Reading messages: one of them, and those of a room's lists.

use std::ops::ControlFlow;

use super::access;
use crate::app::App;
use crate::domain::{Message, MessageId, Room, RoomId, RoomKind, Time, User};
use crate::error::{Error, Result};
use crate::store::Direction;
use crate::store::message_indexes::List;

/// Lists are counted so far, and searched so far.
pub const FARTHEST: usize = 20_000;
/// No answer holds more messages, whatever was asked for: a list may be longer than memory.
pub const MOST_AT_ONCE: usize = 5000;
/// An answer ends with the message that brings it to so many bytes.
const LARGEST_ANSWER: usize = 2 * 1024 * 1024;

/// What an answer may still hold.
#[derive(Debug)]
pub struct Budget {
    left: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: LARGEST_ANSWER }
    }
}

impl Budget {
    /// Takes a message into the answer.
    pub fn spend(&mut self, message: &Message) {
        self.left = self.left.saturating_sub(message.weight());
    }

    /// Whether the answer must end.
    pub fn is_spent(&self) -> bool {
        self.left == 0
    }
}

/// Whether somebody may read what is said in a room. A passer-by at a public channel needs one
/// permission more than a member.
pub fn can_read(app: &App, user: &User, room: &Room) -> Result<bool> {
    if !access::can_see(app, user, room)? {
        return Ok(false);
    }
    Ok(room.kind != RoomKind::Channel
        || access::is_member(app, user, room)?
        || access::holds(app, user, "preview-c-room")?)
}

/// The message of that id, if there is one and `user` may read it.
pub fn read(app: &App, user: &User, id: &MessageId) -> Result<Message> {
    let message = app.store.message(id)?.ok_or(Error::Silent)?;
    let not_allowed = || Error::refused("error-not-allowed", "Not allowed");
    let room = app.store.room(&message.room)?.ok_or_else(not_allowed)?;
    if can_read(app, user, &room)? { Ok(message) } else { Err(not_allowed()) }
}

/// A page of one of a room's lists, and how many messages that has.
pub fn listed(
    app: &App,
    room: &RoomId,
    list: &List,
    direction: Direction,
    (offset, count): (usize, usize),
) -> Result<(Vec<Message>, usize)> {
    let total = app.store.count_listed(room, list, FARTHEST as u64)?;
    let messages = app.store.listed(room, list, direction, (offset, count.min(MOST_AT_ONCE)))?;
    Ok((messages, usize::try_from(total).unwrap_or(usize::MAX)))
}

/// The messages of a list that `wanted` picks, the latest first: `count` of them after
/// `offset`, and how many there are. Of a long list only the latest [`FARTHEST`] are looked at.
pub fn pick(
    app: &App,
    (room, list): (&RoomId, &List),
    page: (usize, usize),
    wanted: impl Fn(&Message) -> bool,
) -> Result<(Vec<Message>, usize)> {
    let (mut picked, mut total, mut looked_at) = (Vec::new(), 0, 0);
    let window = (Time::from_millis(i64::MIN), Time::from_millis(i64::MAX));
    app.store.places::<Error>((room, list), window, Direction::Descending, |_, id| {
        looked_at += 1;
        if let Some(message) = app.store.message(&id)?.filter(&wanted) {
            if total >= page.0 && picked.len() < page.1.min(MOST_AT_ONCE) {
                picked.push(message);
            }
            total += 1;
        }
        Ok(if looked_at < FARTHEST { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok((picked, total))
}

/// The messages of a room that tell of a discussion: a page of those whose text contains `text`, the
/// latest first, and how many there are.
pub fn discussions(
    app: &App,
    room: &RoomId,
    text: Option<&str>,
    page: (usize, usize),
) -> Result<(Vec<Message>, usize)> {
    match text {
        None => listed(app, room, &List::Discussions, Direction::Descending, page),
        Some(text) => {
            let text = text.to_lowercase();
            pick(app, (room, &List::Discussions), page, |message| contains(message, &text))
        }
    }
}

/// Whether a text that is in lower case is somewhere in a message's, whatever the case there.
pub(super) fn contains(message: &Message, text: &str) -> bool {
    message.text.to_lowercase().contains(text)
}

/// Whether a message is something a person said in the room itself: such a one can be its last word.
pub fn is_of_person(message: &Message) -> bool {
    let kind = message.kind.as_deref();
    matches!(kind, None | Some("e2e" | "otr" | "otr-ack"))
        && (message.thread.is_none() || message.shown_in_room)
}
