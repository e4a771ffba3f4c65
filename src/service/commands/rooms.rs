//! Commands about rooms.

use super::Call;
use crate::domain::{Json, Room, RoomKind};
use crate::error::{Error, Result};
use crate::service::room_edits::{self, Edit};
use crate::service::rooms::{self, NewRoom};
use crate::service::{access, direct, members, subscriptions, writing};

type Told = Result<Option<String>>;

pub(super) fn archive(call: &Call<'_>) -> Told {
    let room = call.room_or_this()?;
    writing::refuse_archived(&room)?;
    rooms::set_archived(call.app, call.caller, &room.id, true)?;
    Ok(None)
}

pub(super) fn unarchive(call: &Call<'_>) -> Told {
    rooms::set_archived(call.app, call.caller, &call.room_or_this()?.id, false)?;
    Ok(None)
}

pub(super) fn create(call: &Call<'_>) -> Told {
    let words: Vec<&str> = call.words().collect();
    let (kind, permission, name) = match words.as_slice() {
        ["private", name] => (RoomKind::Group, "create-p", *name),
        [name] => (RoomKind::Channel, "create-c", *name),
        _ => return Err(Error::plain("Write the name of one room: /create #room, or /create private #room")),
    };
    if !access::holds(call.app, &call.caller.user, permission)? {
        return Err(Error::Unauthorized);
    }
    let new = NewRoom {
        kind,
        name: name.trim_start_matches('#').to_owned(),
        members: Vec::new(),
        without_maker: false,
        read_only: false,
        broadcast: None,
        encrypted: None,
        topic: None,
        description: None,
        announcement: None,
        custom_fields: Json::from_text("{}"),
        team: None,
    };
    rooms::create(call.app, call.caller, new)?;
    Ok(None)
}

pub(super) fn join(call: &Call<'_>) -> Told {
    let room = call.other_room()?;
    writing::refuse_archived(&room)?;
    members::join(call.app, call.caller, &room.id, None)?;
    Ok(None)
}

pub(super) fn leave(call: &Call<'_>) -> Told {
    members::leave(call.app, call.caller, &call.room.id)?;
    Ok(None)
}

pub(super) fn topic(call: &Call<'_>) -> Told {
    let topic = call.params.trim().to_owned();
    room_edits::apply(call.app, call.caller, &call.room.id, vec![Edit::Topic(topic)])?;
    Ok(None)
}

pub(super) fn open(call: &Call<'_>) -> Told {
    match call.words().next() {
        Some(word) if word.starts_with('@') => {
            let room = direct::open(call.app, call.caller, &call.user(word)?)?;
            set_open(call, &room, true)
        }
        _ => set_open(call, &call.other_room()?, true),
    }
}

pub(super) fn hide(call: &Call<'_>) -> Told {
    set_open(call, &call.room_or_this()?, false)
}

fn set_open(call: &Call<'_>, room: &Room, open: bool) -> Told {
    let changed = subscriptions::set_open(call.app, call.caller, &room.id, open)?;
    let stranger = || Error::refused("error-not-subscribed", "You are not in this room");
    changed.map(|_| None).ok_or_else(stranger)
}
