//! Small pictures that administrators add.

use serde::{Deserialize, Serialize};

use super::Time;

/// A name in colons that stands for a picture. Its key is the name without colons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmojiName {
    /// The picture's own name.
    Own(Emoji),
    /// Another name for the emoji of this name.
    Alias(String),
}

/// A picture. The bytes lie in the data directory under their hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emoji {
    /// Its id.
    pub id: String,
    /// Its name, without colons.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// What its file ends in: `png`.
    pub extension: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes: where they lie.
    pub sha256: [u8; 32],
    /// When it last changed.
    pub updated: Time,
}

impl Emoji {
    /// The media type of its file.
    pub fn media_type(&self) -> String {
        format!("image/{}", self.extension)
    }
}
