//! The main file of a large room: its head and the list of pages.

use export_sdk::{Summary, Timestamp};

use crate::about::{self, About};
use crate::escape::Markup;
use crate::page::{self, Name};
use crate::when::{Clock, Counted, Moment, ShortDate};

/// All that is remembered of a page.
pub(crate) struct Entry {
    pub(crate) number: u64,
    pub(crate) messages: u64,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
}

/// The whole index.
pub(crate) fn index(page: &mut Markup, about: &About, entries: &[Entry], summary: &Summary) {
    page::begin(page, &about.title, None);
    page.tag("<header class=\"room\">\n");
    about.room(page);
    about.provenance(page);
    about::totals(page, summary);
    page.tag("</header>\n<main id=\":main\" class=\"index\">\n");
    let mut year = None;
    for entry in entries {
        let begins = entry.first.day().year();
        if year != Some(begins) {
            page.tag(if year.is_some() { "</ol>\n<h2>" } else { "<h2>" }).show(begins);
            page.tag("</h2>\n<ol class=\"pages\">\n");
            year = Some(begins);
        }
        page.tag("<li><a href=\"pages/").show(Name(entry.number)).tag("\"><b>");
        days(page, entry);
        page.tag("</b> <small>Page ").show(entry.number).tag(" · ");
        page.show(Counted(entry.messages, "message", "messages")).tag("</small></a></li>\n");
    }
    page.tag(if year.is_some() {
        "</ol>\n</main>\n"
    } else {
        "<p>No messages in this range.</p>\n</main>\n"
    });
    page::end(page);
}

/// From when until when; a page within one day says at what time, as the next may be of that day too.
fn days(page: &mut Markup, entry: &Entry) {
    if entry.last.day() == entry.first.day() {
        page.show(Moment(entry.first)).tag(" – ").show(Clock(entry.last)).tag(" UTC");
    } else {
        page.show(ShortDate(entry.first)).tag(" – ").show(ShortDate(entry.last));
    }
}
