//! The export format `ndjson`: one JSON object a line, which `roomscribe import` makes the same room of.
//!
//! A header, the members, the messages, an end. A message is written as Rocket.Chat's REST API writes
//! it, without a wrapper; a line for each of its files follows it. Every other line has a `type` and
//! no `rid`, which tells it from messages, and `schema.json` describes them all. Only who starred a
//! message and the code for joining are left out: those are secrets.

use std::io::Write;

use export_sdk::{
    ExportFormat, FormatWriter, Member, Message, NoOptions, NoSettings, Output, Registry, Result, Room,
    RoomWriter, Scope, Settings, Summary, each_room, ndjson,
};

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
    let mut writer = Writer { file, lines: Vec::new() };
    ndjson::header(&mut writer.lines, room, scope, None)?;
    writer.write_lines()?;
    Ok(writer)
}

struct Writer {
    file: Box<dyn Write + Send>,
    /// The lines of one record, reused: the many small writes of a serializer stay off the dynamic call.
    lines: Vec<u8>,
}

impl Writer {
    fn write_lines(&mut self) -> Result<()> {
        self.file.write_all(&self.lines)?;
        self.lines.clear();
        Ok(())
    }
}

impl RoomWriter for Writer {
    fn member(&mut self, member: &Member<'_>) -> Result<()> {
        ndjson::member(&mut self.lines, member)?;
        self.write_lines()
    }

    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        ndjson::message(&mut self.lines, message)?;
        self.write_lines()
    }

    fn finish(mut self: Box<Self>, summary: &Summary) -> Result<()> {
        ndjson::end(&mut self.lines, summary)?;
        self.write_lines()
    }
}
