//! Short entries by which rooms, people, members and files are listed and found by name, so that a
//! list reads in full only what it shows.

use serde::{Deserialize, Serialize};

use super::{Room, Time, Upload, User};

/// What a list of rooms or people needs to know before it reads one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DirectoryEntry {
    /// A room.
    Room(RoomEntry),
    /// An account.
    Person(PersonEntry),
}

/// What lists of rooms sort and search by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomEntry {
    /// The display name, where it differs from the name.
    pub display_name: Option<String>,
    /// When it was made.
    pub created: Time,
    /// Login names of the members of a direct message.
    pub usernames: Vec<String>,
    /// Belongs to another room.
    pub is_discussion: bool,
    /// The team it belongs to.
    pub team: Option<TeamPlace>,
    /// New users join it.
    pub is_default: bool,
    /// Stands at the head of the directory.
    pub is_featured: bool,
}

impl RoomEntry {
    /// The entry of a room.
    pub fn of(room: &Room) -> Self {
        let extra = room.extra.value();
        Self {
            display_name: room.display_name.clone().filter(|shown| Some(shown) != room.name.as_ref()),
            created: room.created,
            usernames: room.direct.iter().map(|member| member.username.clone()).collect(),
            is_discussion: room.parent.is_some(),
            team: extra["teamId"]
                .as_str()
                .map(|id| TeamPlace { id: id.to_owned(), is_main: extra["teamMain"] == true }),
            is_default: room.default,
            is_featured: extra["featured"] == true,
        }
    }

    /// Whether it is the main room of a team.
    pub fn is_team_main(&self) -> bool {
        self.team.as_ref().is_some_and(|team| team.is_main)
    }
}

/// What a room is to a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamPlace {
    /// The team's id.
    pub id: String,
    /// Whether it is the team's main room.
    pub is_main: bool,
}

/// What lists of people sort and search by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonEntry {
    /// The login name.
    pub username: String,
    /// The display name.
    pub name: Option<String>,
    /// Another name.
    pub nickname: Option<String>,
    /// A few lines about the person.
    pub bio: Option<String>,
    /// The first e-mail address.
    pub email: Option<String>,
    /// When the account was made.
    pub created: Time,
    /// Whether the account can log in.
    pub active: bool,
}

impl PersonEntry {
    /// The entry of an account.
    pub fn of(user: &User) -> Self {
        Self {
            username: user.username.clone(),
            name: user.name.clone(),
            nickname: user.nickname.clone(),
            bio: user.bio.clone(),
            email: user.emails.first().map(|email| email.address.clone()),
            created: user.created,
            active: user.active,
        }
    }

    /// Whether one of these fields (`username`, `name`, `bio`, `nickname`) contains `needle`, which is
    /// in lower case.
    pub fn contains(&self, fields: &[String], needle: &str) -> bool {
        fields.iter().any(|field| {
            let text = match field.as_str() {
                "username" => Some(&self.username),
                "name" => self.name.as_ref(),
                "bio" => self.bio.as_ref(),
                "nickname" => self.nickname.as_ref(),
                _ => None,
            };
            text.is_some_and(|text| text.to_lowercase().contains(needle))
        })
    }
}

/// Finds the members of a room by login name, and those who have a role there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberByName {
    /// Room roles.
    pub roles: Vec<String>,
}

/// Finds the confirmed files of a room by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileByName {
    /// The media type.
    pub media_type: String,
    /// When it was sent.
    pub uploaded: Time,
}

impl FileByName {
    /// The entry of a file.
    pub fn of(upload: &Upload) -> Self {
        Self { media_type: upload.media_type.clone(), uploaded: upload.uploaded }
    }
}
