//! How teams come and go: made anew, made of a room, made a room again, deleted.

use std::ops::ControlFlow;

use super::{Team, among, by_id, current, is_name_taken, require};
use crate::app::App;
use crate::domain::{Json, Message, Room, RoomId, RoomKind, Subscription, TeamId, TeamPlace, User, UserId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{access, members, names, rooms};
use crate::store::{Batch, Direction};

/// A team to be made.
#[derive(Debug, Default)]
pub struct NewTeam {
    /// The name, not checked yet.
    pub name: String,
    /// Only members know of it.
    pub private: bool,
    /// Ids or login names; unknown ones are passed over.
    pub members: Vec<String>,
    /// Id or login name of its owner, if that is not the caller.
    pub owner: Option<String>,
    /// The room that becomes its main room; `None`: a new one.
    pub room: Option<RoomId>,
    /// Topic, description, custom fields of a new room.
    pub topic: Option<String>,
    /// The description of a new room.
    pub description: Option<String>,
    /// Whether only some may write in a new room.
    pub read_only: bool,
}

fn find_user(app: &App, given: &str) -> Result<Option<User>> {
    let user = app.store.user(&UserId::new(given))?;
    let user = user.map_or_else(|| app.store.user_by_name(given), |user| Ok(Some(user)))?;
    Ok(user.filter(|user| user.active))
}

fn name_taken() -> Error {
    Error::plain("team-name-already-exists")
}

/// Makes a team with a main room of the same name.
pub fn create(app: &App, caller: &Caller, new: NewTeam) -> Result<Team> {
    if !access::holds(app, &caller.user, "create-team")? {
        return Err(Error::Unauthorized);
    }
    let owner = match &new.owner {
        Some(owner) => find_user(app, owner)?.ok_or_else(|| Error::plain("invalid-user"))?,
        None => caller.user.clone(),
    };
    let mut people = Vec::new();
    for given in &new.members {
        people.extend(find_user(app, given)?.filter(|user| user.id != owner.id));
    }
    if is_name_taken(&app.store, &new.name)? || app.store.user_by_name(&new.name)?.is_some() {
        return Err(name_taken());
    }
    if let Some(id) = &new.room {
        let room = app.store.room(id)?.filter(|room| room.kind != RoomKind::Direct);
        let room = room.ok_or_else(|| Error::plain("room-already-exists"))?;
        if !access::holds_in(app, &caller.user, "edit-room", id)? {
            return Err(Error::Unauthorized);
        }
        return convert(app, caller, &room);
    }
    if app.store.room_by_name(&new.name)?.is_some() {
        return Err(Error::plain("room-name-already-exists"));
    }
    let now = app.now();
    app.store.write(|batch| {
        names::check(app, batch, &new.name, None)?;
        let kind = if new.private { RoomKind::Group } else { RoomKind::Channel };
        let maker = caller.user.reference();
        let mut room = Room::new(RoomId::random(), kind, Some(new.name), Some(maker), now);
        room.topic = new.topic.filter(|text| !text.is_empty());
        room.description = new.description.filter(|text| !text.is_empty());
        room.read_only = new.read_only;
        room.react_when_read_only = room.read_only.then_some(false);
        room.custom_fields = Json::from_text("{}");
        let id = TeamId::random();
        room.set_team_place(Some(&TeamPlace { team: id.clone(), main: true, joined_by_all: false }));
        batch.put_room(&room)?;
        let mut first = members::membership(batch, &owner, &room.id, now)?;
        first.roles = vec!["owner".to_owned()];
        first.last_seen = Some(now);
        batch.put_subscription(&first)?;
        for user in people {
            if !batch.has::<Subscription>(&(room.id.clone(), user.id.clone()))? {
                batch.put_subscription(&members::membership(batch, &user, &room.id, now)?)?;
            }
        }
        Ok(Team { id, room })
    })
}

/// Makes a room the main room of a new team; its members become the team. Whether the caller may is
/// checked before.
pub fn convert(app: &App, caller: &Caller, room: &Room) -> Result<Team> {
    let now = app.now();
    let name = room.name.clone().unwrap_or_default();
    if is_name_taken(&app.store, &name)? || app.store.user_by_name(&name)?.is_some() {
        return Err(name_taken());
    }
    app.store.write(|batch| {
        let mut room = rooms::current(batch, &room.id)?;
        if room.team_place().is_some() {
            return Err(name_taken());
        }
        // A discussion belongs to its parent, and a conversation to those who are in it.
        if room.kind == RoomKind::Direct || room.parent.is_some() {
            return Err(Error::plain("invalid-room"));
        }
        let id = TeamId::random();
        room.set_team_place(Some(&TeamPlace { team: id.clone(), main: true, joined_by_all: false }));
        room.updated = now;
        batch.put_room(&room)?;
        let actor = caller.user.reference();
        rooms::note(batch, &Message::system("user-converted-to-team", room.id.clone(), actor, now, &name))?;
        Ok(Team { id, room })
    })
}

/// Makes a team's main room a room like any other, deletes some of the team's rooms, and lets the others
/// go their way.
pub fn dissolve(app: &App, caller: &Caller, team: &Team, to_remove: &[RoomId]) -> Result<()> {
    require(app, caller, team, "convert-team")?;
    let doomed = doomed(app, caller, team, to_remove)?;
    end(app, team, &doomed, |batch, mut team| {
        let (now, name) = (app.now(), team.name().to_owned());
        team.room.set_team_place(None);
        team.room.extra = team.room.extra.with("sidepanel", serde_json::Value::Null);
        team.room.updated = now;
        batch.put_room(&team.room)?;
        let actor = caller.user.reference();
        rooms::note(batch, &Message::system("user-converted-to-channel", team.room.id, actor, now, name))
    })
}

/// Deletes a team with its main room and some of its other rooms.
pub fn delete(app: &App, caller: &Caller, team: &Team, to_remove: &[RoomId]) -> Result<()> {
    require(app, caller, team, "delete-team")?;
    let doomed = doomed(app, caller, team, to_remove)?;
    end(app, team, &doomed, |batch, team| delete_room(app, batch, &team.room))
}

/// Of these rooms those of the team, if the caller may delete them: a team's owner need not own them.
fn doomed(app: &App, caller: &Caller, team: &Team, ids: &[RoomId]) -> Result<Vec<Room>> {
    let rooms = among(app, team, ids)?;
    for room in &rooms {
        if !access::holds_in(app, &caller.user, rooms::delete_permission(room.kind), &room.id)? {
            return Err(Error::not_allowed());
        }
    }
    Ok(rooms)
}

fn end(
    app: &App,
    team: &Team,
    doomed: &[Room],
    finish: impl FnOnce(&mut Batch<'_>, Team) -> Result<()>,
) -> Result<()> {
    app.store.write(|batch| {
        let team = current(batch, team)?;
        for room in doomed {
            delete_room(app, batch, room)?;
        }
        release_rooms(batch, &team.id)?;
        finish(batch, team)
    })?;
    app.sweep_bell.notify_one();
    Ok(())
}

/// Lets all rooms of a team but its main room go their way.
pub(in crate::service) fn release_rooms(batch: &mut Batch<'_>, team: &TeamId) -> Result<()> {
    let mut others = Vec::new();
    super::each_room::<Error>(batch.store(), team, Direction::Ascending, |room, _| {
        others.push(room.id);
        Ok(ControlFlow::Continue(()))
    })?;
    for id in others {
        // It may have been deleted in the same batch.
        if let Some(mut room) = batch.get::<Room>(&(id,))? {
            room.set_team_place(None);
            batch.put_room(&room)?;
        }
    }
    Ok(())
}

/// Deletes a room and tells those who were in it, once they ask. What it held is swept away later.
fn delete_room(app: &App, batch: &mut Batch<'_>, room: &Room) -> Result<()> {
    let now = app.now();
    app.store.members::<Error>(&room.id, |member| {
        members::remember_end(batch, &member, now)?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(batch.delete_room(room)?)
}

/// The team of that id, else of that name.
pub fn find(app: &App, id: Option<&str>, name: Option<&str>) -> Result<Option<Team>> {
    match (id, name) {
        (Some(id), _) => by_id(app, &TeamId::new(id)),
        (None, Some(name)) => super::by_name(app, name),
        (None, None) => Ok(None),
    }
}
