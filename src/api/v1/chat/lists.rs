//! The lists of a room: pinned, starred and mentioning messages, discussions.

use serde_json::Value;

use super::wired;
use crate::api::matching::{Params, filled};
use crate::api::page::{Page, Paged};
use crate::app::App;
use crate::domain::{Message, Room, RoomId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::messages;
use crate::store::Direction;
use crate::store::message_indexes::List;

pub(super) fn pinned(app: &App, caller: &Caller, params: Paged<Params>) -> Result<Value> {
    let missing = "error-roomId-param-not-provided";
    let room = readable(app, caller, &params.params, missing, Error::not_allowed)?;
    listed(app, caller, &room, &List::Pinned, params.page(app)?)
}

fn refused() -> Error {
    Error::plain("error-not-allowed")
}

pub(super) fn starred(app: &App, caller: &Caller, params: Paged<Params>) -> Result<Value> {
    let room = readable(app, caller, &params.params, "error-invalid-params", refused)?;
    listed(app, caller, &room, &List::Starred(caller.user.id.clone()), params.page(app)?)
}

pub(super) fn mentioned(app: &App, caller: &Caller, params: Paged<Params>) -> Result<Value> {
    let room = readable(app, caller, &params.params, "error-invalid-params", refused)?;
    listed(app, caller, &room, &List::Mentioning(caller.user.id.clone()), params.page(app)?)
}

pub(super) fn discussions(app: &App, caller: &Caller, params: Paged<Params>) -> Result<Value> {
    let room = readable(app, caller, &params.params, "error-invalid-params", refused)?;
    let page = params.page(app)?;
    let text = filled(&params.params, "text");
    let (found, total) = messages::discussions(app, &room.id, text, (page.offset, page.count))?;
    wrap(app, page, caller, &found, total)
}

/// The room whose messages are wanted, if the caller may read there.
pub(super) fn readable(
    app: &App,
    caller: &Caller,
    params: &Params,
    missing: &str,
    refused: fn() -> Error,
) -> Result<Room> {
    let missing = || Error::refused(missing, "The required \"roomId\" query param is missing.");
    let id = filled(params, "roomId").ok_or_else(missing)?;
    let room = app.store.room(&RoomId::new(id))?.ok_or_else(refused)?;
    if messages::can_read(app, &caller.user, &room)? { Ok(room) } else { Err(refused()) }
}

fn listed(app: &App, caller: &Caller, room: &Room, list: &List, page: Page) -> Result<Value> {
    let (found, total) =
        messages::listed(app, &room.id, list, Direction::Descending, (page.offset, page.count))?;
    wrap(app, page, caller, &found, total)
}

fn wrap(app: &App, page: Page, caller: &Caller, found: &[Message], total: usize) -> Result<Value> {
    Ok(page.wrap("messages", wired(app, found, caller)?, total))
}
