//! Rooms as lists go through them: short entries, of which only those shown are read in full.

use std::ops::ControlFlow;

use super::access;
use crate::app::App;
use crate::domain::{Room, RoomId, RoomKind, Subscription, User};
use crate::error::{Error, Result};
use crate::store::Direction;
use crate::store::directory::ListedRoom;

/// Calls `each` with the channels that are wanted and that a user finds in lists, by name, until it
/// breaks. Those of a team are for who has joined them.
pub fn each_channel(
    app: &App,
    user: &User,
    wanted: impl Fn(&ListedRoom) -> bool,
    mut each: impl FnMut(ListedRoom) -> Result<ControlFlow<()>>,
) -> Result<()> {
    app.store.rooms_of_kind::<Error>(RoomKind::Channel, Direction::Ascending, |room| {
        let of_others = |room: &ListedRoom| Ok::<_, Error>(!is_member(app, user, &room.id)?);
        let hidden = !wanted(&room)
            || (room.entry.team.is_some() && of_others(&room)?)
            || is_hidden_discussion(app, user, &room)?;
        if hidden { Ok(ControlFlow::Continue(())) } else { each(room) }
    })
}

/// Whether an entry is a discussion that a user may not see: its parent, which the entry does not know,
/// decides about that.
pub fn is_hidden_discussion(app: &App, user: &User, room: &ListedRoom) -> Result<bool> {
    if !room.entry.is_discussion {
        return Ok(false);
    }
    match app.store.room(&room.id)? {
        Some(room) => Ok(!access::can_see(app, user, &room)?),
        None => Ok(true),
    }
}

/// Calls `each` with the rooms that a user is in and that are of one of these kinds, in the order of
/// ids.
pub fn each_joined(
    app: &App,
    user: &User,
    kinds: &[RoomKind],
    mut each: impl FnMut(Room) -> Result<()>,
) -> Result<()> {
    app.store.rooms_of::<Error>(&user.id, |id| {
        if let Some(room) = app.store.room(&id)?.filter(|room| kinds.contains(&room.kind)) {
            each(room)?;
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// Whether a user is in a room.
pub fn is_member(app: &App, user: &User, room: &RoomId) -> Result<bool> {
    Ok(app.store.has::<Subscription>(&(room.clone(), user.id.clone()))?)
}

/// Whether a text contains or begins with another that is in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Anywhere.
    Within,
    /// At the front.
    Front,
}

impl Match {
    /// Whether `text` matches, without regard to case.
    pub fn holds(self, text: &str, needle: &str) -> bool {
        let text = text.to_lowercase();
        match self {
            Self::Within => text.contains(needle),
            Self::Front => text.starts_with(needle),
        }
    }

    /// Whether the name or the display name of a room matches.
    pub fn names(self, room: &ListedRoom, needle: &str) -> bool {
        self.holds(&room.name, needle)
            || room.entry.display_name.as_deref().is_some_and(|shown| self.holds(shown, needle))
    }
}
