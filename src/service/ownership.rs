//! What becomes of the rooms of somebody who goes: another member takes over, or the room goes too.

use std::ops::ControlFlow;

use serde_json::json;

use super::teams;
use crate::domain::{Room, RoomKind, Subscription, User};
use crate::error::{Error, Result};
use crate::store::Batch;

/// The rooms that only one person owns.
#[derive(Debug, Default)]
pub struct Estate {
    /// Rooms with the member who takes over.
    heirs: Vec<(Room, Subscription)>,
    /// Private rooms in which nobody active is left.
    orphans: Vec<Room>,
}

impl Estate {
    /// What `user` leaves behind. Rooms with another owner, and channels that nobody else is in, stay
    /// as they are.
    pub fn of(batch: &Batch<'_>, user: &User) -> Result<Self> {
        let store = batch.store();
        let mut estate = Self::default();
        store.memberships::<Error>(&user.id, |own| {
            if own.has_role("owner")
                && let Some(room) = store.room(&own.room)?
                && room.kind != RoomKind::Direct
            {
                match find_heir(batch, &room, user)? {
                    Heir::Member(heir) => estate.heirs.push((room, *heir)),
                    Heir::Nobody if room.kind == RoomKind::Group => estate.orphans.push(room),
                    Heir::Nobody | Heir::Unneeded => {}
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(estate)
    }

    /// Hands the rooms over and deletes the orphans, if that is agreed to; else refuses and tells
    /// which rooms it is about. Answers whether rooms were deleted.
    pub fn settle(self, batch: &mut Batch<'_>, agreed: bool) -> Result<bool> {
        if self.heirs.is_empty() && self.orphans.is_empty() {
            return Ok(false);
        }
        if !agreed {
            let change: Vec<String> = self.heirs.iter().map(|(room, _)| room.title()).collect();
            let remove: Vec<String> = self.orphans.iter().map(Room::title).collect();
            return Err(Error::Refused {
                code: "user-last-owner".to_owned(),
                reason: String::new(),
                details: json!({"shouldBeRemoved": remove, "shouldChangeOwner": change}),
            });
        }
        for (_, mut heir) in self.heirs {
            heir.roles.push("owner".to_owned());
            batch.put_subscription(&heir)?;
        }
        for room in &self.orphans {
            if let Some(team) = room.team() {
                teams::lifecycle::release_rooms(batch, &team)?;
            }
            batch.delete_room(room)?;
        }
        Ok(!self.orphans.is_empty())
    }
}

enum Heir {
    /// There is another owner.
    Unneeded,
    /// The active member who has been here longest.
    Member(Box<Subscription>),
    /// No active member is left.
    Nobody,
}

fn find_heir(batch: &Batch<'_>, room: &Room, user: &User) -> Result<Heir> {
    let store = batch.store();
    let mut heir: Option<Subscription> = None;
    let mut other_owner = false;
    store.members::<Error>(&room.id, |member| {
        if member.user == user.id {
            return Ok(ControlFlow::Continue(()));
        }
        if member.has_role("owner") {
            other_owner = true;
            return Ok(ControlFlow::Break(()));
        }
        let earlier = heir.as_ref().is_none_or(|heir| member.created < heir.created);
        if earlier && store.user(&member.user)?.is_some_and(|member| member.active) {
            heir = Some(member);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(match heir {
        _ if other_owner => Heir::Unneeded,
        Some(heir) => Heir::Member(Box::new(heir)),
        None => Heir::Nobody,
    })
}
