//! Lists of channels and groups, and who in a room is online.

use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::lifecycle::Nothing;
use crate::api::page::Paged;
use crate::api::present;
use crate::api::room_pages::{self, RoomPage};
use crate::app::App;
use crate::domain::{Room, RoomId, RoomKind, User};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::member_lists::{self, Part, Wanted};
use crate::service::{access, room_lists};
use crate::store::Direction;

/// All public channels by name; those who see only what they joined get that.
pub(super) fn channels(app: &App, caller: &Caller, asked: Paged<Nothing>) -> Result<Value> {
    if access::holds(app, &caller.user, "view-c-room")? {
        let mut found = RoomPage::new(app, asked.page(app)?, asked.sort()?);
        room_lists::each_channel(
            app,
            &caller.user,
            |_| true,
            |room| {
                found.offer(&room)?;
                Ok(ControlFlow::Continue(()))
            },
        )?;
        return wrap(app, caller, &asked, "channels", found.finish()?);
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
    all(app, caller, &asked, RoomKind::Group)
}

fn list_key(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Channel => "channels",
        RoomKind::Group => "groups",
        RoomKind::Direct => "ims",
    }
}

fn wrap(
    app: &App,
    caller: &Caller,
    asked: &Paged<Nothing>,
    key: &str,
    (found, total): (Vec<Room>, usize),
) -> Result<Value> {
    Ok(asked.page(app)?.wrap(key, present::rooms(app, &caller.user.id, &found)?, total))
}

/// All rooms of one kind, for administrators.
pub(in crate::api::v1) fn all(
    app: &App,
    caller: &Caller,
    asked: &Paged<Nothing>,
    kind: RoomKind,
) -> Result<Value> {
    if !access::holds(app, &caller.user, "view-room-administration")? {
        return Err(Error::Unauthorized);
    }
    let (page, sort) = (asked.page(app)?, asked.sort()?);
    let direction = match sort.as_slice() {
        [] => Direction::Ascending,
        [(field, true)] if field == "name" => Direction::Ascending,
        [(field, false)] if field == "name" => Direction::Descending,
        _ => {
            let mut found = RoomPage::new(app, page, sort);
            app.store.rooms_of_kind::<Error>(kind, Direction::Ascending, |room| {
                found.offer(&room)?;
                Ok(ControlFlow::Continue(()))
            })?;
            let (found, total) = found.finish()?;
            let rows = present::rooms_of_others(app, &caller.user, &found)?;
            return Ok(page.wrap(list_key(kind), rows, total));
        }
    };
    // In the order of the index only those are looked at that are shown.
    let (ids, total) = app.store.page_of_kind(kind, direction, page.offset, page.count)?;
    let found = room_pages::read(app, ids)?;
    let rows = present::rooms_of_others(app, &caller.user, &found)?;
    Ok(page.wrap(list_key(kind), rows, usize::try_from(total).unwrap_or(usize::MAX)))
}

/// The caller's own rooms of one kind, by name; direct messages by the time they were opened.
pub(in crate::api::v1) fn joined(
    app: &App,
    caller: &Caller,
    asked: &Paged<Nothing>,
    kind: RoomKind,
) -> Result<Value> {
    let mut sort = asked.sort()?;
    if kind == RoomKind::Direct && sort.is_empty() {
        sort.push(("ts".to_owned(), true));
    }
    let mut found = RoomPage::new(app, asked.page(app)?, sort);
    room_lists::each_joined(app, &caller.user, &[kind], |room| found.offer_room(&room))?;
    wrap(app, caller, asked, list_key(kind), found.finish()?)
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
    let everybody = Part { direction: Direction::Ascending, offset: 0, count: usize::MAX };
    let (found, _) = member_lists::by_name(app, &room.id, &Wanted { filter: None, statuses }, everybody)?;
    let row = |user: &User| json!({"_id": user.id.as_str(), "username": user.username});
    let rows: Vec<Value> = found.iter().map(row).collect();
    Ok(json!({"online": rows}))
}
