//! `chat.getURLPreview`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::domain::RoomId;
use crate::error::Result;
use crate::service::caller::Caller;
use crate::service::previews;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Link {
    room_id: String,
    url: String,
}

pub(super) fn preview(app: &App, caller: &Caller, params: Link) -> Result<Value> {
    let room = RoomId::new(params.room_id);
    let found = previews::look(app, &caller.user, &room, &params.url)?;
    let mut preview = json!({"url": params.url, "meta": {}, "ignoreParse": true});
    if let Some(found) = found {
        preview["headers"] = previews::headers(&found);
        preview["meta"] = found.meta.into();
    }
    Ok(json!({"urlPreview": preview}))
}
