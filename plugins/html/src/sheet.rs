//! The page of a room's messages that is being filled: its days, and in the end its head and foot.

use std::fmt::{self, Display, Formatter};

use export_sdk::{Output, Result};
use jiff::civil::Date;

use crate::about::About;
use crate::escape::Markup;
use crate::leaf::{Folder, Leaf};
use crate::page::{self, Shell};
use crate::scratch::Scratch;
use crate::source::Source;
use crate::when::{Counted, LongDate, MonthOf, ShortDate};

/// A month of very many pages is not listed in full on each of them.
const SIBLINGS: u32 = 20;

/// One page of many.
pub(crate) struct Sheet {
    pub(crate) leaf: Leaf,
    pub(crate) here: Here,
    previous: Option<Leaf>,
    days: Vec<Date>,
}

/// How much stands on a page.
#[derive(Clone, Copy, Default)]
pub(crate) struct Here {
    pub(crate) messages: u64,
    /// Whether some of them are replies, of which each stands with what it replies to.
    pub(crate) replies: bool,
}

impl Display for Here {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let replies = if self.replies { ", with replies" } else { "" };
        write!(f, "{} on this page{replies}", Counted(self.messages, "message", "messages"))
    }
}

/// What every page of a room is made with.
pub(crate) struct Frame<'a> {
    pub(crate) output: &'a mut dyn Output,
    pub(crate) body: &'a mut Scratch,
    pub(crate) source: &'a Source,
    pub(crate) about: &'a About,
    pub(crate) folder: &'a Folder,
}

impl Sheet {
    pub(crate) fn open(leaf: Leaf, previous: Option<Leaf>) -> Self {
        Self { leaf, here: Here::default(), previous, days: Vec::new() }
    }

    /// The heading of a day; its messages follow.
    pub(crate) fn open_day(&mut self, page: &mut Markup, date: Date) {
        page.tag("<section class=\"day\" aria-labelledby=\":").show(date).tag("\">\n<h2 id=\":").show(date);
        page.tag("\"><time datetime=\"")
            .show(date)
            .tag("\">")
            .show(LongDate(date))
            .tag("</time></h2>\n<ol>\n");
        self.days.push(date);
    }

    /// Writes the page; `next` is the page that follows it.
    pub(crate) fn close(self, frame: &mut Frame<'_>, next: Option<Leaf>) -> Result<()> {
        let Frame { output, body, source, about, folder } = frame;
        let mut out = output.create(&folder.path(self.leaf)?, "text/html")?;
        let mut page = Markup::default();
        let name = name(self.leaf);
        let shell =
            Shell { title: &about.title, part: &name, up: folder.up(self.leaf), room: Some(&folder.slug) };
        page::begin(&mut page, &shell);
        crumbs(&mut page, folder, about, self.leaf);
        page::main(&mut page);
        page.tag("<header class=\"room\">\n").tag("<p class=\"kind\"><bdi>").text(&about.title);
        page.tag("</bdi></p>\n<h1>").text(&name).tag("</h1>\n<p class=\"totals\">");
        page.show(self.here).tag("</p>\n");
        ways(&mut page, folder, "Pages", [self.previous, next]);
        self.siblings(&mut page, folder, next);
        self.jump(&mut page);
        page.tag("</header>\n<div id=\":main\" tabindex=\"-1\">\n");
        page.write_to(&mut *out)?;
        body.pour(&mut *out)?;
        page.tag("</div>\n</main>\n");
        foot(&mut page, source, about, Some(self.here), |page| {
            ways(page, folder, "More pages", [self.previous, next]);
        });
        Ok(page.write_to(&mut *out)?)
    }

    /// Links to the pages of the same month, as far as they are known: of the later ones only the next.
    fn siblings(&self, page: &mut Markup, folder: &Folder, next: Option<Leaf>) {
        let Leaf::Month { first, part } = self.leaf else { return };
        let follows = Leaf::Month { first, part: part + 1 };
        let last = if next == Some(follows) { part + 1 } else { part };
        if last == 1 {
            return;
        }
        page.tag("<nav class=\"jump\" aria-label=\"Pages of this month\"><b>Pages of ").show(MonthOf(first));
        page.tag(":</b> <ol>\n");
        for number in last.saturating_sub(SIBLINGS).max(1)..=last {
            page.tag("<li><a href=\"");
            folder.link(page, Some(self.leaf), Leaf::Month { first, part: number });
            page.tag(if number == part { "\" aria-current=\"page\">" } else { "\">" });
            page.show(number).tag("</a></li>\n");
        }
        page.tag("</ol></nav>\n");
    }

    /// Links to the days of the page.
    fn jump(&self, page: &mut Markup) {
        if self.days.len() < 2 {
            return;
        }
        page.tag("<nav class=\"jump\" aria-label=\"Days on this page\"><b>Days:</b> <ol>\n");
        for date in &self.days {
            page.tag("<li><a href=\"#:").show(date).tag("\" title=\"").put(ShortDate(*date)).tag("\">");
            page.show(date.day()).tag("</a></li>\n");
        }
        page.tag("</ol></nav>\n");
    }
}

/// What a page is called.
fn name(leaf: Leaf) -> String {
    match leaf {
        Leaf::Front => String::new(),
        Leaf::Month { first, part: 1 } => MonthOf(first).to_string(),
        Leaf::Month { first, part } => format!("{}, page {part}", MonthOf(first)),
        Leaf::Threads(number) => format!("Threads, page {number}"),
    }
}

/// The way back: to the archive and to the front of the room.
pub(crate) fn crumbs(page: &mut Markup, folder: &Folder, about: &About, leaf: Leaf) {
    page.tag("<nav class=\"crumbs\" aria-label=\"Archive\">");
    if !folder.only {
        page.tag("<a href=\"").tag(folder.up(leaf)).tag("index.html\">All rooms</a> ");
    }
    if leaf == Leaf::Front {
        page.tag("<bdi aria-current=\"page\">").text(&about.title).tag("</bdi>");
    } else {
        page.tag("<a href=\"");
        folder.link(page, Some(leaf), Leaf::Front).tag("\"><bdi>").text(&about.title).tag("</bdi></a>");
    }
    page.tag("</nav>\n");
}

/// Links to the previous and the next page.
fn ways(page: &mut Markup, folder: &Folder, label: &'static str, [previous, next]: [Option<Leaf>; 2]) {
    if previous.is_none() && next.is_none() {
        return;
    }
    page.tag("<nav class=\"ways\" aria-label=\"").tag(label).tag("\">");
    if let Some(leaf) = previous {
        page.tag("<a rel=\"prev\" href=\"");
        // Both are in the room's directory, whatever page this is.
        folder.link(page, Some(leaf), leaf).tag("\">← ").show(name(leaf)).tag("</a>");
    }
    if let Some(leaf) = next {
        page.tag("<a rel=\"next\" href=\"");
        folder.link(page, Some(leaf), leaf).tag("\">").show(name(leaf)).tag(" →</a>");
    }
    page.tag("</nav>\n");
}

/// The foot of every page of a room, and its end.
pub(crate) fn foot(
    page: &mut Markup,
    source: &Source,
    about: &About,
    here: Option<Here>,
    ways: impl FnOnce(&mut Markup),
) {
    page.tag("<footer class=\"about\">\n");
    ways(page);
    page.tag("<p><bdi>").text(&about.title).tag("</bdi>");
    if let Some(here) = here {
        page.tag(" · ").show(here);
    }
    page.tag("</p>\n");
    source.facts(page, Some(&about.id));
    page.tag("</footer>\n");
    page::end(page);
}
