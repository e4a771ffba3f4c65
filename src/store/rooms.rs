//! Rooms, memberships, and what is left of a deleted room.

use std::ops::ControlFlow;

use super::schema::{
    DeletedMessage, DeletedRoom, FileOfRoom, HiddenMessage, RoomByName, RoomOfUser, UnfinishedImport,
};
use super::{Batch, Direction, Error, Record, Result, Span, Store};
use crate::domain::avatar::Shown;
use crate::domain::{Activity, Message, Room, RoomId, Subscription, UserId};

impl Store {
    /// The room of that id.
    pub fn room(&self, id: &RoomId) -> Result<Option<Room>> {
        self.get(&(id.clone(),))
    }

    /// The channel or group of exactly that name.
    pub fn room_by_name(&self, name: &str) -> Result<Option<Room>> {
        match self.get::<RoomByName>(&(name.to_owned(),))? {
            Some(RoomByName(id)) => self.room(&id),
            None => Ok(None),
        }
    }

    /// What happens in a room; of an unknown room: nothing.
    pub fn activity(&self, room: &RoomId) -> Result<Activity> {
        Ok(self.get(&(room.clone(),))?.unwrap_or_default())
    }

    /// A user's membership.
    pub fn subscription(&self, room: &RoomId, user: &UserId) -> Result<Option<Subscription>> {
        self.get(&(room.clone(), user.clone()))
    }

    /// Calls `each` with every membership of a room until it breaks, in the order of user ids.
    pub fn members<E: From<Error>>(
        &self,
        room: &RoomId,
        mut each: impl FnMut(Subscription) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let span = Span::of(&(room.clone(),));
        self.walk::<Subscription, E>(span, Direction::Ascending, |_, subscription| each(subscription))
    }

    /// Calls `each` with the ids of the rooms that a user is in, in order, until it breaks.
    pub fn rooms_of<E: From<Error>>(
        &self,
        user: &UserId,
        mut each: impl FnMut(RoomId) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let span = Span::of(&(user.clone(),));
        self.walk::<RoomOfUser, E>(span, Direction::Ascending, |(_, room), _| each(room))
    }

    /// Calls `each` with every membership of a user until it breaks, in the order of room ids.
    pub fn memberships<E: From<Error>>(
        &self,
        user: &UserId,
        mut each: impl FnMut(Subscription) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.rooms_of(user, |room| match self.subscription(&room, user)? {
            Some(subscription) => each(subscription),
            None => Ok(ControlFlow::Continue(())),
        })
    }

    /// Calls `each` with the names of all channels and groups in alphabetical order until it breaks.
    pub fn named_rooms<E: From<Error>>(
        &self,
        mut each: impl FnMut(&str, RoomId) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        self.walk::<RoomByName, E>(Span::all(), Direction::Ascending, |(name,), RoomByName(id)| {
            each(&name, id)
        })
    }
}

impl Batch<'_> {
    /// Puts a room and makes its name lead to it.
    pub fn put_room(&mut self, room: &Room) -> Result<()> {
        let old = self.get::<Room>(&(room.id.clone(),))?;
        self.index_room(old.as_ref(), Some(room))?;
        self.list_room(old.as_ref(), Some(room))?;
        if let Some(name) = old.and_then(|old| old.name).filter(|old| Some(old) != room.name.as_ref()) {
            self.delete::<RoomByName>(&(name,));
        }
        if let Some(name) = &room.name {
            self.put(&(name.clone(),), &RoomByName(room.id.clone()))?;
        }
        self.put(&(room.id.clone(),), room)
    }

    /// What happens in a room, with what this batch has changed.
    pub fn activity(&self, room: &RoomId) -> Result<Activity> {
        Ok(self.get(&(room.clone(),))?.unwrap_or_default())
    }

    /// Puts what happens in a room.
    pub fn put_activity(&mut self, room: &RoomId, activity: &Activity) -> Result<()> {
        self.refresh_announcement(room, activity)?;
        self.put(&(room.clone(),), activity)
    }

    /// Puts a membership; a new one is counted.
    pub fn put_subscription(&mut self, subscription: &Subscription) -> Result<()> {
        let key = (subscription.room.clone(), subscription.user.clone());
        let old = self.get::<Subscription>(&key)?;
        self.index_member_roles(old.as_ref(), Some(subscription))?;
        if old.is_none() {
            self.put(&(subscription.user.clone(), subscription.room.clone()), &RoomOfUser)?;
            let mut activity = self.activity(&subscription.room)?;
            activity.members += 1;
            self.put_activity(&subscription.room, &activity)?;
        }
        self.index_member(old.as_ref(), Some(subscription))?;
        self.put(&key, subscription)
    }

    /// Ends a membership; whether there was one.
    pub fn delete_subscription(&mut self, room: &RoomId, user: &UserId) -> Result<bool> {
        let key = (room.clone(), user.clone());
        let Some(old) = self.get::<Subscription>(&key)? else { return Ok(false) };
        self.index_member(Some(&old), None)?;
        self.index_member_roles(Some(&old), None)?;
        self.delete::<Subscription>(&key);
        self.delete::<RoomOfUser>(&(user.clone(), room.clone()));
        self.read_threads(user, room)?;
        let mut activity = self.activity(room)?;
        activity.members = activity.members.saturating_sub(1);
        self.put_activity(room, &activity)?;
        Ok(true)
    }

    /// Deletes a room and its memberships at once and leaves a mark, so that its messages and files,
    /// which may be millions, are cleared away bit by bit by [`Store::clear_deleted_room`].
    pub fn delete_room(&mut self, room: &Room) -> Result<()> {
        let store = self.store();
        store.members::<Error>(&room.id, |member| {
            self.index_member(Some(&member), None)?;
            self.index_member_roles(Some(&member), None)?;
            self.delete::<Subscription>(&(room.id.clone(), member.user.clone()));
            self.delete::<RoomOfUser>(&(member.user, room.id.clone()));
            Ok(ControlFlow::Continue(()))
        })?;
        if let Some(name) = &room.name {
            self.delete::<RoomByName>(&(name.clone(),));
        }
        self.index_room(Some(room), None)?;
        let known = self.get::<Room>(&(room.id.clone(),))?;
        self.list_room(known.as_ref(), None)?;
        self.delete_invites(&room.id)?;
        self.delete::<Activity>(&(room.id.clone(),));
        self.delete::<UnfinishedImport>(&(room.id.clone(),));
        self.delete::<Room>(&(room.id.clone(),));
        self.put(&(room.id.clone(),), &DeletedRoom)
    }
}

impl Store {
    /// Clears away the next part of what deleted rooms left behind. `false`: there is nothing left.
    pub fn clear_deleted_room(&self) -> Result<bool> {
        let Some(((room,), DeletedRoom)) = self.list(Span::all(), Direction::Ascending, 0, 1)?.pop() else {
            return Ok(false);
        };
        let messages = self.part_of::<Message>(&room)?;
        let files = self.part_of::<FileOfRoom>(&room)?;
        let gone = self.part_of::<DeletedMessage>(&room)?;
        let hidden = self.part_of::<HiddenMessage>(&room)?;
        let unused = self.write::<_, Error>(|batch| {
            let had_runs = batch.forget_runs(&room)?;
            if messages.is_empty() && files.is_empty() && gone.is_empty() && hidden.is_empty() && !had_runs {
                let picture = batch.delete_avatar(&Shown::Room(room.clone()))?;
                batch.delete::<DeletedRoom>(&(room,));
                return Ok(picture.into_iter().collect());
            }
            for (_, message) in &messages {
                batch.clear_message(message)?;
            }
            let mut unused = Vec::new();
            for ((_, _, upload), _) in files {
                unused.extend(batch.delete_upload(&upload)?);
            }
            for (key, _) in &gone {
                batch.delete::<DeletedMessage>(key);
            }
            for (key, HiddenMessage(message)) in &hidden {
                for id in message.file_ids() {
                    unused.extend(batch.delete_own_upload(&id, &message.room)?);
                }
                batch.delete::<HiddenMessage>(key);
            }
            Ok(unused)
        })?;
        self.durable_blocking()?;
        unused.iter().try_for_each(|sha256| self.remove_blob_if_unused(sha256))?;
        Ok(true)
    }

    fn part_of<R: Record>(&self, room: &RoomId) -> Result<Vec<(R::Key, R)>> {
        const PART: usize = 500;
        self.list::<R>(Span::of(&(room.clone(),)), Direction::Ascending, 0, PART)
    }
}
