//! The format `template-format`: one line for each message, its cells parted by tabs (TSV).
//!
//! A small but whole format, to copy and change. `cut`, `awk` and the `COPY` of SQL read what it
//! writes. README, "Add a format", says how a copy becomes a plug-in of one's own.

mod cell;
mod row;

use std::io::Write;

use export_sdk::{
    ExportFormat, FormatWriter, Message, OptionSpec, Output, Registry, Result, Room, RoomWriter, Scope,
    Settings, Summary, each_room,
};
use serde::Deserialize;

const MEDIA_TYPE: &str = "text/tab-separated-values";
const EXTENSION: &str = "tsv";

/// Adds the format. This is all that a plug-in crate exports; the server calls it once, at start.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    registry.add_format(Tsv { settings: settings.parse()? })
}

/// What the administrator decides, in the table `[plugins.template-format]` of config.toml.
///
/// `deny_unknown_fields` makes a typo an error at start, `default` lets every key be left out. A
/// format without settings parses `NoSettings`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TsvSettings {
    /// Whether display names are written, besides the login names. No request can overrule it.
    display_names: bool,
}

impl Default for TsvSettings {
    fn default() -> Self {
        Self { display_names: true }
    }
}

/// What a request may choose, parsed before the export is queued: who misspells an option is told at
/// once. Typed, so that nothing has to be checked later. A format without options has `NoOptions`.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TsvOptions {
    header: bool,
    time: Time,
}

impl Default for TsvOptions {
    fn default() -> Self {
        Self { header: true, time: Time::Iso }
    }
}

/// How times are written.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Time {
    /// `2024-03-15T10:20:30.123Z`
    Iso,
    /// Seconds since 1970.
    Unix,
}

/// The same options for people: `roomscribe formats` and `exports.formats` show them.
const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "header",
        kind: "boolean",
        default: "true",
        help: "Begin with a line that names the columns",
    },
    OptionSpec {
        name: "time",
        kind: "iso|unix",
        default: "iso",
        help: "Write times as 2024-03-15T10:20:30.123Z or as seconds since 1970",
    },
];

/// Built once and shared by all exports, also by some at the same time: what belongs to one export
/// lives in its [`Rows`].
struct Tsv {
    settings: TsvSettings,
}

impl ExportFormat for Tsv {
    type Options = TsvOptions;

    fn id(&self) -> &'static str {
        "template-format"
    }

    fn media_type(&self) -> &'static str {
        MEDIA_TYPE
    }

    fn extension(&self) -> &'static str {
        EXTENSION
    }

    fn describe(&self) -> &'static str {
        "One line for each message, cells parted by tabs, for cut, awk and databases"
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        OPTIONS.to_vec()
    }

    /// `each_room` opens a file for every room of the export. A format that gathers all rooms in one
    /// file implements `FormatWriter` instead.
    fn start<'run>(
        &'run self,
        options: TsvOptions,
        _: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        Ok(each_room(output, move |room, _, output| Rows::begin(self, options, room, output)))
    }
}

/// The file of one room. It keeps nothing of the messages that have passed: a room may hold millions,
/// and memory must not grow with them.
struct Rows {
    /// Buffered and flushed by the host. A cancelled export and a full disk are failed writes, so `?`
    /// is all that has to be done about them.
    file: Box<dyn Write + Send>,
    columns: Vec<row::Column>,
}

impl Rows {
    fn begin(format: &Tsv, options: TsvOptions, room: &Room<'_>, output: &mut dyn Output) -> Result<Self> {
        // Never a path from a room's name by hand: this one is portable, and no other room has it.
        let file = output.create(&room.file_name(EXTENSION)?, MEDIA_TYPE)?;
        let columns = row::columns(format.settings.display_names, options.time);
        let mut rows = Self { file, columns };
        if options.header {
            let names: Vec<&str> = rows.columns.iter().map(|column| column.name).collect();
            rows.write_row(names)?;
        }
        Ok(rows)
    }

    /// The only way into the file, so that no cell comes in unescaped.
    fn write_row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) -> Result<()> {
        for (n, cell) in cells.into_iter().enumerate() {
            if n > 0 {
                self.file.write_all(b"\t")?;
            }
            self.file.write_all(cell::escaped(cell.as_ref()).as_bytes())?;
        }
        Ok(self.file.write_all(b"\n")?)
    }
}

impl RoomWriter for Rows {
    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        let cells: Vec<_> = self.columns.iter().map(|column| (column.cell)(message)).collect();
        self.write_row(cells)
    }

    /// Many formats end with the counts of `summary`; in a table a line of its own would be a message.
    fn finish(self: Box<Self>, _: &Summary) -> Result<()> {
        Ok(())
    }
}
