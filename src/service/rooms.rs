//! Rooms and who is in them.

use std::ops::ControlFlow;

use crate::app::App;
use crate::domain::{Message, RoomId, Subscription, User};
use crate::error::Result;
use crate::store::{Batch, Span};

/// Makes a new user a member of every room that new users join.
pub fn join_default_rooms(app: &App, batch: &mut Batch<'_>, user: &User) -> Result<()> {
    let mut rooms: Vec<RoomId> = Vec::new();
    app.store.walk::<crate::domain::Room, crate::error::Error>(
        Span::all(),
        crate::store::Direction::Ascending,
        |_, room| {
            if room.default && !room.archived {
                rooms.push(room.id);
            }
            Ok(ControlFlow::Continue(()))
        },
    )?;
    for room in rooms {
        let now = app.now();
        batch.put_subscription(&Subscription::new(&user.reference(), room.clone(), now))?;
        note(batch, &Message::system("uj", room, user.reference(), now, &user.username))?;
    }
    Ok(())
}

/// Writes down a system message. It counts, but is nobody's last message.
pub fn note(batch: &mut Batch<'_>, message: &Message) -> Result<()> {
    let mut activity = batch.activity(&message.room)?;
    activity.messages += 1;
    activity.updated = message.sent_at;
    batch.put_activity(&message.room, &activity)?;
    Ok(batch.put_message(message)?)
}
