//! Teams: which there are, who sees them, and what ties rooms to them.
//!
//! A team's members are the members of its main room, and their roles in the team are those they have
//! there: whoever joins, leaves or is removed there does so in the team.

use std::ops::ControlFlow;

use super::access::{self, Permission};
use super::caller::Caller;
use super::rooms::note;
use crate::app::App;
use crate::domain::{Message, Room, RoomId, RoomKind, TeamId, TeamPlace, User, UserId};
use crate::error::{Error, Result};
use crate::store::room_lists::RoomList;
use crate::store::{Batch, Direction, Store};

pub mod lifecycle;
pub mod listing;
pub mod members;
pub mod rooms;

/// A team.
#[derive(Debug, Clone, PartialEq)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Its main room.
    pub room: Room,
}

impl Team {
    /// The team whose main room this is.
    pub fn of_main(room: Room) -> Option<Self> {
        room.team().map(|id| Self { id, room })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        self.room.name.as_deref().unwrap_or_default()
    }

    /// Whether only members know of it.
    pub fn is_private(&self) -> bool {
        self.room.kind != RoomKind::Channel
    }
}

/// The team of that id.
pub fn by_id(app: &App, id: &TeamId) -> Result<Option<Team>> {
    let first = app.store.first_in(&RoomList::OfTeam(id.clone()))?;
    Ok(first.and_then(Team::of_main).filter(|team| team.id == *id))
}

/// The team of exactly that name.
pub fn by_name(app: &App, name: &str) -> Result<Option<Team>> {
    Ok(app.store.room_by_name(name)?.and_then(Team::of_main))
}

/// The team that a room belongs to.
pub fn of_room(app: &App, room: &Room) -> Result<Option<Team>> {
    room.team_place().map_or(Ok(None), |place| by_id(app, &place.team))
}

/// Whether a team is called so, whatever the case: nobody else can be.
pub fn is_name_taken(store: &Store, name: &str) -> Result<bool> {
    let called = |room: Room| room.name.is_some_and(|known| known.to_lowercase() == name.to_lowercase());
    for room in store.called_in(&RoomList::Teams, name)? {
        if store.room(&room)?.is_some_and(called) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether somebody is in a team.
pub fn is_member(app: &App, user: &UserId, team: &Team) -> Result<bool> {
    Ok(app.store.subscription(&team.room.id, user)?.is_some())
}

/// Whether a public channel shows to somebody who is not in it: one of a private team shows to the
/// team only. Nobody can tell whether a team that is not known is private.
pub(super) fn shows_to(app: &App, user: &UserId, room: &Room) -> Result<bool> {
    let Some(place) = room.team_place().filter(|place| !place.main) else { return Ok(true) };
    match by_id(app, &place.team)? {
        Some(team) => Ok(!team.is_private() || is_member(app, user, &team)?),
        None => Ok(false),
    }
}

/// Whether a public channel shows to people in no team, too.
pub(super) fn shows_to_all(app: &App, room: &Room) -> Result<bool> {
    let Some(place) = room.team_place().filter(|place| !place.main) else { return Ok(true) };
    Ok(by_id(app, &place.team)?.is_some_and(|team| !team.is_private()))
}

/// Refuses who does not hold a permission in a team.
fn require(app: &App, caller: &Caller, team: &Team, permission: Permission) -> Result<()> {
    if access::holds_in(app, &caller.user, permission, &team.room.id)? {
        Ok(())
    } else {
        Err(Error::Unauthorized)
    }
}

/// The team as it is while the batch is being written.
fn current(batch: &Batch<'_>, team: &Team) -> Result<Team> {
    let room = batch.get::<Room>(&(team.room.id.clone(),))?;
    let found = room.and_then(Team::of_main).filter(|found| found.id == team.id);
    found.ok_or_else(|| Error::plain("team-does-not-exist"))
}

/// Calls `each` with the rooms of a team, the main room left out, by name until it breaks.
fn each_room<E: From<crate::store::Error>>(
    store: &Store,
    team: &TeamId,
    direction: Direction,
    mut each: impl FnMut(Room, TeamPlace) -> Result<ControlFlow<()>, E>,
) -> Result<(), E> {
    store.rooms_in::<E>(&RoomList::OfTeam(team.clone()), "", direction, |id| {
        let room = store.room(&id)?;
        match room.and_then(|room| room.team_place().map(|place| (room, place))) {
            Some((room, place)) if !place.main && place.team == *team => each(room, place),
            Some(_) | None => Ok(ControlFlow::Continue(())),
        }
    })
}

/// Notes down in a team's main room that something happened to one of its rooms.
fn note_in(
    batch: &mut Batch<'_>,
    app: &App,
    team: &Team,
    kind: &str,
    actor: &User,
    what: &str,
) -> Result<()> {
    note(batch, &Message::system(kind, team.room.id.clone(), actor.reference(), app.now(), what))
}

/// What the record of a joining, leaving and so on is called in a room: teams have words of their own.
pub fn record_in(room: &Room, plain: &'static str) -> &'static str {
    if room.team().is_none() {
        return if plain == "uj" && room.parent.is_some() { "ut" } else { plain };
    }
    match plain {
        "uj" => "ujt",
        "ul" => "ult",
        "au" => "added-user-to-team",
        "ru" => "removed-user-from-team",
        other => other,
    }
}

/// Notes down that a room of a team is being deleted. A team's main room goes with its team only.
pub fn room_deleted(app: &App, batch: &mut Batch<'_>, actor: &User, room: &Room) -> Result<()> {
    match of_room(app, room)? {
        None => Ok(()),
        Some(team) if team.room.id == room.id => {
            let text = "Cannot delete a team channel";
            Err(Error::refused("error-cannot-delete-team-channel", text))
        }
        Some(team) => note_in(batch, app, &team, "user-deleted-room-from-team", actor, &room.title()),
    }
}

/// The team that a new room is made in, if the caller may put rooms there.
pub(super) fn for_new_room(app: &App, caller: &Caller, team: &TeamId) -> Result<Team> {
    let team = by_id(app, team)?.ok_or_else(|| Error::plain("team-does-not-exist"))?;
    require(app, caller, &team, "add-team-channel")?;
    Ok(team)
}

/// Puts a new room into a team.
pub(super) fn put_new_room(
    app: &App,
    batch: &mut Batch<'_>,
    actor: &User,
    team: &Team,
    room: &mut Room,
) -> Result<()> {
    let team = current(batch, team)?;
    note_in(batch, app, &team, "user-added-room-to-team", actor, &room.title())?;
    room.set_team_place(Some(&TeamPlace { team: team.id, main: false, joined_by_all: false }));
    Ok(())
}

/// The login names of all who are in these teams, as far as the caller may look into them.
pub fn people_of(app: &App, caller: &Caller, names: &[String]) -> Result<Vec<String>> {
    let mut people = Vec::new();
    for name in names {
        let Some(team) = by_name(app, name)? else { continue };
        let sees = access::can_see(app, &caller.user, &team.room)?
            || access::holds_in(app, &caller.user, "view-all-teams", &team.room.id)?;
        if sees {
            app.store.members::<Error>(&team.room.id, |member| {
                people.push(member.username);
                Ok(ControlFlow::Continue(()))
            })?;
        }
    }
    Ok(people)
}

/// Sets which lists the sidebar shows below a team's main room; `None`: the usual ones.
pub fn set_sidepanel(app: &App, caller: &Caller, room: &mut Room, items: Option<Vec<String>>) -> Result<()> {
    let refused = |reason: &str| Error::refused("error-action-not-allowed", reason);
    if room.team().is_none() {
        return Err(refused("Invalid room"));
    }
    if !access::holds_in(app, &caller.user, "edit-team", &room.id)? {
        return Err(refused("You do not have permission to change sidepanel items"));
    }
    let value = match items {
        None => serde_json::Value::Null,
        Some(items) => {
            let known = items.iter().all(|item| matches!(item.as_str(), "channels" | "discussions"));
            let distinct = items.first() != items.get(1);
            if !known || !distinct || !matches!(items.len(), 1 | 2) {
                return Err(Error::code("error-invalid-sidepanel"));
            }
            serde_json::json!({"items": items})
        }
    };
    room.extra = room.extra.with("sidepanel", value);
    Ok(())
}

/// The rooms of a team that are among these.
fn among(app: &App, team: &Team, ids: &[RoomId]) -> Result<Vec<Room>> {
    let mut rooms = Vec::new();
    for id in ids {
        let of_team =
            |room: &Room| room.team_place().is_some_and(|place| !place.main && place.team == team.id);
        rooms.extend(app.store.room(id)?.filter(of_team));
    }
    Ok(rooms)
}
