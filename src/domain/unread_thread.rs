//! Threads with replies that a follower has not read yet.

use serde::{Deserialize, Serialize};

use super::MessageId;

/// A thread with something new for one who follows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadThread {
    /// The follower is mentioned there.
    pub mentioned: bool,
    /// Everybody is mentioned there (`@all`, `@here`).
    pub everybody: bool,
    /// The follower has hidden the room since; a later reply brings it back.
    pub hidden: bool,
}

impl UnreadThread {
    /// As it is after a further reply.
    #[must_use]
    pub fn after(self, mentioned: bool, everybody: bool) -> Self {
        Self { mentioned: self.mentioned || mentioned, everybody: self.everybody || everybody, hidden: false }
    }
}

/// What a member has not read in the threads of a room, named by the messages that began them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnreadThreads {
    /// All, at most [`UnreadThreads::MOST`].
    pub all: Vec<MessageId>,
    /// Those where the member is mentioned.
    pub mentioned: Vec<MessageId>,
    /// Those where everybody is mentioned.
    pub everybody: Vec<MessageId>,
    /// Whether one of them keeps the room in the sidebar.
    pub show_room: bool,
}

impl UnreadThreads {
    /// Nobody reads the names of more in a room.
    pub const MOST: usize = 1000;

    /// Adds a thread; one too many only counts for whether the room shows.
    pub fn add(&mut self, id: MessageId, thread: UnreadThread) {
        self.show_room |= !thread.hidden;
        if self.all.len() == Self::MOST {
            return;
        }
        if thread.mentioned {
            self.mentioned.push(id.clone());
        }
        if thread.everybody {
            self.everybody.push(id.clone());
        }
        self.all.push(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_called_once_stays_and_a_reply_brings_a_hidden_room_back() {
        let hidden = UnreadThread { hidden: true, ..UnreadThread::default().after(true, false) };
        let after = UnreadThread { mentioned: true, everybody: true, hidden: false };
        assert_eq!(hidden.after(false, true), after);
    }

    #[test]
    fn no_more_than_can_be_read_are_named() {
        let mut threads = UnreadThreads::default();
        let hidden = UnreadThread { hidden: true, ..UnreadThread::default() };
        for number in 0..UnreadThreads::MOST {
            threads.add(MessageId::new(number.to_string()), hidden);
        }
        assert!(!threads.show_room);
        threads.add(MessageId::new("more"), UnreadThread::default());
        assert_eq!((threads.all.len(), threads.show_room), (UnreadThreads::MOST, true));
    }
}
