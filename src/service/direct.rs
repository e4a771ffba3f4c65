//! Direct messages: found by their members, opened when first needed.

use std::ops::ControlFlow;

use serde_json::Value;

use super::{members, settings, subscriptions};
use crate::app::App;
use crate::domain::{Room, RoomId, RoomKind, Subscription, User, UserId, UserRef};
use crate::error::{Error, Result};
use crate::service::access;
use crate::service::caller::Caller;
use crate::store::Batch;

/// The id of the conversation between two people, or of one person's notes.
pub fn room_id(one: &UserId, other: &UserId) -> RoomId {
    let mut ids = [one.as_str(), other.as_str()];
    ids.sort_unstable();
    RoomId::new(ids.concat())
}

/// The conversation with the user that `given` names (id or login name), opened if it is new; else
/// the conversation of that id, if the caller is in it.
pub fn find_or_open(app: &App, caller: &Caller, given: &str) -> Result<Room> {
    let user = match app.store.user(&UserId::new(given))? {
        Some(user) => Some(user),
        None => app.store.user_by_name(given)?.filter(|user| user.username == given),
    };
    if let Some(user) = user {
        return open(app, caller, &user);
    }
    let room = app.store.room(&RoomId::new(given))?.filter(|room| room.kind == RoomKind::Direct);
    match room {
        Some(room) if access::can_see(app, &caller.user, &room)? => Ok(room),
        _ => Err(Error::code("invalid-channel")),
    }
}

/// The conversation between the caller and `other`, opened if it is new.
pub fn open(app: &App, caller: &Caller, other: &User) -> Result<Room> {
    let id = room_id(&caller.user.id, &other.id);
    if let Some(room) = app.store.room(&id)? {
        return only_of(room, &[&caller.user.id, &other.id]);
    }
    if !access::holds(app, &caller.user, "create-d")? {
        return Err(Error::not_allowed());
    }
    let mut members = vec![caller.user.reference()];
    if other.id != caller.user.id {
        members.push(other.reference());
    }
    create(app, id, members)
}

/// Opens a conversation between these people. The first of them opens it.
pub fn create(app: &App, id: RoomId, members: Vec<UserRef>) -> Result<Room> {
    app.store.write(|batch| match batch.get::<Room>(&(id.clone(),))? {
        Some(room) => only_of(room, &members.iter().map(|member| &member.id).collect::<Vec<_>>()),
        None => put(app, batch, id, members),
    })
}

/// The room, if it is a conversation between these people and nobody else. Another room may have got
/// that id by an import: what two people say to each other must not be said there.
fn only_of(room: Room, people: &[&UserId]) -> Result<Room> {
    let only = room.direct.iter().all(|member| people.contains(&&member.id));
    if room.kind == RoomKind::Direct && only {
        return Ok(room);
    }
    Err(Error::refused("error-invalid-room", "Another room has the place of this conversation"))
}

/// The conversation between exactly these three or more people, opened by the first of them if there
/// is none.
pub fn find_or_open_group(app: &App, members: Vec<UserRef>) -> Result<Room> {
    let mut ids: Vec<UserId> = members.iter().map(|member| member.id.clone()).collect();
    ids.sort();
    app.store.write(|batch| {
        let mut known = None;
        if let Some(first) = members.first() {
            app.store.memberships::<Error>(&first.id, |membership| {
                let room = app.store.room(&membership.room)?;
                known = room.filter(|room| room.kind == RoomKind::Direct && has_members(room, &ids));
                Ok(if known.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
        }
        match known {
            Some(room) => Ok(room),
            None => put(app, batch, RoomId::random(), members),
        }
    })
}

fn has_members(room: &Room, sorted: &[UserId]) -> bool {
    let mut ids: Vec<&UserId> = room.direct.iter().map(|member| &member.id).collect();
    ids.sort();
    ids.into_iter().eq(sorted)
}

fn put(app: &App, batch: &mut Batch<'_>, id: RoomId, members: Vec<UserRef>) -> Result<Room> {
    let now = app.now();
    let mut room = Room::new(id, RoomKind::Direct, None, None, now);
    let for_two = members.len() <= 2;
    for (place, member) in members.iter().enumerate() {
        let mut subscription = match batch.get::<User>(&(member.id.clone(),))? {
            Some(user) => members::membership(batch, &user, &room.id, now)?,
            None => Subscription::new(member, room.id.clone(), now),
        };
        if place == 0 {
            subscription.last_seen = Some(now);
        } else if for_two {
            subscription.closed_at = Some(now);
        }
        batch.put_subscription(&subscription)?;
    }
    room.direct = members;
    batch.put_room(&room)?;
    Ok(room)
}

/// The conversation between the people that `usernames` names, and the caller unless `exclude_self`;
/// opened if it is new. The caller sees it in the sidebar.
pub fn between(app: &App, caller: &Caller, usernames: &[String], exclude_self: bool) -> Result<Room> {
    let invalid = || Error::refused("error-invalid-user", "Invalid user");
    let me = caller.user.reference();
    let mut members: Vec<UserRef> = if exclude_self { Vec::new() } else { vec![me.clone()] };
    let most = usize::try_from(settings::limit(app, "DirectMesssage_maxUsers")?.unwrap_or(u64::MAX));
    let most = most.unwrap_or(usize::MAX);
    for username in usernames {
        let user = app.store.user_by_name(username)?.ok_or_else(invalid)?;
        let is_excluded = exclude_self && user.id == me.id;
        if !is_excluded && members.iter().all(|member| member.id != user.id) {
            members.push(user.reference());
        }
        if members.len() > most {
            let text =
                format!("You cannot add more than {most} users, including yourself to a direct message");
            return Err(Error::refused("error-direct-message-max-user-exceeded", text));
        }
    }
    if exclude_self && members.len() < 2 {
        return Err(invalid());
    }
    if members.len() == 1 && !settings::is_on(app, "Message_AllowDirectMessagesToYourself")? {
        return Err(invalid());
    }
    let pair = match members.as_slice() {
        [one] => Some(room_id(&one.id, &one.id)),
        [one, other] => Some(room_id(&one.id, &other.id)),
        _ => None,
    };
    let may_create = access::holds(app, &caller.user, "create-d")?
        && (exclude_self || members.len() == 1 || access::holds(app, &caller.user, "view-outside-room")?);
    let room = match pair {
        None if may_create => find_or_open_group(app, members)?,
        None => return Err(Error::not_allowed()),
        Some(id) => match app.store.room(&id)? {
            Some(room) if may_create || access::can_see(app, &caller.user, &room)? => room,
            None if may_create => create(app, id, members)?,
            Some(_) | None => return Err(Error::not_allowed()),
        },
    };
    subscriptions::set_open(app, caller, &room.id, true)?;
    Ok(room)
}

/// Stops a conversation of two people, or lets it go on as far as the caller has stopped it.
pub fn set_blocked(app: &App, caller: &Caller, room: &Room, blocked: bool) -> Result<()> {
    let now = app.now();
    let invalid = || Error::refused("error-invalid-room", "Invalid room");
    let other = match room.direct.as_slice() {
        [one, other] if one.id == caller.user.id => other,
        [other, one] if one.id == caller.user.id => other,
        _ => return Err(invalid()),
    };
    let value = if blocked { Value::Bool(true) } else { Value::Null };
    app.store.write(|batch| {
        for (user, key) in [(&caller.user.id, "blocker"), (&other.id, "blocked")] {
            let mut member =
                batch.get::<Subscription>(&(room.id.clone(), user.clone()))?.ok_or_else(invalid)?;
            member.extra = member.extra.with(key, value.clone());
            member.updated = now;
            batch.put_subscription(&member)?;
        }
        Ok(())
    })
}
