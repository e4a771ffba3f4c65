//! Reading channels without an account, and what in a room was said to the caller or is an image.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::history::{self, Choice};
use crate::api::page::Paged;
use crate::api::{present, rooms};
use crate::app::App;
use crate::domain::{RoomId, UserId};
use crate::error::{Error, Result};
use crate::service::access;
use crate::service::caller::{Caller, Client};
use crate::service::history as service;
use crate::service::messages;
use crate::service::settings;
use crate::store::Direction;
use crate::store::message_indexes::List;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api::v1) struct Named {
    room_id: Option<String>,
    room_name: Option<String>,
}

/// A channel's messages for anybody, if the settings allow that.
pub(super) fn anonymous(app: &App, _: &Client, asked: Paged<Named>) -> Result<Value> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let room = match (given(&asked.params.room_id), given(&asked.params.room_name)) {
        (Some(id), _) => app.store.room(&RoomId::new(id))?,
        (None, Some(name)) => app.store.room_by_name(&name)?,
        (None, None) => None,
    };
    let unknown = || rooms::not_found(rooms::Family::Channels(rooms::Closed::Unknown));
    let room = room.ok_or_else(unknown)?;
    if !access::is_public(app, &room)? {
        return Err(unknown());
    }
    if !settings::is_on(app, "Accounts_AllowAnonymousRead")? {
        return Err(Error::refused("error-not-allowed", "Enable \"Allow Anonymous Read\""));
    }
    history::chosen(app, &UserId::new(""), &room, asked.map(|_| Choice::default()))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::api::v1) struct InRoom {
    room_id: String,
    /// Is there for old clients and does nothing.
    #[serde(rename = "query")]
    _query: Option<String>,
}

/// The messages of a room that mention the caller, newest first.
pub(super) fn mentions(app: &App, caller: &Caller, asked: Paged<InRoom>) -> Result<Value> {
    let room = history::visible(app, caller, &asked.params.room_id)?;
    let room = room.ok_or_else(|| Error::refused("error-invalid-room", "Invalid room"))?;
    let page = asked.page(app)?;
    let list = List::Mentioning(caller.user.id.clone());
    let part = (page.offset, page.count);
    let (found, total) = messages::listed(app, &room.id, &list, Direction::Descending, part)?;
    Ok(page.wrap("mentions", present::messages(app, &caller.user.id, &found)?, total))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::api::v1) struct Images {
    room_id: String,
    starting_from_id: Option<String>,
}

/// The images of a room, newest first.
pub(in crate::api::v1) fn images(app: &App, caller: &Caller, asked: Paged<Images>) -> Result<Value> {
    let room = history::visible(app, caller, &asked.params.room_id)?.ok_or(Error::Unauthorized)?;
    let page = asked.page(app)?;
    let start = asked.params.starting_from_id.as_deref().filter(|id| !id.is_empty());
    let (found, total) = service::images(app, &room.id, start, page.offset, page.count)?;
    let rows = found.iter().map(|upload| present::file(app, upload)).collect::<Result<Vec<_>>>()?;
    let mut reply = page.wrap("files", rows, total);
    // Clients find what they asked for here, not what they got.
    if page.count != usize::MAX {
        reply["count"] = json!(page.count);
    }
    Ok(reply)
}
