//! Stored records as plug-ins see them, by reference.

use std::borrow::Cow;

use export_sdk as sdk;
use serde::Deserialize;
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

fn entries(json: &Json) -> Vec<(Cow<'_, str>, &RawValue)> {
    struct Pairs<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

    impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visit;

            impl<'de> serde::de::Visitor<'de> for Visit {
                type Value = Pairs<'de>;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut map: A,
                ) -> Result<Self::Value, A::Error> {
                    let mut pairs = Vec::new();
                    while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                        pairs.push((key, value));
                    }
                    Ok(Pairs(pairs))
                }
            }

            let Pairs(pairs) = deserializer.deserialize_map(Visit)?;
            Ok(Self(pairs))
        }
    }

    #[derive(Deserialize)]
    struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

    if json.is_none() {
        return Vec::new();
    }
    serde_json::from_str::<Pairs<'_>>(json.as_str()).map_or_else(|_| Vec::new(), |Pairs(pairs)| pairs)
}

/// A file as a message names it, before anybody knows whether its bytes are here.
#[derive(Debug, Clone, Deserialize)]
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
pub fn named_files(message: &Message) -> Vec<NamedFile> {
    if message.files.is_none() && message.file.is_none() {
        return Vec::new();
    }
    let mut files: Vec<NamedFile> = serde_json::from_str(message.files.as_str()).unwrap_or_default();
    if files.is_empty() {
        files.extend(serde_json::from_str::<NamedFile>(message.file.as_str()).ok());
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
