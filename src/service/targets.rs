//! Where a message goes that names its target: `#channel`, `@user`, a name or an id.

use super::caller::Caller;
use super::direct;
use crate::app::App;
use crate::domain::{RoomId, UserId};
use crate::error::{Error, Result};

/// The room that `target` names. A direct message is opened if it is new. Whether the caller may
/// write there is not decided here.
pub fn find(app: &App, caller: &Caller, target: &str) -> Result<RoomId> {
    let unknown = || Error::code("invalid-channel");
    if let Some(username) = target.strip_prefix('@') {
        let user = app.store.user_by_name(username)?.filter(|user| user.username == username);
        return Ok(direct::open(app, caller, &user.ok_or_else(unknown)?)?.id);
    }
    if let Some(name) = target.strip_prefix('#') {
        return Ok(app.store.room_by_name(name)?.ok_or_else(unknown)?.id);
    }
    let by_id = app.store.room(&RoomId::new(target))?;
    let room = by_id.map_or_else(|| app.store.room_by_name(target), |room| Ok(Some(room)))?;
    if let Some(room) = room {
        return Ok(room.id);
    }
    let user = app.store.user(&UserId::new(target))?.ok_or_else(unknown)?;
    Ok(direct::open(app, caller, &user)?.id)
}
