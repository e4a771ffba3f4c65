//! `chat.syncMessages` and what else tells a client that was away what has happened.

use serde_json::{Value, json};

use super::lists::readable;
use super::threads::{not_allowed, require_threads};
use super::wired;
use crate::api::matching::{Params, filled};
use crate::api::page::Paged;
use crate::api::present::{self, gone};
use crate::app::App;
use crate::domain::{Message, MessageId, Room, RoomId, Time};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::messages;
use crate::service::sync::{self, Part, Window};
use crate::store::Direction;

pub(super) fn messages(app: &App, caller: &Caller, asked: Paged<Params>) -> Result<Value> {
    let params = &asked.params;
    let given = |name| filled(params, name);
    if given("roomId").is_none() {
        let text = "The required \"roomId\" query param is missing.";
        return Err(Error::refused("error-roomId-param-not-provided", text));
    }
    let room = || readable(app, caller, params, "", Error::not_allowed);
    match (given("lastUpdate"), given("type")) {
        (Some(last), _) => {
            let text = "The \"lastUpdate\" query parameter must be a valid date.";
            let invalid = || Error::refused("error-roomId-param-invalid", text);
            let last = Time::parse(last).ok_or_else(invalid)?;
            since(app, caller, &room()?, last)
        }
        (None, Some(kind)) => turn(app, caller, &room, kind, &asked),
        (None, None) if given("next").or(given("previous")).is_some() => {
            let text =
                "The \"type\" parameter is required when using the \"next\" or \"previous\" parameters";
            Err(Error::refused("error-type-param-required", text))
        }
        (None, None) => {
            let text = "The required \"lastUpdate\" query param is missing.";
            Err(Error::refused("error-lastUpdate-param-not-provided", text))
        }
    }
}

fn since(app: &App, caller: &Caller, room: &Room, last: Time) -> Result<Value> {
    let updated = sync::updated(app, &room.id, Window::since(last), |_| true)?;
    let deleted = sync::deleted(app, &room.id, Window::since(last), |_| true)?;
    let updated = shown(app, caller, &updated)?;
    Ok(json!({"result": {"updated": updated, "deleted": all_gone(&deleted)}}))
}

fn shown(app: &App, caller: &Caller, part: &Part<Message>) -> Result<Vec<Value>> {
    present::messages(app, &caller.user.id, part.found.iter().map(|(_, message)| message))
}

fn all_gone(part: &Part<MessageId>) -> Vec<Value> {
    part.found.iter().map(|(at, id)| gone(id.as_str(), *at)).collect()
}

/// A part of what was updated or deleted, and where the parts around it begin.
fn turn(
    app: &App,
    caller: &Caller,
    room: &dyn Fn() -> Result<Room>,
    kind: &str,
    asked: &Paged<Params>,
) -> Result<Value> {
    let is_updated = match kind {
        "UPDATED" => true,
        "DELETED" => false,
        _ => {
            let text = "The \"type\" parameter must be either \"UPDATED\" or \"DELETED\"";
            return Err(Error::refused("error-type-param-not-supported", text));
        }
    };
    let (next, previous) = (cursor(&asked.params, "next")?, cursor(&asked.params, "previous")?);
    if next.is_some() && previous.is_some() {
        let text = "You cannot provide both \"next\" and \"previous\" parameters";
        return Err(Error::refused("error-cursor-conflict", text));
    }
    let room = room()?;
    let (first, last) = (Time::from_millis(i64::MIN), Time::from_millis(i64::MAX));
    let window = Window {
        from: next.unwrap_or(first),
        until: previous.unwrap_or(last),
        direction: if next.is_some() { Direction::Ascending } else { Direction::Descending },
        count: asked.page(app)?.count,
    };
    let (mut updated, mut deleted) = (Vec::new(), Vec::new());
    let (begins, ends, more) = if is_updated {
        let part = sync::updated(app, &room.id, window, |_| true)?;
        updated = shown(app, caller, &part)?;
        ends_of(&part)
    } else {
        let part = sync::deleted(app, &room.id, window, |_| true)?;
        deleted = all_gone(&part);
        ends_of(&part)
    };
    // Towards where this part came from it is always known how to go on; else only if there is more.
    let (next, previous) = if next.is_some() {
        (more, begins)
    } else if previous.is_some() {
        (begins, more)
    } else {
        (begins, more.or(ends))
    };
    let text = |at: Option<Time>| at.map(|at| at.millis().to_string());
    Ok(json!({"result": {
        "updated": updated,
        "deleted": deleted,
        "cursor": {"next": text(next), "previous": text(previous)},
    }}))
}

/// When the first and the last of a part happened, and how far it reaches if there is more.
fn ends_of<T>(part: &Part<T>) -> (Option<Time>, Option<Time>, Option<Time>) {
    let time = |row: Option<&(Time, T)>| row.map(|(at, _)| *at);
    (time(part.found.first()), time(part.found.last()), part.more_after)
}

fn cursor(params: &Params, name: &str) -> Result<Option<Time>> {
    let Some(text) = filled(params, name) else { return Ok(None) };
    let text_of = || format!("The \"{name}\" query parameter must be a number of milliseconds.");
    let millis = text.parse().map_err(|_| Error::refused("error-cursor-param-invalid", text_of()))?;
    Ok(Some(Time::from_millis(millis)))
}

pub(super) fn deleted(app: &App, caller: &Caller, asked: Paged<Params>) -> Result<Value> {
    let params = &asked.params;
    let missing = |name| move || Error::code(format!("The required \"{name}\" query param is missing."));
    filled(params, "roomId").ok_or_else(missing("roomId"))?;
    let since = filled(params, "since").ok_or_else(missing("since"))?;
    let invalid = || Error::code("The \"since\" query parameter must be a valid date.");
    let since = Time::parse(since).ok_or_else(invalid)?;
    let room = readable(app, caller, params, "", Error::not_allowed)?;
    let page = asked.page(app)?;
    let (found, total) = sync::deleted_page(app, &room.id, since, (page.offset, page.count))?;
    let rows = found.iter().map(|id| json!({"_id": id.as_str()})).collect();
    Ok(page.wrap("messages", rows, total))
}

fn updated_since(params: &Params) -> Result<Time> {
    let code = "error-updatedSince-param-invalid";
    let missing = || Error::refused(code, "The required param \"updatedSince\" is missing.");
    let invalid = || Error::refused(code, "The \"updatedSince\" query parameter must be a valid date.");
    Time::parse(filled(params, "updatedSince").ok_or_else(missing)?).ok_or_else(invalid)
}

pub(super) fn threads(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    require_threads(app)?;
    let text = "The required \"rid\" query param is missing.";
    let missing = || Error::refused("error-room-id-param-not-provided", text);
    let rid = RoomId::new(filled(&params, "rid").ok_or_else(missing)?);
    let window = Window::since(updated_since(&params)?);
    let room = app.store.room(&rid)?.ok_or_else(not_allowed)?;
    if !messages::can_read(app, &caller.user, &room)? {
        return Err(not_allowed());
    }
    let began = |message: &Message| message.replies.as_ref().is_some_and(|replies| replies.count > 0);
    let update = sync::updated(app, &room.id, window, began)?;
    let update = shown(app, caller, &update)?;
    let remove = sync::deleted(app, &room.id, window, |gone| gone.began_thread)?;
    Ok(json!({"threads": {"update": update, "remove": all_gone(&remove)}}))
}

pub(super) fn replies(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    require_threads(app)?;
    let missing = || Error::refused("error-invalid-params", "The required \"tmid\" query param is missing.");
    let id = MessageId::new(filled(&params, "tmid").ok_or_else(missing)?);
    let since = updated_since(&params)?;
    let unknown = || Error::refused("error-invalid-message", "Invalid Message");
    let parent = app.store.message(&id)?.ok_or_else(unknown)?;
    let room = app.store.room(&parent.room)?.ok_or_else(not_allowed)?;
    if !messages::can_read(app, &caller.user, &room)? {
        return Err(not_allowed());
    }
    let update = sync::updated_replies(app, &parent, since)?;
    let of_thread = |thread: &Option<MessageId>| thread.as_ref() == Some(&id);
    let remove = sync::deleted(app, &room.id, Window::since(since), |gone| of_thread(&gone.thread))?;
    Ok(json!({"messages": {"update": wired(app, &update, caller)?, "remove": all_gone(&remove)}}))
}
