//! `chat.getThreadsList` and what else there is about threads.

use serde_json::Value;

use super::wired;
use crate::api::matching::{Params, filled, text};
use crate::api::page::Paged;
use crate::app::App;
use crate::domain::{MessageId, RoomId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::threads::{self, Which};
use crate::service::{messages, settings};

pub(super) fn require_threads(app: &App) -> Result<()> {
    let disabled = || Error::refused("error-not-allowed", "Threads Disabled");
    if settings::is_on(app, "Threads_enabled")? { Ok(()) } else { Err(disabled()) }
}

pub(super) fn not_allowed() -> Error {
    Error::refused("error-not-allowed", "Not Allowed")
}

pub(super) fn list(app: &App, caller: &Caller, params: Paged<Params>) -> Result<Value> {
    let rid = RoomId::new(text(&params.params, "rid")?);
    require_threads(app)?;
    let room = app.store.room(&rid)?.ok_or_else(not_allowed)?;
    if !messages::can_read(app, &caller.user, &room)? {
        return Err(not_allowed());
    }
    let which = match filled(&params.params, "type") {
        Some("following") => Which::Following,
        Some("unread") => Which::Unread,
        _ => Which::All,
    };
    let page = params.page(app)?;
    let text = filled(&params.params, "text");
    let (found, total) = threads::list(app, &caller.user, &room, which, text, (page.offset, page.count))?;
    Ok(page.wrap("threads", wired(app, &found, caller)?, total))
}

pub(super) fn replies(app: &App, caller: &Caller, params: Paged<Params>) -> Result<Value> {
    require_threads(app)?;
    let missing = || Error::refused("error-invalid-params", "The required \"tmid\" query param is missing.");
    let id = MessageId::new(filled(&params.params, "tmid").ok_or_else(missing)?);
    let unknown = || Error::refused("error-invalid-message", "Invalid Message");
    let parent = app.store.message(&id)?.ok_or_else(unknown)?;
    let room = app.store.room(&parent.room)?.ok_or_else(not_allowed)?;
    if !messages::can_read(app, &caller.user, &room)? {
        return Err(not_allowed());
    }
    let page = params.page(app)?;
    let (found, total) = threads::replies(app, &parent, (page.offset, page.count))?;
    Ok(page.wrap("messages", wired(app, &found, caller)?, total))
}

pub(super) fn follow(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    set_following(app, caller, &params, true)
}

pub(super) fn unfollow(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    set_following(app, caller, &params, false)
}

fn set_following(app: &App, caller: &Caller, params: &Params, following: bool) -> Result<Value> {
    let missing = || Error::code("The required \"mid\" body param is missing.");
    let id = MessageId::new(filled(params, "mid").ok_or_else(missing)?);
    threads::set_following(app, &caller.user, &id, following)?;
    Ok(Value::Null)
}
