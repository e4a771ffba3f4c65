//! Links that let people into rooms.

use super::schema::InviteOfUser;
use super::{Batch, Direction, Result, Span, Store};
use crate::domain::{Invite, RoomId, UserId};

/// So many links lead into a room at most; who makes one more has to remove one.
pub const MOST_OF_A_ROOM: usize = 1000;

impl Store {
    /// The invite of that id.
    pub fn invite(&self, id: &str) -> Result<Option<Invite>> {
        self.get(&(id.to_owned(),))
    }

    /// Invites by id, at most so many.
    pub fn invites(&self, limit: usize) -> Result<Vec<Invite>> {
        let invites = self.list::<Invite>(Span::all(), Direction::Ascending, 0, limit)?;
        Ok(invites.into_iter().map(|(_, invite)| invite).collect())
    }

    /// The invites that a user made for a room.
    pub fn invites_of(&self, room: &RoomId, user: &UserId) -> Result<Vec<Invite>> {
        let span = Span::of(&(room.clone(), user.clone()));
        let mut invites = Vec::new();
        for ((_, _, id), _) in self.list::<InviteOfUser>(span, Direction::Ascending, 0, MOST_OF_A_ROOM)? {
            invites.extend(self.invite(&id)?);
        }
        Ok(invites)
    }
}

impl Batch<'_> {
    /// Puts an invite.
    pub fn put_invite(&mut self, invite: &Invite) -> Result<()> {
        self.put(&(invite.room.clone(), invite.user.clone(), invite.id.clone()), &InviteOfUser)?;
        self.put(&(invite.id.clone(),), invite)
    }

    /// Deletes an invite.
    pub fn delete_invite(&mut self, invite: &Invite) {
        self.delete::<InviteOfUser>(&(invite.room.clone(), invite.user.clone(), invite.id.clone()));
        self.delete::<Invite>(&(invite.id.clone(),));
    }

    /// Deletes the invites of a room, of which there are at most [`MOST_OF_A_ROOM`].
    pub(super) fn delete_invites(&mut self, room: &RoomId) -> Result<()> {
        let span = Span::of(&(room.clone(),));
        let found = self.store().list::<InviteOfUser>(span, Direction::Ascending, 0, MOST_OF_A_ROOM)?;
        for (key, _) in found {
            self.delete::<Invite>(&(key.2.clone(),));
            self.delete::<InviteOfUser>(&key);
        }
        Ok(())
    }
}
