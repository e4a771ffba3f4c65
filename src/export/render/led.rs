//! Which replies were written ahead of their place in time, right after the message that began
//! their thread.

use std::collections::HashMap;

use crate::domain::{Message, MessageId, Time};

/// Threads whose replies were written and are still to be met in the room's history.
///
/// It is remembered and not asked of the store again, because messages are edited and deleted while
/// an export runs, and every message must come out once. A thread is forgotten some time after its
/// last reply was met, so this holds the threads that are open at one time, not those of a room.
#[derive(Debug, Default)]
pub(super) struct Led {
    last: HashMap<MessageId, Time>,
    tidy_at: usize,
}

impl Led {
    /// Notes a thread whose replies up to that time were written, met at `here`.
    pub(super) fn note(&mut self, thread: &MessageId, last: Time, here: Time) {
        const FEW: usize = 1000;
        if self.last.len() >= self.tidy_at {
            self.last.retain(|_, last| *last >= here);
            self.tidy_at = FEW.max(self.last.len() * 2);
        }
        self.last.insert(thread.clone(), last);
    }

    /// Whether this message was written with its thread.
    pub(super) fn holds(&self, message: &Message) -> bool {
        let last = message.thread.as_ref().and_then(|thread| self.last.get(thread));
        last.is_some_and(|last| message.sent_at <= *last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RoomId, UserId, UserRef};

    fn reply(thread: &MessageId, at: i64) -> Message {
        let author = UserRef { id: UserId::new("u"), username: "bob".to_owned(), name: None };
        let at = Time::from_millis(at);
        let mut reply = Message::new(MessageId::new("m"), RoomId::new("r"), author, at, "x");
        reply.thread = Some(thread.clone());
        reply
    }

    #[test]
    fn replies_are_held_up_to_the_last_that_was_written() {
        let mut led = Led::default();
        let thread = MessageId::new("t");
        led.note(&thread, Time::from_millis(5), Time::from_millis(0));
        assert!(led.holds(&reply(&thread, 5)) && !led.holds(&reply(&thread, 6)));
        assert!(!led.holds(&reply(&MessageId::new("other"), 1)));
    }

    #[test]
    fn threads_that_are_over_are_forgotten_and_open_ones_are_not() {
        let mut led = Led::default();
        let open = MessageId::new("open");
        led.note(&open, Time::from_millis(1_000_000), Time::from_millis(0));
        for number in 0..100_000 {
            let here = Time::from_millis(number);
            led.note(&MessageId::new(format!("t{number}")), here.plus(1), here);
        }
        assert!(led.holds(&reply(&open, 999_999)));
        assert!(led.last.len() <= 1001, "{}", led.last.len());
    }
}
