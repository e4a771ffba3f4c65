//! The index that searches go by: runs of messages with a signature of what they may hold.
//!
//! The runs of a room follow each other without gaps from its first message on; the newest messages
//! belong to none and are read as they are. A message that changes, or comes late, adds to the run it
//! stands in within the same write, so that "no" stays true. What is deleted stays in the signature.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicI64, Ordering};

use super::{Batch, Direction, Error, Result, Span, Store};
use crate::domain::search_run::{Needs, Place, SearchRun, StaleRun};
use crate::domain::{Activity, Message, MessageId, Room, RoomId, Signature, Time, searchable};

/// A run ends before it has more features than this, for all of them must fit into a signature.
const MOST_FEATURES: usize = 64 * 1024;
/// So many runs are cleared away at once.
const PART: usize = 100;

/// No message sent after this time is in a run of any room: what is sent now need not look.
pub(super) struct Sealed(AtomicI64);

impl Default for Sealed {
    /// Nobody has looked yet.
    fn default() -> Self {
        Self(AtomicI64::new(i64::MAX))
    }
}

fn start() -> Place {
    (Time::from_millis(i64::MIN), MessageId::new(""))
}

fn end() -> Place {
    (Time::from_millis(i64::MAX), MessageId::new(""))
}

/// The first place after this one.
fn behind((time, id): &Place) -> Place {
    (*time, MessageId::new(format!("{id}\0")))
}

/// From the first place to before the second.
fn stretch(room: &RoomId, from: &Place, to: &Place) -> Span {
    Span::between(&(room.clone(), from.0, from.1.clone()), &(room.clone(), to.0, to.1.clone()))
}

/// A stretch of a room's messages, from the first place to before the second.
#[derive(Debug, Clone)]
pub struct Stretch {
    from: Place,
    to: Place,
    /// Whether it is part of no run.
    pub is_loose: bool,
}

impl Store {
    /// Calls `each` with what there is of a room from `from` to before `until`, a stretch after the
    /// other: one of messages that may have what is needed, `None` for a run that has not.
    pub fn stretches<E: From<Error>>(
        &self,
        room: &RoomId,
        (from, until): (Time, Time),
        direction: Direction,
        needs: &Needs,
        mut each: impl FnMut(Option<Stretch>) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let (mut low, mut high) = ((from, MessageId::new("")), (until, MessageId::new("")));
        if low >= high {
            return Ok(());
        }
        // The run that the end lies in ends behind it.
        let last = self.run_with(room, &high)?.map_or_else(end, |(place, _)| behind(&place));
        let mut show = |from: &Place, to: &Place, is_loose, may_hold: bool| {
            let part = || Stretch { from: from.clone(), to: to.clone(), is_loose };
            if from < to { each(may_hold.then(part)) } else { Ok(ControlFlow::Continue(())) }
        };
        let mut ended = false;
        let runs = stretch(room, &low, &last);
        self.walk::<SearchRun, E>(runs, direction, |(_, time, id), run| {
            let may_hold = needs.may_be_in(&run.signature);
            let begins = run.from.clamp(low.clone(), high.clone());
            let ends = behind(&(time, id)).clamp(begins.clone(), high.clone());
            // What lies between two runs was never looked at.
            let mut flow = match direction {
                Direction::Ascending => show(&low, &begins, true, true)?,
                Direction::Descending => show(&ends, &high, true, true)?,
            };
            if flow.is_continue() {
                flow = show(&begins, &ends, false, may_hold)?;
            }
            match direction {
                Direction::Ascending => low = ends,
                Direction::Descending => high = begins,
            }
            ended = flow.is_break();
            Ok(flow)
        })?;
        if ended { Ok(()) } else { show(&low, &high, true, true).map(drop) }
    }

    /// Calls `each` with the messages of a stretch until it breaks.
    pub fn messages_of<E: From<Error>>(
        &self,
        room: &RoomId,
        part: &Stretch,
        direction: Direction,
        each: impl FnMut(Message) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let span = stretch(room, &part.from, &part.to);
        self.walk_records::<Message, E>(span, direction, each)
    }

    /// The run that this place is in, or the next one.
    fn run_with(&self, room: &RoomId, place: &Place) -> Result<Option<(Place, SearchRun)>> {
        let found = self.list(stretch(room, place, &end()), Direction::Ascending, 0, 1)?.pop();
        Ok(found.map(|((_, time, id), run)| ((time, id), run)))
    }

    /// Where the loose messages of a room begin.
    fn sealed_until(&self, room: &RoomId) -> Result<Place> {
        let last = self.list::<SearchRun>(Span::of(&(room.clone(),)), Direction::Descending, 0, 1)?.pop();
        Ok(last.map_or_else(start, |((_, time, id), _)| behind(&(time, id))))
    }

    /// Seals the next `length` messages of a room, if at least as many stay loose behind them. Whether
    /// it did. To be called by one thread only.
    pub fn seal_run(&self, room: &RoomId, length: usize) -> Result<bool> {
        let from = self.sealed_until(room)?;
        let loose = stretch(room, &from, &end());
        let enough = 2 * length as u64;
        if self.count::<Message>(loose, enough)? < enough {
            return Ok(false);
        }
        self.write(|batch| {
            if !batch.has::<Room>(&(room.clone(),))? {
                return Ok(false);
            }
            let Some(gathered) = self.gather(room, &from, &end(), length)? else { return Ok(false) };
            let (time, id) = gathered.last;
            let run = SearchRun { from, signature: gathered.signature };
            batch.put(&(room.clone(), time, id), &run)?;
            self.sealed.0.fetch_max(time.millis(), Ordering::SeqCst);
            Ok(true)
        })
    }

    /// Makes the next part of a stale run anew: it becomes several if much was added. Whether there
    /// was one.
    pub fn mend_run(&self, length: usize) -> Result<bool> {
        let Some((key, StaleRun)) = self.list(Span::all(), Direction::Ascending, 0, 1)?.pop() else {
            return Ok(false);
        };
        self.write(|batch| {
            let Some(mut run) = batch.get::<SearchRun>(&key)? else {
                batch.delete::<StaleRun>(&key);
                return Ok(true);
            };
            let (room, time, id) = key.clone();
            match self.gather(&room, &run.from, &behind(&(time, id)), length)? {
                Some(gathered) if gathered.goes_on => {
                    let (time, id) = gathered.last;
                    let part = SearchRun { from: run.from, signature: gathered.signature };
                    run.from = behind(&(time, id.clone()));
                    batch.put(&(room, time, id), &part)?;
                }
                gathered => {
                    run.signature =
                        gathered.map_or_else(|| Signature::of(&[]), |gathered| gathered.signature);
                    batch.delete::<StaleRun>(&key);
                }
            }
            batch.put(&key, &run)?;
            Ok(true)
        })
    }

    /// What the messages from one place to before another hold, the first `length` at most.
    fn gather(&self, room: &RoomId, from: &Place, to: &Place, length: usize) -> Result<Option<Gathered>> {
        let (mut features, mut count) = (Vec::new(), 0);
        let (mut last, mut goes_on) = (None, false);
        let span = stretch(room, from, to);
        self.walk_records::<Message, Error>(span, Direction::Ascending, |message| {
            let before = features.len();
            if count < length {
                searchable::features(&message, &mut features);
            }
            if count == length || (count > 0 && features.len() > MOST_FEATURES) {
                features.truncate(before);
                goes_on = true;
                return Ok(ControlFlow::Break(()));
            }
            count += 1;
            last = Some((message.sent_at, message.id));
            Ok(ControlFlow::Continue(()))
        })?;
        features.sort_unstable();
        features.dedup();
        Ok(last.map(|last| Gathered { last, signature: Signature::of(&features), goes_on }))
    }

    /// Forgets the runs at the beginning of a room whose messages are all gone. Whether there may be more.
    pub fn trim_runs(&self, room: &RoomId) -> Result<bool> {
        let all = || Span::of(&(room.clone(),));
        self.write(|batch| {
            let first = self.list::<Message>(all(), Direction::Ascending, 0, 1)?.pop();
            let first = first.map_or_else(end, |((_, time, id), _)| (time, id));
            let mut empty = Vec::new();
            self.walk::<SearchRun, Error>(all(), Direction::Ascending, |key, _| {
                if empty.len() == PART || (key.1, key.2.clone()) >= first {
                    return Ok(ControlFlow::Break(()));
                }
                empty.push(key);
                Ok(ControlFlow::Continue(()))
            })?;
            let Some((_, time, id)) = empty.last().cloned() else { return Ok(false) };
            for key in &empty {
                batch.delete::<SearchRun>(key);
                batch.delete::<StaleRun>(key);
            }
            // What comes there late belongs to the run that is the first now.
            if let Some((place, mut run)) = self.run_with(room, &behind(&(time, id)))? {
                run.from = start();
                batch.put(&(room.clone(), place.0, place.1), &run)?;
            }
            Ok(empty.len() == PART)
        })
    }

    /// Finds out since when nothing is sealed in any room, so that sending need not look. To be called
    /// by the thread that seals.
    pub fn note_sealed(&self) -> Result<()> {
        let mut latest = start().0;
        self.walk::<Activity, Error>(Span::all(), Direction::Ascending, |(room,), _| {
            latest = latest.max(self.sealed_until(&room)?.0);
            Ok(ControlFlow::Continue(()))
        })?;
        self.sealed.0.store(latest.millis(), Ordering::SeqCst);
        Ok(())
    }
}

/// What a new run holds.
struct Gathered {
    last: Place,
    signature: Signature,
    /// Whether there are more messages behind it.
    goes_on: bool,
}

impl Batch<'_> {
    /// Adds what can be searched of a message to the run it stands in, if it stands in one.
    pub(super) fn note_searchable(&mut self, message: &Message) -> Result<()> {
        let store = self.store();
        if message.sent_at.millis() > store.sealed.0.load(Ordering::SeqCst) {
            return Ok(());
        }
        let (room, place) = (&message.room, (message.sent_at, message.id.clone()));
        let Some(((time, id), _)) = store.run_with(room, &place)? else { return Ok(()) };
        let key = (room.clone(), time, id);
        let Some(mut run) = self.get::<SearchRun>(&key)?.filter(|run| run.from <= place) else {
            return Ok(());
        };
        let mut features = Vec::new();
        searchable::features(message, &mut features);
        let mut changed = false;
        for feature in features {
            changed |= run.signature.add(feature);
        }
        if !changed {
            return Ok(());
        }
        if run.signature.is_crowded() {
            run.signature = Signature::ANYTHING;
            self.put(&key, &StaleRun)?;
        }
        self.put(&key, &run)
    }

    /// Forgets some of the runs of a deleted room; whether there were any.
    pub(super) fn forget_runs(&mut self, room: &RoomId) -> Result<bool> {
        let all = Span::of(&(room.clone(),));
        let runs = self.store().list::<SearchRun>(all, Direction::Ascending, 0, PART)?;
        for (key, _) in &runs {
            self.delete::<SearchRun>(key);
            self.delete::<StaleRun>(key);
        }
        Ok(!runs.is_empty())
    }
}
