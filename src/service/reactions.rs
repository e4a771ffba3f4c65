//! Marks on a message: reactions, stars, pins.

use serde_json::json;

use super::editing::{Marked, marked, touch};
use super::{access, cards, emoji, rooms, settings, writing};
use crate::app::App;
use crate::domain::message::{Pinned, Reaction};
use crate::domain::{Json, Message, MessageId, User};
use crate::error::{Error, Result};
use crate::store::Batch;

/// Gives or takes back a reaction; `wanted: None` does whichever has not been done. That the emoji is
/// missing is said only of a message that is there.
pub fn react(
    app: &App,
    user: &User,
    id: &MessageId,
    given: Option<&str>,
    wanted: Option<bool>,
) -> Result<()> {
    app.store.write(|batch| {
        let Marked { mut message, room, .. } = marked(batch, user, id)?;
        let text = "The required \"emoji\" param is missing.";
        let missing = || Error::refused("error-emoji-param-not-provided", text);
        let given = given.ok_or_else(missing)?;
        if !access::can_see(app, user, &room)? {
            return Err(Error::refused("not-authorized", "Not Authorized"));
        }
        let invalid = || Error::refused("error-not-allowed", "Invalid emoji provided.");
        let name = given.trim_matches(':');
        if !emoji::is_known(app, name)? {
            return Err(invalid());
        }
        let name = format!(":{name}:");
        writing::refuse_archived(&room)?;
        if writing::is_muted(user, &room) {
            let text = "You have been muted and cannot speak in this room";
            return Err(Error::refused("error-not-allowed", text));
        }
        let open = !room.read_only || room.react_when_read_only == Some(true);
        if !open && !writing::may_write_read_only(app, user, &room)? {
            return Err(Error::plain(writing::READ_ONLY));
        }
        if !set(&mut message.reactions, &name, &user.username, wanted) {
            return Ok(());
        }
        message.updated_at = app.now();
        batch.put_message(&message)?;
        touch(batch, &message)
    })
}

/// Whether anything changed.
fn set(reactions: &mut Vec<Reaction>, emoji: &str, username: &str, wanted: Option<bool>) -> bool {
    let place = reactions.iter().position(|reaction| reaction.emoji == emoji);
    let given = place.and_then(|place| reactions[place].usernames.iter().position(|known| known == username));
    if wanted == Some(given.is_some()) {
        return false;
    }
    match (place, given) {
        (Some(place), Some(given)) => {
            let reaction = &mut reactions[place];
            reaction.usernames.remove(given);
            if given < reaction.names.len() {
                reaction.names.remove(given);
            }
            if reaction.usernames.is_empty() {
                reactions.remove(place);
            }
        }
        (Some(place), None) => reactions[place].usernames.push(username.to_owned()),
        (None, _) => {
            let usernames = vec![username.to_owned()];
            reactions.push(Reaction { emoji: emoji.to_owned(), usernames, names: Vec::new() });
        }
    }
    true
}

/// Puts a star on a message or takes it off. For those who are not in the room nothing happens.
pub fn set_star(app: &App, user: &User, id: &MessageId, starred: bool) -> Result<()> {
    app.store.write(|batch| {
        if !settings::is_on(app, "Message_AllowStarring")? {
            return Err(Error::refused("error-action-not-allowed", "Message starring not allowed"));
        }
        let Marked { mut message, own, .. } = marked(batch, user, id)?;
        if own.is_none() || message.starred.contains(&user.id) == starred {
            return Ok(());
        }
        if starred {
            message.starred.push(user.id.clone());
        } else {
            message.starred.retain(|id| *id != user.id);
        }
        message.updated_at = app.now();
        Ok(batch.put_message(&message)?)
    })
}

/// Pins a message and notes that down in the room. Answers the note.
pub fn pin(app: &App, user: &User, id: &MessageId) -> Result<Message> {
    app.store.write(|batch| {
        let mut message = to_pin(app, batch, user, id, "pinning")?;
        let now = app.now();
        message.pinned = Some(Pinned { at: Some(now), by: Some((user.id.clone(), user.username.clone())) });
        message.updated_at = now;
        batch.put_message(&message)?;
        let mut note = Message::system("message_pinned", message.room.clone(), user.reference(), now, "");
        note.attachments = Json::of(&json!([cards::quote(app, &message)?]));
        rooms::note(batch, &note)?;
        Ok(note)
    })
}

/// Takes the pin off a message.
pub fn unpin(app: &App, user: &User, id: &MessageId) -> Result<()> {
    app.store.write(|batch| {
        let mut message = to_pin(app, batch, user, id, "unpinning")?;
        if message.pinned.take().is_none() {
            return Ok(());
        }
        message.updated_at = app.now();
        batch.put_message(&message)?;
        touch(batch, &message)
    })
}

/// The message of that id, if the user may pin it and unpin it.
fn to_pin(app: &App, batch: &Batch<'_>, user: &User, id: &MessageId, what: &str) -> Result<Message> {
    if !settings::is_on(app, "Message_AllowPinning")? {
        return Err(Error::refused("error-action-not-allowed", "Message pinning not allowed"));
    }
    let found = marked(batch, user, id)?;
    if found.own.is_none() || found.message.kind.as_deref() == Some("rm") {
        let text = format!("Message you are {what} was not found");
        return Err(Error::refused("error-invalid-message", text));
    }
    if !access::holds_in(app, user, "pin-message", &found.room.id)? {
        return Err(Error::refused("not-authorized", "Not Authorized"));
    }
    Ok(found.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reaction_is_given_and_taken_back() {
        let mut reactions = Vec::new();
        assert!(set(&mut reactions, ":a:", "bob", None));
        assert!(set(&mut reactions, ":a:", "al", Some(true)));
        assert!(!set(&mut reactions, ":a:", "al", Some(true)));
        assert!(!set(&mut reactions, ":b:", "al", Some(false)));
        assert!(set(&mut reactions, ":a:", "bob", None));
        assert_eq!(reactions[0].usernames, ["al"]);
        assert!(set(&mut reactions, ":a:", "al", Some(false)));
        assert!(reactions.is_empty());
    }
}
