//! The export format `json`: one valid JSON document, one message per line.
//!
//! A message is written as Rocket.Chat's REST API writes it, so a program that reads one reads the
//! other, and no text is changed on its way.

use std::io::Write;

use export_sdk::{
    ExportFormat, File, FileLink, FormatWriter, Heading, Message, NoOptions, NoSettings, Output, Registry,
    Result, Room, RoomWriter, Scope, Settings, Summary, each_room,
};
use serde::Serialize;

const MEDIA_TYPE: &str = "application/json";
const FORMAT: Format = Format { name: "roomscribe-json", version: 1 };

/// Adds the format `json`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let NoSettings {} = settings.parse()?;
    registry.add_format(Json)
}

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
        _: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        Ok(each_room(output, begin))
    }
}

fn begin(room: &Room<'_>, scope: &Scope<'_>, output: &mut dyn Output) -> Result<Writer> {
    let mut file = output.create(&room.file_name("json")?, MEDIA_TYPE)?;
    let mut head = serde_json::to_vec(&Head { format: FORMAT, heading: Heading::new(room, scope) })?;
    head.pop(); // the brace that closes; the messages belong inside
    head.extend_from_slice(b",\"messages\":[");
    file.write_all(&head)?;
    Ok(Writer { file, line: head, separator: b"\n" })
}

struct Writer {
    file: Box<dyn Write + Send>,
    /// One line, reused: the many small writes of a serializer stay off the dynamic call.
    line: Vec<u8>,
    separator: &'static [u8],
}

impl RoomWriter for Writer {
    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        self.line.clear();
        self.line.extend_from_slice(self.separator);
        self.separator = b",\n";
        message.write_line(&mut self.line)?;
        if !message.files.is_empty() {
            self.line.pop(); // the brace that closes the message
            self.line.extend_from_slice(b",\"exportedFiles\":");
            let files: Vec<_> = message.files.iter().map(ExportedFile::new).collect();
            serde_json::to_writer(&mut self.line, &files)?;
            self.line.push(b'}');
        }
        Ok(self.file.write_all(&self.line)?)
    }

    fn finish(mut self: Box<Self>, summary: &Summary) -> Result<()> {
        self.line.clear();
        self.line.extend_from_slice(b"\n],\"counts\":");
        serde_json::to_writer(&mut self.line, summary)?;
        self.line.extend_from_slice(b"}\n");
        Ok(self.file.write_all(&self.line)?)
    }
}

/// Everything that is known before the first message.
#[derive(Serialize)]
struct Head<'a> {
    format: Format,
    #[serde(flatten)]
    heading: Heading<'a>,
}

/// Where a file of a message lies beside this document, or why it does not.
#[derive(Serialize)]
struct ExportedFile<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'a str>,
}

impl<'a> ExportedFile<'a> {
    fn new(file: &'a File<'_>) -> Self {
        let path = file.path.as_ref();
        Self { id: &file.id, path: path.ok().map(FileLink::as_str), missing: path.err().copied() }
    }
}

#[derive(Serialize)]
struct Format {
    name: &'static str,
    version: u32,
}
