//! Threads: which message begins one, what it gathers, and who follows it.

use std::ops::ControlFlow;

use super::mentions::Mentions;
use super::{messages, settings, unread_threads};
use crate::app::App;
use crate::domain::message::Replies;
use crate::domain::{Message, MessageId, Room, Time, User, UserId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::store::message_indexes::List;
use crate::store::schema::Reply;
use crate::store::{Batch, Direction, Span};

/// So many people follow a thread; who comes later does not.
const MOST_FOLLOWERS: usize = 1000;

/// Notes a reply on the message that begins its thread, if that is there, and as unread for those
/// who follow it.
pub fn replied(batch: &mut Batch<'_>, reply: &Message, named: &Mentions) -> Result<()> {
    let Some(thread) = &reply.thread else { return Ok(()) };
    let parent = batch.message(thread)?.filter(|parent| parent.room == reply.room);
    let Some(mut parent) = parent else { return Ok(()) };
    let first = parent.replies.as_ref().is_none_or(|replies| replies.count == 0);
    let replies = parent.replies.get_or_insert_default();
    replies.count += 1;
    replies.last = replies.last.max(Some(reply.sent_at));
    if first {
        follow(replies, &parent.author.id);
    }
    follow(replies, &reply.author.id);
    for user in &named.users {
        follow(replies, &user.id);
    }
    parent.updated_at = parent.updated_at.max(reply.updated_at);
    unread_threads::replied(batch, &parent, reply, named)?;
    Ok(batch.put_message(&parent)?)
}

fn follow(replies: &mut Replies, user: &UserId) {
    if replies.followers.len() < MOST_FOLLOWERS && !replies.followers.contains(user) {
        replies.followers.push(user.clone());
    }
}

/// Takes a reply that is about to be deleted off the message that begins its thread.
pub fn withdrawn(batch: &mut Batch<'_>, reply: &Message, now: Time) -> Result<()> {
    let Some(thread) = &reply.thread else { return Ok(()) };
    let parent = batch.message(thread)?.filter(|parent| parent.room == reply.room);
    let Some(mut parent) = parent else { return Ok(()) };
    let Some(replies) = &mut parent.replies else { return Ok(()) };
    replies.count = replies.count.saturating_sub(1);
    let span = Span::of(&(thread.clone(),));
    replies.last = None;
    batch.store().walk::<Reply, Error>(span, Direction::Descending, |key, _| {
        // Others may have been deleted in the same batch.
        if key.2 == reply.id || !batch.has::<Reply>(&key)? {
            return Ok(ControlFlow::Continue(()));
        }
        replies.last = Some(key.1);
        Ok(ControlFlow::Break(()))
    })?;
    if replies.count == 0 {
        batch.end_thread(&parent)?;
        parent.replies = None;
    }
    parent.updated_at = now;
    Ok(batch.put_message(&parent)?)
}

/// Follows or leaves the thread of a message.
pub fn set_following(app: &App, user: &User, id: &MessageId, following: bool) -> Result<()> {
    let refused = || Error::refused("error-not-allowed", "not-allowed");
    if !settings::is_on(app, "Threads_enabled")? {
        return Err(refused());
    }
    app.store.write(|batch| {
        let unknown = || Error::refused("error-invalid-message", "Invalid message");
        let message = batch.message(id)?.ok_or_else(unknown)?;
        // Who follows a reply follows its thread.
        let mut parent = match &message.thread {
            Some(thread) => batch.message(thread)?.ok_or_else(unknown)?,
            None => message,
        };
        let room = batch.get::<Room>(&(parent.room.clone(),))?.ok_or_else(unknown)?;
        if !messages::can_read(app, user, &room)? {
            return Err(refused());
        }
        let replies = parent.replies.get_or_insert_default();
        let before = replies.followers.len();
        if following {
            follow(replies, &user.id);
        } else {
            replies.followers.retain(|follower| *follower != user.id);
        }
        if replies.followers.len() == before {
            return Ok(());
        }
        parent.updated_at = app.now();
        batch.put_message(&parent)?;
        if following { Ok(()) } else { unread_threads::read(batch, &user.id, &parent, app.now()) }
    })
}

/// Takes the thread of a message as read; nothing happens if there was nothing new for the caller.
pub fn mark_read(app: &App, caller: &Caller, parent: &Message) -> Result<()> {
    let now = app.now();
    app.store.write(|batch| unread_threads::read(batch, &caller.user.id, parent, now))
}

/// Which threads of a room are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Those the reader follows.
    Following,
    /// Those the reader follows and has not read to the end.
    Unread,
}

/// Threads of a room by their last reply, the latest first: `count` of them after `offset`, and how
/// many there are.
pub fn list(
    app: &App,
    user: &User,
    room: &Room,
    which: Which,
    text: Option<&str>,
    page: (usize, usize),
) -> Result<(Vec<Message>, usize)> {
    if which == Which::All && text.is_none() {
        return messages::listed(app, &room.id, &List::Threads, Direction::Descending, page);
    }
    let text = text.map(str::to_lowercase).unwrap_or_default();
    if which == Which::Unread {
        return unread_threads::list(app, user, room, &text, page);
    }
    messages::pick(app, (&room.id, &List::Threads), page, |message| {
        let follows = || message.replies.as_ref().is_some_and(|replies| replies.followers.contains(&user.id));
        (which == Which::All || follows()) && messages::contains(message, &text)
    })
}

/// The replies of a thread, oldest first: `count` of them after `offset`, and how many there are.
pub fn replies(app: &App, parent: &Message, page: (usize, usize)) -> Result<(Vec<Message>, usize)> {
    let span = || Span::of(&(parent.id.clone(),));
    let total = app.store.count::<Reply>(span(), messages::FARTHEST as u64)?;
    let (offset, count) = (page.0, page.1.min(messages::MOST_AT_ONCE));
    let mut replies = Vec::new();
    for ((_, _, id), _) in app.store.list::<Reply>(span(), Direction::Ascending, offset, count)? {
        // Where the id is unknown somebody may have replied to it in another room.
        replies.extend(app.store.message(&id)?.filter(|reply| reply.room == parent.room));
    }
    Ok((replies, usize::try_from(total).unwrap_or(usize::MAX)))
}

/// Replies of a thread, newest first: `count` after `skip`.
pub fn newest_replies(app: &App, parent: &Message, skip: usize, count: usize) -> Result<Vec<Message>> {
    let span = Span::of(&(parent.id.clone(),));
    let found = app.store.list::<Reply>(span, Direction::Descending, skip, count)?;
    let mut replies = Vec::with_capacity(found.len());
    for ((_, _, id), Reply) in found {
        replies.extend(app.store.message(&id)?);
    }
    Ok(replies)
}
