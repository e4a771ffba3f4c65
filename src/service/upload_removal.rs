//! Taking one file out of a room again; the message that brought it stays, without it.

use serde_json::Value;

use super::{deleting, uploads};
use crate::app::App;
use crate::domain::{Json, Message, MessageId, Room, Time, Upload, UploadId, User};
use crate::error::{Error, Result};
use crate::store::Batch;

/// A client's clock may be so many milliseconds slow.
const MOST_CLOCK_ERROR: i64 = 60_000;

/// Deletes a file and what its message shows of it. Who may delete the message may do that.
pub fn delete(app: &App, user: &User, id: &UploadId) -> Result<()> {
    let unknown = || Error::NotFound("Resource not found".to_owned());
    let unused = app.store.write(|batch| {
        let upload = batch.get::<Upload>(&(id.clone(),))?.ok_or_else(unknown)?;
        let room = batch.get::<Room>(&(upload.room.clone(),))?.ok_or_else(unknown)?;
        let message =
            if upload.confirmed { uploads::message_of(batch, &upload, MOST_CLOCK_ERROR)? } else { None };
        // A file that stands alone is judged as if it were a message of who brought it.
        let judged = match &message {
            Some(message) => message.clone(),
            None => alone(batch, &upload)?.ok_or_else(unknown)?,
        };
        if !deleting::may_delete(app, user, &room, &judged)? {
            return Err(Error::Unauthorized);
        }
        if let Some(message) = message {
            batch.put_message(&without(message, id, app.now()))?;
        }
        Ok(batch.delete_upload(id)?)
    })?;
    uploads::remove_unused(app, unused.as_slice())
}

fn alone(batch: &Batch<'_>, upload: &Upload) -> Result<Option<Message>> {
    let owner = batch.get::<User>(&(upload.user.clone(),))?;
    let (room, sent) = (upload.room.clone(), upload.uploaded);
    Ok(owner.map(|owner| Message::new(MessageId::random(), room, owner.reference(), sent, "")))
}

fn is_file(file: &Value, id: &UploadId) -> bool {
    file["_id"] == id.as_str()
}

fn without(mut message: Message, id: &UploadId, now: Time) -> Message {
    let link = format!("/file-upload/{id}/");
    let keep = |list: &Json, wanted: &dyn Fn(&Value) -> bool| match list.value() {
        Value::Array(items) => Json::of(&items.into_iter().filter(|item| wanted(item)).collect::<Vec<_>>()),
        _ => list.clone(),
    };
    message.files = keep(&message.files, &|file| !is_file(file, id));
    message.attachments = keep(&message.attachments, &|card| {
        card["title_link"].as_str().is_none_or(|target| !target.contains(&link))
    });
    if is_file(&message.file.value(), id) {
        message.file = message.files.value().get(0).map_or(Json::NONE, Json::of);
    }
    message.updated_at = now;
    message
}
