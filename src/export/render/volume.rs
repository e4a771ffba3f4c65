//! About how many bytes an export writes, told before it writes any.
//!
//! Nothing is rendered for it, so it is rough: it counts messages and the sizes of their rooms' files.

use std::ops::ControlFlow;

use export_sdk as sdk;

use super::{Filter, Task, rooms, unreadable};
use crate::domain::{RoomId, Time};
use crate::export::progress::JobProgress;
use crate::store::{self, Direction, Span, schema};

/// What a message takes in one format, with its share of everything around it. Documents for people
/// take more, tables less.
const BYTES_OF_A_MESSAGE: u64 = 600;
/// In a window so many messages are counted one by one; beyond, the whole room's number is taken.
const COUNTED: u64 = 100_000;

/// Bytes of all documents, and of the files of whole rooms. The files of chosen messages and threads
/// are known only when these are read.
pub fn volume(task: &Task<'_>) -> sdk::Result<u64> {
    let filter = task.filter()?;
    let rooms = rooms::rooms(task, &filter, &JobProgress::default())?;
    let messages = rooms::extent_of(task, &filter, &rooms, COUNTED)?;
    let mut files = 0_u64;
    for room in rooms.iter().filter(|_| task.is_of_rooms()) {
        files = files.saturating_add(files_of(task, &filter, room).map_err(unreadable)?);
    }
    let formats = task.order.formats.len() as u64;
    Ok(messages.saturating_mul(BYTES_OF_A_MESSAGE).saturating_mul(formats).saturating_add(files))
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
