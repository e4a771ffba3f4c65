//! Stored records as plug-ins see them, by reference.

use std::borrow::Cow;
use std::fmt;

use export_sdk as sdk;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::domain::{Json, Message, MessageId, Room, RoomKind, Time, UserId};

/// A point in time.
pub fn time(time: Time) -> sdk::Timestamp {
    sdk::Timestamp::from_millis(time.millis())
}

/// A room with so many members.
pub fn room(room: &Room, members: u64) -> sdk::Room<'_> {
    let mut view = sdk::Room::new(room.id.as_str(), "");
    view.kind = match room.kind {
        RoomKind::Channel => sdk::RoomKind::Channel,
        RoomKind::Group => sdk::RoomKind::Group,
        RoomKind::Direct => sdk::RoomKind::Direct,
    };
    view.name = room.name.as_deref();
    view.title = Cow::Owned(room.title());
    view.topic = room.topic.as_deref().unwrap_or_default();
    view.description = room.description.as_deref().unwrap_or_default();
    view.announcement = room.announcement.as_deref().unwrap_or_default();
    view.created = time(room.created);
    view.members = members;
    view
}

/// A message without its files. Who starred it is nobody's business, so that is left out.
pub fn message(message: &Message) -> sdk::Message<'_> {
    let author = sdk::Author {
        id: message.author.id.as_str(),
        username: &message.author.username,
        name: message.author.name.as_deref(),
    };
    let mut view = sdk::Message::new(
        message.id.as_str(),
        message.room.as_str(),
        author,
        time(message.sent_at),
        &message.text,
    );
    view.updated_at = time(message.updated_at);
    view.kind = message.kind.as_deref();
    view.thread = message.thread.as_ref().map(MessageId::as_str);
    view.shown_in_room = message.shown_in_room;
    view.replies = message.replies.as_ref().map(|replies| sdk::Replies {
        count: replies.count,
        last: replies.last.map(time),
        followers: replies.followers.iter().map(UserId::as_str).collect(),
    });
    view.edited = message.edited.as_ref().map(|edited| sdk::Edited {
        at: time(edited.at),
        by_id: edited.by.as_str(),
        by_username: &edited.by_username,
    });
    view.pinned = message.pinned.as_ref().map(|pinned| sdk::Pinned {
        at: pinned.at.map(time),
        by: pinned.by.as_ref().map(|(id, username)| (id.as_str(), username.as_str())),
    });
    view.reactions = message
        .reactions
        .iter()
        .map(|reaction| sdk::Reaction {
            emoji: &reaction.emoji,
            usernames: reaction.usernames.iter().map(String::as_str).collect(),
            names: reaction.names.iter().map(String::as_str).collect(),
        })
        .collect();
    view.mentions = raw(&message.mentions);
    view.channels = raw(&message.channels);
    view.urls = raw(&message.urls);
    view.attachments = raw(&message.attachments);
    view.file_json = raw(&message.file);
    view.files_json = raw(&message.files);
    view.extra = entries(&message.extra);
    view
}

fn raw(json: &Json) -> Option<&RawValue> {
    if json.is_none() { None } else { serde_json::from_str(json.as_str()).ok() }
}

/// The pairs of an object, in their order, with the raw text of each value.
fn entries(json: &Json) -> Vec<(Cow<'_, str>, &RawValue)> {
    if json.is_none() {
        return Vec::new();
    }
    serde_json::from_str::<Pairs<'_>>(json.as_str()).map_or_else(|_| Vec::new(), |Pairs(pairs)| pairs)
}

struct Pairs<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((Text(key), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            pairs.push((key, value));
        }
        Ok(Pairs(pairs))
    }
}

#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A file as a message names it, before anybody knows whether its bytes are here.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct NamedFile {
    /// The upload's id.
    #[serde(rename = "_id")]
    pub id: String,
    /// The name it was sent under.
    #[serde(default)]
    pub name: String,
    /// The media type.
    #[serde(default, rename = "type")]
    pub media_type: String,
    /// Bytes.
    #[serde(default)]
    pub size: u64,
}

/// The files a message names: all of `files`, else the one `file`; thumbnails left out.
pub fn named_files(message: &sdk::Message<'_>) -> Vec<NamedFile> {
    let all = message.files_json.and_then(|json| serde_json::from_str::<Vec<NamedFile>>(json.get()).ok());
    let mut files = all.unwrap_or_default();
    if files.is_empty() {
        let first = message.file_json.and_then(|json| serde_json::from_str::<NamedFile>(json.get()).ok());
        files.extend(first);
    }
    files.retain(|file| !file.name.starts_with("thumb-"));
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RoomId, UserRef};

    #[test]
    fn what_has_no_field_of_its_own_comes_back() {
        let author = UserRef { id: UserId::new("u"), username: "bob".to_owned(), name: None };
        let mut record =
            Message::new(MessageId::new("m"), RoomId::new("r"), author, Time::from_millis(0), "x");
        record.extra = Json::from_text(r#"{"alias":"R\u00f6bot","customFields":{"a":[1,2.50]}}"#);
        let view = message(&record);
        assert_eq!(view.alias().as_deref(), Some("Röbot"));
        let text = serde_json::to_string(&view).unwrap();
        assert!(text.ends_with(r#""alias":"R\u00f6bot","customFields":{"a":[1,2.50]}}"#), "{text}");
    }
}
