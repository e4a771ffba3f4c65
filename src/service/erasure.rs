//! What becomes of everything somebody wrote: deleted or made nobody's after the account was deleted,
//! given the new login name after it was renamed.
//!
//! Messages are not indexed by author, so all of them are gone through, a bounded part at a time,
//! while the server goes on. A mark in the store keeps what is to be done and how far it has come: a
//! restart goes on where the last part ended, and doing a part twice does no harm.

use std::ops::ControlFlow;

use serde_json::{Value, json};

use super::{deleting, settings, uploads};
use crate::app::App;
use crate::domain::rewriting::{Rewrite, Rewriting};
use crate::domain::{Json, Message, MessageId, Room, RoomId, Time, User, UserId, UserRef};
use crate::error::{Error, Result};
use crate::store::{self, Batch, Direction, Span};

/// So many messages are looked at in one part.
const PART: usize = 5000;
/// And so many are changed: then the part ends.
const MOST_CHANGES: usize = 500;
/// The name over what deleted people wrote.
const NOBODY: &str = "Removed User";
/// Who stands for deleted people.
const STAND_IN: &str = "rocket.cat";

/// Notes that an account goes, and with it what the settings say. To be called in the write that
/// deletes it; then ring the bell of the sweeper.
pub(super) fn deleted(app: &App, batch: &mut Batch<'_>, user: &User) -> Result<()> {
    let change = match settings::text(app, "Message_ErasureType")?.as_str() {
        "Keep" => return Ok(()),
        "Unlink" => Rewrite::Unlink { to: UserId::new(STAND_IN) },
        _ => Rewrite::Delete,
    };
    Ok(batch.put(&(user.id.clone(),), &Rewriting { change, reached: None })?)
}

/// Notes that an account has another login name. To be called in the write that changes it; then ring
/// the bell of the sweeper.
pub(super) fn renamed(batch: &mut Batch<'_>, user: &User, before: &str) -> Result<()> {
    let key = (user.id.clone(),);
    let mut former = match batch.get::<Rewriting>(&key)? {
        Some(Rewriting { change: Rewrite::Rename { former, .. }, .. }) => former,
        Some(_) | None => Vec::new(),
    };
    former.push(before.to_owned());
    // Who goes back to an earlier name had it all the time.
    former.retain(|name| *name != user.username);
    let change = Rewrite::Rename { former, to: user.username.clone() };
    Ok(batch.put(&key, &Rewriting { change, reached: None })?)
}

/// Does the next part of what was noted. `false`: there is nothing left.
pub fn sweep(app: &App) -> Result<bool> {
    let first = app.store.list::<Rewriting>(Span::all(), Direction::Ascending, 0, 1)?.pop();
    let Some(((user,), rewriting)) = first else { return Ok(false) };
    let part = look(app, &user, &rewriting)?;
    for id in &part.found {
        let unused = app.store.write(|batch| apply(app, batch, &user, &rewriting.change, id))?;
        uploads::remove_unused(app, &unused)?;
    }
    app.store.write::<_, Error>(|batch| {
        let key = (user.clone(),);
        // Somebody may have noted something else meanwhile, which begins at the beginning.
        if batch.get::<Rewriting>(&key)?.as_ref() != Some(&rewriting) {
            return Ok(());
        }
        match part.reached {
            Some(reached) => {
                let change = rewriting.change.clone();
                batch.put(&key, &Rewriting { change, reached: Some(reached) })?;
            }
            None => batch.delete::<Rewriting>(&key),
        }
        Ok(())
    })?;
    Ok(true)
}

/// What a look at some messages found.
#[derive(Default)]
struct Part {
    /// Messages that are to be changed.
    found: Vec<MessageId>,
    /// The last message of the part; `None`: there are no more.
    reached: Option<(RoomId, Time, MessageId)>,
}

fn look(app: &App, user: &UserId, rewriting: &Rewriting) -> Result<Part> {
    let span = rewriting.reached.as_ref().map_or_else(Span::all, Span::after);
    let (mut part, mut looked_at) = (Part::default(), 0);
    app.store.walk::<Message, store::Error>(span, Direction::Ascending, |key, mut message| {
        looked_at += 1;
        let concerned = match &rewriting.change {
            Rewrite::Delete | Rewrite::Unlink { .. } => message.author.id == *user,
            Rewrite::Rename { former, to } => rename(&mut message, user, former, to),
        };
        if concerned {
            part.found.push(message.id);
        }
        if looked_at < PART && part.found.len() < MOST_CHANGES {
            return Ok(ControlFlow::Continue(()));
        }
        part.reached = Some(key);
        Ok(ControlFlow::Break(()))
    })?;
    Ok(part)
}

/// Changes one message, as it is now. Answers the blobs that may be unused afterwards.
fn apply(
    app: &App,
    batch: &mut Batch<'_>,
    user: &UserId,
    change: &Rewrite,
    id: &MessageId,
) -> Result<Vec<[u8; 32]>> {
    let Some(mut message) = batch.message(id)? else { return Ok(Vec::new()) };
    let own = message.author.id == *user;
    let changed = match change {
        Rewrite::Delete if own => return delete(app, batch, &message),
        Rewrite::Unlink { to } if own => {
            message.author = stand_in(batch, to)?;
            message.extra = message.extra.with("alias", json!(NOBODY));
            true
        }
        Rewrite::Rename { former, to } => rename(&mut message, user, former, to),
        Rewrite::Delete | Rewrite::Unlink { .. } => false,
    };
    if changed {
        message.updated_at = app.now();
        batch.put_message(&message)?;
    }
    Ok(Vec::new())
}

/// Deletes a message; if a thread begins with it, an empty place stays.
fn delete(app: &App, batch: &mut Batch<'_>, message: &Message) -> Result<Vec<[u8; 32]>> {
    if !batch.has::<Room>(&(message.room.clone(),))? {
        // Its room was deleted and is being cleared away.
        return Ok(Vec::new());
    }
    let mut place = None;
    if deleting::has_replies(message) {
        let empty = deleting::tombstone(message, stand_in(batch, &UserId::new(STAND_IN))?);
        place = Some(Message { updated_at: app.now(), ..empty });
    }
    let unused = uploads::delete_of(batch, message)?;
    deleting::take_out(batch, message, place, app.now())?;
    batch.delete_versions(message)?;
    Ok(unused)
}

/// Who stands for deleted people, even where there is no such account any more.
fn stand_in(batch: &Batch<'_>, id: &UserId) -> Result<UserRef> {
    let user = batch.get::<User>(&(id.clone(),))?;
    let nameless = || UserRef { id: id.clone(), username: id.to_string(), name: None };
    Ok(user.map_or_else(nameless, |user| user.reference()))
}

/// Writes the new login name wherever a message has an old one; whether it had one.
fn rename(message: &mut Message, user: &UserId, former: &[String], to: &str) -> bool {
    let mut changed = false;
    let mut set = |name: &mut String| {
        if name != to {
            to.clone_into(name);
            changed = true;
        }
    };
    if message.author.id == *user {
        set(&mut message.author.username);
    }
    if let Some(edited) = message.edited.as_mut().filter(|edited| edited.by == *user) {
        set(&mut edited.by_username);
    }
    if let Some((by, name)) = message.pinned.as_mut().and_then(|pinned| pinned.by.as_mut())
        && by == user
    {
        set(name);
    }
    // Reactions know nothing but the name.
    let given = message.reactions.iter_mut().flat_map(|reaction| &mut reaction.usernames);
    given.filter(|name| former.contains(name)).for_each(&mut set);
    if message.mentions.as_str().contains(user.as_str()) {
        let mut mentions = message.mentions.value();
        let named = mentions.as_array_mut().into_iter().flatten();
        for mention in named.filter(|mention| mention["_id"] == user.as_str()) {
            if mention["username"] != to {
                mention["username"] = Value::from(to);
                changed = true;
            }
        }
        message.mentions = Json::of(&mentions);
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::{Edited, Pinned, Reaction};

    fn message() -> Message {
        let author = UserRef { id: UserId::new("u"), username: "old".to_owned(), name: None };
        let at = Time::from_millis(0);
        let mut message = Message::new(MessageId::new("m"), RoomId::new("r"), author, at, "@old");
        message.edited = Some(Edited { at, by: UserId::new("u"), by_username: "older".to_owned() });
        message.pinned = Some(Pinned { at: None, by: Some((UserId::new("u"), "old".to_owned())) });
        let usernames = vec!["al".to_owned(), "old".to_owned()];
        message.reactions = vec![Reaction { emoji: ":x:".to_owned(), usernames, names: Vec::new() }];
        message.mentions =
            Json::of(&json!([{"_id": "u", "username": "old"}, {"_id": "x", "username": "old"}]));
        message
    }

    #[test]
    fn a_new_name_reaches_everything_that_is_noted_of_its_owner_and_nothing_else() {
        let mut message = message();
        let user = UserId::new("u");
        assert!(rename(&mut message, &user, &["old".to_owned()], "new"));
        assert_eq!(message.author.username, "new");
        assert_eq!(message.edited.as_ref().unwrap().by_username, "new");
        assert_eq!(message.pinned.as_ref().unwrap().by.as_ref().unwrap().1, "new");
        assert_eq!(message.reactions[0].usernames, ["al", "new"]);
        let mentions = json!([{"_id": "u", "username": "new"}, {"_id": "x", "username": "old"}]);
        assert_eq!(message.mentions.value(), mentions);
        assert!(!rename(&mut message, &user, &["old".to_owned()], "new"), "and then there is nothing to do");
    }

    #[test]
    fn a_message_of_others_is_nobodys_business() {
        let before = message();
        let mut after = before.clone();
        assert!(!rename(&mut after, &UserId::new("other"), &["other".to_owned()], "new"));
        assert_eq!(after, before);
    }
}
