//! Rooms: how they come and go, and how they are listed.

use std::ops::ControlFlow;

use super::{access, hooks, members, names, teams};
use crate::app::App;
use crate::domain::{HookEvent, Json, Message, Room, RoomId, RoomKind, Subscription, TeamId, User};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::store::{Batch, Direction};

/// A channel or group to be made.
pub struct NewRoom {
    /// Channel or group.
    pub kind: RoomKind,
    /// The name, not checked yet.
    pub name: String,
    /// Login names of its members; unknown ones are passed over.
    pub members: Vec<String>,
    /// The maker stays outside.
    pub without_maker: bool,
    /// Only some may write.
    pub read_only: bool,
    /// Only some write, everybody answers in private. Makes it read-only.
    pub broadcast: Option<bool>,
    /// Clients encrypt what they send.
    pub encrypted: Option<bool>,
    /// The topic.
    pub topic: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The announcement.
    pub announcement: Option<String>,
    /// Object of custom fields.
    pub custom_fields: Json,
    /// The team that it belongs to.
    pub team: Option<TeamId>,
}

/// Makes a channel or group, with the caller as its owner. Whether the caller may is checked before.
pub fn create(app: &App, caller: &Caller, new: NewRoom) -> Result<Room> {
    let now = app.now();
    let team = match &new.team {
        Some(team) => Some(teams::for_new_room(app, caller, team)?),
        None => None,
    };
    app.store.write(|batch| {
        let (name, shown) = names::chosen(app, batch, &new.name, None)?;
        let maker = caller.user.reference();
        let mut room = Room::new(RoomId::random(), new.kind, Some(name), Some(maker), now);
        room.display_name = Some(shown);
        room.read_only = new.read_only || new.broadcast == Some(true);
        room.react_when_read_only = room.read_only.then_some(false);
        room.broadcast = new.broadcast;
        room.encrypted = new.encrypted;
        room.topic = filled(new.topic);
        room.description = filled(new.description);
        room.announcement = filled(new.announcement);
        room.custom_fields = new.custom_fields;
        if let Some(team) = &team {
            teams::put_new_room(app, batch, &caller.user, team, &mut room)?;
        }
        batch.put_room(&room)?;
        for username in &new.members {
            if let Some(user) = app.store.user_by_name(username)? {
                batch.put_subscription(&members::membership(batch, &user, &room.id, now)?)?;
            }
        }
        if !new.without_maker {
            let mut owner = members::membership(batch, &caller.user, &room.id, now)?;
            owner.roles = vec!["owner".to_owned()];
            owner.last_seen = Some(now);
            batch.put_subscription(&owner)?;
        }
        hooks::room(app, batch, HookEvent::RoomCreated, &room, &caller.user)?;
        Ok(room)
    })
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// What it takes to delete a room of this kind.
pub fn delete_permission(kind: RoomKind) -> access::Permission {
    match kind {
        RoomKind::Channel => "delete-c",
        RoomKind::Group => "delete-p",
        RoomKind::Direct => "delete-d",
    }
}

/// Deletes a room. Its messages and files are cleared away in the background.
pub fn delete(app: &App, caller: &Caller, id: &RoomId) -> Result<()> {
    let now = app.now();
    app.store.write(|batch| {
        let room = current(batch, id)?;
        if !access::holds_in(app, &caller.user, delete_permission(room.kind), id)? {
            return Err(Error::not_allowed());
        }
        teams::room_deleted(app, batch, &caller.user, &room)?;
        app.store.members::<Error>(id, |member| {
            members::remember_end(batch, &member, now)?;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(batch.delete_room(&room)?)
    })?;
    app.sweep_bell.notify_one();
    Ok(())
}

/// Closes a room for writing, or opens it again. Nothing happens to a room that is so already.
pub fn set_archived(app: &App, caller: &Caller, id: &RoomId, archived: bool) -> Result<()> {
    let now = app.now();
    let (permission, kind) =
        if archived { ("archive-room", "room-archived") } else { ("unarchive-room", "room-unarchived") };
    app.store.write(|batch| {
        let mut room = current(batch, id)?;
        if room.kind == RoomKind::Direct {
            return Err(Error::refused("error-direct-message-room", "Direct Messages can not be archived"));
        }
        if !access::holds_in(app, &caller.user, permission, id)? {
            return Err(Error::refused("error-not-authorized", "Not authorized"));
        }
        if room.archived == archived {
            return Ok(());
        }
        room.archived = archived;
        room.updated = now;
        batch.put_room(&room)?;
        if archived {
            hooks::room(app, batch, HookEvent::RoomArchived, &room, &caller.user)?;
        }
        note(batch, &Message::system(kind, room.id, caller.user.reference(), now, ""))
    })
}

/// The room as it is while the batch is being written.
pub fn current(batch: &Batch<'_>, id: &RoomId) -> Result<Room> {
    batch.get(&(id.clone(),))?.ok_or_else(|| Error::refused("error-invalid-room", "Invalid room"))
}

/// Makes a new user a member of every room that new users join, and of those that all join in the
/// teams among them. Some are a favourite from the start.
pub fn join_default_rooms(app: &App, batch: &mut Batch<'_>, user: &User) -> Result<()> {
    let mut rooms: Vec<RoomId> = Vec::new();
    for kind in [RoomKind::Channel, RoomKind::Group] {
        app.store.rooms_of_kind::<Error>(kind, Direction::Ascending, |room| {
            rooms.extend(room.entry.is_default.then_some(room.id));
            Ok(ControlFlow::Continue(()))
        })?;
    }
    for id in rooms {
        let Some(room) = batch.get::<Room>(&(id,))?.filter(|room| !room.archived) else { continue };
        if batch.has::<Subscription>(&(room.id.clone(), user.id.clone()))? {
            continue;
        }
        let now = app.now();
        let mut member = members::newcomer(batch, user, &room.id, now)?;
        member.favorite = room.extra.value()["favorite"] == true;
        batch.put_subscription(&member)?;
        note(batch, &Message::system("uj", room.id.clone(), user.reference(), now, &user.username))?;
        teams::members::welcome(app, batch, user, &room, now)?;
    }
    Ok(())
}

/// Writes down a system message. It counts, but is nobody's last message.
pub fn note(batch: &mut Batch<'_>, message: &Message) -> Result<()> {
    let mut activity = batch.activity(&message.room)?;
    activity.messages += 1;
    activity.updated = message.sent_at;
    batch.put_activity(&message.room, &activity)?;
    Ok(batch.put_message(message)?)
}
