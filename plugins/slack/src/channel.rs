//! A room: the folder of its days, and its entry in `channels.json`, `groups.json` or `dms.json`.

use std::collections::BTreeSet;

use export_sdk::{Result, Room, RoomKind, safe_file_name};
use serde::Serialize;

use crate::id;

/// The longest name of a channel in Slack.
const LONGEST: usize = 80;

/// What is kept of a room until its end.
pub(crate) struct Channel {
    pub(crate) id: String,
    /// The login names of those who are in it, or wrote in it.
    pub(crate) members: BTreeSet<String>,
    kind: RoomKind,
    name: String,
    created: i64,
    topic: String,
    purpose: String,
}

impl Channel {
    pub(crate) fn new(room: &Room<'_>) -> Self {
        Self {
            id: id::room(room.kind, room.id),
            members: BTreeSet::new(),
            kind: room.kind,
            name: name(if room.slug.is_empty() { room.name.unwrap_or(room.id) } else { &room.slug }),
            created: room.created.millis().div_euclid(1000),
            topic: room.topic.to_owned(),
            purpose: room.description.to_owned(),
        }
    }

    /// The folder of the days: a direct message has no name and takes its id.
    pub(crate) fn folder(&self) -> &str {
        if self.kind == RoomKind::Direct { &self.id } else { &self.name }
    }

    /// Where the entry belongs.
    pub(crate) fn file(&self) -> &'static str {
        match self.kind {
            RoomKind::Group => "groups.json",
            RoomKind::Direct => "dms.json",
            _ => "channels.json",
        }
    }

    /// Gives the folder another name, because an earlier room has it.
    pub(crate) fn rename(&mut self, number: usize) {
        self.name = format!("{}-{number}", self.name);
    }

    /// The entry in that list.
    pub(crate) fn entry(&self) -> Result<Vec<u8>> {
        let members: Vec<String> = self.members.iter().map(|username| id::user(username)).collect();
        let named = self.kind != RoomKind::Direct;
        let note = |text: &str| named.then(|| Note { value: text.to_owned(), creator: "", last_set: 0 });
        let entry = Entry {
            id: &self.id,
            name: named.then_some(&self.name),
            created: self.created,
            creator: named.then_some(""),
            is_archived: named.then_some(false),
            is_general: named.then_some(false),
            members: &members,
            topic: note(&self.topic),
            purpose: note(&self.purpose),
        };
        Ok(serde_json::to_vec_pretty(&entry)?)
    }
}

/// A name as Slack takes it: lower case, letters, digits, `-` and `_`. No dot, so the folder cannot
/// be mistaken for a file of the export.
fn name(name: &str) -> String {
    let taken = name.to_lowercase();
    let taken = taken.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' });
    safe_file_name(&taken.take(LONGEST).collect::<String>())
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a String>,
    created: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    creator: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_archived: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_general: Option<bool>,
    members: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<Note>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<Note>,
}

#[derive(Serialize)]
struct Note {
    value: String,
    creator: &'static str,
    last_set: u8,
}

#[cfg(test)]
mod tests {
    use export_sdk::ArtifactPath;

    use super::*;

    #[test]
    fn every_name_becomes_a_folder_that_is_no_file_of_the_export() {
        for hostile in export_sdk::conformance::HOSTILE_NAMES.iter().chain(&["users.json", "A B", "con"]) {
            let folder = name(hostile);
            assert!(ArtifactPath::new(folder.clone()).is_ok() && !folder.contains('.'), "{folder}");
        }
        assert_eq!(name("Führung 2"), "führung_2");
    }

    #[test]
    fn a_room_is_listed_where_slack_lists_its_kind() {
        for (kind, file, named) in [
            (RoomKind::Channel, "channels.json", true),
            (RoomKind::Group, "groups.json", true),
            (RoomKind::Direct, "dms.json", false),
        ] {
            let mut room = Room::new("r1", "keepers");
            room.kind = kind;
            let channel = Channel::new(&room);
            let entry: serde_json::Value = serde_json::from_slice(&channel.entry().unwrap()).unwrap();
            assert_eq!(channel.file(), file);
            assert_eq!(entry["name"].is_string(), named);
            let folder = if named { &entry["name"] } else { &entry["id"] };
            assert_eq!(folder, channel.folder());
        }
    }
}
