//! One reading of one room: which messages are wanted, in which order.

use std::ops::ControlFlow;

use export_sdk as sdk;

use super::led::Led;
use super::{Failure, Filter, Run, Task};
use crate::domain::{Message, MessageId, Room, Rooms};
use crate::export::progress::JobProgress;
use crate::store::{Direction, Store};

/// What takes the messages of a reading.
pub(super) trait Sink {
    /// Takes a message. Whether it became part of the export.
    fn take(&mut self, message: &Message) -> sdk::Result<bool>;
}

/// What a reading came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    /// Messages that were looked at.
    pub(super) read: u64,
    /// Whether there are more than could be looked at.
    pub(super) is_part: bool,
}

/// One reading of one room.
pub(super) struct Reading<'a> {
    store: &'a Store,
    task: &'a Task<'a>,
    filter: &'a Filter,
    progress: &'a JobProgress,
    room: &'a Room,
    threaded: bool,
    /// Messages that may be looked at; and replies again, where they follow their thread.
    most: u64,
    read: u64,
    followed: u64,
    is_part: bool,
    led: Led,
}

type Step = Result<ControlFlow<()>, Failure>;

impl<'a> Reading<'a> {
    pub(super) fn new(run: &'a Run<'_>, room: &'a Room, order: sdk::Order, most: u64) -> Self {
        Self {
            store: run.task.store,
            task: run.task,
            filter: run.filter,
            progress: run.progress,
            room,
            threaded: order == sdk::Order::Threads,
            most,
            read: 0,
            followed: 0,
            is_part: false,
            led: Led::default(),
        }
    }

    /// Reads what the order means of this room.
    pub(super) fn read(mut self, sink: &mut impl Sink) -> sdk::Result<Read> {
        let done = match &self.task.order.rooms {
            Rooms::Listed(_) | Rooms::Seen | Rooms::Server | Rooms::Own => self.window(sink),
            Rooms::Thread { thread, .. } => self.thread(thread, sink),
            Rooms::Messages { messages, .. } => self.messages(messages, sink),
        };
        done.map_err(|Failure(error)| error)?;
        Ok(Read { read: self.read, is_part: self.is_part })
    }

    fn window(&mut self, sink: &mut impl Sink) -> Result<(), Failure> {
        let (from, until) = self.filter.window();
        self.store.history(&self.room.id, from, until, Direction::Ascending, |message| {
            if !self.may_read()? {
                return Ok(ControlFlow::Break(()));
            }
            if !self.wants(&message) || self.led.holds(&message) {
                return go_on();
            }
            let kept = sink.take(&message)?;
            if kept && self.threaded && message.replies.is_some() && message.thread.is_none() {
                self.replies(&message, sink)?;
            }
            go_on()
        })
    }

    /// Counts one more message, unless it is one too many. A long way over messages that nobody
    /// wants must end, too, when the export is cancelled.
    fn may_read(&mut self) -> sdk::Result<bool> {
        self.progress.work.check()?;
        if self.read >= self.most || self.task.is_late() {
            self.is_part = true;
            return Ok(false);
        }
        self.read += 1;
        self.progress.read_message();
        Ok(true)
    }

    fn wants(&self, message: &Message) -> bool {
        message.room == self.room.id && self.filter.wants(message, self.room)
    }

    /// The replies that come later than the message that began their thread.
    fn replies(&mut self, beginning: &Message, sink: &mut impl Sink) -> Result<(), Failure> {
        let (_, until) = self.filter.window();
        let mut last = None;
        self.store.replies_between::<Failure>(
            &self.room.id,
            &beginning.id,
            beginning.sent_at,
            until,
            |reply| {
                self.progress.work.check().map_err(sdk::Error::from)?;
                if self.followed >= self.most || self.task.is_late() {
                    self.is_part = true;
                    return Ok(ControlFlow::Break(()));
                }
                self.followed += 1;
                if is_before(beginning, &reply) {
                    if self.wants(&reply) {
                        sink.take(&reply)?;
                    }
                    last = Some(reply.sent_at);
                }
                go_on()
            },
        )?;
        if let Some(last) = last {
            self.led.note(&beginning.id, last, beginning.sent_at);
        }
        Ok(())
    }

    fn thread(&mut self, thread: &MessageId, sink: &mut impl Sink) -> Result<(), Failure> {
        let (from, until) = self.filter.window();
        let mut beginning = self.store.message(thread)?.filter(|beginning| self.wants(beginning));
        self.store.replies_between(&self.room.id, thread, from, until, |reply| {
            // Replies that were brought in from elsewhere may be older than what they answer.
            for message in beginning.take_if(|first| is_before(first, &reply)).iter().chain([&reply]) {
                if !self.may_read()? {
                    return Ok(ControlFlow::Break(()));
                }
                if self.wants(message) {
                    sink.take(message)?;
                }
            }
            go_on()
        })?;
        if let Some(beginning) = beginning
            && !self.is_part
            && self.may_read()?
        {
            sink.take(&beginning)?;
        }
        Ok(())
    }

    /// The chosen messages, each once.
    fn messages(&mut self, ids: &[MessageId], sink: &mut impl Sink) -> Result<(), Failure> {
        let mut chosen = Vec::new();
        for id in ids {
            if let Some(message) = self.store.message(id)?.filter(|message| self.wants(message)) {
                let begins = message.replies.is_some() && message.thread.is_none();
                chosen.push((message.sent_at, message.id, message.thread, begins));
            }
        }
        chosen.sort();
        chosen.dedup();
        let mut done = vec![false; chosen.len()];
        for (place, (_, id, _, begins)) in chosen.iter().enumerate() {
            if std::mem::replace(&mut done[place], true) || !self.one(id, sink)? {
                continue;
            }
            if !self.threaded || !begins {
                continue;
            }
            for (later, (_, reply, thread, _)) in chosen.iter().enumerate().skip(place + 1) {
                if thread.as_ref() == Some(id) {
                    done[later] = true;
                    self.one(reply, sink)?;
                }
            }
        }
        Ok(())
    }

    fn one(&mut self, id: &MessageId, sink: &mut impl Sink) -> Result<bool, Failure> {
        if !self.may_read()? {
            return Ok(false);
        }
        Ok(match self.store.message(id)?.filter(|message| self.wants(message)) {
            Some(message) => sink.take(&message)?,
            None => false,
        })
    }
}

/// Whether a message comes before another in a room's history.
fn is_before(message: &Message, other: &Message) -> bool {
    (message.sent_at, &message.id) < (other.sent_at, &other.id)
}

fn go_on() -> Step {
    Ok(ControlFlow::Continue(()))
}
