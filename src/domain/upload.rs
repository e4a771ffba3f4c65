//! Files that people sent. The bytes lie in the data directory under their hash.

use serde::{Deserialize, Serialize};

use super::{RoomId, Time, UploadId, UserId};

/// A file that somebody sent to a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Its id, as it stands in links.
    pub id: UploadId,
    /// The room.
    pub room: RoomId,
    /// Who sent it.
    pub user: UserId,
    /// The name it was sent under. Hostile.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes: where they lie.
    pub sha256: [u8; 32],
    /// When it was sent.
    pub uploaded: Time,
    /// Belongs to a message. An unconfirmed upload is removed after a day.
    pub confirmed: bool,
    /// A line about it.
    pub description: String,
}

impl Upload {
    /// The extension in lower case, without the dot; empty if there is none.
    pub fn extension(&self) -> String {
        let name = &self.name;
        name.rsplit_once('.').map_or(String::new(), |(_, extension)| extension.to_lowercase())
    }
}
