//! The lines around the messages: header, members, files, end.

use std::fmt::Write;

use export_sdk::{Author, File, FileLink, Heading, Member, Message, Room, Scope, Summary, Timestamp};
use serde::Serialize;

/// The first line: everything that is known before the first message.
#[derive(Serialize)]
pub(crate) struct Header<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    format: &'static str,
    version: u32,
    #[serde(flatten)]
    heading: Heading<'a>,
}

impl<'a> Header<'a> {
    pub(crate) fn new(room: &'a Room<'_>, scope: &'a Scope<'_>) -> Self {
        Self { kind: "header", format: "roomscribe-ndjson", version: 1, heading: Heading::new(room, scope) }
    }
}

/// Somebody who is in the room.
#[derive(Serialize)]
pub(crate) struct MemberLine<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    user: Author<'a>,
    roles: &'a [&'a str],
}

impl<'a> MemberLine<'a> {
    pub(crate) fn new(member: &'a Member<'_>) -> Self {
        let user = Author { id: member.id, username: member.username, name: member.name };
        Self { kind: "member", user, roles: &member.roles }
    }
}

/// A file of the message before it: where it lies and what the server noted down of it, or why it is
/// not there and what the message says of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileLine<'a> {
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
    pub(crate) fn new(message: &'a Message<'_>, file: &'a File<'_>) -> Self {
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

/// The last line. A document without it was cut off.
#[derive(Serialize)]
pub(crate) struct End<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    counts: &'a Summary,
}

impl<'a> End<'a> {
    pub(crate) fn new(counts: &'a Summary) -> Self {
        Self { kind: "end", counts }
    }
}
