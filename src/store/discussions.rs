//! The message that tells a room of a discussion, found from the discussion, and kept up to date.
//!
//! Anybody may send a message that claims to tell of some room. Only the first one counts, and only in
//! the room that the discussion belongs to.

use serde_json::{Map, Value, json};

use super::schema::{Announcement, MessagePlace};
use super::{Batch, Result, Store};
use crate::domain::{Activity, Json, Message, Room, RoomId};

/// The discussion that a message tells of.
fn told_of(message: &Message) -> Option<RoomId> {
    if message.kind.as_deref() != Some("discussion-created") {
        return None;
    }
    message.extra.value()["drid"].as_str().map(RoomId::new)
}

impl Store {
    /// The message that tells of a discussion.
    pub fn announcement(&self, discussion: &RoomId) -> Result<Option<Message>> {
        match self.get::<Announcement>(&(discussion.clone(),))? {
            Some(Announcement(id)) => self.message(&id),
            None => Ok(None),
        }
    }
}

impl Batch<'_> {
    pub(super) fn note_announcement(&mut self, message: &Message) -> Result<()> {
        let Some(discussion) = told_of(message) else { return Ok(()) };
        let key = (discussion,);
        // An import may bring the message before the room; then its parent is looked at later.
        let room = self.get::<Room>(&key)?;
        let is_elsewhere = room.is_some_and(|room| room.parent.as_ref() != Some(&message.room));
        if is_elsewhere || self.has::<Announcement>(&key)? {
            return Ok(());
        }
        self.put(&key, &Announcement(message.id.clone()))
    }

    pub(super) fn forget_announcement(&mut self, message: &Message) -> Result<()> {
        if let Some(discussion) = self.announced(message)? {
            self.delete::<Announcement>(&(discussion,));
        }
        Ok(())
    }

    /// The discussion that this message, and no other, tells of.
    pub fn announced(&self, message: &Message) -> Result<Option<RoomId>> {
        let Some(discussion) = told_of(message) else { return Ok(None) };
        let known = self.get::<Announcement>(&(discussion.clone(),))?;
        Ok(known.filter(|Announcement(id)| *id == message.id).map(|_| discussion))
    }

    /// Writes how many messages a discussion has, and when the last one came, on the message that tells
    /// of it. Of any other room there is none.
    pub(super) fn refresh_announcement(&mut self, room: &RoomId, activity: &Activity) -> Result<()> {
        let Some(Announcement(id)) = self.get(&(room.clone(),))? else { return Ok(()) };
        let Some(place) = self.get::<MessagePlace>(&(id.clone(),))? else { return Ok(()) };
        let key = (place.room, place.sent_at, id);
        let Some(mut message) = self.get::<Message>(&key)? else { return Ok(()) };
        let discussion = self.get::<Room>(&(room.clone(),))?;
        if discussion.is_none_or(|discussion| discussion.parent.as_ref() != Some(&message.room)) {
            return Ok(());
        }
        let mut extra = match message.extra.value() {
            Value::Object(extra) => extra,
            _ => Map::new(),
        };
        let last = activity.last_at.map_or(Value::Null, |last| json!(last.to_string()));
        let known = extra.get("dlm").unwrap_or(&Value::Null);
        if extra.get("dcount") == Some(&json!(activity.messages)) && *known == last {
            return Ok(());
        }
        extra.insert("dcount".to_owned(), json!(activity.messages));
        extra.insert("dlm".to_owned(), last);
        extra.retain(|_, value| !value.is_null());
        message.extra = Json::of(&extra);
        message.updated_at = message.updated_at.max(activity.updated);
        // Not by `put_activity`: in an import two rooms may claim to be each other's parent.
        let mut parent: Activity = self.get(&(message.room.clone(),))?.unwrap_or_default();
        parent.updated = parent.updated.max(activity.updated);
        self.put(&(message.room.clone(),), &parent)?;
        self.put_message(&message)
    }
}
