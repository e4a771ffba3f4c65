//! Whose messages an order means, and whether the caller may have them. What a caller may not see is
//! told in the same words as what does not exist.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::{MOST_MESSAGES, Wanted, bad, shown};
use crate::app::App;
use crate::domain::{Message, MessageId, Room, RoomId, Rooms, User, UserId};
use crate::error::{Error, Result};
use crate::service::access;
use crate::service::caller::Caller;

/// Rooms that may be named one by one.
const MOST_ROOMS: usize = 1000;

/// The rooms that are wanted, if the caller may export them, and what people call them.
pub(super) fn rooms(app: &App, caller: Option<&Caller>, wanted: &Wanted) -> Result<(Rooms, String)> {
    match (wanted, caller) {
        (Wanted::Rooms(names), _) => listed(app, caller, names),
        (Wanted::Thread(id), _) => {
            let (message, room) = message(app, caller, "thread", id)?;
            if let Some(beginning) = message.thread {
                let id = shown(id);
                return Err(bad(format!(
                    "`thread`: {id} is a reply; name what began its thread, {beginning}"
                )));
            }
            Ok((Rooms::Thread { room: room.id.clone(), thread: message.id }, room.title()))
        }
        (Wanted::Messages(ids), _) => chosen(app, caller, ids),
        (Wanted::Visible, Some(caller)) => {
            if !may_export_any(app, &caller.user)? {
                return Err(Error::Forbidden);
            }
            Ok((Rooms::Seen, format!("All rooms of {}", caller.user.username)))
        }
        (Wanted::Server, Some(caller)) => {
            access::require(app, &caller.user, &["export-server"])?;
            Ok((Rooms::Server, "All rooms of the server".to_owned()))
        }
        (Wanted::Visible | Wanted::Server, None) => Ok((Rooms::Server, "All rooms of the server".to_owned())),
    }
}

fn listed(app: &App, caller: Option<&Caller>, names: &[String]) -> Result<(Rooms, String)> {
    if names.is_empty() {
        return Err(bad("`rooms` is empty; name at least one room, or choose the scope visible"));
    }
    if names.len() > MOST_ROOMS {
        return Err(bad(format!("`rooms`: at most {MOST_ROOMS} can be named; choose the scope visible")));
    }
    let (mut rooms, mut seen): (Vec<RoomId>, HashSet<RoomId>) = (Vec::new(), HashSet::new());
    let mut title = String::new();
    for name in names {
        let gone = || bad(format!("`rooms`: there is no room {}", shown(name)));
        let room = named(app, name)?.ok_or_else(gone)?;
        // A room that the caller may not see does not exist for them.
        if !may_see(app, caller, &room)? {
            return Err(gone());
        }
        may_export(app, caller, &room)?;
        if rooms.is_empty() {
            title = room.title();
        }
        if !seen.insert(room.id.clone()) {
            return Err(bad(format!("`rooms` names {} twice", shown(name))));
        }
        rooms.push(room.id);
    }
    let title = if rooms.len() == 1 { title } else { format!("{} rooms", rooms.len()) };
    Ok((Rooms::Listed(rooms), title))
}

/// The room of that id or name; `#` before it says that it is a name.
pub fn named(app: &App, name: &str) -> Result<Option<Room>> {
    if let Some(name) = name.strip_prefix('#') {
        return Ok(app.store.room_by_name(name)?);
    }
    // An id comes first, so that nobody's choice of a name can stand before it.
    match app.store.room(&RoomId::new(name))? {
        Some(room) => Ok(Some(room)),
        None => Ok(app.store.room_by_name(name)?),
    }
}

/// Messages that were chosen one by one: all of them, and all of one room.
fn chosen(app: &App, caller: Option<&Caller>, ids: &[String]) -> Result<(Rooms, String)> {
    let first = ids.first().ok_or_else(|| bad("`messages` is empty; name at least one message"))?;
    if ids.len() > MOST_MESSAGES {
        return Err(bad(format!("`messages`: at most {MOST_MESSAGES} can be chosen one by one")));
    }
    let (_, room) = message(app, caller, "messages", first)?;
    let (mut messages, mut seen): (Vec<MessageId>, HashSet<MessageId>) = (Vec::new(), HashSet::new());
    for id in ids {
        let message = MessageId::new(id);
        let place = app.store.message_place(&message)?.filter(|place| place.room == room.id);
        if place.is_none() {
            let (id, first) = (shown(id), shown(first));
            return Err(bad(format!("`messages`: there is no message {id} in the room of {first}")));
        }
        if seen.insert(message.clone()) {
            messages.push(message);
        }
    }
    Ok((Rooms::Messages { room: room.id.clone(), messages }, room.title()))
}

/// A message and its room. One that the caller may not see does not exist for them.
fn message(app: &App, caller: Option<&Caller>, field: &str, id: &str) -> Result<(Message, Room)> {
    let gone = || bad(format!("`{field}`: there is no message {}", shown(id)));
    let message = app.store.message(&MessageId::new(id))?.ok_or_else(gone)?;
    let room = app.store.room(&message.room)?.ok_or_else(gone)?;
    if !may_see(app, caller, &room)? {
        return Err(gone());
    }
    may_export(app, caller, &room)?;
    Ok((message, room))
}

/// Whether a room belongs into an export of everything that its owner may see, by what they may now.
pub fn belongs(app: &App, owner: &UserId, room: &Room) -> crate::store::Result<bool> {
    let user = app.store.user(owner)?.filter(|user| user.active);
    let Some(user) = user else { return Ok(false) };
    let may = access::can_see(app, &user, room)
        .and_then(|sees| Ok(sees && access::holds_in(app, &user, "mail-messages", &room.id)?));
    may.map_err(|error| crate::store::Error::Engine(error.to_string()))
}

/// Whether there can be a room that somebody may export: everywhere, or by a role in some room.
pub(super) fn may_export_any(app: &App, user: &User) -> Result<bool> {
    if access::holds(app, user, "mail-messages")? {
        return Ok(true);
    }
    let mut any = false;
    app.store.memberships::<Error>(&user.id, |membership| {
        any = !membership.roles.is_empty() && access::holds_in(app, user, "mail-messages", &membership.room)?;
        Ok(if any { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(any)
}

fn may_see(app: &App, caller: Option<&Caller>, room: &Room) -> Result<bool> {
    caller.map_or(Ok(true), |caller| access::can_see(app, &caller.user, room))
}

fn may_export(app: &App, caller: Option<&Caller>, room: &Room) -> Result<()> {
    match caller {
        Some(caller) if !access::holds_in(app, &caller.user, "mail-messages", &room.id)? => {
            Err(Error::Forbidden)
        }
        Some(_) | None => Ok(()),
    }
}
