//! Deleting what was said.

use std::ops::ControlFlow;

use super::{access, editing, messages, settings, threads, uploads, writing};
use crate::app::App;
use crate::domain::{Json, Message, MessageId, Room, RoomId, Time, Upload, UploadId, User, UserRef};
use crate::error::{Error, Result};
use crate::store::{Batch, Direction};

/// Looking for the last word of a room stops after so many messages.
const FARTHEST_LAST: usize = 1000;
/// A message may say that it was sent so many milliseconds before its file arrived.
const MOST_CLOCK_ERROR: i64 = 10_000;

/// How a message to be deleted is named.
#[derive(Debug, Clone)]
pub enum Which {
    /// By its id.
    Message(MessageId),
    /// By the id of its file.
    File(UploadId),
}

/// Deletes a message with its files and answers what it was. With `as_author` the rules look at its
/// author instead of the caller.
pub fn delete(app: &App, user: &User, room: &RoomId, which: &Which, as_author: bool) -> Result<Message> {
    let (message, unused) = app.store.write(|batch| {
        let message = match which {
            Which::Message(id) => editing::find(batch, room, id)?,
            Which::File(id) => of_file(batch, room, id)?,
        };
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

/// Whether somebody may delete a message.
pub(super) fn may_delete(app: &App, user: &User, room: &Room, message: &Message) -> Result<bool> {
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
    if editing::is_late(app, user, message, limit)? {
        return Ok(false);
    }
    Ok(!room.read_only || writing::may_write_read_only(app, user, room)?)
}

/// The message of a room that brought a file: at the time of the file, or soon after.
fn of_file(batch: &Batch<'_>, room: &RoomId, file: &UploadId) -> Result<Message> {
    let unknown = || Error::plain(format!("No message found with the id of \"{file}\"."));
    let upload = batch.get::<Upload>(&(file.clone(),))?.filter(|upload| upload.room == *room);
    uploads::message_of(batch, &upload.ok_or_else(unknown)?, MOST_CLOCK_ERROR)?.ok_or_else(unknown)
}

/// Takes a message out of its room, or empties it if its place is needed: a thread began there, or
/// it shall be seen that something was deleted. Answers the blobs that may be unused afterwards.
pub(super) fn remove(
    app: &App,
    batch: &mut Batch<'_>,
    user: &User,
    message: &Message,
) -> Result<Vec<[u8; 32]>> {
    let now = app.now();
    let unused = if settings::is_on(app, "Message_KeepHistory")? && message.kind.as_deref() != Some("rm") {
        batch.keep_version(message, now)?;
        uploads::hide_of(batch, message)?;
        Vec::new()
    } else {
        uploads::delete_of(batch, message)?
    };
    let stays = has_replies(message) || settings::is_on(app, "Message_ShowDeletedStatus")?;
    let place = stays.then(|| {
        let mut place = tombstone(message, message.author.clone());
        editing::mark_edited(&mut place, user, now);
        place
    });
    take_out(batch, message, place, now)?;
    Ok(unused)
}

/// Whether a thread would lose its beginning with a message.
pub(super) fn has_replies(message: &Message) -> bool {
    message.replies.as_ref().is_some_and(|replies| replies.count > 0)
}

/// Takes a message out of its room, and leaves `place` where it was. Its files are the caller's
/// business.
pub(super) fn take_out(
    batch: &mut Batch<'_>,
    message: &Message,
    place: Option<Message>,
    now: Time,
) -> Result<()> {
    if let Some(place) = place {
        batch.end_thread(message)?;
        batch.put_message(&place)?;
    } else {
        threads::withdrawn(batch, message, now)?;
        batch.delete_message(message, now)?;
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
    Ok(batch.put_activity(&message.room, &activity)?)
}

/// What stays in the place of a deleted message.
pub(super) fn tombstone(message: &Message, author: UserRef) -> Message {
    let mut place = Message::new(message.id.clone(), message.room.clone(), author, message.sent_at, "");
    place.kind = Some("rm".to_owned());
    place.thread.clone_from(&message.thread);
    place.shown_in_room = message.shown_in_room;
    place.replies.clone_from(&message.replies);
    for list in [&mut place.urls, &mut place.mentions, &mut place.attachments] {
        *list = Json::from_text("[]");
    }
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
