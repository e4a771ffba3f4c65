//! The export format `markdown`: one `CommonMark` document for wikis, repositories and converters.
//!
//! What people typed stands in block quotes, and only there: everything outside of them is said by
//! the export. Nothing typed can leave its quote, become HTML or lead anywhere but to the web.

mod about;
mod block;
mod card;
mod inline;
mod link;
mod message;
mod page;
mod writer;

use export_sdk::{
    ExportFormat, FormatWriter, NoOptions, NoSettings, Order, Output, Registry, Result, Scope, Settings,
    each_room,
};

const MEDIA_TYPE: &str = "text/markdown";

/// Adds the format `markdown`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let NoSettings {} = settings.parse()?;
    registry.add_format(Markdown)
}

struct Markdown;

impl ExportFormat for Markdown {
    type Options = NoOptions;

    fn id(&self) -> &'static str {
        "markdown"
    }

    fn media_type(&self) -> &'static str {
        MEDIA_TYPE
    }

    fn extension(&self) -> &'static str {
        "md"
    }

    fn describe(&self) -> &'static str {
        "One Markdown document with threads, files and reactions, for wikis, repositories and pandoc"
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
