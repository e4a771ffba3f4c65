//! Rooms, accounts and memberships that messages need and that are not there yet.

use crate::domain::{Message, Room, RoomId, Subscription, Time, User, UserId, UserRef};
use crate::store::schema::{EndedMembership, RoomByName, UserByName};
use crate::store::{Batch, Result};

/// Names of rooms made of something else are cut off here.
const LONGEST_NAME: usize = 128;

/// Puts a room under its name, or under one made of its id, with a number behind it if that is taken.
pub(super) fn make(batch: &mut Batch<'_>, room: &mut Room) -> Result<()> {
    let wish = room.name.take().filter(|name| is_name(name));
    let name = free_name(batch, wish.unwrap_or_else(|| name_of(&room.id)))?;
    room.display_name.get_or_insert_with(|| name.clone());
    room.name = Some(name);
    batch.put_room(room)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control)
}

fn name_of(id: &RoomId) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    id.as_str().chars().take(LONGEST_NAME).map(plain).collect()
}

fn free_name(batch: &Batch<'_>, wish: String) -> Result<String> {
    let mut name = wish.clone();
    let mut number = 1;
    while batch.has::<RoomByName>(&(name.clone(),))? {
        name = format!("{wish}-{number}");
        number += 1;
    }
    Ok(name)
}

/// Makes the account if it is missing; nobody can log in to it. `None`: another account has its name.
/// Else whether it was made.
pub(super) fn need_user(batch: &mut Batch<'_>, user: &UserRef, now: Time) -> Result<Option<bool>> {
    if batch.has::<User>(&(user.id.clone(),))? {
        return Ok(Some(false));
    }
    if batch.get::<UserByName>(&(user.username.to_lowercase(),))?.is_some() {
        let username = &user.username;
        tracing::warn!(username, "another account has this name; its messages stay as they are");
        return Ok(None);
    }
    let mut made = User::new(user.id.clone(), &user.username, now);
    made.name.clone_from(&user.name);
    batch.put_user(&made)?;
    Ok(Some(true))
}

/// Makes somebody a member, unless they are one.
pub(super) fn need_member(
    batch: &mut Batch<'_>,
    room: &RoomId,
    user: &UserRef,
    roles: &[String],
    now: Time,
) -> Result<()> {
    if batch.has::<Subscription>(&(room.clone(), user.id.clone()))? {
        return Ok(());
    }
    let mut membership = Subscription::new(user, room.clone(), now);
    membership.roles = roles.to_vec();
    batch.put_subscription(&membership)
}

/// Whether somebody was a member here and is not any more.
pub(super) fn has_left(batch: &Batch<'_>, room: &RoomId, user: &UserId) -> Result<bool> {
    batch.has::<EndedMembership>(&(user.clone(), room.clone()))
}

/// Counts a new message.
pub(super) fn count(batch: &mut Batch<'_>, message: &Message) -> Result<()> {
    let mut activity = batch.activity(&message.room)?;
    activity.messages += 1;
    activity.updated = activity.updated.max(message.updated_at);
    if message.kind.is_none() && activity.last_at.is_none_or(|last| message.sent_at >= last) {
        activity.last_at = Some(message.sent_at);
        activity.last_message = Some(message.id.clone());
    }
    batch.put_activity(&message.room, &activity)
}
