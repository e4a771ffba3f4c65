//! About how many bytes an export writes, told before it writes any.
//!
//! Nothing is rendered for it, so it is rough: it counts messages and the sizes of their rooms' files.

use std::ops::ControlFlow;

use export_sdk as sdk;

use super::{Filter, Task, rooms, unreadable, zone};
use crate::domain::{RoomId, Rooms, Time};
use crate::store::{self, Direction, Span, schema};

/// What a message takes in one format, with its share of everything around it. Documents for people
/// take more, tables less.
const BYTES_OF_A_MESSAGE: u64 = 600;
/// In a window so many messages are counted one by one; beyond, the whole room's number is taken.
const COUNTED: u64 = 100_000;

/// Bytes of all documents, and of the files of whole rooms. The files of chosen messages and threads
/// are known only when these are read.
pub fn volume(task: &Task<'_>) -> sdk::Result<u64> {
    let filter = Filter::new(task.order, &zone(&task.order.time_zone)?, task.requested_by)?;
    let (mut messages, mut files) = (0_u64, 0_u64);
    for room in rooms::rooms(task, &filter)? {
        match &task.order.rooms {
            Rooms::Messages { messages: chosen, .. } => messages += chosen.len() as u64,
            Rooms::Thread { thread, .. } => {
                let replies = Span::of(&(thread.clone(),));
                messages += 1 + task.store.count::<schema::Reply>(replies, COUNTED).map_err(unreadable)?;
            }
            Rooms::Listed(_) | Rooms::Seen | Rooms::Server => {
                messages += messages_of(task, &filter, &room).map_err(unreadable)?;
                files = files.saturating_add(files_of(task, &filter, &room).map_err(unreadable)?);
            }
        }
    }
    let formats = task.order.formats.len() as u64;
    Ok(messages.saturating_mul(BYTES_OF_A_MESSAGE).saturating_mul(formats).saturating_add(files))
}

fn messages_of(task: &Task<'_>, filter: &Filter, room: &RoomId) -> store::Result<u64> {
    let all = task.store.activity(room)?.messages;
    if task.order.from.is_none() && !filter.narrows() {
        return Ok(all);
    }
    let (from, until) = filter.window();
    let counted = task.store.count_messages(room, from, until, COUNTED)?;
    Ok(if counted < COUNTED { counted } else { counted.max(all) })
}

fn files_of(task: &Task<'_>, filter: &Filter, room: &RoomId) -> store::Result<u64> {
    let (from, until): (Time, Time) = filter.window();
    let span = Span::between(&(room.clone(), from), &(room.clone(), until));
    let mut bytes = 0_u64;
    task.store.walk::<schema::FileOfRoom, store::Error>(span, Direction::Ascending, |(_, _, id), _| {
        bytes = bytes.saturating_add(task.store.upload(&id)?.map_or(0, |upload| upload.size));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(bytes)
}
