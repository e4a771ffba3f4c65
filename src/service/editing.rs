//! Changing what was said.

use serde_json::{Value, json};

use super::{access, hooks, settings, word_filter, writing};
use crate::app::App;
use crate::domain::message::Edited;
use crate::domain::{Json, Message, MessageId, Room, RoomId, Subscription, Time, User};
use crate::error::{Error, Result};
use crate::store::Batch;

/// A change of a message.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// The new text. Of a message with a file: the file's description.
    pub text: String,
    /// New custom fields.
    pub custom_fields: Option<Value>,
    /// The links to show a preview of; `None`: all.
    pub preview_urls: Option<Vec<String>>,
}

/// The message of that id, which must be in that room.
pub(super) fn find(batch: &Batch<'_>, room: &RoomId, id: &MessageId) -> Result<Message> {
    let unknown = || Error::plain(format!("No message found with the id of \"{id}\"."));
    let message = batch.message(id)?.ok_or_else(unknown)?;
    if message.room != *room {
        return Err(Error::plain("The room id provided does not match where the message is from."));
    }
    Ok(message)
}

/// Changes a message. What changes nothing leaves no trace.
pub fn edit(app: &App, editor: &User, room: &RoomId, id: &MessageId, edit: Edit) -> Result<Message> {
    app.store.write(|batch| {
        let mut message = find(batch, room, id)?;
        let refused = || Error::refused("error-action-not-allowed", "Message editing not allowed");
        let room = batch.get::<Room>(&(room.clone(),))?.ok_or_else(refused)?;
        if !access::can_see(app, editor, &room)? {
            return Err(refused());
        }
        if let Some(fields) = &edit.custom_fields {
            writing::check_custom_fields(app, fields)?;
        }
        let text = word_filter::clean(app, writing::close_fence(edit.text))?;
        let described = description(&message);
        let same = described.as_deref().unwrap_or(&message.text) == text;
        if same && edit.custom_fields.is_none() && edit.preview_urls.is_none() {
            return Ok(message);
        }
        let own = message.author.id == editor.id && settings::is_on(app, "Message_AllowEditing")?;
        if message.kind.is_some() || !(own || access::holds_in(app, editor, "edit-message", &room.id)?) {
            return Err(refused());
        }
        let limit = settings::number(app, "Message_AllowEditing_BlockEditInMinutes")?;
        if is_late(app, editor, &message, limit)? {
            return Err(Error::refused("error-message-editing-blocked", "Message editing is blocked"));
        }
        let membership = app.store.subscription(&room.id, &editor.id)?;
        writing::check(app, editor, &room, membership.as_ref())?;
        writing::check_size(app, &text)?;

        if settings::is_on(app, "Message_KeepHistory")? {
            batch.keep_version(&message, app.now())?;
        }
        if let Some(fields) = edit.custom_fields {
            let mut extra = message.extra.value();
            if !extra.is_object() {
                extra = json!({});
            }
            extra["customFields"] = fields;
            message.extra = Json::of(&extra);
        }
        let text = if described.is_some() {
            let mut attachments = message.attachments.value();
            attachments[0]["description"] = text.into();
            message.attachments = Json::of(&attachments);
            message.text.clone()
        } else {
            text
        };
        writing::fill(app, editor, &room, &mut message, text, edit.preview_urls.as_deref())?;
        mark_edited(&mut message, editor, app.now());
        batch.put_message(&message)?;
        touch(batch, &message)?;
        hooks::edited(app, batch, &room, &message)?;
        Ok(message)
    })
}

/// The description of a message's file, if that is what is edited.
fn description(message: &Message) -> Option<String> {
    if message.file.is_none() {
        return None;
    }
    let attachments = message.attachments.value();
    let first = attachments.get(0)?.as_object()?;
    Some(first.get("description").and_then(Value::as_str).unwrap_or_default().to_owned())
}

pub(super) fn mark_edited(message: &mut Message, editor: &User, now: Time) {
    message.edited = Some(Edited { at: now, by: editor.id.clone(), by_username: editor.username.clone() });
    message.updated_at = now;
}

/// Whether a message is older than so many minutes, and that matters for this user.
pub(super) fn is_late(app: &App, user: &User, message: &Message, minutes: f64) -> Result<bool> {
    if minutes <= 0.0 {
        return Ok(false);
    }
    #[expect(clippy::cast_precision_loss, reason = "minutes of some years")]
    let elapsed = (app.now().since(message.sent_at).as_secs() / 60) as f64;
    Ok(elapsed >= minutes
        && !access::holds_in(app, user, "bypass-time-limit-edit-and-delete", &message.room)?)
}

/// Notes that something about a room's messages changed.
pub(super) fn touch(batch: &mut Batch<'_>, message: &Message) -> Result<()> {
    let mut activity = batch.activity(&message.room)?;
    activity.updated = activity.updated.max(message.updated_at);
    Ok(batch.put_activity(&message.room, &activity)?)
}

/// A message with its room, for who may change marks on it.
pub(super) struct Marked {
    /// The message.
    pub(super) message: Message,
    /// Its room.
    pub(super) room: Room,
    /// The membership of who marks.
    pub(super) own: Option<Subscription>,
}

/// The message that somebody wants to put a mark on.
pub(super) fn marked(batch: &Batch<'_>, user: &User, id: &MessageId) -> Result<Marked> {
    let text = "The provided \"messageId\" does not match any existing message.";
    let unknown = || Error::refused("error-message-not-found", text);
    let message = batch.message(id)?.ok_or_else(unknown)?;
    let room = batch.get::<Room>(&(message.room.clone(),))?.ok_or_else(unknown)?;
    let own = batch.get::<Subscription>(&(room.id.clone(), user.id.clone()))?;
    Ok(Marked { message, room, own })
}
