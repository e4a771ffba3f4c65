//! The export format `csv`: one row a message, for spreadsheets and statistics.
//!
//! RFC 4180 in UTF-8 with a header row. What needs more than a row - cards, links, who follows a
//! thread - is in `ndjson`. Cells that a spreadsheet would run as formulas are made harmless; see
//! `cell.rs` for how, and for how a program undoes it.

mod cell;
mod row;

use std::io::Write;

use export_sdk::{
    Error, ErrorKind, ExportFormat, FormatWriter, Message, NoSettings, OptionSpec, Output, Registry, Result,
    Room, RoomWriter, Scope, Settings, Summary, each_room,
};
use serde::Deserialize;

use cell::Formulas;

const MEDIA_TYPE: &str = "text/csv";
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Adds the format `csv`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let NoSettings {} = settings.parse()?;
    registry.add_format(Csv)
}

/// What a request may choose.
#[derive(Default, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    bom: bool,
    formulas: Formulas,
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "bom",
        kind: "boolean",
        default: "false",
        help: "Begin with a byte order mark, so that Excel sees that the file is UTF-8",
    },
    OptionSpec {
        name: "formulas",
        kind: "neutralise|keep",
        default: "neutralise",
        help: "Put an apostrophe before what a spreadsheet would run as a formula, or leave it as it is",
    },
];

struct Csv;

impl ExportFormat for Csv {
    type Options = Options;

    fn id(&self) -> &'static str {
        "csv"
    }

    fn media_type(&self) -> &'static str {
        MEDIA_TYPE
    }

    fn extension(&self) -> &'static str {
        "csv"
    }

    fn describe(&self) -> &'static str {
        "A table with one row for each message, for spreadsheets; safe to open"
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        OPTIONS.to_vec()
    }

    fn start<'run>(
        &'run self,
        options: Options,
        _: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        Ok(each_room(output, move |room, _, output| begin(options, room, output)))
    }
}

fn begin(Options { bom, formulas }: Options, room: &Room<'_>, output: &mut dyn Output) -> Result<Table> {
    let mut file = output.create(&room.file_name("csv")?, MEDIA_TYPE)?;
    if bom {
        file.write_all(BYTE_ORDER_MARK)?;
    }
    let rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
    let mut table = Table { rows, formulas };
    table.write_row(row::COLUMNS.into_iter().map(|(name, _)| name))?;
    Ok(table)
}

struct Table {
    rows: csv::Writer<Box<dyn Write + Send>>,
    formulas: Formulas,
}

impl Table {
    /// The only way into the file: every cell passes here.
    fn write_row(&mut self, cells: impl Iterator<Item = impl AsRef<str>>) -> Result<()> {
        for cell in cells {
            self.rows.write_field(self.formulas.cell(cell.as_ref()).as_bytes()).map_err(broken)?;
        }
        self.rows.write_record(None::<&[u8]>).map_err(broken)
    }
}

impl RoomWriter for Table {
    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        self.write_row(row::COLUMNS.into_iter().map(|(_, cell)| cell(message)))
    }

    fn finish(mut self: Box<Self>, _: &Summary) -> Result<()> {
        Ok(self.rows.flush()?)
    }
}

/// An error of the file stays what it is: a cancelled export is no failure.
fn broken(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => {
            Error::new(ErrorKind::Internal, "a row could not be written as CSV").because(format!("{other:?}"))
        }
    }
}
