//! Searching a room. What has no chance of matching is passed over by an index, what is read is
//! bounded in number and time: a room of millions of messages costs no more than that.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::messages::FARTHEST;
use super::search_query::SearchQuery;
use super::{history, settings};
use crate::app::App;
use crate::domain::{Message, Room, User};
use crate::error::{Error, Result};

/// No answer holds more messages.
const MOST_AT_ONCE: usize = 5000;
/// What the index lets through is read for so many messages.
const FARTHEST_BY_INDEX: usize = 10 * FARTHEST;
/// After this long a search ends with what it has.
const PATIENCE: Duration = Duration::from_secs(2);
/// So many messages that are in no run call for the index to be brought up to date.
const MOST_LOOSE: usize = 2000;

/// The messages of a room that fit what `user` typed, newest first unless they ask otherwise: `count`
/// of them after `offset`.
pub fn search(
    app: &App,
    user: &User,
    room: &Room,
    text: &str,
    (offset, count): (usize, usize),
) -> Result<Vec<Message>> {
    let _seat = app.searches.take(user.id.clone()).ok_or(Error::Busy)?;
    let always_pattern = settings::is_on(app, "Message_AlwaysSearchRegExp")?;
    let query = SearchQuery::read(text, user, always_pattern, |name| {
        Ok(app.store.user_by_name(name)?.map(|user| user.id))
    })?;
    let hidden = history::hidden_kinds(app, room)?;
    let is_shown = |message: &Message| message.kind.as_ref().is_none_or(|kind| !hidden.contains(kind));
    let (needs, count) = (query.needs(), count.min(MOST_AT_ONCE));
    let farthest = if needs.is_empty() { FARTHEST } else { FARTHEST_BY_INDEX };
    let began = Instant::now();
    let (mut hits, mut found, mut looked_at, mut loose) = (0, Vec::new(), 0, 0);
    if count == 0 {
        return Ok(found);
    }
    let window = (query.since, query.until);
    app.store.stretches::<Error>(&room.id, window, query.direction, &needs, |stretch| {
        let Some(stretch) = stretch else { return Ok(while_in(began)) };
        let mut flow = ControlFlow::Continue(());
        app.store.messages_of::<Error>(&room.id, &stretch, query.direction, |message| {
            looked_at += 1;
            loose += usize::from(stretch.is_loose);
            if query.matches(&message) && is_shown(&message) {
                hits += 1;
                if hits > offset {
                    found.push(message);
                }
            }
            let enough = found.len() == count || looked_at == farthest;
            flow = if enough { ControlFlow::Break(()) } else { while_in(began) };
            Ok(flow)
        })?;
        Ok(flow)
    })?;
    if loose > MOST_LOOSE {
        app.index_bell.notify_one();
    }
    Ok(found)
}

fn while_in(began: Instant) -> ControlFlow<()> {
    if began.elapsed() < PATIENCE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}
