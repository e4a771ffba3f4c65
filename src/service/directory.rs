//! Finding rooms and people by parts of their names, in a walk over short entries that ends.

use std::ops::ControlFlow;

use super::room_lists::{Match, is_hidden_discussion, is_member};
use super::teams::{Team, listing};
use super::{access, settings};
use crate::app::App;
use crate::domain::directory::PersonEntry;
use crate::domain::{Room, RoomKind, User, UserId};
use crate::error::{Error, Result};
use crate::store::Direction;
use crate::store::directory::ListedRoom;

/// A search that finds too little stops after so many entries.
const MOST_LOOKED_AT: usize = 20_000;

/// The first channels that the searcher is not in and that are called like that, by name. Main rooms
/// of teams are among them, other rooms of teams are not.
pub fn foreign_channels(app: &App, user: &User, text: &str, most: usize) -> Result<Vec<Room>> {
    if !access::holds(app, user, "view-outside-room")? || !access::holds(app, user, "view-c-room")? {
        return Ok(Vec::new());
    }
    let needle = text.to_lowercase();
    let (mut found, mut looked_at) = (Vec::new(), 0);
    app.store.rooms_of_kind::<Error>(RoomKind::Channel, Direction::Ascending, |room| {
        looked_at += 1;
        let shown = room.entry.team.is_none() || room.entry.is_team_main();
        if shown
            && Match::Within.names(&room, &needle)
            && !is_member(app, user, &room.id)?
            && !is_hidden_discussion(app, user, &room)?
        {
            found.extend(app.store.room(&room.id)?);
        }
        let goes_on = found.len() < most && looked_at < MOST_LOOKED_AT;
        Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(found)
}

/// The first people who are called like that, whose login name is just that before all others. Who
/// may not look beyond their own rooms find those whom they have a conversation with.
pub fn people(app: &App, user: &User, text: &str, most: usize) -> Result<Vec<User>> {
    let outside = access::holds(app, user, "view-outside-room")? && access::holds(app, user, "view-d-room")?;
    let known = if outside { None } else { Some(partners(app, user)?) };
    let may_find = |id: &UserId| known.as_ref().is_none_or(|known| known.contains(id));
    let exact = app.store.user_by_name(text)?.filter(|user| user.active && may_find(&user.id));
    let mut found: Vec<User> = exact.into_iter().collect();
    let needle = text.to_lowercase();
    let fields = settings::words(app, "Accounts_SearchFields")?;
    let mut looked_at = 0;
    app.store.people::<Error>(Direction::Ascending, |id, person| {
        looked_at += 1;
        let is_new = found.iter().all(|known| known.id != id);
        if is_new && person.active && may_find(&id) && person.contains(&fields, &needle) {
            found.extend(app.store.user(&id)?);
        }
        let goes_on = found.len() < most && looked_at < MOST_LOOKED_AT;
        Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    found.truncate(most);
    Ok(found)
}

/// The people somebody has a conversation with.
fn partners(app: &App, user: &User) -> Result<Vec<UserId>> {
    let mut found = Vec::new();
    super::room_lists::each_joined(app, user, &[RoomKind::Direct], |room| {
        found.extend(room.direct.into_iter().map(|member| member.id));
        Ok(())
    })?;
    Ok(found)
}

/// Calls `each` with the channels of the directory that are called like that.
pub fn each_channel(
    app: &App,
    user: &User,
    text: &str,
    mut each: impl FnMut(&ListedRoom) -> Result<()>,
) -> Result<()> {
    let needle = text.to_lowercase();
    let wanted = |room: &ListedRoom| {
        !room.entry.is_team_main() && !room.entry.is_discussion && Match::Within.names(room, &needle)
    };
    super::room_lists::each_channel(app, user, wanted, |room| {
        each(&room)?;
        Ok(ControlFlow::Continue(()))
    })
}

/// Calls `each` with the teams that are called like that: public ones, and those the searcher is in.
pub fn each_team(
    app: &App,
    user: &User,
    text: &str,
    mut each: impl FnMut(&Team) -> Result<()>,
) -> Result<()> {
    let needle = text.to_lowercase();
    listing::each(app, "", Direction::Ascending, |team| {
        let named =
            Match::Within.holds(team.name(), &needle) || Match::Within.holds(&team.room.title(), &needle);
        if named && (!team.is_private() || is_member(app, user, &team.room.id)?) {
            each(&team)?;
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// Calls `each` with the people of the directory that are called like that, or whose address is, if
/// addresses are searched.
pub fn each_person(
    app: &App,
    text: &str,
    with_addresses: bool,
    mut each: impl FnMut(&UserId, &PersonEntry) -> Result<()>,
) -> Result<()> {
    let needle = text.to_lowercase();
    let fields = settings::words(app, "Accounts_SearchFields")?;
    app.store.people::<Error>(Direction::Ascending, |id, person| {
        let address = person.email.as_ref().filter(|_| with_addresses);
        let found = needle.is_empty()
            || person.contains(&fields, &needle)
            || address.is_some_and(|address| address.to_lowercase().contains(&needle));
        if person.active && found {
            each(&id, &person)?;
        }
        Ok(ControlFlow::Continue(()))
    })
}
