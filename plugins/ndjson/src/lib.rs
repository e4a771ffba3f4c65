//! The export format `ndjson`: one JSON object a line, which `roomscribe import` makes the same room of.
//!
//! A header, the members, the messages, an end. A message is written as Rocket.Chat's REST API writes
//! it, without a wrapper; a line for each of its files follows it. Every other line has a `type` and
//! no `rid`, which tells it from messages, and `schema.json` describes them all. Only who starred a
//! message and the code for joining are left out: those are secrets.

mod line;

use std::io::Write;

use export_sdk::{
    ExportFormat, FormatWriter, Member, Message, NoOptions, NoSettings, Output, Registry, Result, Room,
    RoomWriter, Scope, Settings, Summary, each_room,
};
use serde::Serialize;

use line::{End, FileLine, Header, MemberLine};

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
    writer.write_line(&Header::new(room, scope))?;
    Ok(writer)
}

struct Writer {
    file: Box<dyn Write + Send>,
    /// One line, reused: the many small writes of a serializer stay off the dynamic call.
    line: Vec<u8>,
}

impl Writer {
    fn write_line(&mut self, record: &impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut self.line, record)?;
        // Custom fields keep the blanks they were stored with. A line break in JSON is always such a
        // blank - inside a string it is escaped - and would break the line.
        for byte in &mut self.line {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        self.end_line()
    }

    fn end_line(&mut self) -> Result<()> {
        self.line.push(b'\n');
        self.file.write_all(&self.line)?;
        self.line.clear();
        Ok(())
    }
}

impl RoomWriter for Writer {
    fn member(&mut self, member: &Member<'_>) -> Result<()> {
        self.write_line(&MemberLine::new(member))
    }

    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        message.write_line(&mut self.line)?;
        self.end_line()?;
        message.files.iter().try_for_each(|file| self.write_line(&FileLine::new(message, file)))
    }

    fn finish(mut self: Box<Self>, summary: &Summary) -> Result<()> {
        self.write_line(&End::new(summary))
    }
}
