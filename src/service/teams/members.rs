//! Who is in a team: added, given roles, removed, gone.

use std::ops::ControlFlow;

use super::{Team, among, current, each_room, is_member, record_in, require};
use crate::app::App;
use crate::domain::{Message, Room, RoomId, Subscription, Time, User, UserId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::member_lists::has_several_owners;
use crate::service::members::{newcomer, remember_end};
use crate::service::{access, rooms};
use crate::store::{Batch, Direction};

/// The roles that somebody can have in a team.
const ROLES: [&str; 3] = ["owner", "moderator", "leader"];
/// What clients call having none of them.
const NO_ROLE: &str = "member";

/// A member with roles.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Who.
    pub user: UserId,
    /// Which roles; unknown ones are refused. `member` is none: everybody in a team is one.
    pub roles: Vec<String>,
}

/// The roles to be kept of those that were sent.
fn checked_roles(mut roles: Vec<String>) -> Result<Vec<String>> {
    roles.retain(|role| role != NO_ROLE);
    if roles.iter().all(|role| ROLES.contains(&role.as_str())) {
        return Ok(roles);
    }
    Err(Error::plain(format!("invalid-role: choose from {NO_ROLE}, {}", ROLES.join(", "))))
}

/// Makes somebody who has just come into a team's main room a member of the rooms that all join.
pub fn welcome(app: &App, batch: &mut Batch<'_>, user: &User, room: &Room, now: Time) -> Result<()> {
    let Some(team) = room.team() else { return Ok(()) };
    let mut joined = Vec::new();
    each_room::<Error>(&app.store, &team, Direction::Ascending, |room, place| {
        if place.joined_by_all && !room.archived {
            joined.push(room);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    joined.iter().try_for_each(|room| join(batch, user, room, now))
}

/// Makes somebody a member of a room, unless they are one, and notes it down.
pub(super) fn join(batch: &mut Batch<'_>, user: &User, room: &Room, now: Time) -> Result<()> {
    if batch.has::<Subscription>(&(room.id.clone(), user.id.clone()))? {
        return Ok(());
    }
    batch.put_subscription(&newcomer(batch, user, &room.id, now)?)?;
    let kind = record_in(room, "uj");
    rooms::note(batch, &Message::system(kind, room.id.clone(), user.reference(), now, &user.username))
}

/// Adds people to a team, or gives roles to those who are in it.
pub fn add(app: &App, caller: &Caller, team: &Team, wanted: Vec<Wanted>) -> Result<()> {
    let may = access::holds_in(app, &caller.user, "add-team-member", &team.room.id)?
        || access::holds_in(app, &caller.user, "edit-team-member", &team.room.id)?;
    if !may {
        return Err(Error::Unauthorized);
    }
    let may_give_roles = access::holds_in(app, &caller.user, "edit-team-member", &team.room.id)?;
    let now = app.now();
    app.store.write(|batch| {
        let team = current(batch, team)?;
        for wanted in wanted {
            let roles = checked_roles(wanted.roles)?;
            if !roles.is_empty() && !may_give_roles {
                return Err(Error::Unauthorized);
            }
            let user = batch.get::<User>(&(wanted.user,))?.filter(|user| user.active);
            let user = user.ok_or_else(|| Error::plain("invalid-user"))?;
            let key = (team.room.id.clone(), user.id.clone());
            let known = batch.get::<Subscription>(&key)?;
            let is_new = known.is_none();
            let mut member = known.map_or_else(|| newcomer(batch, &user, &team.room.id, now), Ok)?;
            for role in roles {
                if !member.roles.contains(&role) {
                    member.roles.push(role);
                    member.updated = now;
                }
            }
            batch.put_subscription(&member)?;
            if is_new {
                let (kind, actor) = (record_in(&team.room, "au"), caller.user.reference());
                let room = team.room.id.clone();
                rooms::note(batch, &Message::system(kind, room, actor, now, &user.username))?;
                welcome(app, batch, &user, &team.room, now)?;
            }
        }
        Ok(())
    })
}

/// Gives a member these roles in the team and no others. A team keeps its last owner.
pub fn update(app: &App, caller: &Caller, team: &Team, wanted: Wanted) -> Result<()> {
    require(app, caller, team, "edit-team-member")?;
    let roles = checked_roles(wanted.roles)?;
    app.store.write(|batch| {
        let team = current(batch, team)?;
        if !batch.has::<User>(&(wanted.user.clone(),))? {
            return Err(Error::plain("invalid-user"));
        }
        let member = batch.get::<Subscription>(&(team.room.id.clone(), wanted.user))?;
        let mut member = member.ok_or_else(|| Error::plain("user-not-on-team"))?;
        let keeps = roles.iter().any(|role| role == "owner");
        if member.has_role("owner") && !keeps && !has_several_owners(app, &team.room.id)? {
            return Err(last_owner());
        }
        member.roles = roles;
        member.updated = app.now();
        Ok(batch.put_subscription(&member)?)
    })
}

fn last_owner() -> Error {
    Error::plain("last-owner-can-not-be-removed")
}

/// Removes somebody from a team and from these of its rooms.
pub fn remove(app: &App, caller: &Caller, team: &Team, user: Option<&User>, from: &[RoomId]) -> Result<()> {
    require(app, caller, team, "edit-team-member")?;
    let user = user.ok_or_else(|| Error::plain("invalid-user"))?;
    end(app, team, user, from, ("ru", &caller.user))
}

/// Takes the caller out of a team and out of these of its rooms.
pub fn leave(app: &App, caller: &Caller, team: &Team, from: &[RoomId]) -> Result<()> {
    end(app, team, &caller.user, from, ("ul", &caller.user))
}

fn end(
    app: &App,
    team: &Team,
    user: &User,
    from: &[RoomId],
    (record, actor): (&'static str, &User),
) -> Result<()> {
    let now = app.now();
    if !is_member(app, &user.id, team)? {
        return Err(Error::plain("user-not-on-team"));
    }
    let others = among(app, team, from)?;
    app.store.write(|batch| {
        let team = current(batch, team)?;
        for room in [&team.room].into_iter().chain(&others) {
            let key = (room.id.clone(), user.id.clone());
            let Some(member) = batch.get::<Subscription>(&key)? else { continue };
            if member.has_role("owner") && !has_several_owners(app, &room.id)? {
                return Err(last_owner());
            }
            batch.delete_subscription(&room.id, &user.id)?;
            remember_end(batch, &member, now)?;
            let kind = record_in(room, record);
            let record = Message::system(kind, room.id.clone(), actor.reference(), now, &user.username);
            rooms::note(batch, &record)?;
        }
        Ok(())
    })
}
