//! Commands about people: who is in a room, who may speak, what somebody is doing.

use super::Call;
use crate::domain::{Room, RoomId, User};
use crate::error::{Error, Result};
use crate::service::member_lists::{self, Part, Wanted};
use crate::service::members;
use crate::service::{access, presence, room_roles, settings, writing};
use crate::store::Direction;

type Told = Result<Option<String>>;

pub(super) fn invite(call: &Call<'_>) -> Told {
    call.refuse_archived()?;
    let users: Vec<User> = call.words().map(|word| call.user(word)).collect::<Result<_>>()?;
    if users.is_empty() {
        return Err(Error::plain("Write whom to invite: /invite @user"));
    }
    members::invite(call.app, call.caller, &call.room.id, &users)?;
    Ok(None)
}

pub(super) fn all_from(call: &Call<'_>) -> Told {
    let from = call.other_room()?;
    invite_all(call, &from, call.room)
}

pub(super) fn all_to(call: &Call<'_>) -> Told {
    let to = call.other_room()?;
    invite_all(call, call.room, &to)
}

fn invite_all(call: &Call<'_>, from: &Room, to: &Room) -> Told {
    writing::refuse_archived(to)?;
    let users = members_of(call, from)?;
    members::invite(call.app, call.caller, &to.id, &users)?;
    Ok(None)
}

/// The members of a room, if the caller may know them and they are not too many.
fn members_of(call: &Call<'_>, room: &Room) -> Result<Vec<User>> {
    let Call { app, caller, .. } = call;
    let shown = room.broadcast != Some(true)
        || access::holds_in(app, &caller.user, "view-broadcast-member-list", &room.id)?;
    if !shown {
        return Err(Error::Unauthorized);
    }
    let most = settings::limit(app, "API_User_Limit")?.unwrap_or(500);
    let count = usize::try_from(most).unwrap_or(usize::MAX);
    let part = Part { direction: Direction::Ascending, offset: 0, count };
    let (found, total) = member_lists::by_name(app, &room.id, &Wanted::default(), part)?;
    if total as u64 > most {
        let text = format!("User Limit Exceeded: at most {most} people can be invited at a time");
        return Err(Error::refused("error-user-limit-exceeded", text));
    }
    Ok(found)
}

pub(super) fn kick(call: &Call<'_>) -> Told {
    call.refuse_archived()?;
    members::remove(call.app, call.caller, &call.room.id, &call.named_user()?)?;
    Ok(None)
}

pub(super) fn mute(call: &Call<'_>) -> Told {
    set_muted(call, true)
}

pub(super) fn unmute(call: &Call<'_>) -> Told {
    set_muted(call, false)
}

fn set_muted(call: &Call<'_>, muted: bool) -> Told {
    let room: &RoomId = &call.room.id;
    room_roles::set_muted(call.app, call.caller, room, &call.named_user()?, muted)?;
    Ok(None)
}

pub(super) fn status(call: &Call<'_>) -> Told {
    presence::set(call.app, call.caller, (None, None), None, Some(call.params.trim()))?;
    Ok(None)
}
