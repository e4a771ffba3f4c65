//! Changing and deleting what was said.

use std::ops::ControlFlow;

use serde_json::{Value, json};

use super::{access, messages, settings, threads, uploads, writing};
use crate::app::App;
use crate::domain::message::Edited;
use crate::domain::{Json, Message, MessageId, Room, RoomId, Subscription, Time, User};
use crate::error::{Error, Result};
use crate::store::{Batch, Direction};

/// Looking for the last word of a room stops after so many messages.
const FARTHEST_LAST: usize = 1000;

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
fn find(batch: &Batch<'_>, room: &RoomId, id: &MessageId) -> Result<Message> {
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
        let text = writing::close_fence(edit.text);
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

fn mark_edited(message: &mut Message, editor: &User, now: Time) {
    message.edited = Some(Edited { at: now, by: editor.id.clone(), by_username: editor.username.clone() });
    message.updated_at = now;
}

/// Whether a message is older than so many minutes, and that matters for this user.
fn is_late(app: &App, user: &User, message: &Message, minutes: f64) -> Result<bool> {
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

/// Deletes a message with its files and answers what it was. With `as_author` the rules look at its
/// author instead of the caller. Who began a thread leaves an empty place.
pub fn delete(app: &App, user: &User, room: &RoomId, id: &MessageId, as_author: bool) -> Result<Message> {
    let (message, unused) = app.store.write(|batch| {
        let message = find(batch, room, id)?;
        let mut judged = user.clone();
        if as_author && message.author.id != user.id {
            if !access::holds_in(app, user, "force-delete-message", room)? {
                let text = "Unauthorized. You must have the permission \"force-delete-message\" to delete other's \
                            message as them.";
                return Err(Error::plain(text));
            }
            let author = app.store.user(&message.author.id)?;
            judged = author.ok_or_else(|| Error::plain("User not found"))?;
        }
        let refused = || Error::refused("error-action-not-allowed", "Not allowed");
        let room = batch.get::<Room>(&(room.clone(),))?.ok_or_else(refused)?;
        if !(access::can_see(app, user, &room)? && may_delete(app, &judged, &room, &message)?) {
            return Err(refused());
        }
        let unused = remove(app, batch, &judged, &message)?;
        Ok::<_, Error>((message, unused))
    })?;
    uploads::remove_unused(app, &unused)?;
    Ok(message)
}

fn may_delete(app: &App, user: &User, room: &Room, message: &Message) -> Result<bool> {
    if !access::can_see(app, user, room)? {
        return Ok(false);
    }
    if access::holds_in(app, user, "force-delete-message", &room.id)? {
        return Ok(true);
    }
    if !settings::is_on(app, "Message_AllowDeleting")? {
        return Ok(false);
    }
    let own = message.author.id == user.id && access::holds_in(app, user, "delete-own-message", &room.id)?;
    if !own && !access::holds_in(app, user, "delete-message", &room.id)? {
        return Ok(false);
    }
    let limit = settings::number(app, "Message_AllowDeleting_BlockDeleteInMinutes")?;
    if is_late(app, user, message, limit)? {
        return Ok(false);
    }
    Ok(!room.read_only || writing::may_write_read_only(app, user, room)?)
}

/// Takes a message out of its room, or empties it if its place is needed. Answers the blobs that may
/// be unused afterwards.
fn remove(app: &App, batch: &mut Batch<'_>, user: &User, message: &Message) -> Result<Vec<[u8; 32]>> {
    let now = app.now();
    let unused = uploads::delete_of(batch, message)?;
    let gathered = message.replies.as_ref().is_some_and(|replies| replies.count > 0);
    if gathered || settings::is_on(app, "Message_ShowDeletedStatus")? {
        batch.put_message(&tombstone(message, user, now))?;
    } else {
        threads::withdrawn(batch, message, now)?;
        batch.delete_message(message)?;
    }
    let mut activity = batch.activity(&message.room)?;
    if message.kind.as_deref() != Some("rm") {
        activity.messages = activity.messages.saturating_sub(1);
    }
    activity.updated = now;
    if activity.last_message.as_ref() == Some(&message.id) {
        let last = last_word(batch, &message.room, &message.id)?;
        activity.last_at = last.as_ref().map(|last| last.sent_at);
        activity.last_message = last.map(|last| last.id);
    }
    batch.put_activity(&message.room, &activity)?;
    Ok(unused)
}

/// What stays in the place of a deleted message.
fn tombstone(message: &Message, user: &User, now: Time) -> Message {
    let author = message.author.clone();
    let mut place = Message::new(message.id.clone(), message.room.clone(), author, message.sent_at, "");
    place.kind = Some("rm".to_owned());
    place.thread.clone_from(&message.thread);
    place.shown_in_room = message.shown_in_room;
    place.replies.clone_from(&message.replies);
    for list in [&mut place.urls, &mut place.mentions, &mut place.attachments] {
        *list = Json::from_text("[]");
    }
    mark_edited(&mut place, user, now);
    place
}

/// The last message of a person that stands in the room, but for this one.
fn last_word(batch: &Batch<'_>, room: &RoomId, but: &MessageId) -> Result<Option<Message>> {
    let (first, last) = (Time::from_millis(i64::MIN), Time::from_millis(i64::MAX));
    let (mut found, mut looked_at) = (None, 0);
    batch.store().history::<Error>(room, first, last, Direction::Descending, |message| {
        looked_at += 1;
        if messages::is_of_person(&message) && message.id != *but {
            found = Some(message);
        }
        let goes_on = found.is_none() && looked_at < FARTHEST_LAST;
        Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(found)
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
