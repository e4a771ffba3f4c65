//! A member's own view of a room: open or hidden, favourite, read or unread.

use std::ops::ControlFlow;

use super::access;
use crate::app::App;
use crate::domain::{Activity, MessageId, Room, RoomId, Subscription, Time, User};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::store::schema::EndedMembership;
use crate::store::{Batch, Direction, Span, Store};

/// Nobody reads how many of more there are.
const MOST_UNREAD: u64 = 10_000;

/// The caller's memberships that changed after `since`, each with its room and what happens there.
pub fn list(app: &App, caller: &Caller, since: Option<Time>) -> Result<Vec<(Subscription, Room, Activity)>> {
    let mut found = Vec::new();
    app.store.memberships::<Error>(&caller.user.id, |membership| {
        if let Some(room) = app.store.room(&membership.room)? {
            let activity = app.store.activity(&room.id)?;
            let changed = membership.updated.max(activity.updated).max(room.updated);
            if since.is_none_or(|since| changed > since) {
                found.push((membership, room, activity));
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// The caller's memberships that ended after `since` and were not taken up again.
pub fn ended(app: &App, caller: &Caller, since: Option<Time>) -> Result<Vec<(RoomId, EndedMembership)>> {
    let mut found = Vec::new();
    let span = Span::of(&(caller.user.id.clone(),));
    app.store.walk::<EndedMembership, Error>(span, Direction::Ascending, |(_, room), membership| {
        let is_news = since.is_some_and(|since| membership.ended > since);
        if is_news && app.store.subscription(&room, &caller.user.id)?.is_none() {
            found.push((room, membership));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// Changes the caller's membership; `None` if there is none.
pub(super) fn change<T>(
    app: &App,
    caller: &Caller,
    room: &RoomId,
    apply: impl FnOnce(&mut Batch<'_>, &mut Subscription) -> Result<T>,
) -> Result<Option<T>> {
    let now = app.now();
    app.store.write(|batch| {
        let Some(before) = batch.get::<Subscription>(&(room.clone(), caller.user.id.clone()))? else {
            return Ok(None);
        };
        let mut membership = before.clone();
        let value = apply(batch, &mut membership)?;
        if membership != before {
            membership.updated = now;
            batch.put_subscription(&membership)?;
        }
        Ok(Some(value))
    })
}

/// Marks a room for the caller only; others see nothing.
pub fn set_favorite(app: &App, caller: &Caller, room: &RoomId, favorite: bool) -> Result<()> {
    let changed = change(app, caller, room, |_, membership| {
        membership.favorite = favorite;
        Ok(())
    })?;
    changed.ok_or_else(|| {
        Error::refused("error-invalid-subscription", "You must be part of a room to favorite it")
    })
}

/// Shows a room in the caller's sidebar or hides it. Answers whether that was a change; `None`: the
/// caller is no member.
pub fn set_open(app: &App, caller: &Caller, room: &RoomId, open: bool) -> Result<Option<bool>> {
    let now = app.now();
    change(app, caller, room, |batch, membership| {
        let changed = is_open(batch.store(), membership, &batch.activity(room)?)? != open;
        if changed {
            membership.closed_at = (!open).then_some(now);
            if !open {
                batch.hide_unread_threads(&caller.user.id, room)?;
            }
        }
        Ok(changed)
    })
}

/// Whether a room shows in the sidebar of a member.
fn is_open(store: &Store, membership: &Subscription, activity: &Activity) -> Result<bool> {
    Ok(membership.is_open(activity) || store.unread_threads(&membership.user, &membership.room)?.show_room)
}

/// Takes everything that was said in a room itself as read, and its threads, too, if wanted.
pub fn mark_read(app: &App, caller: &Caller, room: &RoomId, with_threads: bool) -> Result<()> {
    let now = app.now();
    let changed = change(app, caller, room, |batch, membership| {
        membership.mark_read(&batch.activity(room)?, now);
        if with_threads {
            batch.read_threads(&caller.user.id, room)?;
        }
        Ok(())
    })?;
    changed.ok_or_else(|| Error::code("error-invalid-subscription"))
}

/// Takes the last message of a room as unread.
pub fn mark_unread(app: &App, caller: &Caller, room: &RoomId) -> Result<()> {
    let changed = change(app, caller, room, |batch, membership| {
        let (first, last) = (Time::from_millis(i64::MIN), Time::from_millis(i64::MAX));
        let mut sent_at = None;
        batch.store().history::<Error>(room, first, last, Direction::Descending, |message| {
            sent_at = Some(message.sent_at);
            Ok(ControlFlow::Break(()))
        })?;
        let text = "There are no messages to mark unread";
        unread_from(membership, sent_at.ok_or_else(|| Error::refused("error-no-message-for-unread", text))?);
        Ok(())
    })?;
    changed.ok_or_else(not_subscribed)
}

/// Takes a message of somebody else and all after it as unread.
pub fn mark_unread_from(app: &App, caller: &Caller, message: &MessageId) -> Result<()> {
    let not_allowed = || Error::refused("error-action-not-allowed", "Not allowed");
    let message = app.store.message(message)?.ok_or_else(not_allowed)?;
    let changed = change(app, caller, &message.room, |_, membership| {
        if message.author.id == caller.user.id {
            return Err(not_allowed());
        }
        if membership.last_seen.is_none_or(|seen| message.sent_at < seen) {
            unread_from(membership, message.sent_at);
        }
        Ok(())
    })?;
    changed.ok_or_else(not_subscribed)
}

fn unread_from(membership: &mut Subscription, sent_at: Time) {
    membership.last_seen = Some(sent_at);
    membership.marked_unread = true;
    membership.closed_at = None;
}

fn not_subscribed() -> Error {
    Error::refused("error-subscription-not-found", "Subscription not found")
}

/// What there is to count in a room, as far as the asker may know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Whether the user has the room in the sidebar.
    pub joined: bool,
    /// Members.
    pub members: Option<u64>,
    /// Messages since the user last read.
    pub unreads: Option<u64>,
    /// When the user last read.
    pub unreads_from: Option<Time>,
    /// Messages.
    pub messages: Option<u64>,
    /// When somebody last wrote.
    pub latest: Option<Time>,
    /// Times the user was mentioned.
    pub user_mentions: Option<u32>,
}

/// The counters of a room for `user`. Numbers of the room itself are for those who have it open and
/// for administrators.
pub fn counters(app: &App, caller: &Caller, room: &Room, user: &User) -> Result<Counters> {
    let activity = app.store.activity(&room.id)?;
    let latest = activity.last_at.unwrap_or_else(|| room.updated.max(activity.updated));
    let mut counters = Counters::default();
    if let Some(membership) = app.store.subscription(&room.id, &user.id)?
        && is_open(&app.store, &membership, &activity)?
    {
        counters.joined = true;
        counters.user_mentions = Some(membership.user_mentions);
        counters.unreads_from = membership.last_seen;
        counters.unreads = match membership.last_seen {
            Some(seen) => {
                Some(app.store.count_messages(&room.id, seen.plus(1), latest.plus(1), MOST_UNREAD)?)
            }
            None => None,
        };
    }
    if counters.joined || access::holds(app, &caller.user, "view-room-administration")? {
        counters.members = Some(activity.members);
        counters.messages = Some(activity.messages);
        counters.latest = Some(latest);
    }
    Ok(counters)
}
