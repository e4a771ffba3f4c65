//! Lists of teams, of their rooms and of their members, a page at a time.

use std::ops::ControlFlow;

use super::{Team, each_room, is_member};
use crate::app::App;
use crate::domain::{Room, RoomKind, Subscription, TeamPlace, User, UserId};
use crate::error::{Error, Result};
use crate::service::access;
use crate::service::caller::Caller;
use crate::store::Direction;
use crate::store::room_lists::RoomList;

/// Nobody reads how many rooms more a team has.
const MOST_ROOMS: u64 = 10_000;

const GO_ON: Result<ControlFlow<()>> = Ok(ControlFlow::Continue(()));

/// Calls `each` with the teams whose names begin with `prefix`, by name, until it breaks.
pub fn each(
    app: &App,
    prefix: &str,
    direction: Direction,
    mut each: impl FnMut(Team) -> Result<ControlFlow<()>>,
) -> Result<()> {
    app.store.rooms_in::<Error>(&RoomList::Teams, prefix, direction, |id| {
        match app.store.room(&id)?.and_then(Team::of_main) {
            Some(team) => each(team),
            None => GO_ON,
        }
    })
}

/// How many rooms a team has besides its main room.
pub fn count_rooms(app: &App, team: &Team) -> Result<u64> {
    Ok(app.store.count_rooms_in(&RoomList::OfTeam(team.id.clone()), MOST_ROOMS)?.saturating_sub(1))
}

/// The teams that somebody is in, by name, each with their membership. As many as a person joins.
pub fn of_user(app: &App, user: &UserId) -> Result<Vec<(Team, Subscription)>> {
    let mut teams = Vec::new();
    app.store.memberships::<Error>(user, |membership| {
        let room = app.store.room(&membership.room)?;
        teams.extend(room.and_then(Team::of_main).map(|team| (team, membership)));
        GO_ON
    })?;
    teams.sort_by_cached_key(|(team, _)| team.name().to_lowercase());
    Ok(teams)
}

/// Of the teams that `user` is in those that the caller may know of: private ones only if the caller
/// is in them, too, or sees all.
pub fn known_of_user(app: &App, caller: &Caller, user: &UserId) -> Result<Vec<(Team, Subscription)>> {
    let mut teams = of_user(app, user)?;
    if *user == caller.user.id || access::holds(app, &caller.user, "view-all-teams")? {
        return Ok(teams);
    }
    let mut known = Vec::new();
    for (team, membership) in teams.drain(..) {
        if !team.is_private() || is_member(app, &caller.user.id, &team)? {
            known.push((team, membership));
        }
    }
    Ok(known)
}

/// Which rooms of a team are wanted.
#[derive(Debug, Clone, Default)]
pub struct WantedRooms {
    /// Contained in the name.
    pub name: Option<String>,
    /// Only those that all join.
    pub joined_by_all: bool,
}

/// Calls `each` with the rooms of a team that the caller may know of, by name.
pub fn rooms(
    app: &App,
    caller: &Caller,
    team: &Team,
    wanted: &WantedRooms,
    mut each: impl FnMut(Room, TeamPlace) -> Result<()>,
) -> Result<()> {
    let sees_all = access::holds_in(app, &caller.user, "view-all-team-channels", &team.room.id)?;
    let is_member = is_member(app, &caller.user.id, team)?;
    if team.is_private() && !is_member && !access::holds(app, &caller.user, "view-all-teams")? {
        return Err(Error::plain("user-not-on-private-team"));
    }
    let name = wanted.name.as_deref().unwrap_or_default().to_lowercase();
    each_room::<Error>(&app.store, &team.id, Direction::Ascending, |room, place| {
        let fits = (!wanted.joined_by_all || place.joined_by_all)
            && room.name.as_deref().unwrap_or_default().to_lowercase().contains(&name);
        if fits && (sees_all || is_open(&room) || access::is_member(app, &caller.user, &room)?) {
            each(room, place)?;
        }
        GO_ON
    })
}

fn is_open(room: &Room) -> bool {
    room.kind == RoomKind::Channel
}

/// Calls `each` with the rooms of a team that somebody is in, by name, as far as the caller may know
/// of them.
pub fn rooms_of_user(
    app: &App,
    caller: &Caller,
    team: &Team,
    user: &User,
    mut each: impl FnMut(Room, TeamPlace, Subscription) -> Result<()>,
) -> Result<()> {
    rooms(app, caller, team, &WantedRooms::default(), |room, place| {
        match app.store.subscription(&room.id, &user.id)? {
            Some(membership) => each(room, place, membership),
            None => Ok(()),
        }
    })
}
