//! `chat.search`.

use serde_json::{Value, json};

use super::lists::readable;
use super::wired;
use crate::api::matching::{Params, filled};
use crate::api::page::Paged;
use crate::app::App;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::search;

pub(super) fn search(app: &App, caller: &Caller, params: Paged<Params>) -> Result<Value> {
    let missing = || {
        let text = "The required \"searchText\" query param is missing.";
        Error::refused("error-searchText-param-not-provided", text)
    };
    let given = &params.params;
    let text = filled(given, "searchText");
    if filled(given, "roomId").is_some() && text.is_none() {
        return Err(missing());
    }
    let room = readable(app, caller, given, "error-roomId-param-not-provided", Error::not_allowed)?;
    let page = params.page(app)?;
    let text = text.ok_or_else(missing)?;
    let found = search::search(app, &caller.user, &room, text, (page.offset, page.count))?;
    Ok(json!({"messages": wired(app, &found, caller)?}))
}
