//! Which rooms an order means, and how much there is to do.

use std::ops::ControlFlow;

use export_sdk as sdk;

use super::{Failure, Filter, Task, unreadable};
use crate::domain::{Room, RoomId, Rooms, Time};
use crate::export::progress::JobProgress;
use crate::store::{Direction, Span};

/// The ids of the rooms, in their order; some forty bytes each.
pub(super) fn rooms(task: &Task<'_>, filter: &Filter, progress: &JobProgress) -> sdk::Result<Vec<RoomId>> {
    let everything = match &task.order.rooms {
        Rooms::Listed(rooms) => return Ok(rooms.clone()),
        Rooms::Thread { room, .. } | Rooms::Messages { room, .. } => return Ok(vec![room.clone()]),
        Rooms::Seen | Rooms::Own => false,
        Rooms::Server => true,
    };
    let (mut found, until) = (Vec::new(), task.order.until);
    let walked = task.store.walk::<Room, Failure>(Span::all(), Direction::Ascending, |_, room| {
        progress.work.check().map_err(sdk::Error::from)?;
        if !filter.wants_room(&room) || !(everything || (task.may_see)(&room)?) {
            return Ok(ControlFlow::Continue(()));
        }
        // A room that was made later holds nothing of this export, unless it was brought in from
        // elsewhere with its history.
        if room.created < until || held(task, filter, &room.id, 1)? > 0 {
            // By what people call them, as far as they have names.
            found.push((room.name.is_none(), room.title().to_lowercase(), room.id));
        }
        Ok(ControlFlow::Continue(()))
    });
    walked.map_err(|Failure(error)| error)?;
    found.sort();
    Ok(found.into_iter().map(|(_, _, id)| id).collect())
}

/// How many messages of a room lie in the window, counted at most to `limit`.
pub(super) fn held(task: &Task<'_>, filter: &Filter, room: &RoomId, limit: u64) -> sdk::Result<u64> {
    let (from, until) = filter.window();
    let counted = match &task.order.rooms {
        Rooms::Listed(_) | Rooms::Seen | Rooms::Server | Rooms::Own => {
            task.store.count_messages(room, from, until, limit)
        }
        Rooms::Thread { thread, .. } => {
            task.store.count_replies(thread, from, until, limit).map(|replies| replies + 1)
        }
        Rooms::Messages { messages, .. } => Ok(messages.len() as u64),
    };
    counted.map(|counted| counted.min(limit)).map_err(unreadable)
}

/// How many messages will be read, if that is known soon.
pub(super) fn expected(task: &Task<'_>, filter: &Filter, rooms: &[RoomId]) -> sdk::Result<Option<u64>> {
    const COUNTED: u64 = 100_000;
    let (mut messages, mut left) = (0, COUNTED);
    for room in rooms {
        if is_whole(task, filter) {
            messages += task.store.activity(room).map_err(unreadable)?.messages;
            continue;
        }
        let counted = held(task, filter, room, left)?;
        if counted >= left {
            return Ok(None);
        }
        messages += counted;
        left -= counted;
    }
    Ok(Some(messages))
}

/// How many messages there are in the window of an export, before any filter but that of time:
/// counted at most to `limit`, and beyond that no fewer than there are.
pub fn extent(task: &Task<'_>, limit: u64) -> sdk::Result<u64> {
    let filter = task.filter()?;
    let rooms = rooms(task, &filter, &JobProgress::default())?;
    extent_of(task, &filter, &rooms, limit)
}

/// The same for these rooms.
pub(super) fn extent_of(task: &Task<'_>, filter: &Filter, rooms: &[RoomId], limit: u64) -> sdk::Result<u64> {
    let (mut messages, mut left) = (0, if is_whole(task, filter) { 0 } else { limit });
    for room in rooms {
        let counted = if left == 0 { 0 } else { held(task, filter, room, left)? };
        messages +=
            if counted < left { counted } else { task.store.activity(room).map_err(unreadable)?.messages };
        left -= counted;
    }
    Ok(messages)
}

/// Whether the window has all messages that there were when the export was asked for.
fn is_whole(task: &Task<'_>, filter: &Filter) -> bool {
    // Orders are accepted some moments after their end was set.
    const MOMENT: i64 = 60_000;
    let (from, until) = filter.window();
    task.is_of_rooms() && from == Time::from_millis(i64::MIN) && until.plus(MOMENT) > task.requested_at
}
