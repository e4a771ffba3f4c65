//! Rooms, accounts and memberships that messages need and that are not there yet.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::Rules;
use crate::domain::user::UserKind;
use crate::domain::{Message, Room, RoomId, RoomKind, Subscription, Time, User, UserId, UserRef};
use crate::store::room_lists::RoomList;
use crate::store::schema::{EndedMembership, RoomByName, UnfinishedImport, UserByName};
use crate::store::{Batch, Error, Result, Store};

/// Names of rooms made of something else are cut off here.
const LONGEST_NAME: usize = 128;
/// The room that every new store has.
const FIRST_ROOM: &str = "GENERAL";

/// Puts a room under its name, or under one made of its id, with a number behind it if that is taken.
pub(super) fn make(batch: &mut Batch<'_>, room: &mut Room) -> Result<()> {
    let wish = room.name.take().filter(|name| is_name(name));
    let name = free_name(batch, wish.unwrap_or_else(|| name_of(&room.id)))?;
    room.display_name.get_or_insert_with(|| name.clone());
    room.name = Some(name);
    // A team has one main room, which says who is in the team: no import takes its place.
    if let Some(team) = room.team() {
        let first = batch.store().first_in(&RoomList::OfTeam(team.clone()))?;
        if first.is_some_and(|first| first.team() == Some(team)) {
            room.set_team_place(None);
        }
    }
    batch.put_room(room)
}

/// Whether a room is as the first start of a server made it: nobody has said anything, and nobody is
/// there but the server's bot and the first administrator.
pub(super) fn is_untouched(store: &Store, room: &Room) -> Result<bool> {
    let is_described = room.topic.is_some() || room.description.is_some() || room.announcement.is_some();
    if room.id.as_str() != FIRST_ROOM || !room.default || room.creator.is_some() || is_described {
        return Ok(false);
    }
    let activity = store.activity(&room.id)?;
    // One message notes that the administrator has come.
    if activity.last_at.is_some() || activity.messages > 1 || activity.members > 2 {
        return Ok(false);
    }
    let mut others = false;
    store.members::<Error>(&room.id, |member| {
        let user = store.user(&member.user)?;
        others = user.is_some_and(|user| user.kind != UserKind::Bot && !user.has_role("admin"));
        Ok(if others { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(!others)
}

/// Makes a room what it is elsewhere. New users go on joining it.
pub(super) fn replace(batch: &mut Batch<'_>, known: &Room, mut room: Room) -> Result<()> {
    room.default = known.default;
    if room.name == known.name { batch.put_room(&room) } else { make(batch, &mut room) }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control)
}

fn name_of(id: &RoomId) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    id.as_str().chars().take(LONGEST_NAME).map(plain).collect()
}

fn free_name(batch: &Batch<'_>, wish: String) -> Result<String> {
    let mut name = wish.clone();
    let mut number = 1;
    while batch.has::<RoomByName>(&(name.clone(),))? {
        name = format!("{wish}-{number}");
        number += 1;
    }
    Ok(name)
}

/// Whose account it is that somebody in an export needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    /// It was there.
    Known,
    /// It was made.
    Made,
    /// There is none: another account has its name.
    NameTaken,
    /// There is none: nobody here may have its name.
    NameRefused,
}

/// Makes the account if it is missing; nobody can log in to it.
pub(super) fn need_user(batch: &mut Batch<'_>, user: &UserRef, rules: &Rules, now: Time) -> Result<Account> {
    if batch.has::<User>(&(user.id.clone(),))? {
        return Ok(Account::Known);
    }
    if batch.get::<UserByName>(&(user.username.to_lowercase(),))?.is_some() {
        return Ok(Account::NameTaken);
    }
    if !rules.allow(&user.username) {
        return Ok(Account::NameRefused);
    }
    let mut made = User::new(user.id.clone(), &user.username, now);
    made.name.clone_from(&user.name);
    batch.put_user(&made)?;
    Ok(Account::Made)
}

/// Whether an import made the room and is not done with it.
pub(super) fn is_unfinished(batch: &Batch<'_>, room: &RoomId) -> Result<bool> {
    batch.has::<UnfinishedImport>(&(room.clone(),))
}

/// What is wrong with a room that is not there yet, if it is one in which others could be overheard.
pub(super) fn complaint(
    batch: &Batch<'_>,
    room: &Room,
    author: Option<&UserId>,
    rules: &Rules,
) -> Result<Option<String>> {
    let people: BTreeSet<&str> = room.direct.iter().map(|person| person.id.as_str()).collect();
    if people.len() as u64 > rules.most_people {
        return Ok(Some(format!("a direct message is between at most {} people", rules.most_people)));
    }
    // The server finds the direct message of two people by an id made of theirs.
    let id = room.id.as_str();
    let is_somebody = |id: &str| -> Result<bool> {
        let named = people.contains(id) || author.is_some_and(|author| author.as_str() == id);
        Ok(named || batch.has::<User>(&(UserId::new(id),))?)
    };
    for (middle, _) in id.char_indices().skip(1) {
        let (one, other) = id.split_at(middle);
        let is_theirs = room.kind == RoomKind::Direct && people == BTreeSet::from([one, other]);
        if !is_theirs && is_somebody(one)? && is_somebody(other)? {
            let two = format!("{one:?} and {other:?}");
            return Ok(Some(format!(
                "its id is that of the direct message of {two}; import it as one, of just these `users`"
            )));
        }
    }
    Ok(None)
}

/// Makes somebody a member, unless they are one, or are not among the people of a direct message.
/// Whether they became one.
pub(super) fn need_member(
    batch: &mut Batch<'_>,
    room: &RoomId,
    user: &UserRef,
    roles: &[String],
    now: Time,
) -> Result<bool> {
    if batch.has::<Subscription>(&(room.clone(), user.id.clone()))? {
        return Ok(false);
    }
    let described = batch.get::<Room>(&(room.clone(),))?;
    let is_closed_to =
        |room: &Room| room.kind == RoomKind::Direct && room.direct.iter().all(|person| person.id != user.id);
    if described.as_ref().is_none_or(is_closed_to) {
        return Ok(false);
    }
    let mut membership = Subscription::new(user, room.clone(), now);
    membership.roles = roles.to_vec();
    batch.put_subscription(&membership)?;
    Ok(true)
}

/// Whether somebody was a member here and is not any more.
pub(super) fn has_left(batch: &Batch<'_>, room: &RoomId, user: &UserId) -> Result<bool> {
    batch.has::<EndedMembership>(&(user.clone(), room.clone()))
}

/// Counts a new message.
pub(super) fn count(batch: &mut Batch<'_>, message: &Message) -> Result<()> {
    let mut activity = batch.activity(&message.room)?;
    activity.messages += 1;
    activity.updated = activity.updated.max(message.updated_at);
    if message.kind.is_none() && activity.last_at.is_none_or(|last| message.sent_at >= last) {
        activity.last_at = Some(message.sent_at);
        activity.last_message = Some(message.id.clone());
    }
    batch.put_activity(&message.room, &activity)
}
