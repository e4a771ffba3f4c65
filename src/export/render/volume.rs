//! About how many bytes an export writes, told before it writes any.
//!
//! Nothing is rendered for it, so it is rough: it counts messages and the sizes of their rooms' files.

use std::collections::HashSet;
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
/// So many files are told apart; what comes beyond counts as often as it was sent.
const TOLD_APART: usize = 100_000;

/// Bytes of all documents, and of the files of whole rooms. The files of chosen messages and threads
/// are known only when these are read.
pub fn volume(task: &Task<'_>) -> sdk::Result<u64> {
    let filter = task.filter()?;
    let rooms = rooms::rooms(task, &filter, &JobProgress::default())?;
    let messages = rooms::extent_of(task, &filter, &rooms, COUNTED)?;
    let (mut files, mut counted) = (0_u64, HashSet::new());
    for room in rooms.iter().filter(|_| task.is_of_rooms()) {
        files = files.saturating_add(files_of(task, &filter, room, &mut counted).map_err(unreadable)?);
    }
    let formats = task.order.formats.len() as u64;
    Ok(messages.saturating_mul(BYTES_OF_A_MESSAGE).saturating_mul(formats).saturating_add(files))
}

/// Bytes of the files that messages of a room hold; the same bytes once.
fn files_of(
    task: &Task<'_>,
    filter: &Filter,
    room: &RoomId,
    counted: &mut HashSet<[u8; 16]>,
) -> store::Result<u64> {
    let (from, until): (Time, Time) = filter.window();
    let span = Span::between(&(room.clone(), from), &(room.clone(), until));
    let mut bytes = 0_u64;
    task.store.walk::<schema::FileOfRoom, store::Error>(span, Direction::Ascending, |(_, _, id), _| {
        let Some(upload) = task.store.upload(&id)?.filter(|upload| upload.confirmed) else {
            return Ok(ControlFlow::Continue(()));
        };
        // Half of a hash tells files apart just as well.
        let half = upload.sha256.first_chunk().expect("a hash has 32 bytes");
        let is_new = if counted.len() < TOLD_APART { counted.insert(*half) } else { !counted.contains(half) };
        if is_new {
            bytes = bytes.saturating_add(upload.size);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(bytes)
}
