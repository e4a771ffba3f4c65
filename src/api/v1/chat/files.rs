//! `rooms.upload`, and the same in two steps: `rooms.media`, `rooms.mediaConfirm`.

use serde_json::{Value, json};

use crate::api::matching::{Params, filled, optional_text};
use crate::api::present;
use crate::app::App;
use crate::domain::{Message, MessageId, RoomId, UploadId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::sending::Draft;
use crate::service::uploads::{self, Arrived};

pub(super) fn upload(app: &App, caller: &Caller, file: Arrived, params: Params) -> Result<Value> {
    let (room, draft) = (room(&params), draft(&params)?);
    let description = filled(&params, "description").unwrap_or_default();
    let sent = uploads::send(app, &caller.user, &room, file, description, draft)?;
    answer(app, &sent, caller)
}

pub(super) fn media(app: &App, caller: &Caller, file: Arrived, params: Params) -> Result<Value> {
    let encrypted = is_encrypted(&params)?;
    let kept = uploads::keep_for_later(app, &caller.user, &room(&params), file, encrypted)?;
    Ok(json!({"file": {"_id": kept.id.as_str(), "url": uploads::url(&kept)}}))
}

/// Whether the form says by its field `content` that the client has encrypted the file.
fn is_encrypted(params: &Params) -> Result<bool> {
    let Some(content) = filled(params, "content") else { return Ok(false) };
    let content: Value = serde_json::from_str(content).map_err(|_| Error::code("invalid-field-content"))?;
    Ok(content["algorithm"] == "rc.v1.aes-sha2")
}

pub(super) fn confirm(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    const KNOWN: [&str; 15] = [
        "rid",
        "fileId",
        "msg",
        "description",
        "tmid",
        "fileName",
        "fileContent",
        "alias",
        "avatar",
        "emoji",
        "groupable",
        "customFields",
        "t",
        "content",
        "tshow",
    ];
    if let Some(unknown) = params.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(Error::plain(format!("Match error: Unknown key in field {unknown}")));
    }
    let id = UploadId::new(filled(&params, "fileId").unwrap_or_default());
    let description = optional_text(&params, "description")?.unwrap_or_default();
    let name = optional_text(&params, "fileName")?.filter(|name| !name.is_empty());
    let draft = draft(&params)?;
    let sent =
        uploads::confirm(app, &caller.user, &room(&params), &id, name.as_deref(), &description, draft)?;
    answer(app, &sent, caller)
}

fn room(params: &Params) -> RoomId {
    RoomId::new(filled(params, "rid").unwrap_or_default())
}

fn answer(app: &App, sent: &Message, caller: &Caller) -> Result<Value> {
    Ok(json!({"message": present::message(app, &caller.user.id, sent)?}))
}

/// What goes with a file, from a form, where everything is text, or from JSON.
fn draft(params: &Params) -> Result<Draft> {
    let flag = |key: &str| match params.get(key) {
        Some(Value::Bool(flag)) => Some(*flag),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Some(true),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    };
    let mut extra = Params::new();
    for key in ["alias", "avatar", "emoji"] {
        if let Some(text) = optional_text(params, key)?.filter(|text| !text.is_empty()) {
            extra.insert(key.to_owned(), text.into());
        }
    }
    extra.extend(flag("groupable").map(|groupable| ("groupable".to_owned(), groupable.into())));
    let fields = match params.get("customFields") {
        Some(Value::String(text)) => {
            let invalid = |_| Error::plain("Invalid custom fields");
            Some(serde_json::from_str(text).map_err(invalid)?)
        }
        Some(Value::Null) | None => None,
        Some(fields) => Some(fields.clone()),
    };
    extra.extend(fields.map(|fields| ("customFields".to_owned(), fields)));
    Ok(Draft {
        text: optional_text(params, "msg")?.unwrap_or_default(),
        thread: filled(params, "tmid").map(MessageId::new),
        shown_in_room: flag("tshow").unwrap_or(false),
        extra,
        ..Draft::default()
    })
}
