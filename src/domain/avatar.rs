//! Pictures of people, of rooms and of the server itself.

use serde::{Deserialize, Serialize};

use super::{RoomId, Time, UploadId, UserId};

/// A larger picture is refused: it is sent to everybody who sees its owner.
pub const LARGEST_PICTURE: usize = 5 * 1024 * 1024;

/// Who or what a picture shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The server itself, in one of several places: `logo`.
    Server(String),
    /// A user.
    User(UserId),
    /// A room.
    Room(RoomId),
}

impl Shown {
    /// The parts of the key under which its picture is kept.
    pub fn key(&self) -> (String, String) {
        match self {
            Self::Server(place) => ("server".to_owned(), place.clone()),
            Self::User(id) => ("user".to_owned(), id.to_string()),
            Self::Room(id) => ("room".to_owned(), id.to_string()),
        }
    }
}

/// A picture that somebody chose. The bytes lie in the data directory under their hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avatar {
    /// Its id, another one for every picture: clients know by it that there is a new one.
    pub id: UploadId,
    /// The media type, as the bytes tell it.
    pub media_type: String,
    /// SHA-256 of the bytes: where they lie.
    pub sha256: [u8; 32],
    /// When it was chosen.
    pub chosen: Time,
}

impl Avatar {
    /// What the name of its file ends in.
    pub fn extension(&self) -> &str {
        let kind = self.media_type.trim_start_matches("image/");
        kind.strip_suffix("+xml").unwrap_or(kind)
    }
}

/// The bytes of a picture. SVG can hold scripts: what gives pictures out must see to it that they
/// do not run.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    media_type: &'static str,
    bytes: Vec<u8>,
}

impl Picture {
    /// A picture, if the first bytes are those of a kind that is shown. What a sender calls it does
    /// not matter.
    pub fn of(bytes: Vec<u8>) -> Option<Self> {
        let media_type = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => "image/png",
            [0xff, 0xd8, 0xff, ..] => "image/jpeg",
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "image/gif",
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
            text if is_svg(text) => "image/svg+xml",
            _ => return None,
        };
        (bytes.len() <= LARGEST_PICTURE).then_some(Self { media_type, bytes })
    }

    /// The media type.
    pub fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Whether a text is a drawing: before its first element there are at most comments and the like. One
/// that declares entities is none: a few lines of them can stand for gigabytes.
fn is_svg(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let after = if let Some(comment) = rest.strip_prefix("<!--") {
            comment.split_once("-->")
        } else if let Some(instruction) = rest.strip_prefix("<?") {
            instruction.split_once("?>")
        } else if let Some(kind) = rest.strip_prefix("<!DOCTYPE svg") {
            kind.split_once('>').filter(|(kind, _)| !kind.contains('['))
        } else {
            let name = rest.strip_prefix("<svg");
            return name
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace() || "/>".contains(c)));
        };
        let Some((_, after)) = after else { return false };
        rest = after.trim_start();
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}, {} bytes)", self.media_type, self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_what_a_picture_is() {
        let kind = |bytes: &[u8]| Picture::of(bytes.to_vec()).map(|picture| picture.media_type);
        assert_eq!(kind(b"\x89PNG\r\n\x1a\nrest"), Some("image/png"));
        assert_eq!(kind(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(kind(b"GIF89a"), Some("image/gif"));
        assert_eq!(kind(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        for svg in [
            "<svg xmlns='http://www.w3.org/2000/svg'/>",
            "\u{feff}<?xml version=\"1.0\"?>\n<!-- a <html> cat -->\n<!DOCTYPE svg PUBLIC \"-//W3C\">\n<svg>",
        ] {
            assert_eq!(kind(svg.as_bytes()), Some("image/svg+xml"), "{svg}");
        }
        for none in [
            &b""[..],
            b"<svgx>",
            b"<svg>\xff</svg>",
            b"<!-- <svg>",
            b"<?xml?><html><svg/></html>",
            b"<!DOCTYPE svg [<!ENTITY a \"aa\">]><svg/>",
            b"<html>",
            b"RIFF\0\0\0\0WAVE",
            b"GIF88a",
        ] {
            assert_eq!(kind(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_picture_that_is_too_large_is_none() {
        let mut bytes = b"GIF89a".to_vec();
        bytes.resize(LARGEST_PICTURE, 0);
        assert!(Picture::of(bytes.clone()).is_some());
        bytes.push(0);
        assert!(Picture::of(bytes).is_none());
    }
}
