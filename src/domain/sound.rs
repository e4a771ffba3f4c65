//! Sounds that administrators add, for people to hear of messages by.

use serde::{Deserialize, Serialize};

use super::Time;

/// A sound. Its key is its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sound {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What its file ends in: `mp3`.
    pub extension: String,
    /// The file: it comes after the rest.
    pub file: Option<SoundFile>,
    /// When it last changed.
    pub updated: Time,
}

/// The file of a sound. The bytes lie in the data directory under their hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundFile {
    /// The media type: some kind of audio.
    pub media_type: String,
    /// SHA-256 of the bytes: where they lie.
    pub sha256: [u8; 32],
}
