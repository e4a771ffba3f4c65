//! Search over a whole archive that works from a folder: no server, no fetch, no storage.
//!
//! The writer tells the [`Index`] every room and message in the order of its pages; messages get
//! running numbers. The index becomes scripts that the client loads when it needs them: words and
//! the numbers of their messages (`t-`), minutes (`m-`), what results show (`d-`), days (`c-`),
//! and `index.js`, which says what is where. Memory is bounded, whatever the archive's size.

mod calendar;
mod documents;
mod entry;
mod gathering;
mod numbers;
mod postings;
mod runs;
mod script;
mod times;
mod words;

#[cfg(test)]
mod tests;

use std::io::Write as _;

use export_sdk::{ArtifactPath, Message, Output, Result};

use self::calendar::Calendar;
use self::documents::{DOCUMENTS, Document, Documents};
use self::entry::Entry;
use self::gathering::Gathering;
use self::postings::{Limits, Postings};
use self::script::Script;
use self::times::{BLOCK, Times};
use crate::escape::Markup;

/// Where the client lies; pages load it with `data-root` set to the way to the archive's top.
pub(crate) const CLIENT: &str = "search/search.js";

const SEARCH: &str = include_str!("../assets/search.js");
/// The client loads it when somebody searches.
const ENGINE: &str = "search/engine.js";
const FINDER: &str = include_str!("../assets/engine.js");
const MEDIA_TYPE: &str = "text/javascript";
const LIMITS: Limits = Limits { memory: 16 << 20, file: 256 << 10 };

/// Where a message stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// Its page.
    pub(crate) page: &'a ArtifactPath,
    /// The id of its element there.
    pub(crate) anchor: &'a str,
    /// The day of the heading above it, counted from 1970; a reply may be of a later day itself.
    pub(crate) day: i64,
    /// How far the archive's clock is ahead of UTC, in seconds.
    pub(crate) utc_offset: i64,
}

/// The index in the making.
pub(crate) struct Index {
    /// `index.js`; rooms go there at once.
    head: Script,
    rooms: u64,
    messages: u64,
    calendar: Calendar,
    documents: Documents,
    postings: Gathering,
    times: Times,
    page: Address,
    anchor: Markup,
}

/// The address of the page last named, as links have it.
#[derive(Default)]
struct Address {
    path: Option<ArtifactPath>,
    encoded: Markup,
}

impl Index {
    /// Writes the client and begins the index.
    pub(crate) fn start(output: &mut dyn Output) -> Result<Self> {
        Self::limited(output, LIMITS)
    }

    fn limited(output: &mut dyn Output, limits: Limits) -> Result<Self> {
        for (path, code) in [(CLIENT, SEARCH), (ENGINE, FINDER)] {
            output.create(&ArtifactPath::new(path)?, MEDIA_TYPE)?.write_all(code.as_bytes())?;
        }
        let mut head = Script::create(output, "index")?;
        head.write(b"{\"rooms\":[")?;
        Ok(Self {
            head,
            rooms: 0,
            messages: 0,
            calendar: Calendar::default(),
            documents: Documents::default(),
            postings: Gathering::start(Postings::create(output, limits)?)?,
            times: Times::default(),
            page: Address::default(),
            anchor: Markup::default(),
        })
    }

    /// Begins a room: the messages that follow are its own. `slug` is what `in:` takes.
    pub(crate) fn begin_room(&mut self, output: &mut dyn Output, slug: &str, title: &str) -> Result<()> {
        let mut code = Vec::new();
        if self.rooms > 0 {
            code.extend(b",\n");
        }
        script::quote(&mut code, slug);
        code.push(b',');
        script::quote(&mut code, title);
        code.extend(format!(",{},{}", self.messages, self.calendar.begin_room(output)?).as_bytes());
        self.rooms += 1;
        self.head.write(&code)
    }

    /// Adds a message of the room that began last.
    pub(crate) fn add(
        &mut self,
        output: &mut dyn Output,
        message: &Message<'_>,
        place: Place<'_>,
    ) -> Result<()> {
        let entry = Entry::of(message);
        let username = message.author.username;
        self.address(place.page);
        self.anchor.clear();
        self.anchor.encoded(place.anchor);
        let anchor = self.anchor.as_str();
        let page = self.page.encoded.as_str();
        let (shown, text, whole) = (&entry.shown, &entry.line, entry.whole);
        let document = Document { username, shown, page, anchor, text, whole };
        self.documents.add(output, &document)?;
        self.calendar.add(output, self.rooms.saturating_sub(1), place.day, page, anchor)?;
        let seconds = message.sent_at.millis().div_euclid(1000) + place.utc_offset;
        self.times.add(output, seconds.div_euclid(60))?;
        let postings = &mut self.postings;
        entry.terms(username, &mut |term| postings.add(term));
        self.messages += 1;
        self.postings.end_message()
    }

    /// Writes all that is left.
    pub(crate) fn finish(mut self, output: &mut dyn Output) -> Result<()> {
        self.documents.finish(output)?;
        let days = self.calendar.finish(output)?;
        let times = self.times.finish(output)?;
        let head = &mut self.head;
        head.write(b"],\n\"terms\":[")?;
        let mut code = Vec::new();
        self.postings.finish()?.finish(output, |term| {
            script::quote(&mut code, term);
            head.write(&code)?;
            code.clear();
            code.push(b',');
            Ok(())
        })?;
        head.write(b"],\n\"times\":[")?;
        head.write(&times)?;
        let messages = self.messages;
        let sizes = format!(
            "],\n\"messages\":{messages},\"days\":{days},\"document\":{DOCUMENTS},\"block\":{BLOCK}}}"
        );
        head.write(sizes.as_bytes())?;
        self.head.close()
    }

    fn address(&mut self, page: &ArtifactPath) {
        if self.page.path.as_ref() != Some(page) {
            self.page.encoded.clear();
            self.page.encoded.encoded(page.as_str());
            self.page.path = Some(page.clone());
        }
    }
}
