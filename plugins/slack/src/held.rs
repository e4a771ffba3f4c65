//! Threads: who replied stands on the message that began one, which is written long before.
//!
//! So messages wait in a queue while a thread among them is being answered, but never more than
//! [`LONGEST`] or [`HEAVIEST`]: a reply that comes later is in its own place like any other, with
//! the `thread_ts` of its thread; only the list `replies` of the beginning does not name it.

use std::collections::{BTreeMap, VecDeque};

use export_sdk::{Message, Result, Timestamp};
use serde::Serialize;

/// The most messages that wait.
pub(crate) const LONGEST: usize = 1000;
/// The most bytes that wait, but for the last message.
const HEAVIEST: usize = 4 << 20;

/// A message that waits for its replies, or behind one that does.
pub(crate) struct Held {
    pub(crate) sent_at: Timestamp,
    /// The JSON of the message.
    pub(crate) json: Vec<u8>,
    /// The JSON of its `replies`, without brackets.
    pub(crate) replies: Vec<u8>,
    missing: u64,
}

/// A thread that is still being answered.
struct Thread {
    ts: String,
    user: String,
    /// The how-manieth message of the room began it.
    number: u64,
    missing: u64,
}

#[derive(Serialize)]
struct Reply<'a> {
    user: &'a str,
    ts: &'a str,
}

/// The queue, and the threads of which replies are still to come.
#[derive(Default)]
pub(crate) struct Queue {
    held: VecDeque<Held>,
    bytes: usize,
    /// The number of the first message in the queue.
    first: u64,
    /// Left as soon as the last reply has come: it does not grow with the threads of the room.
    threads: BTreeMap<String, Thread>,
}

impl Queue {
    /// Timestamp and author of the message that began the thread `message` replies in.
    pub(crate) fn thread(&self, message: &Message<'_>) -> Option<(String, String)> {
        let thread = self.threads.get(message.thread?)?;
        Some((thread.ts.clone(), thread.user.clone()))
    }

    /// Takes a message in and lists it with the beginning of its thread.
    pub(crate) fn push(
        &mut self,
        message: &Message<'_>,
        ts: &str,
        user: String,
        json: Vec<u8>,
    ) -> Result<()> {
        if let Some(id) = message.thread {
            self.replied(id, ts, &user)?;
        }
        let missing = message.replies.as_ref().map_or(0, |replies| replies.count);
        let number = self.first + self.held.len() as u64;
        if missing > 0 {
            let thread = Thread { ts: ts.to_owned(), user, number, missing };
            self.threads.insert(message.id.to_owned(), thread);
        }
        self.bytes += json.len();
        self.held.push_back(Held { sent_at: message.sent_at, json, replies: Vec::new(), missing });
        Ok(())
    }

    fn replied(&mut self, id: &str, ts: &str, user: &str) -> Result<()> {
        let Some(thread) = self.threads.get_mut(id) else { return Ok(()) };
        let waiting = thread.number.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        if let Some(beginning) = waiting.and_then(|place| self.held.get_mut(place)) {
            if !beginning.replies.is_empty() {
                beginning.replies.push(b',');
            }
            let before = beginning.replies.len();
            serde_json::to_writer(&mut beginning.replies, &Reply { user, ts })?;
            self.bytes += beginning.replies.len() - before;
            beginning.missing = beginning.missing.saturating_sub(1);
        }
        thread.missing -= 1;
        if thread.missing == 0 {
            self.threads.remove(id);
        }
        Ok(())
    }

    /// The first message, if nothing is worth waiting for any more.
    pub(crate) fn pop_ready(&mut self) -> Option<Held> {
        let crowded = self.held.len() > LONGEST || self.bytes > HEAVIEST;
        let ready = crowded || self.held.front().is_some_and(|held| held.missing == 0);
        if ready { self.pop() } else { None }
    }

    /// The first message.
    pub(crate) fn pop(&mut self) -> Option<Held> {
        let held = self.held.pop_front()?;
        self.first += 1;
        self.bytes = self.bytes.saturating_sub(held.json.len() + held.replies.len());
        Some(held)
    }
}

#[cfg(test)]
mod tests {
    use export_sdk::{Author, Replies};

    use super::*;

    fn message(id: &str) -> Message<'_> {
        let al = Author { id: "u", username: "al", name: None };
        Message::new(id, "r", al, Timestamp::from_millis(0), "x")
    }

    fn push(queue: &mut Queue, message: &Message<'_>) {
        queue.push(message, message.id, "U".to_owned(), b"{}".to_vec()).unwrap();
    }

    #[test]
    fn a_beginning_waits_for_its_replies_and_what_follows_waits_behind_it() {
        let mut queue = Queue::default();
        let mut parent = message("p");
        parent.replies = Some(Replies { count: 2, last: None, followers: vec![] });
        push(&mut queue, &message("a"));
        assert!(queue.pop_ready().is_some());
        push(&mut queue, &parent);
        let mut reply = message("r1");
        reply.thread = Some("p");
        assert_eq!(queue.thread(&reply).map(|(ts, _)| ts).as_deref(), Some("p"));
        push(&mut queue, &reply);
        assert!(queue.pop_ready().is_none());
        push(&mut queue, &reply);
        let held = queue.pop_ready().unwrap();
        assert_eq!(held.replies, br#"{"user":"U","ts":"r1"},{"user":"U","ts":"r1"}"#);
        assert!(queue.pop_ready().is_some() && queue.pop_ready().is_some() && queue.pop_ready().is_none());
        assert!(queue.threads.is_empty() && queue.bytes < 100);
    }

    #[test]
    fn replies_that_never_come_hold_nothing_up_for_ever() {
        let mut queue = Queue::default();
        let mut parent = message("p");
        parent.replies = Some(Replies { count: 1, last: None, followers: vec![] });
        push(&mut queue, &parent);
        let mut longest = 0;
        for _ in 0..3 * LONGEST {
            push(&mut queue, &message("m"));
            while queue.pop_ready().is_some() {}
            longest = longest.max(queue.held.len());
        }
        assert_eq!(longest, LONGEST);
        let mut late = message("late");
        late.thread = Some("p");
        assert!(queue.thread(&late).is_some());
        push(&mut queue, &late);
        assert!(queue.threads.is_empty());
    }
}
