//! The export format `text`: plain text that any editor shows, now and in fifty years.
//!
//! The first columns of a line say what it is, and only `page::Page` writes them: no message can
//! look like another one.

mod about;
mod message;
mod page;
mod writer;

use export_sdk::{
    ExportFormat, FormatWriter, NoOptions, NoSettings, Order, Output, Registry, Result, Scope, Settings,
    each_room,
};

const MEDIA_TYPE: &str = "text/plain";

/// Adds the format `text`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let NoSettings {} = settings.parse()?;
    registry.add_format(Text)
}

struct Text;

impl ExportFormat for Text {
    type Options = NoOptions;

    fn id(&self) -> &'static str {
        "text"
    }

    fn media_type(&self) -> &'static str {
        MEDIA_TYPE
    }

    fn extension(&self) -> &'static str {
        "txt"
    }

    fn describe(&self) -> &'static str {
        "Plain text for any editor, with threads, files and reactions"
    }

    fn order(&self) -> Order {
        Order::Threads
    }

    fn start<'run>(
        &'run self,
        NoOptions {}: NoOptions,
        _: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        Ok(each_room(output, writer::Writer::start))
    }
}
