//! Lists of channels and groups, and who in a room is online.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::lifecycle::Nothing;
use crate::api::page::Paged;
use crate::api::present;
use crate::app::App;
use crate::domain::{Room, RoomId, RoomKind};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::members::{self, Wanted};
use crate::service::{access, rooms};
use crate::store::Direction;

/// All public channels by name; those who see only what they joined get that.
pub(super) fn channels(app: &App, caller: &Caller, asked: Paged<Nothing>) -> Result<Value> {
    if access::holds(app, &caller.user, "view-c-room")? {
        return all(app, caller, &asked, RoomKind::Channel);
    }
    if access::holds(app, &caller.user, "view-joined-room")? {
        return joined(app, caller, &asked, RoomKind::Channel);
    }
    Err(Error::Unauthorized)
}

pub(super) fn joined_channels(app: &App, caller: &Caller, asked: Paged<Nothing>) -> Result<Value> {
    joined(app, caller, &asked, RoomKind::Channel)
}

pub(super) fn joined_groups(app: &App, caller: &Caller, asked: Paged<Nothing>) -> Result<Value> {
    joined(app, caller, &asked, RoomKind::Group)
}

/// All private groups, for administrators.
pub(super) fn all_groups(app: &App, caller: &Caller, asked: Paged<Nothing>) -> Result<Value> {
    if !access::holds(app, &caller.user, "view-room-administration")? {
        return Err(Error::Unauthorized);
    }
    all(app, caller, &asked, RoomKind::Group)
}

fn list_key(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Channel => "channels",
        RoomKind::Group => "groups",
        RoomKind::Direct => "ims",
    }
}

/// Whether the list shall begin at its end.
fn is_reversed<P>(asked: &Paged<P>) -> Result<bool> {
    Ok(asked.sort()?.iter().any(|(field, ascending)| field == "name" && !ascending))
}

fn all(app: &App, caller: &Caller, asked: &Paged<Nothing>, kind: RoomKind) -> Result<Value> {
    let page = asked.page(app)?;
    let direction = if is_reversed(asked)? { Direction::Descending } else { Direction::Ascending };
    let (found, total) = rooms::by_name(app, direction, page.offset, page.count, |room| room.kind == kind)?;
    Ok(page.wrap(list_key(kind), present::rooms(app, &caller.user.id, &found)?, total))
}

/// The caller's own rooms of one kind.
pub(in crate::api::v1) fn joined(
    app: &App,
    caller: &Caller,
    asked: &Paged<Nothing>,
    kind: RoomKind,
) -> Result<Value> {
    let page = asked.page(app)?;
    let mut ids = rooms::joined(app, &caller.user, kind)?;
    if is_reversed(asked)? {
        ids.reverse();
    }
    let total = ids.len();
    let mut found: Vec<Room> = Vec::new();
    for id in page.pick(ids) {
        found.extend(app.store.room(&id)?);
    }
    Ok(page.wrap(list_key(kind), present::rooms(app, &caller.user.id, &found)?, total))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Online {
    #[serde(rename = "_id")]
    id: Option<String>,
    query: Option<Value>,
}

pub(super) fn channel_online(app: &App, caller: &Caller, params: Online) -> Result<Value> {
    online(app, caller, &params, RoomKind::Channel, "Channel does not exists")
}

pub(super) fn group_online(app: &App, caller: &Caller, params: Online) -> Result<Value> {
    online(app, caller, &params, RoomKind::Group, "Group does not exists")
}

fn online(app: &App, caller: &Caller, params: &Online, kind: RoomKind, missing: &str) -> Result<Value> {
    let query = match &params.query {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(object) => object.clone(),
        None => Value::Null,
    };
    let id = params.id.as_deref().or(query["_id"].as_str()).filter(|id| !id.is_empty());
    let id = RoomId::new(id.ok_or_else(|| Error::plain("Invalid query"))?);
    let room = app.store.room(&id)?.filter(|room| room.kind == kind);
    let room = room.ok_or_else(|| Error::plain(missing))?;
    if !access::can_see(app, &caller.user, &room)? {
        return Err(Error::refused("error-not-allowed", "Not Allowed"));
    }
    let statuses = ["online", "away", "busy"].map(ToOwned::to_owned).to_vec();
    let found = members::list(app, &room.id, &Wanted { filter: None, statuses })?;
    let rows: Vec<Value> =
        found.iter().map(|(username, id)| json!({"_id": id.as_str(), "username": username})).collect();
    Ok(json!({"online": rows}))
}
