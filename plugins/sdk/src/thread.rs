//! Which thread a message belongs under, for formats that get threads in one piece.

use crate::Message;

/// The thread that was begun last, and how many of its replies have come. For formats that want
/// [`Order::Threads`](crate::Order::Threads) and write each thread under its beginning.
#[derive(Debug, Clone, Default)]
pub struct OpenThread {
    id: String,
    promised: u64,
    seen: u64,
}

impl OpenThread {
    /// Whether the message is a reply to the message that [`begin`](Self::begin) was given last. If
    /// so, it counts as come.
    pub fn takes(&mut self, message: &Message<'_>) -> bool {
        let is_reply = message.thread.is_some_and(|thread| thread == self.id);
        self.seen += u64::from(is_reply);
        is_reply
    }

    /// A message that stands on its own: replies to it may follow.
    pub fn begin(&mut self, message: &Message<'_>) {
        let promised = message.replies.as_ref().map_or(0, |replies| replies.count);
        *self = Self { id: message.id.to_owned(), promised, seen: 0 };
    }

    /// How many replies are not part of the export. Asked before the next one begins, and at the end.
    pub fn missing(&self) -> u64 {
        self.promised.saturating_sub(self.seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Author, Replies, Timestamp};

    #[test]
    fn replies_are_those_of_the_message_before_them_and_the_rest_is_missing() {
        let al = Author { id: "u", username: "al", name: None };
        let message = |id: &'static str| Message::new(id, "r", al, Timestamp::from_millis(0), "x");
        let reply = |id, thread| Message { thread: Some(thread), ..message(id) };
        let mut open = OpenThread::default();
        assert!(!open.takes(&reply("orphan", "gone")) && open.missing() == 0);
        let replies = Replies { count: 3, last: None, followers: Vec::new() };
        open.begin(&Message { replies: Some(replies), ..message("m") });
        assert!(open.takes(&reply("one", "m")) && !open.takes(&reply("two", "gone")));
        assert_eq!(open.missing(), 2);
        open.begin(&message("next"));
        assert!(!open.takes(&reply("late", "m")) && open.missing() == 0);
    }
}
