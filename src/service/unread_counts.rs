//! How many messages of a room count as unread for a member: what the settings `Unread_Count` and
//! `Unread_Count_DM` say. It is derived when somebody asks, so that sending never has to know.

use std::ops::ControlFlow;

use super::settings;
use crate::app::App;
use crate::domain::{Activity, Room, RoomKind, Subscription};
use crate::error::{Error, Result};
use crate::store::Direction;

/// Nobody reads how many of more there are.
const MOST: u64 = 1000;

/// What counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    /// Every message.
    All,
    /// Those that mention the member, or everybody.
    Mentions,
    /// Those that mention the member.
    OfMember,
    /// Those that mention everybody.
    OfEverybody,
}

/// What counts as unread.
#[derive(Debug, Clone, Copy)]
pub struct UnreadCounts {
    rooms: Counted,
    direct: Counted,
}

impl UnreadCounts {
    /// What the settings say.
    pub fn of(app: &App) -> Result<Self> {
        let rooms = match settings::text(app, "Unread_Count")?.as_str() {
            "all_messages" => Counted::All,
            "user_mentions_only" => Counted::OfMember,
            "group_mentions_only" => Counted::OfEverybody,
            _ => Counted::Mentions,
        };
        let direct = match settings::text(app, "Unread_Count_DM")?.as_str() {
            "mentions_only" => Counted::Mentions,
            _ => Counted::All,
        };
        Ok(Self { rooms, direct })
    }

    /// How many messages a member has not read, as far as they count.
    pub fn unread(self, app: &App, own: &Subscription, room: &Room, activity: &Activity) -> Result<u64> {
        let (called, everybody) = (u64::from(own.unread), own.group_mentions(activity));
        // In direct messages everything that is said calls the other side.
        if room.kind == RoomKind::Direct {
            let mentions = u64::from(own.user_mentions) + everybody;
            return Ok(if self.direct == Counted::All { called } else { mentions });
        }
        Ok(match self.rooms {
            Counted::All => said_since(app, own, activity)?.max(called),
            Counted::Mentions => called + everybody,
            Counted::OfMember => called,
            Counted::OfEverybody => everybody,
        })
    }
}

/// What was said in the room itself since the member last read it.
fn said_since(app: &App, own: &Subscription, activity: &Activity) -> Result<u64> {
    let seen = own.last_seen.unwrap_or(own.created);
    let Some(last) = activity.last_at.filter(|last| *last > seen) else { return Ok(0) };
    let (mut said, mut looked_at) = (0, 0);
    app.store.history::<Error>(&own.room, seen.plus(1), last.plus(1), Direction::Ascending, |message| {
        looked_at += 1;
        let in_room = message.thread.is_none() || message.shown_in_room;
        said += u64::from(in_room && message.kind.is_none() && message.author.id != own.user);
        Ok(if looked_at < MOST { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(said)
}
