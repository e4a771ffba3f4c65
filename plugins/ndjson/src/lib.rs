//! The export format `ndjson`: a header, one message object a line, an end. `roomscribe import` reads it.
//!
//! A message is written as Rocket.Chat's REST API writes it, without a wrapper. The header and the end
//! have a `type` and no `_id`, which tells them from messages. `schema.json` describes all three.
//! Only who starred a message is left out: that is private.

use std::io::Write;

use export_sdk::{
    ExportFormat, FormatWriter, Message, NoOptions, NoSettings, Output, Registry, Result, Room, RoomWriter,
    Scope, Settings, Summary, Timestamp, each_room,
};
use serde::Serialize;

const MEDIA_TYPE: &str = "application/x-ndjson";

/// Adds the format `ndjson`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let NoSettings {} = settings.parse()?;
    registry.add_format(Ndjson)
}

struct Ndjson;

impl ExportFormat for Ndjson {
    type Options = NoOptions;

    fn id(&self) -> &'static str {
        "ndjson"
    }

    fn media_type(&self) -> &'static str {
        MEDIA_TYPE
    }

    fn extension(&self) -> &'static str {
        "ndjson"
    }

    fn describe(&self) -> &'static str {
        "One JSON object a line with everything about each message; `roomscribe import` reads it again"
    }

    fn start<'run>(
        &'run self,
        NoOptions {}: NoOptions,
        _: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        Ok(each_room(output, begin))
    }
}

fn begin(room: &Room<'_>, scope: &Scope<'_>, output: &mut dyn Output) -> Result<Writer> {
    let file = output.create(&room.file_name("ndjson")?, MEDIA_TYPE)?;
    let mut writer = Writer { file, line: Vec::new() };
    serde_json::to_writer(&mut writer.line, &Header::new(room, scope))?;
    writer.end_line()?;
    Ok(writer)
}

struct Writer {
    file: Box<dyn Write + Send>,
    /// One line, reused: the many small writes of a serializer stay off the dynamic call.
    line: Vec<u8>,
}

impl Writer {
    fn end_line(&mut self) -> Result<()> {
        self.line.push(b'\n');
        self.file.write_all(&self.line)?;
        self.line.clear();
        Ok(())
    }
}

impl RoomWriter for Writer {
    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        message.write_line(&mut self.line)?;
        self.end_line()
    }

    fn finish(mut self: Box<Self>, summary: &Summary) -> Result<()> {
        serde_json::to_writer(&mut self.line, &End { kind: "end", counts: summary })?;
        self.end_line()
    }
}

/// The first line: everything that is known before the first message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Header<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    format: &'static str,
    version: u32,
    generator: &'a str,
    room: &'a Room<'a>,
    range: Range,
    exported_by: &'a str,
    exported_at: Timestamp,
    /// Where the files of a message lie beside this document.
    files: &'static str,
}

#[derive(Serialize)]
struct Range {
    from: Option<Timestamp>,
    until: Timestamp,
}

impl<'a> Header<'a> {
    fn new(room: &'a Room<'_>, scope: &'a Scope<'_>) -> Self {
        Self {
            kind: "header",
            format: "roomscribe-ndjson",
            version: 1,
            generator: scope.generator,
            room,
            range: Range { from: scope.from, until: scope.until },
            exported_by: scope.requested_by,
            exported_at: scope.requested_at,
            files: "assets/<file _id>-<file name>",
        }
    }
}

/// The last line. A document without it was cut off.
#[derive(Serialize)]
struct End<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    counts: &'a Summary,
}
