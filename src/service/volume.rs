//! How much there is on the disk and what takes it, for those who look after it. Reads all of it once,
//! in constant memory.

use std::ops::ControlFlow;

use crate::domain::{Activity, Message, Room, RoomId, Time, Upload};
use crate::store::{Direction, Error, Result, Span, Store};

/// So many of the largest rooms are named.
const MOST_ROOMS: usize = 10;

/// What there is beside the records that a check counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes of the store on disk.
    pub store_bytes: u64,
    /// Files that people sent, and their bytes.
    pub uploads: (u64, u64),
    /// Different files among these and all pictures, which are kept once, and their bytes on disk.
    pub blobs: (u64, u64),
    /// The rooms with most messages, the largest first: title and messages.
    pub rooms: Vec<(String, u64)>,
    /// When the oldest and the newest message were sent.
    pub messages: Option<(Time, Time)>,
}

/// Sums it up.
pub fn sum_up(store: &Store) -> Result<Summary> {
    let mut summary = Summary { store_bytes: store.size()?, ..Summary::default() };
    store.walk::<Upload, Error>(Span::all(), Direction::Ascending, |_, upload| {
        summary.uploads.0 += 1;
        summary.uploads.1 += upload.size;
        Ok(ControlFlow::Continue(()))
    })?;
    store.blobs().each(|sha256| {
        summary.blobs.0 += 1;
        summary.blobs.1 += std::fs::metadata(store.blobs().path(&sha256))?.len();
        Ok(())
    })?;
    let mut largest: Vec<(u64, RoomId)> = Vec::new();
    store.walk::<Activity, Error>(Span::all(), Direction::Ascending, |(room,), activity| {
        if let (Some(first), Some(last)) =
            (edge(store, &room, Direction::Ascending)?, edge(store, &room, Direction::Descending)?)
        {
            let (oldest, newest) = summary.messages.unwrap_or((first, last));
            summary.messages = Some((oldest.min(first), newest.max(last)));
        }
        let place = largest.partition_point(|(messages, _)| *messages >= activity.messages);
        if place < MOST_ROOMS {
            largest.insert(place, (activity.messages, room));
            largest.truncate(MOST_ROOMS);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    for (messages, id) in largest {
        // A deleted room may still be counted.
        let title = store.get::<Room>(&(id.clone(),))?.map_or_else(|| id.to_string(), |room| room.title());
        summary.rooms.push((title, messages));
    }
    Ok(summary)
}

/// When the first message of a room in that direction was sent.
fn edge(store: &Store, room: &RoomId, direction: Direction) -> Result<Option<Time>> {
    let found = store.list::<Message>(Span::of(&(room.clone(),)), direction, 0, 1)?;
    Ok(found.first().map(|((_, sent_at, _), _)| *sent_at))
}
