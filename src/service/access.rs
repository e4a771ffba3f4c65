//! Who may do what, and who may see which room.

use super::teams;
use crate::app::App;
use crate::domain::{Room, RoomKind, Subscription, User};
use crate::error::{Error, Result};

/// A permission's id.
pub type Permission = &'static str;

/// Whether a user holds a permission, everywhere.
pub fn holds(app: &App, user: &User, permission: &str) -> Result<bool> {
    holds_with(app, user, permission, None)
}

/// Whether a user holds a permission in a room: everywhere, or by a role in that room.
pub fn holds_in(app: &App, user: &User, permission: &str, room: &crate::domain::RoomId) -> Result<bool> {
    if holds(app, user, permission)? {
        return Ok(true);
    }
    let subscription = app.store.subscription(room, &user.id)?;
    holds_with(app, user, permission, subscription.as_ref())
}

fn holds_with(app: &App, user: &User, permission: &str, subscription: Option<&Subscription>) -> Result<bool> {
    let Some(grant) = app.store.grant(permission)? else { return Ok(false) };
    let room_roles = subscription.map_or(&[][..], |subscription| &subscription.roles);
    Ok(grant.roles.iter().any(|role| user.has_role(role) || room_roles.contains(role)))
}

/// Refuses unless a user holds all of these permissions everywhere.
pub fn require(app: &App, user: &User, permissions: &[Permission]) -> Result<()> {
    for permission in permissions {
        if !holds(app, user, permission)? {
            return Err(Error::Forbidden);
        }
    }
    Ok(())
}

/// Whether a user may see a room and what is in it.
///
/// Members see their rooms, everybody sees public channels, but for those of a private team, which its
/// members see. A discussion shows to whom its parent shows, whatever it is itself: a parent may have
/// become private after it. Administrators are no exception: nobody reads a private room they are not in.
pub fn can_see(app: &App, user: &User, room: &Room) -> Result<bool> {
    if room.parent.is_none() {
        return Ok(is_open_to(app, user, room)? || sees_as_member(app, user, room)?);
    }
    if sees_as_member(app, user, room)? {
        return Ok(true);
    }
    match parent(app, room)? {
        Some(parent) => Ok(is_open_to(app, user, &parent)? || sees_as_member(app, user, &parent)?),
        None => Ok(false),
    }
}

/// Whether a room shows to everybody, even to those who have not logged in.
pub fn is_public(app: &App, room: &Room) -> Result<bool> {
    if room.kind != RoomKind::Channel {
        return Ok(false);
    }
    if room.parent.is_none() {
        return teams::shows_to_all(app, room);
    }
    match parent(app, room)? {
        Some(parent) => Ok(parent.kind == RoomKind::Channel && teams::shows_to_all(app, &parent)?),
        None => Ok(false),
    }
}

/// The room that decides about a discussion. Discussions are never nested, so this goes one step deep.
fn parent(app: &App, room: &Room) -> Result<Option<Room>> {
    let parent = room.parent.as_ref().map_or(Ok(None), |parent| app.store.room(parent))?;
    Ok(parent.filter(|parent| parent.parent.is_none()))
}

/// Whether a user sees a room without being in it.
fn is_open_to(app: &App, user: &User, room: &Room) -> Result<bool> {
    Ok(room.kind == RoomKind::Channel
        && holds(app, user, "view-c-room")?
        && teams::shows_to(app, &user.id, room)?)
}

fn sees_as_member(app: &App, user: &User, room: &Room) -> Result<bool> {
    let by_kind = match room.kind {
        RoomKind::Channel => "view-c-room",
        RoomKind::Group => "view-p-room",
        RoomKind::Direct => "view-d-room",
    };
    Ok(is_member(app, user, room)? && (holds(app, user, by_kind)? || holds(app, user, "view-joined-room")?))
}

/// Whether a user is a member of a room.
pub fn is_member(app: &App, user: &User, room: &Room) -> Result<bool> {
    Ok(app.store.subscription(&room.id, &user.id)?.is_some())
}
