//! What is new in the threads that people follow: a record for each follower and thread, so that
//! a further reply to a busy thread costs only a look at each, and no membership is written anew.

use std::cmp::Reverse;
use std::ops::ControlFlow;

use super::mentions::Mentions;
use super::messages;
use crate::app::App;
use crate::domain::{Message, Room, Subscription, Time, UnreadThread, User, UserId};
use crate::error::{Error, Result};
use crate::store::{Batch, Direction, Span};

/// Notes a reply for everybody who follows the thread and is in the room, but for its author.
pub(super) fn replied(
    batch: &mut Batch<'_>,
    parent: &Message,
    reply: &Message,
    named: &Mentions,
) -> Result<()> {
    let followers = parent.replies.iter().flat_map(|replies| &replies.followers);
    for follower in followers.filter(|follower| **follower != reply.author.id) {
        let key = (follower.clone(), parent.room.clone(), parent.id.clone());
        let known = batch.get::<UnreadThread>(&key)?;
        // Who has left the room may still follow.
        if known.is_none() && !batch.has::<Subscription>(&(parent.room.clone(), follower.clone()))? {
            continue;
        }
        let mentioned = named.users.iter().any(|user| user.id == *follower);
        let thread = known.unwrap_or_default().after(mentioned, !named.everybody.is_empty());
        if known != Some(thread) {
            batch.put(&key, &thread)?;
        }
    }
    Ok(())
}

/// Takes a thread as read by somebody; nothing happens if there was nothing new.
pub(super) fn read(batch: &mut Batch<'_>, user: &UserId, parent: &Message, now: Time) -> Result<()> {
    let key = (user.clone(), parent.room.clone(), parent.id.clone());
    if !batch.has::<UnreadThread>(&key)? {
        return Ok(());
    }
    batch.delete::<UnreadThread>(&key);
    if let Some(mut own) = batch.get::<Subscription>(&(parent.room.clone(), user.clone()))? {
        // Who reads in a hidden room wants to see it, and only the thread may have shown it.
        own.closed_at = None;
        own.updated = now;
        batch.put_subscription(&own)?;
    }
    Ok(())
}

/// A member's unread threads of a room whose beginning contains `text`, by their last reply, the
/// latest first: `count` of them after `offset`, and how many there are.
pub(super) fn list(
    app: &App,
    user: &User,
    room: &Room,
    text: &str,
    (offset, count): (usize, usize),
) -> Result<(Vec<Message>, usize)> {
    let (mut found, mut looked_at) = (Vec::new(), 0);
    let span = Span::of(&(user.id.clone(), room.id.clone()));
    app.store.walk::<UnreadThread, Error>(span, Direction::Ascending, |(_, _, id), _| {
        looked_at += 1;
        if let Some(parent) = app.store.message(&id)?.filter(|parent| messages::contains(parent, text)) {
            found.push((Reverse(parent.replies.and_then(|replies| replies.last)), id));
        }
        let goes_on = looked_at < messages::FARTHEST;
        Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    found.sort_unstable();
    let mut page = Vec::new();
    for (_, id) in found.iter().skip(offset).take(count.min(messages::MOST_AT_ONCE)) {
        page.extend(app.store.message(id)?);
    }
    Ok((page, found.len()))
}
