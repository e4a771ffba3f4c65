//! The lines of `roomscribe-ndjson`: what the format `ndjson` writes, and what formats outside of the
//! program are given.
//!
//! Each function appends whole lines, each with its line feed. `plugins/ndjson/schema.json` describes
//! them all.

use std::fmt::Write;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Author, File, FileLink, Heading, Member, Message, Result, Room, Scope, Summary, Timestamp};

/// The first line: everything that is known before the first message. A format outside of the program
/// also learns what the request chose of its options.
pub fn header(
    lines: &mut Vec<u8>,
    room: &Room<'_>,
    scope: &Scope<'_>,
    options: Option<&Map<String, Value>>,
) -> Result<()> {
    let heading = Heading::new(room, scope);
    append(lines, &Header { kind: "header", format: "roomscribe-ndjson", version: 1, heading, options })
}

/// Somebody who is in the room.
pub fn member(lines: &mut Vec<u8>, member: &Member<'_>) -> Result<()> {
    append(lines, &MemberLine::new(member))
}

/// A message, and a line for each of its files.
pub fn message(lines: &mut Vec<u8>, message: &Message<'_>) -> Result<()> {
    message.write_line(lines)?;
    lines.push(b'\n');
    message.files.iter().try_for_each(|file| append(lines, &FileLine::new(message, file)))
}

/// The last line. A document without it was cut off.
pub fn end(lines: &mut Vec<u8>, counts: &Summary) -> Result<()> {
    append(lines, &End { kind: "end", counts })
}

fn append(lines: &mut Vec<u8>, record: &impl Serialize) -> Result<()> {
    let start = lines.len();
    serde_json::to_writer(&mut *lines, record)?;
    // Custom fields keep the blanks they were stored with. A line break in JSON is always such a
    // blank - inside a string it is escaped - and would break the line.
    for byte in &mut lines[start..] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    lines.push(b'\n');
    Ok(())
}

#[derive(Serialize)]
struct Header<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    format: &'static str,
    version: u32,
    #[serde(flatten)]
    heading: Heading<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<&'a Map<String, Value>>,
}

#[derive(Serialize)]
struct MemberLine<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    user: Author<'a>,
    roles: &'a [&'a str],
}

impl<'a> MemberLine<'a> {
    fn new(member: &'a Member<'_>) -> Self {
        let user = Author { id: member.id, username: member.username, name: member.name };
        Self { kind: "member", user, roles: &member.roles }
    }
}

/// A file of the message before it: where it lies and what the server noted down of it, or why it is
/// not there and what the message says of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FileLine<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "_id")]
    id: &'a str,
    message: &'a str,
    name: &'a str,
    media_type: &'a str,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(flatten)]
    stored: Option<StoredFile<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StoredFile<'a> {
    sha256: String,
    user: &'a str,
    uploaded_at: Timestamp,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
}

impl<'a> FileLine<'a> {
    fn new(message: &'a Message<'_>, file: &'a File<'_>) -> Self {
        let path = file.path.as_ref();
        let stored = file.stored.as_ref().filter(|_| path.is_ok());
        Self {
            kind: "file",
            id: &file.id,
            message: message.id,
            name: stored.map_or(&file.name, |stored| &stored.name),
            media_type: stored.map_or(&file.media_type, |stored| &stored.media_type),
            size: stored.map_or(file.size, |stored| stored.size),
            path: path.ok().map(FileLink::as_str),
            stored: stored.map(|stored| StoredFile {
                sha256: hex(&stored.sha256),
                user: &stored.user,
                uploaded_at: stored.at,
                description: &stored.description,
            }),
            missing: path.err().copied(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

#[derive(Serialize)]
struct End<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    counts: &'a Summary,
}
