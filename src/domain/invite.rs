//! Links that let people into a room.

use serde::{Deserialize, Serialize};

use super::{RoomId, Time, UserId};

/// A link that lets whoever has it into a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The secret part of the link.
    pub id: String,
    /// The room.
    pub room: RoomId,
    /// Who made it.
    pub user: UserId,
    /// For how many days it was made; 0: for ever.
    pub days: u32,
    /// How many people it lets in; 0: any number.
    pub most_uses: u32,
    /// How many people it has let in.
    pub uses: u32,
    /// When it was made.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
    /// When it ends.
    pub expires: Option<Time>,
}

impl Invite {
    /// Whether it still lets somebody in.
    pub fn is_valid(&self, now: Time) -> bool {
        let lasts = self.expires.is_none_or(|expires| expires > now);
        lasts && (self.most_uses == 0 || self.uses < self.most_uses)
    }
}
