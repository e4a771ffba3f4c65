//! What counts as unread: everything that was said, or only what was addressed to the reader, as the
//! settings say.

use super::settings;
use crate::app::App;
use crate::domain::{Activity, Room, RoomKind, Subscription};
use crate::error::Result;

/// Nobody reads how many of more there are.
const MOST: u64 = 1000;

/// What counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counting {
    /// Every message.
    Everything,
    /// What names the reader, or everybody.
    Mentions,
    /// What names the reader.
    UserMentions,
    /// What names everybody.
    GroupMentions,
}

/// What counts in rooms, and what in direct messages.
#[derive(Debug, Clone, Copy)]
pub struct UnreadCounts {
    rooms: Counting,
    direct: Counting,
}

impl UnreadCounts {
    /// As the settings say.
    pub fn load(app: &App) -> Result<Self> {
        let rooms = match settings::text(app, "Unread_Count")?.as_str() {
            "all_messages" => Counting::Everything,
            "user_mentions_only" => Counting::UserMentions,
            "group_mentions_only" => Counting::GroupMentions,
            _ => Counting::Mentions,
        };
        let direct = match settings::text(app, "Unread_Count_DM")?.as_str() {
            "mentions_only" => Counting::Mentions,
            _ => Counting::Everything,
        };
        Ok(Self { rooms, direct })
    }

    /// How much of a room a member has not read.
    pub fn of(self, app: &App, membership: &Subscription, room: &Room, activity: &Activity) -> Result<u64> {
        let counting = match room.kind {
            RoomKind::Direct => self.direct,
            RoomKind::Channel | RoomKind::Group => self.rooms,
        };
        let (own, all) = (u64::from(membership.user_mentions), membership.group_mentions(activity));
        Ok(match counting {
            // Each direct message was counted for its reader when it was sent.
            Counting::Everything if room.kind == RoomKind::Direct => u64::from(membership.unread),
            Counting::Everything if membership.is_alerted(activity) => {
                let seen = membership.last_seen.unwrap_or(membership.created);
                let last = activity.last_at.unwrap_or(seen).plus(1);
                // Replies in threads are among them: to tell them apart each would have to be read.
                let said = app.store.count_messages(&room.id, seen.plus(1), last, MOST)?;
                said.max(own + all)
            }
            Counting::Everything | Counting::Mentions => own + all,
            Counting::UserMentions => own,
            Counting::GroupMentions => all,
        })
    }
}
