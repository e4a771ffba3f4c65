//! Small pictures that stand for names in colons: those that everybody knows, and those that
//! administrators add.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::Time;

/// The short names that clients offer, sorted, without shades of skin. From `emoji.json` of the
/// `emoji-toolkit` 7.0.1, which is under the MIT licence.
static STANDARD: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("emoji_names.txt").lines().collect());

/// Whether a name without colons is that of an emoji which everybody knows: `bee`, `wave_tone3`.
pub fn is_standard(name: &str) -> bool {
    let plain = without_shades(name);
    STANDARD.binary_search(&name).is_ok() || STANDARD.binary_search(&plain).is_ok()
}

/// A name without the shades of skin that it ends in.
fn without_shades(mut name: &str) -> &str {
    const SHADES: [&str; 5] = ["_medium_light", "_medium_dark", "_light", "_medium", "_dark"];
    const TONES: [&str; 5] = ["_tone1", "_tone2", "_tone3", "_tone4", "_tone5"];
    loop {
        let toned = TONES.iter().find_map(|tone| name.strip_suffix(tone));
        let shaded = || {
            let skin = name.strip_suffix("_skin_tone")?;
            SHADES.iter().find_map(|shade| skin.strip_suffix(shade))
        };
        match toned.or_else(shaded) {
            Some(rest) => name = rest,
            None => return name,
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted_so_that_they_are_found() {
        assert!(STANDARD.is_sorted());
        assert!(STANDARD.iter().all(|name| is_standard(name)));
    }

    #[test]
    fn shades_of_skin_belong_to_no_name() {
        for name in ["smile", "+1", "bee", "ant", "squid", "wave_tone3", "wave_medium_light_skin_tone"] {
            assert!(is_standard(name), "{name}");
        }
        for name in ["", "nothing_like_it", "smile_tone9", "_tone1", "tone", "Smile"] {
            assert!(!is_standard(name), "{name}");
        }
    }
}
