//! A line about a file of a message, and the way of its bytes into the store.

use std::io::{self, Read, Write};

use export_sdk::safe_file_name;
use sha2::{Digest, Sha256};

use super::fields::Fields;
use crate::domain::id::LONGEST_ID;
use crate::domain::{RoomId, Time, Upload, UploadId, UserId};
use crate::store::blobs::{Arriving, Blobs};

/// Where an export keeps the files of messages.
const DIRECTORY: &str = "assets";

/// More does not fit into the record of a file.
const LONGEST_TEXTS: usize = 99 * 1024;

/// What a line says of a file.
#[derive(Debug)]
pub(super) struct FileLine {
    pub(super) id: UploadId,
    /// The message that names it.
    pub(super) message: String,
    name: String,
    media_type: String,
    size: u64,
    /// What an export says of a file that it holds.
    pub(super) held: Option<Held>,
}

/// What an export says of a file that it holds.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) path: FilePath,
    pub(super) sha256: [u8; 32],
    user: UserId,
    at: Time,
    description: String,
}

/// The place of a file in an export: `assets/<name>`, perhaps one directory up. It is never used as a
/// path before it was taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilePath {
    up: bool,
    name: String,
}

impl FilePath {
    fn read(path: &str) -> Option<Self> {
        let (up, rest) = path.strip_prefix("../").map_or((false, path), |rest| (true, rest));
        let name = rest.strip_prefix(DIRECTORY)?.strip_prefix('/')?;
        (safe_file_name(name) == name).then(|| Self { up, name: name.to_owned() })
    }

    /// The directory it lies in, seen from that of the document.
    pub(super) fn directory(&self) -> &'static str {
        if self.up { "../assets" } else { DIRECTORY }
    }

    /// Its name in there.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its name in a zip, if the document lies in `directory`, which is empty or ends in `/`.
    pub(super) fn beside(&self, directory: &str) -> Option<String> {
        let parent = if self.up {
            let inner = directory.strip_suffix('/')?;
            inner.rfind('/').map_or("", |end| &directory[..=end])
        } else {
            directory
        };
        Some(format!("{parent}{DIRECTORY}/{}", self.name))
    }
}

impl FileLine {
    pub(super) fn read(mut fields: Fields<'_>) -> Result<Self, String> {
        // What a message says of a file that is missing may be anything.
        let (id, message) = (UploadId::new(fields.need::<String>("_id")?), fields.id("message")?);
        let (name, media_type) = (fields.need("name")?, fields.need("mediaType")?);
        let size = fields.need("size")?;
        let held = match fields.take::<String>("path")? {
            Some(path) => {
                let wrong = || format!("`path` is {path:?}; it must be {DIRECTORY}/ and a portable name");
                let path = FilePath::read(&path).ok_or_else(wrong)?;
                Some(Held::read(path, fields)?)
            }
            None => fields.need::<String>("missing").map(|_| None)?,
        };
        let line = Self { id, message, name, media_type, size, held };
        let Some(held) = &line.held else { return Ok(line) };
        if line.id.as_str().is_empty() || line.id.as_str().len() > LONGEST_ID {
            return Err(format!("`_id` must have 1 to {LONGEST_ID} bytes"));
        }
        if line.name.len() + line.media_type.len() + held.description.len() > LONGEST_TEXTS {
            return Err(format!("its name, type and description have more than {LONGEST_TEXTS} bytes"));
        }
        Ok(line)
    }

    /// The record of the file.
    pub(super) fn into_upload(self, room: &RoomId) -> Option<(Upload, FilePath)> {
        let Self { id, message: _, name, media_type, size, held } = self;
        let Held { path, sha256, user, at, description } = held?;
        let room = room.clone();
        let upload = Upload {
            id,
            room,
            user,
            name,
            media_type,
            size,
            sha256,
            uploaded: at,
            confirmed: true,
            description,
        };
        Some((upload, path))
    }
}

impl Held {
    fn read(path: FilePath, mut fields: Fields<'_>) -> Result<Self, String> {
        let mut sha256 = [0; 32];
        hex::decode_to_slice(fields.need::<String>("sha256")?, &mut sha256)
            .map_err(|_| "`sha256` must be 64 hexadecimal digits".to_owned())?;
        let user = fields.need::<String>("user")?;
        if user.len() > LONGEST_ID {
            return Err(format!("`user` must have at most {LONGEST_ID} bytes"));
        }
        let at = fields.time("uploadedAt")?.ok_or("`uploadedAt` is missing")?;
        let description = fields.take("description")?.unwrap_or_default();
        Ok(Self { path, sha256, user: UserId::new(user), at, description })
    }
}

/// Takes in the bytes of a file. The inner error says why they are not those that were exported;
/// the outer one is of our own disk.
pub(super) fn receive(
    blobs: &Blobs,
    source: &mut dyn Read,
    upload: &Upload,
) -> io::Result<Result<Arriving, String>> {
    let mut arriving = blobs.receive()?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    // One byte more tells that there is more; a file is never unpacked further.
    let mut source = source.take(upload.size.saturating_add(1));
    loop {
        match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                hash.update(&buffer[..length]);
                arriving.write_all(&buffer[..length])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(Err(format!("it cannot be read: {error}"))),
        }
    }
    if arriving.size() != upload.size || <[u8; 32]>::from(hash.finalize()) != upload.sha256 {
        return Ok(Err("it is not the file that was exported".to_owned()));
    }
    // The long way to the disk is gone while nobody waits for the writer.
    arriving.sync()?;
    Ok(Ok(arriving))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_the_files_of_the_export_and_nowhere_else() {
        let place = |path: &str, directory: &str| FilePath::read(path)?.beside(directory);
        assert_eq!(place("assets/f1-cat.png", "").as_deref(), Some("assets/f1-cat.png"));
        assert_eq!(place("assets/x", "a/data/").as_deref(), Some("a/data/assets/x"));
        assert_eq!(place("../assets/x", "a/data/ndjson/").as_deref(), Some("a/data/assets/x"));
        assert_eq!(place("../assets/x", "ndjson/").as_deref(), Some("assets/x"));
        assert_eq!(place("../assets/x", ""), None);
        for hostile in [
            "",
            "assets",
            "assets/",
            "assets/..",
            "assets/../x",
            "assets/a/b",
            "../../assets/x",
            "/assets/x",
            "assets//x",
            "assets\\x",
            "assets/a\\..\\b",
            "assets/.hidden",
            "assets/nul",
            "assets/a\0",
            "C:/assets/x",
            "other/x",
        ] {
            assert_eq!(FilePath::read(hostile), None, "{hostile}");
        }
    }

    #[test]
    fn a_file_line_needs_what_makes_the_record() {
        let whole = concat!(
            r#"{"_id":"f","message":"m","name":"a","mediaType":"x/y","size":1,"path":"assets/f-a","sha256":"","#,
            r#""user":"u","uploadedAt":"2024-03-15T10:20:30.123Z"}"#,
        )
        .replace(r#""sha256":"""#, &format!(r#""sha256":"{}""#, "0b".repeat(32)));
        let read = |text: &str| FileLine::read(Fields::of(text)?);
        let line = read(&whole).unwrap();
        let (upload, path) = line.into_upload(&RoomId::new("r")).unwrap();
        assert_eq!((upload.sha256, path.name()), ([11; 32], "f-a"));
        for (from, to, expected) in [
            (r#""_id":"f""#, r#""_id":"""#, "`_id` must have"),
            ("0b0b", "", "`sha256`"),
            ("assets/f-a", "assets/../f-a", "`path`"),
            (r#""size":1"#, r#""size":"1""#, "`size`"),
            ("uploadedAt", "at", "`uploadedAt` is missing"),
            (r#""path""#, r#""place""#, "`missing` is missing"),
        ] {
            let complaint = read(&whole.replacen(from, to, 1)).unwrap_err();
            assert!(complaint.contains(expected), "{complaint}");
        }
        let gone = r#"{"_id":"","message":"m","name":"a","mediaType":"x/y","size":1,"missing":"gone"}"#;
        assert!(read(gone).unwrap().held.is_none());
    }
}
