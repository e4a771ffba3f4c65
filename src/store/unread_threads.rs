//! Threads with something new, by member and room.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::{Batch, Direction, Error, Result, Span, Store};
use crate::domain::{Message, RoomId, UnreadThread, UnreadThreads, UserId};

impl Store {
    /// What a member has not read in the threads of a room.
    pub fn unread_threads(&self, user: &UserId, room: &RoomId) -> Result<UnreadThreads> {
        let mut threads = UnreadThreads::default();
        let span = Span::of(&(user.clone(), room.clone()));
        self.walk::<UnreadThread, Error>(span, Direction::Ascending, |(_, _, id), thread| {
            threads.add(id, thread);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(threads)
    }

    /// The same for all rooms where there is any.
    pub fn unread_threads_of(&self, user: &UserId) -> Result<BTreeMap<RoomId, UnreadThreads>> {
        let mut rooms = BTreeMap::<RoomId, UnreadThreads>::new();
        let span = Span::of(&(user.clone(),));
        self.walk::<UnreadThread, Error>(span, Direction::Ascending, |(_, room, id), thread| {
            rooms.entry(room).or_default().add(id, thread);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rooms)
    }
}

impl Batch<'_> {
    /// Takes all threads of a room as read by a member.
    pub fn read_threads(&mut self, user: &UserId, room: &RoomId) -> Result<()> {
        let span = Span::of(&(user.clone(), room.clone()));
        self.store().walk::<UnreadThread, Error>(span, Direction::Ascending, |key, _| {
            self.delete::<UnreadThread>(&key);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Lets no unread thread of a room show it any more to a member who hides it.
    pub fn hide_unread_threads(&mut self, user: &UserId, room: &RoomId) -> Result<()> {
        let span = Span::of(&(user.clone(), room.clone()));
        self.store().walk::<UnreadThread, Error>(span, Direction::Ascending, |key, thread| {
            if !thread.hidden {
                self.put(&key, &UnreadThread { hidden: true, ..thread })?;
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Takes the thread that a message began as read by everybody, for it is no more. Only who
    /// follows a thread can have it unread.
    pub fn end_thread(&mut self, parent: &Message) -> Result<()> {
        for follower in parent.replies.iter().flat_map(|replies| &replies.followers) {
            let key = (follower.clone(), parent.room.clone(), parent.id.clone());
            if self.has::<UnreadThread>(&key)? {
                self.delete::<UnreadThread>(&key);
            }
        }
        Ok(())
    }
}
