//! What happened in a room since a client last looked: messages sent or changed, messages gone.
//!
//! Every message has one time of its last change. Those that never changed are found by the time they
//! were sent, the others in a list of their own; the two are merged.

use std::ops::ControlFlow;

use super::messages::{Budget, MOST_AT_ONCE as MOST};
use crate::app::App;
use crate::domain::{Message, MessageId, RoomId, Time};
use crate::error::{Error, Result};
use crate::store::message_indexes::List;
use crate::store::schema::{DeletedMessage, Reply};
use crate::store::{Direction, Span};

/// A look for changes ends after so many entries, and goes on there the next time.
const FARTHEST: usize = 20_000;

/// Which changes are wanted: those after `from` and before `until`.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Not included.
    pub from: Time,
    /// Not included.
    pub until: Time,
    /// Oldest first, or newest first.
    pub direction: Direction,
    /// About so many: all of the same millisecond come together, or the next look would miss some.
    pub count: usize,
}

impl Window {
    /// All that happened after an instant, the newest first.
    pub fn since(from: Time) -> Self {
        Self { from, until: Time::from_millis(i64::MAX), direction: Direction::Descending, count: MOST }
    }

    fn first(&self) -> Time {
        self.from.plus(1)
    }

    /// Whether `one` comes before `other`.
    fn is_before(&self, one: Time, other: Time) -> bool {
        match self.direction {
            Direction::Ascending => one < other,
            Direction::Descending => one > other,
        }
    }
}

/// Changes in their order.
#[derive(Debug, Default)]
pub struct Part<T> {
    /// When, and what.
    pub found: Vec<(Time, T)>,
    /// If there is more: how far this part reaches.
    pub more_after: Option<Time>,
}

/// Gathers what a walk finds until there is enough of it, whole milliseconds at a time.
struct Gatherer {
    found: Vec<(Time, MessageId)>,
    count: usize,
    looked_at: usize,
    /// The first time that was not looked at in full.
    stopped_at: Option<Time>,
}

impl Gatherer {
    fn new(count: usize) -> Self {
        Self { found: Vec::new(), count: count.clamp(1, MOST), looked_at: 0, stopped_at: None }
    }

    fn see(&mut self, at: Time, wanted: Option<MessageId>) -> ControlFlow<()> {
        let full = self.found.len() >= self.count && self.found.last().is_none_or(|(last, _)| *last != at);
        if full || self.looked_at >= FARTHEST {
            self.stopped_at = Some(at);
            return ControlFlow::Break(());
        }
        self.looked_at += 1;
        self.found.extend(wanted.map(|id| (at, id)));
        ControlFlow::Continue(())
    }
}

/// Messages of a room that were sent or changed, those that `wanted` wants.
pub fn updated(
    app: &App,
    room: &RoomId,
    window: Window,
    wanted: impl Fn(&Message) -> bool,
) -> Result<Part<Message>> {
    let (store, direction) = (&app.store, window.direction);
    let mut sent = Gatherer::new(window.count);
    store.history::<Error>(room, window.first(), window.until, direction, |message| {
        let unchanged = message.updated_at <= message.sent_at;
        let at = message.sent_at;
        Ok(sent.see(at, (unchanged && wanted(&message)).then_some(message.id)))
    })?;
    let mut changed = Gatherer::new(window.count);
    let span = (window.first(), window.until);
    store.places::<Error>((room, &List::Changed), span, direction, |at, id| {
        let wanted = store.message(&id)?.is_some_and(|message| wanted(&message));
        Ok(changed.see(at, wanted.then_some(id)))
    })?;

    // Nothing is certain from where the first of them stopped.
    let stops = [sent.stopped_at, changed.stopped_at].into_iter().flatten();
    let stop = stops.reduce(|one, other| if window.is_before(one, other) { one } else { other });
    let mut found = sent.found;
    found.append(&mut changed.found);
    found.sort_unstable();
    if direction == Direction::Descending {
        found.reverse();
    }
    let part = cut(found, &window, stop);
    let mut messages = Part { found: Vec::with_capacity(part.found.len()), more_after: part.more_after };
    let mut budget = Budget::default();
    for (at, id) in part.found {
        let last = messages.found.last().map(|(last, _)| *last);
        // Whole milliseconds here, too.
        if budget.is_spent() && last != Some(at) {
            messages.more_after = last;
            break;
        }
        let Some(message) = store.message(&id)? else { continue };
        budget.spend(&message);
        messages.found.push((at, message));
    }
    Ok(messages)
}

/// The first `count` of what was found before `stop`, with all of the same millisecond as the last.
fn cut(mut found: Vec<(Time, MessageId)>, window: &Window, stop: Option<Time>) -> Part<MessageId> {
    // As far as it is certain; so far at least, for the next look must not begin where this one did.
    let reach = stop.map(|stop| match window.direction {
        Direction::Ascending => stop.plus(-1).max(window.first()),
        Direction::Descending => stop.plus(1).min(window.until.plus(-1)),
    });
    if let Some(reach) = reach {
        found.retain(|(at, _)| !window.is_before(reach, *at));
    }
    let count = window.count.clamp(1, MOST);
    let Some(last) = found.get(count - 1).map(|(at, _)| *at) else {
        return Part { found, more_after: reach };
    };
    let end = found.iter().position(|(at, _)| window.is_before(last, *at)).unwrap_or(found.len());
    let more = end < found.len() || stop.is_some();
    found.truncate(end);
    Part { found, more_after: more.then_some(last) }
}

/// Messages of a room that were deleted, those that `wanted` wants.
pub fn deleted(
    app: &App,
    room: &RoomId,
    window: Window,
    wanted: impl Fn(&DeletedMessage) -> bool,
) -> Result<Part<MessageId>> {
    let mut gone = Gatherer::new(window.count);
    let key = |at| (room.clone(), at);
    let span = Span::between(&key(window.first()), &key(window.until));
    app.store.walk::<DeletedMessage, Error>(span, window.direction, |(_, at, id), deleted| {
        Ok(gone.see(at, wanted(&deleted).then_some(id)))
    })?;
    let stop = gone.stopped_at;
    Ok(cut(gone.found, &window, stop))
}

/// Which messages of a room were deleted after an instant: `count` of them after `offset`, the oldest
/// first, and how many there are.
pub fn deleted_page(
    app: &App,
    room: &RoomId,
    since: Time,
    (offset, count): (usize, usize),
) -> Result<(Vec<MessageId>, usize)> {
    let key = |at| (room.clone(), at);
    let span = || Span::between(&key(since.plus(1)), &key(Time::from_millis(i64::MAX)));
    let total = app.store.count::<DeletedMessage>(span(), FARTHEST as u64)?;
    let page = app.store.list::<DeletedMessage>(span(), Direction::Ascending, offset, count.min(MOST))?;
    let ids = page.into_iter().map(|((_, _, id), _)| id).collect();
    Ok((ids, usize::try_from(total).unwrap_or(usize::MAX)))
}

/// The replies of a thread that were sent or changed after an instant, the oldest first.
pub fn updated_replies(app: &App, parent: &Message, since: Time) -> Result<Vec<Message>> {
    let (mut found, mut budget) = (Vec::new(), Budget::default());
    let span = Span::of(&(parent.id.clone(),));
    app.store.walk::<Reply, Error>(span, Direction::Ascending, |(_, _, id), _| {
        let reply = app.store.message(&id)?;
        let is_news =
            |reply: &Message| reply.room == parent.room && reply.updated_at.max(reply.sent_at) > since;
        if let Some(reply) = reply.filter(is_news) {
            budget.spend(&reply);
            found.push(reply);
        }
        Ok(if found.len() < MOST && !budget.is_spent() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(millis: i64) -> Time {
        Time::from_millis(millis)
    }

    fn part(times: &[i64], window: Window, stop: Option<i64>) -> (Vec<i64>, Option<i64>) {
        let found = times.iter().map(|at| (time(*at), MessageId::new("m"))).collect();
        let part = cut(found, &window, stop.map(time));
        (part.found.iter().map(|(at, _)| at.millis()).collect(), part.more_after.map(Time::millis))
    }

    #[test]
    fn a_part_ends_with_a_whole_millisecond_and_says_where() {
        let up = Window { from: time(0), until: time(100), direction: Direction::Ascending, count: 2 };
        assert_eq!(part(&[1, 2], up, None), (vec![1, 2], None));
        assert_eq!(part(&[1, 2, 2, 3], up, None), (vec![1, 2, 2], Some(2)));
        assert_eq!(part(&[1], up, None), (vec![1], None));
        assert_eq!(part(&[], up, None), (vec![], None));
        let down = Window { direction: Direction::Descending, ..up };
        assert_eq!(part(&[9, 8, 8, 7], down, None), (vec![9, 8, 8], Some(8)));
    }

    #[test]
    fn what_lies_behind_a_stop_is_left_for_the_next_look_which_begins_elsewhere() {
        let up = Window { from: time(0), until: time(100), direction: Direction::Ascending, count: 9 };
        assert_eq!(part(&[1, 5, 6], up, Some(5)), (vec![1], Some(4)));
        assert_eq!(part(&[], up, Some(50)), (vec![], Some(49)));
        assert_eq!(part(&[1, 2], up, Some(1)), (vec![1], Some(1)));
        let down = Window { direction: Direction::Descending, ..up };
        assert_eq!(part(&[9, 5, 4], down, Some(5)), (vec![9], Some(6)));
        assert_eq!(part(&[99, 98], down, Some(99)), (vec![99], Some(99)));
    }
}
