//! The rooms of a team: put in, taken out, joined by all.

use std::ops::ControlFlow;

use super::members::join;
use super::{Team, current, note_in, of_room, require};
use crate::app::App;
use crate::domain::{Room, RoomId, RoomKind, Subscription, TeamPlace, User};
use crate::error::{Error, Result};
use crate::service::access;
use crate::service::caller::Caller;

/// Puts rooms that the caller owns into a team.
pub fn add(app: &App, caller: &Caller, team: &Team, ids: &[RoomId]) -> Result<Vec<Room>> {
    if !access::holds_in(app, &caller.user, "add-team-channel", &team.room.id)? {
        return Err(Error::Denied("error-no-permission-team-channel".to_owned()));
    }
    let now = app.now();
    app.store.write(|batch| {
        let team = current(batch, team)?;
        let mut added = Vec::new();
        for id in ids {
            let room = batch.get::<Room>(&(id.clone(),))?;
            let fits = |room: &Room| room.kind != RoomKind::Direct && room.parent.is_none();
            let mut room = room.filter(fits).ok_or_else(|| Error::plain("invalid-room"))?;
            if !access::can_see(app, &caller.user, &room)? {
                return Err(Error::plain("invalid-room"));
            }
            if room.team_place().is_some() {
                return Err(Error::plain("room-already-on-team"));
            }
            let own = batch.get::<Subscription>(&(room.id.clone(), caller.user.id.clone()))?;
            if !own.is_some_and(|own| own.has_role("owner")) {
                return Err(Error::plain("error-no-owner-channel"));
            }
            room.set_team_place(Some(&TeamPlace {
                team: team.id.clone(),
                main: false,
                joined_by_all: false,
            }));
            room.updated = now;
            batch.put_room(&room)?;
            note_in(batch, app, &team, "user-added-room-to-team", &caller.user, &room.title())?;
            added.push(room);
        }
        Ok(added)
    })
}

/// Takes a room out of a team.
pub fn remove(app: &App, caller: &Caller, team: &Team, id: &RoomId) -> Result<Room> {
    require(app, caller, team, "remove-team-channel")?;
    let removes_any = access::holds_in(app, &caller.user, "view-all-team-channels", &team.room.id)?;
    app.store.write(|batch| {
        let team = current(batch, team)?;
        let room = batch.get::<Room>(&(id.clone(),))?;
        let mut room = room.ok_or_else(|| Error::plain("invalid-room"))?;
        if !removes_any && !access::can_see(app, &caller.user, &room)? {
            return Err(Error::plain("invalid-room"));
        }
        let of_team = |place: &TeamPlace| !place.main && place.team == team.id;
        if !room.team_place().as_ref().is_some_and(of_team) {
            return Err(Error::plain("room-not-on-that-team"));
        }
        room.set_team_place(None);
        room.updated = app.now();
        batch.put_room(&room)?;
        note_in(batch, app, &team, "user-removed-room-from-team", &caller.user, &room.title())?;
        Ok(room)
    })
}

/// Sets whether all who are in the team join a room. Those who are in it now join at once, and so does
/// the caller: this must not open a private room to who does not see it.
pub fn set_joined_by_all(app: &App, caller: &Caller, id: &RoomId, joined_by_all: bool) -> Result<Room> {
    let room = app.store.room(id)?;
    let team = room.as_ref().map_or(Ok(None), |room| of_room(app, room))?;
    let team = team.ok_or_else(|| Error::plain("team-does-not-exist"))?;
    require(app, caller, &team, "edit-team-channel")?;
    let updates_any = access::holds_in(app, &caller.user, "view-all-team-channels", &team.room.id)?;
    let now = app.now();
    app.store.write(|batch| {
        let room = batch.get::<Room>(&(id.clone(),))?;
        let mut room = room.ok_or_else(|| Error::plain("invalid-room"))?;
        let is_free = updates_any && room.kind == RoomKind::Channel;
        if !is_free && !access::can_see(app, &caller.user, &room)? {
            return Err(Error::plain("invalid-room"));
        }
        let place = room.team_place().filter(|place| !place.main && place.team == team.id);
        let mut place = place.ok_or_else(|| Error::plain("room-not-on-that-team"))?;
        place.joined_by_all = joined_by_all;
        room.set_team_place(Some(&place));
        room.updated = now;
        batch.put_room(&room)?;
        if joined_by_all {
            app.store.members::<Error>(&team.room.id, |member| {
                if let Some(user) = batch.get::<User>(&(member.user,))?.filter(|user| user.active) {
                    join(batch, &user, &room, now)?;
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(room)
    })
}
