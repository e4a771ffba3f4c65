//! The `html` export format: an archive that reads well in any browser, from a plain folder.
//!
//! A small room is one page, a large one has a page for every month, and many rooms have a front.
//! Nothing comes from elsewhere, and all but the search works without scripts. Everything that
//! people wrote goes through `escape`; `room` decides what opens and closes on which page, the
//! other modules render one thing each.

mod about;
mod archive;
mod avatar;
mod card;
mod emoji;
mod escape;
mod file;
mod front;
mod heat;
mod highlights;
mod home;
mod inline;
mod known;
mod leaf;
mod link;
mod markdown;
mod message;
mod page;
mod reaction;
mod room;
mod scan;
mod scratch;
mod search;
mod sheet;
mod source;
mod threads;
mod unmarked;
mod when;

use export_sdk::{
    ExportFormat, FormatWriter, NoOptions, NoSettings, Order, Output, Registry, Result, Scope, Settings,
};

/// The markup that the text of a message becomes in a page; of what it names, nothing is known.
///
/// It is all that a text can do to a page: nothing in it runs or loads, and links lead to the web or to mail.
pub fn markup(text: &str) -> String {
    let mut page = escape::Markup::default();
    markdown::markdown(&mut page, text, &inline::Named::default());
    page.as_str().to_owned()
}

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
        "Web pages to read, search, print and keep: threads, images and files included, no internet needed"
    }

    fn order(&self) -> Order {
        Order::Threads
    }

    fn start<'run>(
        &'run self,
        _options: NoOptions,
        scope: &Scope<'_>,
        output: &'run mut dyn Output,
    ) -> Result<Box<dyn FormatWriter + 'run>> {
        Ok(Box::new(archive::Archive::start(scope, output)?))
    }
}
