//! Reading back what was said in a room, a page at a time, and which files were sent there.

use std::ops::ControlFlow;

use serde_json::Value;

use super::messages::MOST_AT_ONCE;
use super::{access, settings};
use crate::app::App;
use crate::domain::{Message, MessageId, Room, RoomId, RoomKind, Time, Upload, UploadId, User};
use crate::error::{Error, Result};
use crate::store::message_indexes::List;
use crate::store::schema::FileOfRoom;
use crate::store::{Direction, Span};

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
    mut keep: impl FnMut(&Message) -> bool,
) -> Result<Vec<Message>> {
    let mut found = Vec::new();
    let (mut kept, mut in_vain) = (0, 0);
    let count = stretch.count.min(MOST_AT_ONCE);
    if count == 0 {
        return Ok(found);
    }
    app.store.history::<Error>(room, stretch.from, stretch.until, stretch.direction, |message| {
        if keep(&message) {
            kept += 1;
            if kept > stretch.offset {
                found.push(message);
            }
        } else {
            in_vain += 1;
        }
        let enough = found.len() == count || in_vain == MOST_IN_VAIN;
        Ok(if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}

/// The same with the number of all that `keep` keeps, among the first 20,000 messages.
pub fn search(
    app: &App,
    room: &RoomId,
    stretch: Stretch,
    mut keep: impl FnMut(&Message) -> bool,
) -> Result<(Vec<Message>, usize)> {
    let (mut found, mut kept, mut seen) = (Vec::new(), 0, 0);
    let count = stretch.count.min(MOST_AT_ONCE);
    app.store.history::<Error>(room, stretch.from, stretch.until, stretch.direction, |message| {
        seen += 1;
        if keep(&message) {
            kept += 1;
            if kept > stretch.offset && found.len() < count {
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
    let (mut found, mut kept) = (Vec::new(), 0);
    let count = stretch.count.min(MOST_AT_ONCE);
    for (_, id) in places {
        let Some(message) = app.store.message(&id)?.filter(&mut keep) else { continue };
        kept += 1;
        if kept > stretch.offset && found.len() < count {
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

/// Kinds of system messages that the settings hide.
pub fn hidden_kinds(app: &App) -> Result<Vec<String>> {
    let setting = settings::value(app, "Hide_System_Messages")?;
    let given = setting.as_array().into_iter().flatten().filter_map(Value::as_str);
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
    /// Oldest first.
    Uploaded,
}

/// The confirmed files of a room that `keep` keeps, in order. A short pair for each is in memory;
/// their records are read when a page of them is shown.
pub fn files(
    app: &App,
    room: &RoomId,
    order: FileOrder,
    mut keep: impl FnMut(&Upload) -> bool,
) -> Result<Vec<UploadId>> {
    let mut files = Vec::new();
    let span = Span::of(&(room.clone(),));
    app.store.walk::<FileOfRoom, Error>(span, Direction::Ascending, |(_, _, id), _| {
        if let Some(upload) = app.store.upload(&id)?.filter(|upload| upload.confirmed && keep(upload)) {
            files.push((upload.name, id));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if order == FileOrder::Name {
        files.sort_by(|(one, _), (other, _)| one.cmp(other));
    }
    Ok(files.into_iter().map(|(_, id)| id).collect())
}
