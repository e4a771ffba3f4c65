//! Making teams, making them of rooms, making rooms of them, deleting them.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{DONE, find, room_ids};
use crate::api::schema::exactly_one;
use crate::api::wire;
use crate::app::App;
use crate::domain::{RoomId, RoomKind};
use crate::error::{Error, Result};
use crate::service::access;
use crate::service::caller::Caller;
use crate::service::teams::lifecycle::{self as teams, NewTeam};

#[derive(Deserialize, JsonSchema)]
pub(super) struct Create {
    #[schemars(length(min = 1))]
    name: String,
    #[serde(rename = "type")]
    kind: u32,
    members: Option<Vec<String>>,
    room: Option<MainRoom>,
    owner: Option<String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MainRoom {
    id: Option<String>,
    topic: Option<String>,
    description: Option<String>,
    read_only: Option<bool>,
}

pub(super) fn create(app: &App, caller: &Caller, params: Create) -> Result<Value> {
    let private = match params.kind {
        0 => false,
        1 => true,
        _ => return Err(Error::invalid("must be equal to one of the allowed values")),
    };
    let room = params.room.unwrap_or_default();
    let new = NewTeam {
        name: params.name,
        private,
        members: params.members.unwrap_or_default(),
        owner: params.owner.filter(|owner| !owner.is_empty()),
        room: room.id.filter(|id| !id.is_empty()).map(RoomId::new),
        topic: room.topic,
        description: room.description,
        read_only: room.read_only == Some(true),
    };
    let team = teams::create(app, caller, new)?;
    Ok(json!({"team": wire::team(&team)}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["teamId", "teamName"])))]
pub(super) struct End {
    team_id: Option<String>,
    team_name: Option<String>,
    rooms_to_remove: Option<Vec<String>>,
}

pub(super) fn delete(app: &App, caller: &Caller, params: End) -> Result<Value> {
    let team = find(app, params.team_id.as_deref(), params.team_name.as_deref())?;
    teams::delete(app, caller, &team, &room_ids(params.rooms_to_remove))?;
    Ok(DONE)
}

pub(super) fn dissolve(app: &App, caller: &Caller, params: End) -> Result<Value> {
    let team = find(app, params.team_id.as_deref(), params.team_name.as_deref())?;
    teams::dissolve(app, caller, &team, &room_ids(params.rooms_to_remove))?;
    Ok(DONE)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["channelId", "channelName"])))]
pub(super) struct Channel {
    channel_id: Option<String>,
    channel_name: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["roomId", "roomName"])))]
pub(super) struct Group {
    room_id: Option<String>,
    room_name: Option<String>,
}

pub(super) fn convert_channel(app: &App, caller: &Caller, params: Channel) -> Result<Value> {
    let unknown = || Error::plain("Channel not found");
    convert(app, caller, RoomKind::Channel, params.channel_id, params.channel_name, unknown)
}

pub(super) fn convert_group(app: &App, caller: &Caller, params: Group) -> Result<Value> {
    let unknown = || {
        let text = "The required \"roomId\" or \"roomName\" param provided does not match any group";
        Error::refused("error-room-not-found", text)
    };
    convert(app, caller, RoomKind::Group, params.room_id, params.room_name, unknown)
}

fn convert(
    app: &App,
    caller: &Caller,
    kind: RoomKind,
    id: Option<String>,
    name: Option<String>,
    unknown: impl Fn() -> Error,
) -> Result<Value> {
    let user = &caller.user;
    if !access::holds(app, user, "create-team")? {
        return Err(Error::Unauthorized);
    }
    let may_edit = |room: &RoomId| {
        if access::holds_in(app, user, "edit-room", room)? { Ok(()) } else { Err(Error::Unauthorized) }
    };
    let room = match (id, name) {
        (Some(id), _) => {
            let id = RoomId::new(id);
            may_edit(&id)?;
            app.store.room(&id)?
        }
        (None, name) => app.store.room_by_name(&name.unwrap_or_default())?,
    };
    let room = room.filter(|room| room.kind == kind).ok_or_else(&unknown)?;
    // What the caller cannot see does not exist.
    if !access::can_see(app, user, &room)? {
        return Err(unknown());
    }
    may_edit(&room.id)?;
    let team = teams::convert(app, caller, &room)?;
    Ok(json!({"team": wire::team(&team)}))
}
