//! Lists of the members of a room, by login name or by role, a page at a time.

use std::ops::ControlFlow;

use super::settings;
use crate::app::App;
use crate::domain::directory::PersonEntry;
use crate::domain::{RoomId, User};
use crate::error::{Error, Result};
use crate::store::Direction;
use crate::store::directory::ListedMember;

/// Which members of a room are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Contained in one of the fields that the settings name.
    pub filter: Option<String>,
    /// One of these statuses; empty: any.
    pub statuses: Vec<String>,
}

/// A member with their roles in the room.
pub type Placed = (User, Vec<String>);

/// A part of a list of members.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// By login name, forwards or backwards.
    pub direction: Direction,
    /// How many to pass over.
    pub offset: usize,
    /// How many at most.
    pub count: usize,
}

/// A part of the active members that are wanted, by login name, and how many there are of them.
/// Without a condition only those are read that are shown.
pub fn by_name(app: &App, room: &RoomId, wanted: &Wanted, part: Part) -> Result<(Vec<User>, usize)> {
    let mut gathered = Gathered::new(app, room, wanted, part)?;
    app.store
        .members_by_name::<Error>(room, true, part.direction, |member| gathered.take(app, &member, true))?;
    Ok((gathered.members.into_iter().map(|(user, _)| user).collect(), gathered.total))
}

/// The roles that stand at the head of a list, in their order.
const RANKS: [&str; 3] = ["owner", "moderator", "leader"];

/// The same with those who have a role before the others, each with their roles.
pub fn by_role(app: &App, room: &RoomId, wanted: &Wanted, part: Part) -> Result<(Vec<Placed>, usize)> {
    let mut gathered = Gathered::new(app, room, wanted, part)?;
    let ranked =
        |member: &ListedMember| RANKS.iter().position(|role| member.roles.iter().any(|known| known == role));
    let mut first = Vec::new();
    app.store.members_by_name::<Error>(room, true, part.direction, |member| {
        first.extend(ranked(&member).map(|rank| (rank, member)));
        Ok(ControlFlow::Continue(()))
    })?;
    first.sort_by_key(|(rank, _)| *rank);
    for (_, member) in &first {
        // How much comes of this is known only after the rest, too.
        let _ = gathered.take(app, member, false)?;
    }
    app.store.members_by_name::<Error>(room, true, part.direction, |member| {
        if ranked(&member).is_some() {
            return Ok(ControlFlow::Continue(()));
        }
        gathered.take(app, &member, true)
    })?;
    Ok((gathered.members, gathered.total))
}

/// What a walk over members has found so far.
struct Gathered {
    needle: Option<String>,
    statuses: Vec<String>,
    fields: Vec<String>,
    part: Part,
    members: Vec<Placed>,
    passed: usize,
    total: usize,
    /// The total is known before the walk, for nobody is left out.
    everybody: bool,
}

impl Gathered {
    fn new(app: &App, room: &RoomId, wanted: &Wanted, part: Part) -> Result<Self> {
        let needle = wanted.filter.as_deref().map(str::to_lowercase).filter(|needle| !needle.is_empty());
        let everybody = needle.is_none() && wanted.statuses.is_empty();
        let total = if everybody { app.store.count_active_members(room)? } else { 0 };
        Ok(Self {
            needle,
            statuses: wanted.statuses.clone(),
            fields: settings::words(app, "Accounts_SearchFields")?,
            part,
            members: Vec::new(),
            passed: 0,
            total: usize::try_from(total).unwrap_or(usize::MAX),
            everybody,
        })
    }

    /// Takes a member into account. Breaks when nothing more can be learnt, if it may.
    fn take(&mut self, app: &App, member: &ListedMember, may_break: bool) -> Result<ControlFlow<()>> {
        let full = self.members.len() >= self.part.count;
        if full && self.everybody && may_break {
            return Ok(ControlFlow::Break(()));
        }
        let shows = self.passed >= self.part.offset && !full;
        if self.everybody {
            self.passed += 1;
            if shows && let Some(user) = app.store.user(&member.user)? {
                self.members.push((user, member.roles.clone()));
            }
        } else if let Some(user) = app.store.user(&member.user)?.filter(|user| self.wants(user)) {
            self.passed += 1;
            self.total += 1;
            if shows {
                self.members.push((user, member.roles.clone()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn wants(&self, user: &User) -> bool {
        let in_status = self.statuses.is_empty() || self.statuses.contains(&user.status);
        let found = |needle: &String| PersonEntry::of(user).contains(&self.fields, needle);
        in_status && self.needle.as_ref().is_none_or(found)
    }
}

/// The members who have a role in a room. Few people have one.
pub fn with_roles(app: &App, room: &RoomId) -> Result<Vec<ListedMember>> {
    let mut found = Vec::new();
    for active in [true, false] {
        app.store.members_by_name::<Error>(room, active, Direction::Ascending, |member| {
            if !member.roles.is_empty() {
                found.push(member);
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(found)
}

/// Whether a room has more than one owner.
pub fn has_several_owners(app: &App, room: &RoomId) -> Result<bool> {
    let owners = with_roles(app, room)?.into_iter();
    Ok(owners.filter(|member| member.roles.iter().any(|role| role == "owner")).count() > 1)
}
