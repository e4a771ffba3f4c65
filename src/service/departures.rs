//! Accounts that go: deleted for good, or deactivated until somebody wants them back.
//!
//! The conversations between two people go with a deleted account. What becomes of its messages
//! elsewhere is the affair of [`super::erasure`].

use std::ops::ControlFlow;

use serde_json::Value;

use super::caller::Caller;
use super::ownership::Estate;
use super::{access, avatars, erasure, settings};
use crate::app::App;
use crate::domain::time::DAY;
use crate::domain::{Room, RoomKind, Subscription, User, UserId};
use crate::error::{Error, Result};
use crate::passwords::PasswordDigest;
use crate::store::{Batch, Store};

/// The bot that every server has.
const CAT: &str = "rocket.cat";
/// Where an account notes why it was deactivated, and that it was for nobody used it.
const REASON: &str = "inactiveReason";
const IDLE: &str = "idle_too_long";

/// Deletes an account with its tokens and memberships. `agreed`: rooms that only this account owns
/// may change their owner or go.
pub fn delete(app: &App, id: &UserId, agreed: bool) -> Result<()> {
    avatars::write(app, |batch, touched| {
        let user = batch.get::<User>(&(id.clone(),))?.ok_or_else(super::users::unknown)?;
        if user.id.as_str() == CAT {
            return Err(not_allowed("Deleting the rocket.cat user is not allowed"));
        }
        if user.has_role("admin") && !has_other_admin(app, &user.id)? {
            return Err(not_allowed("Leaving the app without admins is not allowed"));
        }
        Estate::of(batch, &user)?.settle(batch, agreed)?;
        for room in rooms_of(batch.store(), &user)? {
            leave(batch, room, &user)?;
        }
        erasure::deleted(app, batch, &user)?;
        avatars::forget(batch, touched, &user.id)?;
        Ok(batch.delete_user(&user)?)
    })?;
    app.sweep_bell.notify_one();
    Ok(())
}

/// Takes a deleted account out of a room, or the room away with it.
fn leave(batch: &mut Batch<'_>, mut room: Room, user: &User) -> Result<()> {
    if room.kind == RoomKind::Direct {
        if room.direct.len() <= 2 {
            return Ok(batch.delete_room(&room)?);
        }
        room.direct.retain(|member| member.id != user.id);
        batch.put_room(&room)?;
    }
    batch.delete_subscription(&room.id, &user.id)?;
    Ok(())
}

/// Deletes the caller's own account, if people may do that and know their password.
pub fn delete_own(app: &App, caller: &Caller, digest: PasswordDigest, agreed: bool) -> Result<()> {
    if !settings::is_on(app, "Accounts_AllowDeleteOwnAccount")? {
        return Err(Error::not_allowed());
    }
    let right = match &caller.user.password {
        Some(hash) => app.passwords.verify(digest, Some(hash.clone()))?,
        None if digest == PasswordDigest::of(&caller.user.username) => true,
        None => return Err(Error::refused("error-invalid-username", "Invalid username")),
    };
    if !right {
        return Err(Error::refused("error-invalid-password", "Invalid password"));
    }
    delete(app, &caller.user.id, agreed)
}

/// Lets an account log in, or no more. `agreed` as for [`delete`].
pub fn set_active(app: &App, caller: &Caller, id: &UserId, active: bool, agreed: bool) -> Result<User> {
    // Not in the endpoint's row: either permission lets the caller in, but only one is enough.
    if !access::holds(app, &caller.user, "edit-other-user-active-status")? {
        let moderates = access::holds(app, &caller.user, "manage-moderation-actions")?;
        return Err(if moderates { Error::not_allowed() } else { Error::Unauthorized });
    }
    let (user, removed) = app.store.write(|batch| {
        let user = batch.get::<User>(&(id.clone(),))?;
        let mut user = user.ok_or_else(|| Error::plain("User not found"))?;
        let removed = switch(app, batch, &mut user, active, agreed)?;
        batch.put_user(&user)?;
        Ok::<_, Error>((user, removed))
    })?;
    if removed {
        app.sweep_bell.notify_one();
    }
    Ok(user)
}

/// The same within a batch; the caller puts the user and rings for the rooms that were removed.
pub(super) fn switch(
    app: &App,
    batch: &mut Batch<'_>,
    user: &mut User,
    active: bool,
    agreed: bool,
) -> Result<bool> {
    if user.active == active {
        return Ok(false);
    }
    let mut removed = false;
    if !active {
        if user.id.as_str() == CAT {
            return Err(not_allowed("Deactivating the rocket.cat user is not allowed"));
        }
        if user.has_role("admin") && !has_other_admin(app, &user.id)? {
            return Err(not_allowed("Leaving the app without an active admin is not allowed"));
        }
        removed = Estate::of(batch, user)?.settle(batch, agreed)?;
        batch.delete_tokens(&user.id, |_, _| true)?;
    }
    user.active = active;
    user.extra = user.extra.with(REASON, Value::Null);
    user.updated = app.now();
    rest(batch, user)?;
    Ok(removed)
}

/// Deactivates whom nobody misses: active holders of a role who have not logged in for so many days.
/// Their rooms stay theirs. Answers how many.
pub fn deactivate_idle(app: &App, caller: &Caller, days: u32, role: &str) -> Result<u64> {
    // Not in the endpoint's row: its refusal is not that of a row.
    if !access::holds(app, &caller.user, "edit-other-user-active-status")? {
        return Err(Error::Unauthorized);
    }
    let limit = app.now().plus(-DAY.saturating_mul(i64::from(days)));
    let idle = |user: &User| {
        let last = user.last_login.unwrap_or(user.created);
        user.active && user.has_role(role) && last <= limit && user.id.as_str() != CAT
    };
    let mut due: Vec<UserId> = Vec::new();
    app.store.users::<Error>(|user| {
        due.extend(idle(&user).then_some(user.id));
        Ok(ControlFlow::Continue(()))
    })?;
    let mut count = 0;
    for id in due {
        count += app.store.write(|batch| {
            let user = batch.get::<User>(&(id,))?.filter(|user| idle(user));
            let Some(mut user) = user else { return Ok::<_, Error>(0) };
            if user.has_role("admin") && !has_other_admin(app, &user.id)? {
                return Ok(0);
            }
            batch.delete_tokens(&user.id, |_, _| true)?;
            user.active = false;
            user.extra = user.extra.with(REASON, IDLE.into());
            user.updated = app.now();
            rest(batch, &user)?;
            batch.put_user(&user)?;
            Ok(1)
        })?;
    }
    Ok(count)
}

/// Whether an account was deactivated because nobody used it.
pub fn is_idle(user: &User) -> bool {
    !user.active && user.extra.value()[REASON] == IDLE
}

/// Lets the conversations of an account that was switched rest, or go on.
fn rest(batch: &mut Batch<'_>, user: &User) -> Result<()> {
    for room in rooms_of(batch.store(), user)? {
        if room.kind == RoomKind::Direct && room.direct.len() == 2 {
            freeze(batch, room, user)?;
        }
    }
    Ok(())
}

/// Makes a conversation of two read-only as long as one of them is deactivated, and puts it away for
/// the other.
fn freeze(batch: &mut Batch<'_>, mut room: Room, user: &User) -> Result<()> {
    let Some(other) = room.direct.iter().find(|member| member.id != user.id).cloned() else { return Ok(()) };
    let other_active = batch.get::<User>(&(other.id.clone(),))?.is_some_and(|other| other.active);
    room.read_only = !user.active || !other_active;
    room.react_when_read_only = room.read_only.then_some(false);
    batch.put_room(&room)?;
    if let Some(mut subscription) = batch.get::<Subscription>(&(room.id.clone(), other.id))? {
        subscription.extra = subscription.extra.with("archived", Value::Bool(!user.active));
        batch.put_subscription(&subscription)?;
    }
    Ok(())
}

/// The rooms a user is in. People are in some hundreds at most.
pub(super) fn rooms_of(store: &Store, user: &User) -> Result<Vec<Room>> {
    let mut rooms = Vec::new();
    store.memberships::<Error>(&user.id, |subscription| {
        rooms.extend(store.room(&subscription.room)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rooms)
}

/// Whether somebody else is an administrator who can log in.
pub(super) fn has_other_admin(app: &App, own: &UserId) -> Result<bool> {
    let mut found = false;
    app.store.users::<Error>(|user| {
        found = user.id != *own && user.active && user.has_role("admin");
        Ok(if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}

fn not_allowed(text: &str) -> Error {
    Error::refused("error-action-not-allowed", text)
}
