//! Reading messages: one of them, and those of a room that somebody looks for.

use std::ops::ControlFlow;

use super::access;
use crate::app::App;
use crate::domain::{Message, MessageId, Room, RoomId, RoomKind, Time, User};
use crate::error::{Error, Result};
use crate::store::Direction;

/// Searches that no index serves look at so many of the latest messages, not at older ones.
pub const FARTHEST: usize = 100_000;

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

/// Calls `each` with the messages of a room, the latest first, [`FARTHEST`] back at most.
pub fn scan(app: &App, room: &RoomId, mut each: impl FnMut(Message) -> Result<()>) -> Result<()> {
    let (first, last) = (Time::from_millis(i64::MIN), Time::from_millis(i64::MAX));
    let mut looked_at = 0;
    app.store.history::<Error>(room, first, last, Direction::Descending, |message| {
        each(message)?;
        looked_at += 1;
        Ok(if looked_at < FARTHEST { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })
}

/// The messages of a room that `wanted` picks, the latest first: `count` of them after `offset`, and
/// how many there are, [`FARTHEST`] back at most.
pub fn pick(
    app: &App,
    room: &RoomId,
    page: (usize, usize),
    wanted: impl Fn(&Message) -> bool,
) -> Result<(Vec<Message>, usize)> {
    let (mut picked, mut total) = (Vec::new(), 0);
    scan(app, room, |message| {
        if wanted(&message) {
            if total >= page.0 && picked.len() < page.1 {
                picked.push(message);
            }
            total += 1;
        }
        Ok(())
    })?;
    Ok((picked, total))
}

/// Whether a message is something a person said in the room itself: such a one can be its last word.
pub fn is_of_person(message: &Message) -> bool {
    let kind = message.kind.as_deref();
    matches!(kind, None | Some("e2e" | "otr" | "otr-ack"))
        && (message.thread.is_none() || message.shown_in_room)
}
