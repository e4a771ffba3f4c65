//! The `html` export format: pages that read well in any browser, from a plain folder.
//!
//! No script, no network, no font: a room becomes one self-contained page or, when it is large, an
//! index and pages of about a thousand messages each. Everything that people wrote goes through
//! `escape`; `writer` decides what opens and closes, the other modules render one thing each.

mod about;
mod avatar;
mod card;
mod emoji;
mod escape;
mod file;
mod index;
mod inline;
mod link;
mod markdown;
mod message;
mod page;
mod reaction;
#[cfg_attr(not(test), expect(dead_code, reason = "the writer is about to call it"))]
mod search;
mod when;
mod writer;

use export_sdk::{
    ExportFormat, FormatWriter, NoOptions, NoSettings, Order, Output, Registry, Result, Scope, Settings,
};

/// Adds the format `html`. Its settings table `[plugins.html]` has no keys.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let NoSettings {} = settings.parse()?;
    registry.add_format(Html)
}

struct Html;

impl ExportFormat for Html {
    type Options = NoOptions;

    fn id(&self) -> &'static str {
        "html"
    }

    fn media_type(&self) -> &'static str {
        "text/html"
    }

    fn extension(&self) -> &'static str {
        "html"
    }

    fn describe(&self) -> &'static str {
        "Web pages to read, print and keep: threads, images and files included, no internet needed"
    }

    fn order(&self) -> Order {
        Order::Threads
    }

    fn start<'run>(
        &'run self,
        _options: NoOptions,
        _: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        Ok(Box::new(writer::Archive::new(output)))
    }
}
