//! Which messages belong into an export.

use export_sdk as sdk;
use jiff::tz::TimeZone;

use crate::domain::query::Query;
use crate::domain::{Message, Order, Room, Time};

/// The filters of an order, ready to be asked.
pub(super) struct Filter {
    query: Query,
    system_messages: bool,
    from: Time,
    until: Time,
    narrows: bool,
}

impl Filter {
    /// `me` is the login name that `me` stands for in a query.
    pub(super) fn new(order: &Order, zone: &TimeZone, me: &str) -> sdk::Result<Self> {
        let query = Query::parse(&order.query, zone, me);
        let query = query.map_err(|error| sdk::Error::bad_options(error.to_string()))?;
        let (after, before) = query.window();
        let from = order.from.unwrap_or(Time::from_millis(i64::MIN));
        Ok(Self {
            from: after.map_or(from, |after| after.max(from)),
            until: before.map_or(order.until, |before| before.min(order.until)),
            narrows: !query.is_empty() || !order.system_messages,
            system_messages: order.system_messages,
            query,
        })
    }

    /// From when to before when there can be messages at all.
    pub(super) fn window(&self) -> (Time, Time) {
        (self.from, self.until.max(self.from))
    }

    /// Whether messages within the window may be left out.
    pub(super) fn narrows(&self) -> bool {
        self.narrows
    }

    /// Whether anything of this room can be wanted.
    pub(super) fn wants_room(&self, room: &Room) -> bool {
        self.query.may_match_room(room)
    }

    /// Whether a message belongs into the export.
    pub(super) fn wants(&self, message: &Message, room: &Room) -> bool {
        message.sent_at >= self.from
            && message.sent_at < self.until
            && (self.system_messages || message.kind.as_deref().is_none_or(str::is_empty))
            && self.query.matches(message, room)
    }
}
