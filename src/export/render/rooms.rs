//! Which rooms an order means, and how much there is to do.

use std::ops::ControlFlow;

use export_sdk as sdk;

use super::{Filter, Task, unreadable};
use crate::domain::{Room, RoomId, Rooms};
use crate::store::{self, Direction, Span};

/// The ids of the rooms, in their order; some forty bytes each.
pub(super) fn rooms(task: &Task<'_>, filter: &Filter) -> sdk::Result<Vec<RoomId>> {
    let everything = match &task.order.rooms {
        Rooms::Listed(rooms) => return Ok(rooms.clone()),
        Rooms::Thread { room, .. } | Rooms::Messages { room, .. } => return Ok(vec![room.clone()]),
        Rooms::Seen => false,
        Rooms::Server => true,
    };
    let (mut found, until) = (Vec::new(), task.order.until);
    let walked = task.store.walk::<Room, store::Error>(Span::all(), Direction::Ascending, |_, room| {
        // A room that was made later holds nothing of this export.
        if room.created < until && filter.wants_room(&room) && (everything || (task.may_see)(&room)?) {
            // By what people call them, as far as they have names.
            found.push((room.name.is_none(), room.title().to_lowercase(), room.id));
        }
        Ok(ControlFlow::Continue(()))
    });
    walked.map_err(unreadable)?;
    found.sort();
    Ok(found.into_iter().map(|(_, _, id)| id).collect())
}

/// How many messages will be read: known where nothing is left out, and in windows that are not huge.
pub(super) fn expected(task: &Task<'_>, filter: &Filter, rooms: &[RoomId]) -> sdk::Result<Option<u64>> {
    const COUNTED: u64 = 10_000;
    if let Rooms::Messages { messages, .. } = &task.order.rooms {
        return Ok(Some(messages.len() as u64));
    }
    if matches!(task.order.rooms, Rooms::Thread { .. }) {
        return Ok(None);
    }
    let mut messages = 0;
    let (from, until) = filter.window();
    for room in rooms {
        messages += if task.order.from.is_none() && !filter.narrows() {
            task.store.activity(room).map_err(unreadable)?.messages
        } else {
            let counted = task.store.count_messages(room, from, until, COUNTED).map_err(unreadable)?;
            if counted >= COUNTED {
                return Ok(None);
            }
            counted
        };
    }
    Ok(Some(messages))
}

/// How often every message is read.
pub(super) fn readings(task: &Task<'_>) -> sdk::Result<u64> {
    let mut orders = Vec::new();
    for choice in &task.order.formats {
        let order = task.registry.format(&choice.id)?.order();
        if !orders.contains(&order) {
            orders.push(order);
        }
    }
    Ok(orders.len() as u64)
}
