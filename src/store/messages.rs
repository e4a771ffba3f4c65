//! Messages: by place in their room, by id, by thread.

use std::ops::ControlFlow;

use super::schema::{DeletedMessage, HiddenMessage, MessagePlace, Reply};
use super::{Batch, Direction, Error, Result, Span, Store};
use crate::domain::{Message, MessageId, RoomId, Time};

impl Store {
    /// The message of that id.
    pub fn message(&self, id: &MessageId) -> Result<Option<Message>> {
        match self.message_place(id)? {
            Some(place) => self.get(&(place.room, place.sent_at, id.clone())),
            None => Ok(None),
        }
    }

    /// Where the message of that id stands.
    pub fn message_place(&self, id: &MessageId) -> Result<Option<MessagePlace>> {
        self.get(&(id.clone(),))
    }

    /// Calls `each` with the messages of a room from `from` to before `until`, until it breaks.
    pub fn history<E: From<Error>>(
        &self,
        room: &RoomId,
        from: Time,
        until: Time,
        direction: Direction,
        each: impl FnMut(Message) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.walk_records::<Message, E>(window(room, from, until), direction, each)
    }

    /// How many messages a room has from `from` to before `until`, counted at most to `limit`.
    pub fn count_messages(&self, room: &RoomId, from: Time, until: Time, limit: u64) -> Result<u64> {
        self.count::<Message>(window(room, from, until), limit)
    }

    /// Calls `each` with the replies of a thread, oldest first, until it breaks.
    pub fn replies<E: From<Error>>(
        &self,
        thread: &MessageId,
        mut each: impl FnMut(Message) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let span = Span::of(&(thread.clone(),));
        self.walk::<Reply, E>(span, Direction::Ascending, |(_, _, id), _| match self.message(&id)? {
            Some(message) => each(message),
            None => Ok(ControlFlow::Continue(())),
        })
    }

    /// The same for those in one room that were sent from `from` to before `until`.
    pub fn replies_between<E: From<Error>>(
        &self,
        room: &RoomId,
        thread: &MessageId,
        from: Time,
        until: Time,
        mut each: impl FnMut(Message) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        // With the room their places are known: looking up each one by its id would read a page for it
        // from anywhere in the store.
        self.walk::<Reply, E>(replies(thread, from, until), Direction::Ascending, |(_, sent_at, id), _| {
            match self.get(&(room.clone(), sent_at, id))? {
                Some(message) => each(message),
                None => Ok(ControlFlow::Continue(())),
            }
        })
    }

    /// How many replies a thread has from `from` to before `until`, counted at most to `limit`.
    pub fn count_replies(&self, thread: &MessageId, from: Time, until: Time, limit: u64) -> Result<u64> {
        self.count::<Reply>(replies(thread, from, until), limit)
    }
}

fn replies(thread: &MessageId, from: Time, until: Time) -> Span {
    Span::between(&(thread.clone(), from), &(thread.clone(), until))
}

fn window(room: &RoomId, from: Time, until: Time) -> Span {
    Span::between(&(room.clone(), from), &(room.clone(), until))
}

impl Batch<'_> {
    /// The message of that id, with what this batch has changed.
    pub fn message(&self, id: &MessageId) -> Result<Option<Message>> {
        match self.get::<MessagePlace>(&(id.clone(),))? {
            Some(place) => self.get(&(place.room, place.sent_at, id.clone())),
            None => Ok(None),
        }
    }

    /// Puts a message, new or changed, into every list it belongs to. Its id, room, time and thread
    /// never change.
    pub fn put_message(&mut self, message: &Message) -> Result<()> {
        let key = (message.room.clone(), message.sent_at, message.id.clone());
        let before = self.get::<Message>(&key)?;
        self.put_over(before.as_ref(), message)
    }

    /// The same for a message of an id that is known to be new: it is not looked up.
    pub fn put_new_message(&mut self, message: &Message) -> Result<()> {
        self.note_new::<Message>(&(message.room.clone(), message.sent_at, message.id.clone()));
        self.put_over(None, message)
    }

    fn put_over(&mut self, before: Option<&Message>, message: &Message) -> Result<()> {
        self.list_message(before, Some(message))?;
        self.note_searchable(message)?;
        self.note_announcement(message)?;
        if before.is_none() {
            let place = MessagePlace { room: message.room.clone(), sent_at: message.sent_at };
            self.put(&(message.id.clone(),), &place)?;
            if let Some(thread) = &message.thread {
                self.put(&(thread.clone(), message.sent_at, message.id.clone()), &Reply)?;
            }
        }
        self.put(&(message.room.clone(), message.sent_at, message.id.clone()), message)
    }

    /// Deletes a message and notes that it has gone. Counters and files are the caller's business.
    pub fn delete_message(&mut self, message: &Message, now: Time) -> Result<()> {
        let began_thread = message.replies.as_ref().is_some_and(|replies| replies.count > 0);
        let gone = DeletedMessage { thread: message.thread.clone(), began_thread };
        self.put(&(message.room.clone(), now, message.id.clone()), &gone)?;
        self.clear_message(message)
    }

    /// Deletes a message without a trace, for its room is gone.
    pub(super) fn clear_message(&mut self, message: &Message) -> Result<()> {
        let key = (message.room.clone(), message.sent_at, message.id.clone());
        // The caller may have read it before this batch changed it.
        let before = self.get::<Message>(&key)?;
        self.list_message(before.as_ref(), None)?;
        self.forget_announcement(message)?;
        self.end_thread(before.as_ref().unwrap_or(message))?;
        if let Some(thread) = &message.thread {
            self.delete::<Reply>(&(thread.clone(), message.sent_at, message.id.clone()));
        }
        self.delete::<MessagePlace>(&(message.id.clone(),));
        self.delete::<Message>(&key);
        Ok(())
    }

    /// Keeps what a message was before it is changed or deleted.
    pub fn keep_version(&mut self, message: &Message, now: Time) -> Result<()> {
        let mut key = (message.room.clone(), message.id.clone(), now);
        // Two versions may end within a millisecond.
        while self.has::<HiddenMessage>(&key)? {
            key.2 = key.2.plus(1);
        }
        self.put(&key, &HiddenMessage(message.clone()))
    }

    /// Forgets what a message was before.
    pub fn delete_versions(&mut self, message: &Message) -> Result<()> {
        let span = Span::of(&(message.room.clone(), message.id.clone()));
        let versions = self.store().list::<HiddenMessage>(span, Direction::Ascending, 0, usize::MAX)?;
        for (key, _) in versions {
            self.delete::<HiddenMessage>(&key);
        }
        Ok(())
    }
}
