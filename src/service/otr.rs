//! Off-the-record conversations: clients tell each other through notes in the room how theirs goes.

use super::{access, rooms, writing};
use crate::app::App;
use crate::domain::{Message, RoomId, User};
use crate::error::{Error, Result};

/// What clients may note down.
const NOTES: [&str; 3] =
    ["user_joined_otr", "user_requested_otr_key_refresh", "user_key_refreshed_successfully"];

/// Notes something down in a room in the name of a user who may write there.
pub fn note(app: &App, user: &User, room: &RoomId, kind: &str) -> Result<()> {
    if !NOTES.contains(&kind) {
        let text = format!("The \"type\" must be one of {}.", NOTES.join(", "));
        return Err(Error::refused("error-invalid-params", text));
    }
    app.store.write(|batch| {
        let room = app.store.room(room)?.ok_or_else(Error::not_allowed)?;
        if !access::can_see(app, user, &room)? {
            return Err(Error::not_allowed());
        }
        let own = app.store.subscription(&room.id, &user.id)?;
        writing::check(app, user, &room, own.as_ref())?;
        rooms::note(batch, &Message::system(kind, room.id, user.reference(), app.now(), &user.username))
    })
}
