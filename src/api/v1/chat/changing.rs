//! `chat.update`, `chat.delete`.

use serde_json::{Value, json};

use crate::api::matching::{Params, optional_flag, optional_text, optional_texts, text};
use crate::api::{present, wire};
use crate::app::App;
use crate::domain::{MessageId, RoomId, UploadId};
use crate::error::Result;
use crate::service::caller::Caller;
use crate::service::deleting::{self, Which};
use crate::service::editing::{self, Edit};

pub(super) fn update(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    let room = RoomId::new(text(&params, "roomId")?);
    let id = MessageId::new(text(&params, "msgId")?);
    let edit = Edit {
        text: text(&params, "text")?,
        custom_fields: params.get("customFields").filter(|fields| !fields.is_null()).cloned(),
        preview_urls: optional_texts(&params, "previewUrls")?,
    };
    let message = editing::edit(app, &caller.user, &room, &id, edit)?;
    Ok(json!({"message": present::message(app, &caller.user.id, &message)?}))
}

pub(super) fn delete(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    let which = match optional_text(&params, "fileId")? {
        Some(file) if !params.contains_key("msgId") => Which::File(UploadId::new(file)),
        Some(_) | None => Which::Message(MessageId::new(text(&params, "msgId")?)),
    };
    let room = RoomId::new(text(&params, "roomId")?);
    let as_author = optional_flag(&params, "asUser")?.unwrap_or(false);
    let deleted = deleting::delete(app, &caller.user, &room, &which, as_author)?;
    Ok(json!({
        "_id": deleted.id.as_str(),
        "ts": app.now().millis().to_string(),
        "message": {
            "_id": deleted.id.as_str(),
            "rid": deleted.room.as_str(),
            "u": wire::reference(&deleted.author),
        },
    }))
}
