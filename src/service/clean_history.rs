//! Clearing a room's history: many messages at once, or only their files, bit by bit.
//!
//! A part of a bounded number of messages is looked at and changed in one batch; between two parts
//! others write. So the memory that it takes and the time that others wait do not grow with the room.

use std::ops::ControlFlow;

use serde_json::json;

use super::{access, members, messages, threads, uploads};
use crate::app::App;
use crate::domain::{Activity, Json, Message, MessageId, Room, RoomId, Time};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::store::{Batch, Direction, Span};

/// So many messages are looked at in one part.
const PART: usize = 500;
/// Looking for the last word of a room stops after so many messages.
const FARTHEST_LAST: usize = 1000;

/// Which messages go, and what of them.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the request")]
pub struct Sweep {
    /// The first instant.
    pub from: Time,
    /// The end, not included.
    pub until: Time,
    /// Pinned messages stay.
    pub keep_pinned: bool,
    /// Messages that tell of discussions stay, and with them the discussions.
    pub keep_discussions: bool,
    /// Messages that began a thread or reply in one stay.
    pub keep_threads: bool,
    /// Only files go; the messages stay.
    pub only_files: bool,
    /// Login names of the authors; empty: all.
    pub authors: Vec<String>,
}

impl Sweep {
    fn takes(&self, message: &Message) -> bool {
        (self.authors.is_empty() || self.authors.contains(&message.author.username))
            && !(self.keep_pinned && message.pinned.is_some())
            && !(self.keep_discussions && tells_of_discussion(message))
            && !(self.keep_threads && (message.thread.is_some() || has_replies(message)))
            && !(self.only_files && message.file.is_none())
    }
}

fn has_replies(message: &Message) -> bool {
    message.replies.as_ref().is_some_and(|replies| replies.count > 0)
}

fn tells_of_discussion(message: &Message) -> bool {
    // Looking at the text first spares most messages the parsing.
    message.extra.as_str().contains("\"drid\"") && message.extra.value()["drid"].is_string()
}

/// What stands where a deleted message was is no message any more, and is not counted.
fn is_counted(message: &Message) -> bool {
    let hidden = message.extra.as_str().contains("\"_hidden\"") && message.extra.value()["_hidden"] == true;
    message.kind.as_deref() != Some("rm") && !hidden
}

/// How far a sweep has come: everything up to this message was looked at.
#[derive(Debug, Clone, Default)]
pub struct Progress(Option<(Time, MessageId)>);

/// What came of one part.
#[derive(Debug)]
pub struct Part {
    /// Messages that went, or whose files did.
    pub count: u64,
    /// Where the next part begins; `None`: there is none.
    pub next: Option<Progress>,
}

/// Sweeps one part of a room: looks at `PART` messages at most, the oldest first, and changes at most
/// `limit` of them.
pub fn sweep_part(app: &App, room: &RoomId, sweep: &Sweep, progress: &Progress, limit: u64) -> Result<Part> {
    let end = (room.clone(), sweep.until);
    let span = match &progress.0 {
        None => Span::between(&(room.clone(), sweep.from), &end),
        // The smallest key behind that of the message.
        Some((at, id)) => Span::between(&(room.clone(), *at, MessageId::new(format!("{id}\0"))), &end),
    };
    let (mut looked_at, mut last, mut taken) = (0, None, Vec::new());
    app.store.walk::<Message, Error>(span, Direction::Ascending, |(_, at, id), message| {
        looked_at += 1;
        last = Some((at, id.clone()));
        if sweep.takes(&message) {
            taken.push((at, id));
        }
        let enough = looked_at == PART || taken.len() as u64 == limit;
        Ok(if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    let mut part = Part { count: 0, next: None };
    if looked_at == PART || taken.len() as u64 == limit {
        part.next = Some(Progress(last));
    }
    if taken.is_empty() {
        return Ok(part);
    }
    let (count, unused) = app.store.write(|batch| take(app, batch, room, sweep, &taken))?;
    uploads::remove_unused(app, &unused)?;
    part.count = count;
    Ok(part)
}

type Blobs = Vec<[u8; 32]>;

fn take(
    app: &App,
    batch: &mut Batch<'_>,
    room: &RoomId,
    sweep: &Sweep,
    taken: &[(Time, MessageId)],
) -> Result<(u64, Blobs)> {
    let now = app.now();
    let (mut count, mut unused) = (0, Vec::new());
    if !batch.has::<Room>(&(room.clone(),))? {
        return Ok((0, unused));
    }
    for (at, id) in taken {
        // It may have changed since it was read: pinned, replied to, deleted.
        let message = batch.get::<Message>(&(room.clone(), *at, id.clone()))?;
        let Some(message) = message.filter(|message| sweep.takes(message)) else { continue };
        unused.extend(uploads::delete_of(batch, &message)?);
        if sweep.only_files {
            batch.put_message(&without_file(message, now))?;
            count += 1;
            continue;
        }
        if let Some(discussion) = batch.announced(&message)? {
            delete_discussion(app, batch, room, &discussion)?;
        }
        threads::withdrawn(batch, &message, now)?;
        batch.delete_message(&message, now)?;
        batch.delete_versions(&message)?;
        count += u64::from(is_counted(&message));
    }
    let mut activity = batch.activity(room)?;
    activity.updated = now;
    if !sweep.only_files {
        activity.messages = activity.messages.saturating_sub(count);
        find_last_word(batch, room, &mut activity)?;
    }
    batch.put_activity(room, &activity)?;
    Ok((count, unused))
}

/// A message whose file was taken away.
fn without_file(mut message: Message, now: Time) -> Message {
    message.file = Json::NONE;
    message.files = Json::NONE;
    message.attachments = Json::of(&[json!({"color": "#FD745E", "text": "_File removed by prune_"})]);
    message.updated_at = now;
    message
}

/// Deletes a discussion together with the message that tells of it.
fn delete_discussion(app: &App, batch: &mut Batch<'_>, parent: &RoomId, id: &RoomId) -> Result<()> {
    let Some(room) = batch.get::<Room>(&(id.clone(),))?.filter(|room| room.parent.as_ref() == Some(parent))
    else {
        return Ok(());
    };
    app.store.members::<Error>(id, |member| {
        members::remember_end(batch, &member, app.now())?;
        Ok(ControlFlow::Continue(()))
    })?;
    batch.delete_room(&room)?;
    app.sweep_bell.notify_one();
    Ok(())
}

/// Finds the last message of a person anew, if the one that was known is gone.
fn find_last_word(batch: &Batch<'_>, room: &RoomId, activity: &mut Activity) -> Result<()> {
    let Some(known) = &activity.last_message else { return Ok(()) };
    if batch.message(known)?.is_some() {
        return Ok(());
    }
    let (first, last) = (Time::from_millis(i64::MIN), Time::from_millis(i64::MAX));
    let (mut found, mut looked_at) = (None, 0);
    batch.store().history::<Error>(room, first, last, Direction::Descending, |message| {
        if batch.has::<Message>(&(room.clone(), message.sent_at, message.id.clone()))? {
            looked_at += 1;
            if messages::is_of_person(&message) {
                found = Some(message);
            }
        }
        let goes_on = found.is_none() && looked_at < FARTHEST_LAST;
        Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    activity.last_at = found.as_ref().map(|last| last.sent_at);
    activity.last_message = found.map(|last| last.id);
    Ok(())
}

/// Refuses who may not clear the history of a room; rooms that the caller cannot see first.
pub fn require_right(app: &App, caller: &Caller, room: &Room) -> Result<()> {
    if !access::can_see(app, &caller.user, room)? {
        let text = "User does not have access to the room [error-not-allowed]";
        return Err(Error::typed(text, "error-not-allowed"));
    }
    if !access::holds_in(app, &caller.user, "clean-channel-history", &room.id)? {
        return Err(Error::not_allowed());
    }
    Ok(())
}

/// Sweeps a room from its oldest message on and answers how many messages it was; with a limit, not
/// more than that.
pub fn clean(app: &App, caller: &Caller, room: &RoomId, sweep: &Sweep, limit: Option<u64>) -> Result<u64> {
    let found = app.store.room(room)?;
    require_right(app, caller, &found.ok_or_else(|| Error::refused("error-invalid-room", "Invalid room"))?)?;
    let (mut count, mut progress) = (0, Progress::default());
    let mut left = limit.unwrap_or(u64::MAX);
    loop {
        let part = sweep_part(app, room, sweep, &progress, left)?;
        count += part.count;
        left -= part.count.min(left);
        match part.next {
            Some(next) if left > 0 => progress = next,
            Some(_) | None => return Ok(count),
        }
    }
}
