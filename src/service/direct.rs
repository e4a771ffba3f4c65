//! Direct messages: found by their members, opened when first needed.

use crate::app::App;
use crate::domain::{Room, RoomId, RoomKind, Subscription, User, UserId, UserRef};
use crate::error::{Error, Result};
use crate::service::access;
use crate::service::caller::Caller;

/// The id of the conversation between two people, or of one person's notes.
pub fn room_id(one: &UserId, other: &UserId) -> RoomId {
    let mut ids = [one.as_str(), other.as_str()];
    ids.sort_unstable();
    RoomId::new(ids.concat())
}

/// The conversation with the user that `given` names (id or login name), opened if it is new; else
/// the conversation of that id, if the caller is in it.
pub fn find_or_open(app: &App, caller: &Caller, given: &str) -> Result<Room> {
    let user = match app.store.user(&UserId::new(given))? {
        Some(user) => Some(user),
        None => app.store.user_by_name(given)?.filter(|user| user.username == given),
    };
    if let Some(user) = user {
        return open(app, caller, &user);
    }
    let room = app.store.room(&RoomId::new(given))?.filter(|room| room.kind == RoomKind::Direct);
    match room {
        Some(room) if access::can_see(app, &caller.user, &room)? => Ok(room),
        _ => Err(Error::code("invalid-channel")),
    }
}

/// The conversation between the caller and `other`, opened if it is new.
pub fn open(app: &App, caller: &Caller, other: &User) -> Result<Room> {
    let id = room_id(&caller.user.id, &other.id);
    if let Some(room) = app.store.room(&id)? {
        return Ok(room);
    }
    if !access::holds(app, &caller.user, "create-d")? {
        return Err(Error::not_allowed());
    }
    let mut members = vec![caller.user.reference()];
    if other.id != caller.user.id {
        members.push(other.reference());
    }
    create(app, id, members)
}

/// Opens a conversation between these people. The first of them opens it.
pub fn create(app: &App, id: RoomId, members: Vec<UserRef>) -> Result<Room> {
    let now = app.now();
    app.store.write(|batch| {
        if let Some(room) = batch.get::<Room>(&(id.clone(),))? {
            return Ok(room);
        }
        let mut room = Room::new(id, RoomKind::Direct, None, None, now);
        let alone = members.len() <= 2;
        for (place, member) in members.iter().enumerate() {
            let mut subscription = Subscription::new(member, room.id.clone(), now);
            if place == 0 {
                subscription.last_seen = Some(now);
            } else if alone {
                subscription.closed_at = Some(now);
            }
            batch.put_subscription(&subscription)?;
        }
        room.direct = members;
        batch.put_room(&room)?;
        Ok(room)
    })
}
