//! Rooms and messages as Rocket.Chat's REST API writes them.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::{Author, Member, Message, Pinned, Reaction, Result as SdkResult, Room};

impl Message<'_> {
    /// Appends the message object to `line` without a line break in it, and none after it.
    pub fn write_line(&self, line: &mut Vec<u8>) -> SdkResult<()> {
        let start = line.len();
        serde_json::to_writer(&mut *line, self)?;
        // Raw JSON keeps the blanks it was stored with. A line break in JSON is always such a
        // blank - inside a string it is escaped - and would break the line of this message.
        for byte in &mut line[start..] {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        Ok(())
    }
}

impl Serialize for Room<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("_id", self.id)?;
        map.serialize_entry("t", self.kind.letter())?;
        if let Some(name) = self.name {
            map.serialize_entry("name", name)?;
        }
        map.serialize_entry("fname", &self.title)?;
        let texts =
            [("topic", self.topic), ("description", self.description), ("announcement", self.announcement)];
        for (key, text) in texts.iter().filter(|(_, text)| !text.is_empty()) {
            map.serialize_entry(key, text)?;
        }
        map.serialize_entry("ts", &self.created)?;
        optional(&mut map, "_updatedAt", self.updated.as_ref())?;
        optional(&mut map, "u", self.creator.as_ref())?;
        let marks = [("ro", self.read_only), ("archived", self.archived), ("default", self.default)];
        for (key, mark) in marks.iter().filter(|(_, mark)| *mark) {
            map.serialize_entry(key, mark)?;
        }
        optional(&mut map, "reactWhenReadOnly", self.react_when_read_only.as_ref())?;
        optional(&mut map, "broadcast", self.broadcast.as_ref())?;
        optional(&mut map, "encrypted", self.encrypted.as_ref())?;
        for (key, names) in [("muted", &self.muted), ("unmuted", &self.unmuted)] {
            optional(&mut map, key, Some(names).filter(|names| !names.is_empty()))?;
        }
        if !self.direct.is_empty() {
            map.serialize_entry("users", &self.direct)?;
        }
        optional(&mut map, "prid", self.parent.as_ref())?;
        optional(&mut map, "customFields", self.custom_fields.as_ref())?;
        map.serialize_entry("usersCount", &self.members)?;
        for (key, value) in &self.extra {
            map.serialize_entry(key.as_ref(), value)?;
        }
        map.end()
    }
}

fn optional<M: SerializeMap, T: Serialize>(
    map: &mut M,
    key: &str,
    value: Option<&T>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(key, value))
}

impl Serialize for Message<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("_id", self.id)?;
        map.serialize_entry("rid", self.room)?;
        if let Some(kind) = self.kind {
            map.serialize_entry("t", kind)?;
        }
        map.serialize_entry("msg", self.text)?;
        map.serialize_entry("ts", &self.sent_at)?;
        map.serialize_entry("u", &self.author)?;
        map.serialize_entry("_updatedAt", &self.updated_at)?;
        if let Some(thread) = self.thread {
            map.serialize_entry("tmid", thread)?;
        }
        if self.shown_in_room {
            map.serialize_entry("tshow", &true)?;
        }
        if let Some(replies) = &self.replies {
            map.serialize_entry("tcount", &replies.count)?;
            if let Some(last) = replies.last {
                map.serialize_entry("tlm", &last)?;
            }
            map.serialize_entry("replies", &replies.followers)?;
        }
        optional(&mut map, "mentions", self.mentions.as_ref())?;
        optional(&mut map, "channels", self.channels.as_ref())?;
        optional(&mut map, "urls", self.urls.as_ref())?;
        optional(&mut map, "file", self.file_json.as_ref())?;
        optional(&mut map, "files", self.files_json.as_ref())?;
        optional(&mut map, "attachments", self.attachments.as_ref())?;
        if !self.reactions.is_empty() {
            map.serialize_entry("reactions", &Reactions(&self.reactions))?;
        }
        if !self.starred.is_empty() {
            map.serialize_entry("starred", &Starred(&self.starred))?;
        }
        if let Some(pinned) = self.pinned {
            pin(&mut map, pinned)?;
        }
        if let Some(edited) = self.edited {
            map.serialize_entry("editedAt", &edited.at)?;
            map.serialize_entry("editedBy", &Reference(edited.by_id, edited.by_username))?;
        }
        for (key, value) in &self.extra {
            map.serialize_entry(key.as_ref(), value)?;
        }
        map.end()
    }
}

fn pin<M: SerializeMap>(map: &mut M, pinned: Pinned<'_>) -> Result<(), M::Error> {
    map.serialize_entry("pinned", &true)?;
    if let Some(at) = pinned.at {
        map.serialize_entry("pinnedAt", &at)?;
    }
    if let Some((id, username)) = pinned.by {
        map.serialize_entry("pinnedBy", &Reference(id, username))?;
    }
    Ok(())
}

impl Serialize for Author<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("_id", self.id)?;
        map.serialize_entry("username", self.username)?;
        if let Some(name) = self.name {
            map.serialize_entry("name", name)?;
        }
        map.end()
    }
}

impl Serialize for Member<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("_id", self.id)?;
        map.serialize_entry("username", self.username)?;
        if let Some(name) = self.name {
            map.serialize_entry("name", name)?;
        }
        if !self.roles.is_empty() {
            map.serialize_entry("roles", &self.roles)?;
        }
        map.end()
    }
}

/// `{"_id", "username"}`.
struct Reference<'a>(&'a str, &'a str);

impl Serialize for Reference<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("_id", self.0)?;
        map.serialize_entry("username", self.1)?;
        map.end()
    }
}

/// `{":smile:": {"usernames": […], "names": […]}}`.
struct Reactions<'a>(&'a [Reaction<'a>]);

impl Serialize for Reactions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|reaction| (reaction.emoji, Givers(reaction))))
    }
}

struct Givers<'a>(&'a Reaction<'a>);

impl Serialize for Givers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("usernames", &self.0.usernames)?;
        if !self.0.names.is_empty() {
            map.serialize_entry("names", &self.0.names)?;
        }
        map.end()
    }
}

/// `[{"_id": "…"}]`.
struct Starred<'a>(&'a [&'a str]);

impl Serialize for Starred<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for id in self.0 {
            seq.serialize_element(&std::collections::BTreeMap::from([("_id", id)]))?;
        }
        seq.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::{Edited, Replies, Timestamp};

    #[test]
    fn a_message_is_written_as_rocket_chat_writes_it() {
        let at = Timestamp::from_millis(1_710_498_030_123);
        let author = Author { id: "u1", username: "bob", name: Some("Bob") };
        let mut message = Message::new("m1", "r1", author, at, "hi \"@al\"\n");
        let mentions: Box<RawValue> = serde_json::from_str(r#"[{"_id":"u2","username":"al"}]"#).unwrap();
        message.mentions = Some(&mentions);
        message.reactions = vec![Reaction { emoji: ":bee:", usernames: vec!["al"], names: vec![] }];
        message.replies = Some(Replies { count: 2, last: Some(at), followers: vec!["u1"] });
        message.edited = Some(Edited { at, by_id: "u1", by_username: "bob" });
        message.starred = vec!["u1"];
        let yes: Box<RawValue> = serde_json::from_str("false").unwrap();
        message.extra = vec![("groupable".into(), &yes)];
        assert_eq!(
            serde_json::to_string(&message).unwrap(),
            concat!(
                r#"{"_id":"m1","rid":"r1","msg":"hi \"@al\"\n","ts":"2024-03-15T10:20:30.123Z","#,
                r#""u":{"_id":"u1","username":"bob","name":"Bob"},"_updatedAt":"2024-03-15T10:20:30.123Z","#,
                r#""tcount":2,"tlm":"2024-03-15T10:20:30.123Z","replies":["u1"],"#,
                r#""mentions":[{"_id":"u2","username":"al"}],"reactions":{":bee:":{"usernames":["al"]}},"#,
                r#""starred":[{"_id":"u1"}],"editedAt":"2024-03-15T10:20:30.123Z","#,
                r#""editedBy":{"_id":"u1","username":"bob"},"groupable":false}"#,
            )
        );
        assert_eq!(message.mentions()[0].username, "al");
    }
}
