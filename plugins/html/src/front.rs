//! The front of a room: what it is, who is in it, when what was said; of a small room all of it.

use export_sdk::{Result, Summary};
use jiff::civil::Date;

use crate::about::About;
use crate::archive::{Desk, verify};
use crate::escape::Markup;
use crate::heat::Heat;
use crate::highlights::{Longest, Pins};
use crate::leaf::{Folder, Leaf};
use crate::page::{self, Shell};
use crate::sheet::{Here, crumbs, foot};

/// What the front shows.
pub(crate) struct Front<'a> {
    pub(crate) about: &'a About,
    pub(crate) folder: &'a Folder,
    pub(crate) heat: &'a Heat,
    pub(crate) pins: &'a Pins,
    pub(crate) longest: &'a Longest,
    pub(crate) long_months: &'a [(Date, u32)],
    /// Whether the messages are on other pages.
    pub(crate) paged: bool,
    pub(crate) summary: &'a Summary,
}

/// Writes the page.
pub(crate) fn write(front: &Front<'_>, desk: &mut Desk<'_>) -> Result<()> {
    let Front { about, folder, paged, summary, .. } = *front;
    let mut out = desk.output.create(&folder.path(Leaf::Front)?, "text/html")?;
    let mut page = Markup::default();
    let shell = Shell { title: &about.title, part: "", up: folder.up(Leaf::Front), room: Some(&folder.slug) };
    page::begin(&mut page, &shell);
    crumbs(&mut page, folder, about, Leaf::Front);
    page::main(&mut page);
    page.tag("<header class=\"room\">\n");
    about.room(&mut page);
    desk.source.totals(&mut page, summary);
    lists(&mut page, front);
    page.tag("</header>\n<div id=\":main\" tabindex=\"-1\">\n");
    if paged {
        calendar(&mut page, front);
    }
    if summary.messages == 0 {
        page.tag("<p class=\"empty\">No messages in this range.</p>\n");
    }
    page.write_to(&mut *out)?;
    desk.body.pour(&mut *out)?;
    page.tag("</div>\n</main>\n");
    let here = (!paged).then_some(Here { messages: summary.messages, replies: false });
    foot(&mut page, &desk.source, about, here, |page| {
        if folder.only {
            verify(page);
        }
    });
    Ok(page.write_to(&mut *out)?)
}

/// What can be opened: members, pinned messages, threads, and the calendar if it is not the page itself.
fn lists(page: &mut Markup, front: &Front<'_>) {
    page.tag("<div class=\"lists\">\n");
    front.about.members(page);
    front.pins.list(page, front.folder);
    front.longest.list(page, front.folder, front.paged);
    if !front.paged && front.heat.is_worth_a_calendar() {
        page.tag("<details class=\"more\"><summary>Calendar</summary>\n");
        calendar(page, front);
        page.tag("</details>\n");
    }
    page.tag("</div>\n");
}

fn calendar(page: &mut Markup, front: &Front<'_>) {
    let parts = |first| {
        let long = front.long_months.iter().find(|(month, _)| *month == first);
        long.map_or(1, |(_, parts)| *parts)
    };
    page.tag("<div class=\"calendar\">\n");
    front.heat.calendar(page, front.folder, parts);
    page.tag("</div>\n");
}
