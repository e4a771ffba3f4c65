//! Rooms and who is in them, as plug-ins see them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{ArtifactPath, Author, Result, Timestamp, safe_file_name};

/// The room that is exported.
///
/// It serializes as the room object of Rocket.Chat's REST API.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Room<'a> {
    /// Its id, stable for ever.
    pub id: &'a str,
    /// Channel, group or direct message.
    pub kind: RoomKind,
    /// Its name; a direct message has none.
    pub name: Option<&'a str>,
    /// What people see: the display name, or the members of a direct message.
    pub title: Cow<'a, str>,
    /// The topic, empty if unset.
    pub topic: &'a str,
    /// The description, empty if unset.
    pub description: &'a str,
    /// The announcement, empty if unset.
    pub announcement: &'a str,
    /// When it was created.
    pub created: Timestamp,
    /// When its properties last changed, if the host knows.
    pub updated: Option<Timestamp>,
    /// Who made it.
    pub creator: Option<Author<'a>>,
    /// Only people with a permission for it write here.
    pub read_only: bool,
    /// Set when reactions are (not) allowed in a read-only room.
    pub react_when_read_only: Option<bool>,
    /// Nobody writes here any more.
    pub archived: bool,
    /// New users join it.
    pub default: bool,
    /// Only some write, everybody answers in private.
    pub broadcast: Option<bool>,
    /// Clients encrypt what they send.
    pub encrypted: Option<bool>,
    /// Login names that may not write.
    pub muted: Vec<&'a str>,
    /// Login names that may write although the room is read-only.
    pub unmuted: Vec<&'a str>,
    /// The people of a direct message, also those who have left it.
    pub direct: Vec<Author<'a>>,
    /// The id of the room that this discussion belongs to.
    pub parent: Option<&'a str>,
    /// JSON object of custom fields.
    pub custom_fields: Option<&'a RawValue>,
    /// Every other key of the room object, as JSON.
    pub extra: Vec<(Cow<'a, str>, &'a RawValue)>,
    /// How many members it has now.
    pub members: u64,
    /// A name for files and addresses that no other room of the export has; made by the host.
    pub slug: Cow<'a, str>,
    /// How many messages the window holds, counted to 10,000: enough to choose between one page and
    /// many. Filters and transforms may leave fewer.
    pub expected: u64,
}

impl<'a> Room<'a> {
    /// A channel of that id and name; set the rest.
    pub fn new(id: &'a str, name: &'a str) -> Self {
        Self {
            id,
            kind: RoomKind::Channel,
            name: Some(name),
            title: Cow::Borrowed(name),
            topic: "",
            description: "",
            announcement: "",
            created: Timestamp::default(),
            updated: None,
            creator: None,
            read_only: false,
            react_when_read_only: None,
            archived: false,
            default: false,
            broadcast: None,
            encrypted: None,
            muted: Vec::new(),
            unmuted: Vec::new(),
            direct: Vec::new(),
            parent: None,
            custom_fields: None,
            extra: Vec::new(),
            members: 0,
            slug: Cow::Borrowed(""),
            expected: 0,
        }
    }

    /// The path of a main file: `<slug>.<extension>`. Without a slug the room's name serves, and its
    /// id where it has none.
    pub fn file_name(&self, extension: &str) -> Result<ArtifactPath> {
        let stem = if self.slug.is_empty() { self.name.unwrap_or(self.id) } else { &self.slug };
        ArtifactPath::new(safe_file_name(&format!("{}.{extension}", safe_file_name(stem))))
    }
}

/// Somebody who is in the room.
///
/// It serializes as `{"_id", "username", "name", "roles"}`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Member<'a> {
    /// The user's id.
    pub id: &'a str,
    /// The login name.
    pub username: &'a str,
    /// The display name, if one was set.
    pub name: Option<&'a str>,
    /// What they are in this room: `owner`, `moderator`, `leader`.
    pub roles: Vec<&'a str>,
}

impl<'a> Member<'a> {
    /// A plain member.
    pub fn new(id: &'a str, username: &'a str) -> Self {
        Self { id, username, name: None, roles: Vec::new() }
    }
}

/// Who a room is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomKind {
    /// Public, `c`.
    Channel,
    /// Private, `p`.
    Group,
    /// Between its members only, `d`.
    Direct,
}

impl RoomKind {
    /// Rocket.Chat's letter.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Channel => "c",
            Self::Group => "p",
            Self::Direct => "d",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::HOSTILE_NAMES;

    #[test]
    fn every_room_gets_a_portable_file_name() {
        let name = |room: &Room<'_>| room.file_name("json").expect("portable").to_string();
        let mut room = Room::new("r1", "general");
        assert_eq!(name(&room), "general.json");
        room.name = None;
        assert_eq!(name(&room), "r1.json");
        for hostile in HOSTILE_NAMES {
            let path = name(&Room::new("r1", hostile));
            assert!(path.strip_suffix(".json").is_some_and(|stem| !stem.is_empty()), "{path}");
        }
        let long = "ä".repeat(300);
        assert!(name(&Room::new("r1", &long)).strip_suffix(".json").is_some());
    }
}
