//! Roles within a room: owners, moderators, leaders, and who may not speak.

use serde_json::json;

use super::access::{self, Permission};
use super::member_lists::{self, has_several_owners};
use super::rooms::{current, note};
use crate::app::App;
use crate::domain::{Json, Message, RoomId, RoomKind, Subscription, User};
use crate::error::{Error, Result};
use crate::service::caller::Caller;

/// A role within a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomRole {
    /// May do everything in the room.
    Owner,
    /// Keeps order.
    Moderator,
    /// Is shown at the head of the room.
    Leader,
}

impl RoomRole {
    /// Rocket.Chat's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Moderator => "moderator",
            Self::Leader => "leader",
        }
    }

    fn permission(self) -> Permission {
        match self {
            Self::Owner => "set-owner",
            Self::Moderator => "set-moderator",
            Self::Leader => "set-leader",
        }
    }

    fn with_article(self) -> &'static str {
        match self {
            Self::Owner => "an owner",
            Self::Moderator => "a moderator",
            Self::Leader => "a leader",
        }
    }
}

/// Gives a member a role.
pub fn add(app: &App, caller: &Caller, room: &RoomId, user: &User, role: RoomRole) -> Result<()> {
    change(app, caller, room, user, role, |member| {
        if member.has_role(role.word()) {
            let code = format!("error-user-already-{}", role.word());
            return Err(Error::refused(code, format!("User is already {}", role.with_article())));
        }
        member.roles.push(role.word().to_owned());
        Ok("subscription-role-added")
    })
}

/// Takes a role from a member. A room keeps its last owner.
pub fn remove(app: &App, caller: &Caller, room: &RoomId, user: &User, role: RoomRole) -> Result<()> {
    change(app, caller, room, user, role, |member| {
        if !member.has_role(role.word()) {
            let code = format!("error-user-not-{}", role.word());
            return Err(Error::refused(code, format!("User is not {}", role.with_article())));
        }
        if role == RoomRole::Owner && !has_several_owners(app, &member.room)? {
            let text = "This is the last owner. Please set a new owner before removing this one.";
            return Err(Error::refused("error-remove-last-owner", text));
        }
        member.roles.retain(|known| known != role.word());
        Ok("subscription-role-removed")
    })
}

fn change(
    app: &App,
    caller: &Caller,
    room: &RoomId,
    user: &User,
    role: RoomRole,
    apply: impl FnOnce(&mut Subscription) -> Result<&'static str>,
) -> Result<()> {
    let now = app.now();
    app.store.write(|batch| {
        let room = current(batch, room)?;
        if !access::holds_in(app, &caller.user, role.permission(), &room.id)? {
            return Err(Error::not_allowed());
        }
        let Some(mut member) = batch.get::<Subscription>(&(room.id.clone(), user.id.clone()))? else {
            return Err(Error::refused("error-user-not-in-room", "User is not in this room"));
        };
        let kind = apply(&mut member)?;
        member.updated = now;
        batch.put_subscription(&member)?;
        let mut message = Message::system(kind, room.id, caller.user.reference(), now, &user.username);
        message.extra = Json::of(&json!({"groupable": false, "role": role.word()}));
        note(batch, &message)
    })
}

/// The members who have one of these roles, sorted by login name. Few people have one.
pub fn holders(app: &App, room: &RoomId, roles: &[RoomRole]) -> Result<Vec<(Subscription, User)>> {
    let mut holders = Vec::new();
    for listed in member_lists::with_roles(app, room)? {
        let member = app.store.subscription(room, &listed.user)?;
        if let (Some(member), Some(user)) = (member, app.store.user(&listed.user)?)
            && roles.iter().any(|role| member.has_role(role.word()))
        {
            holders.push((member, user));
        }
    }
    holders.sort_by(|(_, one), (_, other)| one.username.cmp(&other.username));
    Ok(holders)
}

/// Forbids a member to speak, or allows it again. A read-only room has a list of those who may
/// speak all the same, any other room one of those who may not.
pub fn set_muted(app: &App, caller: &Caller, room: &RoomId, user: &User, muted: bool) -> Result<()> {
    let now = app.now();
    app.store.write(|batch| {
        if !access::holds_in(app, &caller.user, "mute-user", room)? {
            return Err(Error::not_allowed());
        }
        let mut room = current(batch, room)?;
        if room.kind == RoomKind::Direct {
            return Err(Error::refused("error-invalid-room-type", "d is not a valid room type"));
        }
        if !batch.has::<Subscription>(&(room.id.clone(), user.id.clone()))? {
            return Err(Error::refused("error-user-not-in-room", "User is not in this room"));
        }
        let name = &user.username;
        if !(room.read_only && muted) {
            room.muted.retain(|known| known != name);
        }
        room.unmuted.retain(|known| known != name);
        if muted && !room.read_only {
            room.muted.push(name.clone());
        } else if !muted && room.read_only {
            room.unmuted.push(name.clone());
        }
        room.updated = now;
        batch.put_room(&room)?;
        let kind = if muted { "user-muted" } else { "user-unmuted" };
        note(batch, &Message::system(kind, room.id, caller.user.reference(), now, name))
    })
}
