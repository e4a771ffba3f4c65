//! Who is in a room: joining, inviting, leaving, removing.

use std::ops::ControlFlow;

use serde_json::{Map, Value};

use super::member_lists::has_several_owners;
use super::rooms::{current, note};
use super::{access, hooks, settings, teams};
use crate::app::App;
use crate::domain::{HookEvent, Json, Message, Room, RoomId, RoomKind, Subscription, Time, User, UserId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::store::schema::EndedMembership;
use crate::store::{Batch, Direction};

/// A membership with nothing unread. It starts with the user's preferences of notification.
pub fn membership(batch: &Batch<'_>, user: &User, room: &RoomId, now: Time) -> Result<Subscription> {
    let mut subscription = Subscription::new(&user.reference(), room.clone(), now);
    subscription.group_mentions_seen = batch.activity(room)?.group_mentions;
    subscription.extra = preferences(user);
    Ok(subscription)
}

/// The membership of somebody who joins a room that exists: it asks for attention.
pub fn newcomer(batch: &Batch<'_>, user: &User, room: &RoomId, now: Time) -> Result<Subscription> {
    let mut subscription = membership(batch, user, room, now)?;
    subscription.unread = 1;
    subscription.user_mentions = 1;
    subscription.marked_unread = true;
    Ok(subscription)
}

fn preferences(user: &User) -> Json {
    const KEPT: [(&str, &str, &str); 3] = [
        ("desktopNotifications", "desktopNotifications", "desktopPrefOrigin"),
        ("pushNotifications", "mobilePushNotifications", "mobilePrefOrigin"),
        ("emailNotificationMode", "emailNotifications", "emailPrefOrigin"),
    ];
    let preferences = user.preferences.value();
    let mut kept = Map::new();
    for (preference, key, origin) in KEPT {
        if let Some(chosen) = preferences[preference].as_str().filter(|chosen| *chosen != "default") {
            kept.insert(key.to_owned(), chosen.into());
            kept.insert(origin.to_owned(), "user".into());
        }
    }
    if let Some(highlights) = preferences["highlights"].as_array().filter(|list| !list.is_empty()) {
        kept.insert("userHighlights".to_owned(), Value::Array(highlights.clone()));
    }
    if kept.is_empty() { Json::NONE } else { Json::of(&kept) }
}

/// Makes the caller a member of a public channel.
pub fn join(app: &App, caller: &Caller, room: &RoomId, code: Option<&str>) -> Result<()> {
    let now = app.now();
    app.store.write(|batch| {
        let room = current(batch, room)?;
        if batch.has::<Subscription>(&(room.id.clone(), caller.user.id.clone()))? {
            return Ok(());
        }
        if room.kind != RoomKind::Channel || !access::can_see(app, &caller.user, &room)? {
            return Err(Error::not_allowed());
        }
        enter(app, batch, &caller.user, &room, code, now).map(drop)
    })
}

/// Makes somebody a member of a public channel that they may see and are not in, if they know its code.
pub fn enter(
    app: &App,
    batch: &mut Batch<'_>,
    user: &User,
    room: &Room,
    code: Option<&str>,
    now: Time,
) -> Result<Subscription> {
    if let Some(wanted) = &room.join_code
        && !access::holds_in(app, user, "join-without-join-code", &room.id)?
    {
        match code.filter(|code| !code.is_empty()) {
            None => return Err(Error::refused("error-code-required", "Code required")),
            Some(code) if code != wanted => {
                return Err(Error::refused("error-code-invalid", "Invalid code"));
            }
            Some(_) => {}
        }
    }
    let member = newcomer(batch, user, &room.id, now)?;
    batch.put_subscription(&member)?;
    hooks::room(app, batch, HookEvent::RoomJoined, room, user)?;
    let kind = teams::record_in(room, "uj");
    note(batch, &Message::system(kind, room.id.clone(), user.reference(), now, &user.username))?;
    teams::members::welcome(app, batch, user, room, now)?;
    Ok(member)
}

/// Makes others members. Who is one already stays one. In channels clients expect the record as if
/// the users had joined; in groups they expect to see who brought whom.
pub fn invite(app: &App, caller: &Caller, room: &RoomId, users: &[User]) -> Result<()> {
    bring(app, caller, room, users, |room| room.kind == RoomKind::Channel && room.team().is_none())
}

/// The same with a record of who brought whom, whatever the room.
pub fn add(app: &App, caller: &Caller, room: &RoomId, users: &[User]) -> Result<()> {
    bring(app, caller, room, users, |_| false)
}

fn bring(
    app: &App,
    caller: &Caller,
    room: &RoomId,
    users: &[User],
    as_joined: fn(&Room) -> bool,
) -> Result<()> {
    let now = app.now();
    app.store.write(|batch| {
        let room = current(batch, room)?;
        if !may_invite(app, caller, &room)? {
            return Err(Error::not_allowed());
        }
        for user in users {
            if batch.has::<Subscription>(&(room.id.clone(), user.id.clone()))? {
                continue;
            }
            batch.put_subscription(&newcomer(batch, user, &room.id, now)?)?;
            hooks::room(app, batch, HookEvent::RoomJoined, &room, user)?;
            let (kind, actor) = if as_joined(&room) { ("uj", user) } else { ("au", &caller.user) };
            let kind = teams::record_in(&room, kind);
            note(batch, &Message::system(kind, room.id.clone(), actor.reference(), now, &user.username))?;
            teams::members::welcome(app, batch, user, &room, now)?;
        }
        Ok(())
    })
}

/// Makes everybody a member who has an account, or an active one. Who is one already stays one.
pub fn add_all(app: &App, caller: &Caller, room: &RoomId, only_active: bool) -> Result<()> {
    let now = app.now();
    if !access::holds(app, &caller.user, "add-all-to-room")? {
        return Err(Error::refused("403", "Access to Method Forbidden"));
    }
    let most = settings::limit(app, "API_User_Limit")?.unwrap_or(u64::MAX);
    let mut ids = Vec::new();
    app.store.people::<Error>(Direction::Ascending, |id, person| {
        if person.active || !only_active {
            ids.push(id);
        }
        let over = ids.len() as u64 > most;
        Ok(if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    if ids.len() as u64 > most {
        return Err(Error::refused("error-user-limit-exceeded", "User Limit Exceeded"));
    }
    app.store.write(|batch| {
        let room = current(batch, room)?;
        for id in ids {
            let is_new = !batch.has::<Subscription>(&(room.id.clone(), id.clone()))?;
            if is_new && let Some(user) = batch.get::<User>(&(id,))? {
                batch.put_subscription(&newcomer(batch, &user, &room.id, now)?)?;
                let kind = teams::record_in(&room, "uj");
                let message = Message::system(kind, room.id.clone(), user.reference(), now, &user.username);
                note(batch, &message)?;
                hooks::room(app, batch, HookEvent::RoomJoined, &room, &user)?;
                teams::members::welcome(app, batch, &user, &room, now)?;
            }
        }
        Ok(())
    })
}

fn may_invite(app: &App, caller: &Caller, room: &Room) -> Result<bool> {
    let everywhere = match room.kind {
        RoomKind::Channel => "add-user-to-any-c-room",
        RoomKind::Group => "add-user-to-any-p-room",
        RoomKind::Direct => return Ok(false),
    };
    let own = access::is_member(app, &caller.user, room)?
        && access::holds_in(app, &caller.user, "add-user-to-joined-room", &room.id)?;
    Ok(own || access::holds(app, &caller.user, everywhere)?)
}

/// Ends the caller's membership.
pub fn leave(app: &App, caller: &Caller, room: &RoomId) -> Result<()> {
    let now = app.now();
    app.store.write(|batch| {
        let room = current(batch, room)?;
        let permission = match room.kind {
            RoomKind::Channel => "leave-c",
            RoomKind::Group => "leave-p",
            RoomKind::Direct => return Err(Error::not_allowed()),
        };
        if !access::holds(app, &caller.user, permission)? {
            return Err(Error::not_allowed());
        }
        end(app, batch, &room, &caller.user.id, "You are not in this room")?;
        hooks::room(app, batch, HookEvent::RoomLeft, &room, &caller.user)?;
        let username = &caller.user.username;
        let kind = teams::record_in(&room, "ul");
        note(batch, &Message::system(kind, room.id, caller.user.reference(), now, username))
    })
}

/// Ends somebody's membership.
pub fn remove(app: &App, caller: &Caller, room: &RoomId, user: &User) -> Result<()> {
    let now = app.now();
    app.store.write(|batch| {
        let room = current(batch, room)?;
        let everywhere = match room.kind {
            RoomKind::Channel => "kick-user-from-any-c-room",
            RoomKind::Group => "kick-user-from-any-p-room",
            RoomKind::Direct => return Err(Error::not_allowed()),
        };
        if !access::holds_in(app, &caller.user, "remove-user", &room.id)?
            && !access::holds(app, &caller.user, everywhere)?
        {
            return Err(Error::not_allowed());
        }
        end(app, batch, &room, &user.id, "User is not in this room")?;
        let kind = teams::record_in(&room, "ru");
        note(batch, &Message::system(kind, room.id, caller.user.reference(), now, &user.username))
    })
}

fn end(app: &App, batch: &mut Batch<'_>, room: &Room, user: &UserId, no_member: &str) -> Result<()> {
    let Some(membership) = batch.get::<Subscription>(&(room.id.clone(), user.clone()))? else {
        return Err(Error::refused("error-user-not-in-room", no_member));
    };
    if membership.has_role("owner") && !has_several_owners(app, &room.id)? {
        let text = "You are the last owner. Please set new owner before leaving the room.";
        return Err(Error::refused("error-you-are-last-owner", text));
    }
    batch.delete_subscription(&room.id, user)?;
    remember_end(batch, &membership, app.now())
}

/// Notes down that a membership has ended, for clients that ask later.
pub fn remember_end(batch: &mut Batch<'_>, membership: &Subscription, ended: Time) -> Result<()> {
    let key = (membership.user.clone(), membership.room.clone());
    Ok(batch.put(&key, &EndedMembership { id: membership.id.clone(), ended })?)
}
