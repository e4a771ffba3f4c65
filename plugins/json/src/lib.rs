//! The export format `json`: one valid JSON document, one message per line.
//!
//! A message is written as Rocket.Chat's REST API writes it, so a program that reads one reads the
//! other, and no text is changed on its way.

use std::io::Write;

use export_sdk::{
    ArtifactPath, ExportFormat, FormatWriter, Message, NoOptions, Output, Registry, Result, Room, Scope,
    Settings, Summary, Timestamp, safe_file_name,
};
use serde::{Deserialize, Serialize};

const MEDIA_TYPE: &str = "application/json";

/// Adds the format `json`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let NoSettings {} = settings.parse()?;
    registry.add_format(Json)
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct NoSettings {}

struct Json;

impl ExportFormat for Json {
    type Options = NoOptions;

    fn id(&self) -> &'static str {
        "json"
    }

    fn media_type(&self) -> &'static str {
        MEDIA_TYPE
    }

    fn extension(&self) -> &'static str {
        "json"
    }

    fn describe(&self) -> &'static str {
        "One JSON document with everything the server knows about each message, for programs"
    }

    fn start<'run>(
        &'run self,
        NoOptions {}: NoOptions,
        scope: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        let mut file = output.create(&file_name(&scope.room)?, MEDIA_TYPE)?;
        let mut head = serde_json::to_vec(&Head::new(scope))?;
        head.pop(); // the brace that closes; the messages belong inside
        head.extend_from_slice(b",\"messages\":[");
        file.write_all(&head)?;
        Ok(Box::new(Writer { file, line: head, separator: b"\n" }))
    }
}

/// `<room name>.json`; a direct message has no name and takes its id.
fn file_name(room: &Room<'_>) -> Result<ArtifactPath> {
    let stem = safe_file_name(room.name.unwrap_or(room.id));
    ArtifactPath::new(safe_file_name(&format!("{stem}.json")))
}

struct Writer {
    file: Box<dyn Write + Send>,
    /// One line, reused: the many small writes of a serializer stay off the dynamic call.
    line: Vec<u8>,
    separator: &'static [u8],
}

impl FormatWriter for Writer {
    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        self.line.clear();
        self.line.extend_from_slice(self.separator);
        self.separator = b",\n";
        let start = self.line.len();
        serde_json::to_writer(&mut self.line, message)?;
        // Raw JSON keeps the blanks it was stored with. A line break in JSON is always such a
        // blank - inside a string it is escaped - and would break the line of this message.
        for byte in &mut self.line[start..] {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        Ok(self.file.write_all(&self.line)?)
    }

    fn finish(mut self: Box<Self>, summary: &Summary) -> Result<()> {
        self.line.clear();
        self.line.extend_from_slice(b"\n],\"counts\":");
        serde_json::to_writer(&mut self.line, &Counts::new(summary))?;
        self.line.extend_from_slice(b"}\n");
        Ok(self.file.write_all(&self.line)?)
    }
}

/// Everything that is known before the first message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    format: Format,
    generator: &'a str,
    room: RoomHead<'a>,
    range: Range,
    exported_by: &'a str,
    exported_at: Timestamp,
    /// Where the files of a message lie beside this document.
    files: &'static str,
}

#[derive(Serialize)]
struct Format {
    name: &'static str,
    version: u32,
}

#[derive(Serialize)]
struct Range {
    from: Option<Timestamp>,
    until: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomHead<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    t: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    fname: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    topic: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    announcement: &'a str,
    ts: Timestamp,
    users_count: u64,
}

impl<'a> Head<'a> {
    fn new(scope: &'a Scope<'_>) -> Self {
        let room = &scope.room;
        Self {
            format: Format { name: "roomscribe-json", version: 1 },
            generator: scope.generator,
            room: RoomHead {
                id: room.id,
                t: room.kind.letter(),
                name: room.name,
                fname: &room.title,
                topic: room.topic,
                description: room.description,
                announcement: room.announcement,
                ts: room.created,
                users_count: room.members,
            },
            range: Range { from: scope.from, until: scope.until },
            exported_by: scope.requested_by,
            exported_at: scope.requested_at,
            files: "assets/<file _id>-<file name>",
        }
    }
}

/// Everything that is known after the last message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    messages: u64,
    files: u64,
    missing_files: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Timestamp>,
}

impl Counts {
    fn new(summary: &Summary) -> Self {
        Self {
            messages: summary.messages,
            files: summary.files,
            missing_files: summary.missing_files,
            first: summary.first,
            last: summary.last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_room_gets_a_portable_file_name() {
        let name = |room: &Room<'_>| file_name(room).expect("portable").to_string();
        let mut room = Room::new("r1", "general");
        assert_eq!(name(&room), "general.json");
        room.name = None;
        assert_eq!(name(&room), "r1.json");
        for hostile in export_sdk::conformance::HOSTILE_NAMES {
            let path = name(&Room::new("r1", hostile));
            assert!(path.strip_suffix(".json").is_some_and(|stem| !stem.is_empty()), "{path}");
        }
        let long = "ä".repeat(300);
        assert!(name(&Room::new("r1", &long)).strip_suffix(".json").is_some());
    }
}
