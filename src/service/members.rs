//! Who is in a room: joining, inviting, leaving, removing, listing.

use std::ops::ControlFlow;

use serde_json::{Map, Value};

use super::rooms::{current, note};
use super::{access, settings, teams};
use crate::app::App;
use crate::domain::{Json, Message, Room, RoomId, RoomKind, Subscription, Time, User, UserId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::store::Batch;
use crate::store::schema::EndedMembership;

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
    let kind = teams::record_in(room, "uj");
    note(batch, &Message::system(kind, room.id.clone(), user.reference(), now, &user.username))?;
    teams::members::welcome(app, batch, user, room, now)?;
    Ok(member)
}

/// Makes others members. Who is one already stays one.
pub fn invite(app: &App, caller: &Caller, room: &RoomId, users: &[User]) -> Result<()> {
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
            // In channels clients expect the record as if the user had joined; in groups they
            // expect to see who brought whom.
            let (kind, actor) = match room.kind {
                RoomKind::Channel if room.team().is_none() => ("uj", user),
                RoomKind::Channel | RoomKind::Group | RoomKind::Direct => ("au", &caller.user),
            };
            let kind = teams::record_in(&room, kind);
            note(batch, &Message::system(kind, room.id.clone(), actor.reference(), now, &user.username))?;
            teams::members::welcome(app, batch, user, &room, now)?;
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

/// Whether a room has more than one owner.
pub fn has_several_owners(app: &App, room: &RoomId) -> Result<bool> {
    let mut owners = 0;
    app.store.members::<Error>(room, |member| {
        owners += usize::from(member.has_role("owner"));
        Ok(if owners > 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(owners > 1)
}

/// Which members of a room are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Contained in one of the fields that the settings name.
    pub filter: Option<String>,
    /// One of these statuses; empty: any.
    pub statuses: Vec<String>,
}

/// Login names and ids of the active members that are wanted, sorted by login name.
///
/// Members are stored by id, so that sorting needs a pair of short texts for each of them in
/// memory: some thousands at most.
pub fn list(app: &App, room: &RoomId, wanted: &Wanted) -> Result<Vec<(String, UserId)>> {
    let needle = wanted.filter.as_deref().map(str::to_lowercase).filter(|needle| !needle.is_empty());
    let fields = settings::words(app, "Accounts_SearchFields")?;
    let mut members = Vec::new();
    app.store.members::<Error>(room, |member| {
        let Some(user) = app.store.user(&member.user)? else { return Ok(ControlFlow::Continue(())) };
        let in_status = wanted.statuses.is_empty() || wanted.statuses.contains(&user.status);
        let found = needle.as_deref().is_none_or(|needle| contains(&user, &fields, needle));
        if user.active && in_status && found {
            members.push((user.username, user.id));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    members.sort_unstable();
    Ok(members)
}

fn contains(user: &User, fields: &[String], needle: &str) -> bool {
    fields.iter().any(|field| {
        let text = match field.as_str() {
            "username" => Some(user.username.as_str()),
            "name" => user.name.as_deref(),
            "bio" => user.bio.as_deref(),
            "nickname" => user.nickname.as_deref(),
            _ => None,
        };
        text.is_some_and(|text| text.to_lowercase().contains(needle))
    })
}
