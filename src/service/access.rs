//! Who may do what, and who may see which room.

use super::teams;
use crate::app::App;
use crate::domain::{Grant, Room, RoomKind, Subscription, User};
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
    let Some(grant) = app.store.get::<Grant>(&(permission.to_owned(),))? else { return Ok(false) };
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
/// members see, and a discussion shows to whom its parent shows. Administrators are no exception: nobody reads a private room they are not in.
pub fn can_see(app: &App, user: &User, room: &Room) -> Result<bool> {
    if room.kind == RoomKind::Channel
        && holds(app, user, "view-c-room")?
        && teams::shows_to(app, &user.id, room)?
    {
        return Ok(true);
    }
    if app.store.subscription(&room.id, &user.id)?.is_some() {
        let by_kind = match room.kind {
            RoomKind::Channel => "view-c-room",
            RoomKind::Group => "view-p-room",
            RoomKind::Direct => "view-d-room",
        };
        if holds(app, user, "view-joined-room")? || holds(app, user, by_kind)? {
            return Ok(true);
        }
    }
    match &room.parent {
        // Discussions are never nested, so this goes one step deep.
        Some(parent) => match app.store.room(parent)? {
            Some(parent) if parent.parent.is_none() => can_see(app, user, &parent),
            _ => Ok(false),
        },
        None => Ok(false),
    }
}

/// Whether a user is a member of a room.
pub fn is_member(app: &App, user: &User, room: &Room) -> Result<bool> {
    Ok(app.store.subscription(&room.id, &user.id)?.is_some())
}
