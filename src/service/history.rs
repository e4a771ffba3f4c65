//! Reading back what was said in a room, a page at a time, and which files were sent there.

use std::ops::ControlFlow;

use serde_json::Value;

use super::messages::{Budget, MOST_AT_ONCE};
use super::{access, settings};
use crate::app::App;
use crate::domain::{Message, MessageId, Room, RoomId, RoomKind, Time, Upload, UploadId, User};
use crate::error::{Error, Result};
use crate::store::Direction;
use crate::store::directory::ListedFile;
use crate::store::message_indexes::List;

/// A search that nothing matches stops after so many messages, so that it costs no more in a room of
/// millions.
const MOST_IN_VAIN: usize = 20_000;

/// A stretch of a room's history and which part of it is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// Its first instant.
    pub from: Time,
    /// Its end, not included.
    pub until: Time,
    /// Oldest first, or newest first.
    pub direction: Direction,
    /// How many to pass over.
    pub offset: usize,
    /// How many at most.
    pub count: usize,
}

impl Stretch {
    /// A part of the whole history.
    pub fn whole(direction: Direction, offset: usize, count: usize) -> Self {
        let (from, until) = (Time::from_millis(i64::MIN), Time::from_millis(i64::MAX));
        Self { from, until, direction, offset, count }
    }
}

/// The messages of a stretch that `keep` keeps.
pub fn read(
    app: &App,
    room: &RoomId,
    stretch: Stretch,
    keep: impl FnMut(&Message) -> bool,
) -> Result<Vec<Message>> {
    Ok(read_some(app, room, stretch, keep)?.0)
}

/// The same, and whether it ended early because the messages are large.
pub fn read_some(
    app: &App,
    room: &RoomId,
    stretch: Stretch,
    mut keep: impl FnMut(&Message) -> bool,
) -> Result<(Vec<Message>, bool)> {
    let (mut found, mut budget) = (Vec::new(), Budget::default());
    let (mut kept, mut in_vain) = (0, 0);
    let count = stretch.count.min(MOST_AT_ONCE);
    if count == 0 {
        return Ok((found, false));
    }
    app.store.history::<Error>(room, stretch.from, stretch.until, stretch.direction, |message| {
        if keep(&message) {
            kept += 1;
            if kept > stretch.offset {
                budget.spend(&message);
                found.push(message);
            }
        } else {
            in_vain += 1;
        }
        let enough = found.len() == count || in_vain == MOST_IN_VAIN || budget.is_spent();
        Ok(if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    let is_cut = budget.is_spent() && found.len() < count;
    Ok((found, is_cut))
}

/// The same with the number of all that `keep` keeps, among the first 20,000 messages.
pub fn search(
    app: &App,
    room: &RoomId,
    stretch: Stretch,
    mut keep: impl FnMut(&Message) -> bool,
) -> Result<(Vec<Message>, usize)> {
    let (mut found, mut kept, mut seen) = (Vec::new(), 0, 0);
    let mut budget = Budget::default();
    let count = stretch.count.min(MOST_AT_ONCE);
    app.store.history::<Error>(room, stretch.from, stretch.until, stretch.direction, |message| {
        seen += 1;
        if keep(&message) {
            kept += 1;
            if kept > stretch.offset && found.len() < count && !budget.is_spent() {
                budget.spend(&message);
                found.push(message);
            }
        }
        Ok(if seen == MOST_IN_VAIN { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok((found, kept))
}

/// The messages that stand in one of these lists and that `keep` keeps: `count` of them after
/// `offset`, and how many there are, among the first 20,000.
pub fn chosen(
    app: &App,
    room: &RoomId,
    lists: &[List],
    stretch: Stretch,
    mut keep: impl FnMut(&Message) -> bool,
) -> Result<(Vec<Message>, usize)> {
    let mut places: Vec<(Time, MessageId)> = Vec::new();
    for list in lists {
        let window = (stretch.from, stretch.until);
        app.store.places::<Error>((room, list), window, stretch.direction, |at, id| {
            places.push((at, id));
            let goes_on = places.len() < MOST_IN_VAIN;
            Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
    }
    places.sort_unstable();
    // A message may stand in several lists.
    places.dedup();
    if stretch.direction == Direction::Descending {
        places.reverse();
    }
    let (mut found, mut kept, mut budget) = (Vec::new(), 0, Budget::default());
    let count = stretch.count.min(MOST_AT_ONCE);
    for (_, id) in places {
        let Some(message) = app.store.message(&id)?.filter(&mut keep) else { continue };
        kept += 1;
        if kept > stretch.offset && found.len() < count && !budget.is_spent() {
            budget.spend(&message);
            found.push(message);
        }
    }
    Ok((found, kept))
}

/// Whether a user may look into a room that they see: public channels need a permission of their
/// own as long as one has not joined.
pub fn may_read(app: &App, user: &User, room: &Room) -> Result<bool> {
    if !access::can_see(app, user, room)? {
        return Ok(false);
    }
    Ok(room.kind != RoomKind::Channel
        || access::holds(app, user, "preview-c-room")?
        || access::is_member(app, user, room)?)
}

/// Kinds of system messages that are hidden in a room: those that it names itself, else those of the
/// settings.
pub fn hidden_kinds(app: &App, room: &Room) -> Result<Vec<String>> {
    let own = room.extra.value();
    let list = if own["sysMes"].is_array() {
        own["sysMes"].clone()
    } else {
        settings::value(app, "Hide_System_Messages")?
    };
    let given = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut kinds: Vec<String> = given.map(ToOwned::to_owned).collect();
    if kinds.iter().any(|kind| kind == "mute_unmute") {
        kinds.extend(["user-muted".to_owned(), "user-unmuted".to_owned()]);
    }
    Ok(kinds)
}

/// In which order files are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileOrder {
    /// By name.
    Name,
    /// By the time they were sent.
    Uploaded,
}

/// A part of the files of a room.
#[derive(Debug, Clone, Copy)]
pub struct FilePart {
    /// By what they are sorted.
    pub order: FileOrder,
    /// Forwards or backwards.
    pub direction: Direction,
    /// How many to pass over.
    pub offset: usize,
    /// How many at most.
    pub count: usize,
}

/// A part of the confirmed files of a room that `keep` keeps, and how many there are of them. Only
/// the files of the part are read; by time, a short pair for each file is in memory.
pub fn files(
    app: &App,
    room: &RoomId,
    part: FilePart,
    mut keep: impl FnMut(&ListedFile) -> bool,
) -> Result<(Vec<Upload>, usize)> {
    let (mut total, mut ids, mut times) = (0, Vec::new(), Vec::new());
    app.store.files_by_name::<Error>(room, part.direction, |file| {
        if keep(&file) {
            if part.order == FileOrder::Uploaded {
                times.push((file.entry.uploaded, file.id));
            } else if total >= part.offset && ids.len() < part.count {
                ids.push(file.id);
            }
            total += 1;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if part.order == FileOrder::Uploaded {
        times.sort_unstable();
        if part.direction == Direction::Descending {
            times.reverse();
        }
        ids = times.into_iter().skip(part.offset).take(part.count).map(|(_, id)| id).collect();
    }
    let mut uploads = Vec::new();
    for id in ids {
        uploads.extend(app.store.upload(&id)?);
    }
    Ok((uploads, total))
}

/// A part of the images of a room, newest first, and how many there are; from `start` on, if that is
/// one of them.
pub fn images(
    app: &App,
    room: &RoomId,
    start: Option<&str>,
    offset: usize,
    count: usize,
) -> Result<(Vec<Upload>, usize)> {
    let newest = match start {
        Some(id) => app.store.upload(&UploadId::new(id))?.filter(|upload| upload.room == *room),
        None => None,
    };
    let newest = newest.map(|upload| (upload.uploaded, upload.id));
    let part = FilePart { order: FileOrder::Uploaded, direction: Direction::Descending, offset, count };
    files(app, room, part, |file| {
        let place = (file.entry.uploaded, file.id.clone());
        file.entry.media_type.starts_with("image/") && newest.as_ref().is_none_or(|newest| place <= *newest)
    })
}
