//! Making, showing, archiving, deleting rooms, and hiding them from one's own sidebar.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{answer, noun};
use crate::api::present;
use crate::app::App;
use crate::domain::{Json, Room, RoomKind, TeamId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::rooms::{self, NewRoom};
use crate::service::teams::people_of;
use crate::service::{access, subscriptions};

#[derive(Deserialize, JsonSchema)]
pub(in crate::api::v1) struct Nothing {}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Create {
    name: Option<Value>,
    members: Option<Value>,
    read_only: Option<bool>,
    exclude_self: Option<bool>,
    custom_fields: Option<Value>,
    extra_data: Option<Value>,
    teams: Option<Vec<String>>,
}

/// Makes a public channel.
pub(super) fn create_channel(app: &App, caller: &Caller, params: Create) -> Result<Value> {
    if !access::holds(app, &caller.user, "create-c")? {
        return Err(Error::Unauthorized);
    }
    let teams = params.teams.clone().unwrap_or_default();
    let mut new = params.checked(RoomKind::Channel, "Param")?;
    new.members.extend(people_of(app, caller, &teams)?);
    let room = rooms::create(app, caller, new)?;
    answer(app, caller, room.kind, &room.id)
}

/// Makes a private group.
pub(super) fn create_group(app: &App, caller: &Caller, params: Create) -> Result<Value> {
    let teams = params.teams.clone().unwrap_or_default();
    let mut new = params.checked(RoomKind::Group, "Body param")?;
    if !access::holds(app, &caller.user, "create-p")? {
        return Err(Error::not_allowed());
    }
    new.members.extend(people_of(app, caller, &teams)?);
    let room = rooms::create(app, caller, new)?;
    answer(app, caller, room.kind, &room.id)
}

impl Create {
    fn checked(self, kind: RoomKind, word: &str) -> Result<NewRoom> {
        let name = match self.name {
            Some(Value::String(name)) if !name.is_empty() => name,
            Some(_) | None => return Err(Error::plain(format!("{word} \"name\" is required"))),
        };
        let members = match self.members {
            None => Vec::new(),
            Some(Value::Array(members)) => members,
            Some(_) => {
                return Err(Error::plain(format!("{word} \"members\" must be an array if provided")));
            }
        };
        let custom_fields = match self.custom_fields {
            None => Json::from_text("{}"),
            fields => present::object(fields, || {
                Error::plain(format!("{word} \"customFields\" must be an object if provided"))
            })?,
        };
        let extra = self.extra_data.unwrap_or_default();
        let text = |key: &str| extra[key].as_str().map(ToOwned::to_owned);
        Ok(NewRoom {
            kind,
            name,
            members: members.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
            without_maker: self.exclude_self == Some(true),
            read_only: self.read_only == Some(true),
            broadcast: extra["broadcast"].as_bool(),
            encrypted: extra["encrypted"].as_bool(),
            topic: text("topic"),
            description: text("description"),
            announcement: text("announcement"),
            custom_fields,
            team: text("teamId").filter(|id| !id.is_empty()).map(TeamId::new),
        })
    }
}

/// The room. Its join code shows to those who may see such codes.
pub(super) fn info(app: &App, caller: &Caller, room: Room, _: Nothing) -> Result<Value> {
    let mut value = present::room(app, &caller.user.id, &room)?;
    if let Some(code) = &room.join_code
        && access::holds(app, &caller.user, "view-join-code")?
    {
        value["joinCode"] = code.as_str().into();
    }
    Ok(json!({super::key(room.kind): value}))
}

/// The room's name in error messages.
fn shown(room: &Room) -> &str {
    room.name.as_deref().unwrap_or_default()
}

/// Refuses archived rooms.
pub(super) fn refuse_archived(room: &Room) -> Result<()> {
    if !room.archived {
        return Ok(());
    }
    let text = format!("The {}, {}, is archived", noun(room.kind), shown(room));
    Err(Error::refused("error-room-archived", text))
}

pub(super) fn archive(app: &App, caller: &Caller, room: Room, _: Nothing) -> Result<Value> {
    refuse_archived(&room)?;
    rooms::set_archived(app, caller, &room.id, true)?;
    Ok(Value::Null)
}

pub(super) fn unarchive(app: &App, caller: &Caller, room: Room, _: Nothing) -> Result<Value> {
    if !room.archived && room.kind == RoomKind::Channel {
        return Err(Error::plain(format!("The channel, {}, is not archived", shown(&room))));
    }
    rooms::set_archived(app, caller, &room.id, false)?;
    Ok(Value::Null)
}

pub(super) fn delete(app: &App, caller: &Caller, room: Room, _: Nothing) -> Result<Value> {
    rooms::delete(app, caller, &room.id)?;
    Ok(Value::Null)
}

/// Shows the room in the caller's sidebar.
pub(super) fn open(app: &App, caller: &Caller, room: Room, _: Nothing) -> Result<Value> {
    let (noun, name) = (noun(room.kind), shown(&room));
    match subscriptions::set_open(app, caller, &room.id, true)? {
        Some(true) => Ok(Value::Null),
        Some(false) => {
            let link = if room.kind == RoomKind::Channel { "to" } else { "for" };
            Err(Error::plain(format!("The {noun}, {name}, is already open {link} the sender")))
        }
        None => Err(Error::plain(format!("The user/callee is not in the {noun} \"{name}\"."))),
    }
}

/// Hides the room from the caller's sidebar.
pub(super) fn close(app: &App, caller: &Caller, room: Room, _: Nothing) -> Result<Value> {
    let (noun, name) = (noun(room.kind), shown(&room));
    match subscriptions::set_open(app, caller, &room.id, false)? {
        Some(true) => Ok(Value::Null),
        Some(false) => Err(Error::plain(format!("The {noun}, {name}, is already closed to the sender"))),
        // Clients know the text for channels by its missing quote.
        None if room.kind == RoomKind::Channel => {
            Err(Error::plain(format!("The user/callee is not in the channel \"{name}.")))
        }
        None => Err(Error::plain(format!("The user/callee is not in the {noun} \"{name}\"."))),
    }
}
