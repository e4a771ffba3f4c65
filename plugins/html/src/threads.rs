//! Threads on their own: each from its beginning to its last reply, as many to a page as fit.

use export_sdk::Result;

use crate::escape::Markup;
use crate::leaf::Leaf;
use crate::message;
use crate::sheet::{Frame, Sheet};
use crate::when::{Count, Counted, Local, Moment};

/// A page ends before the next thread begins, or within one that is longer.
const PAGE: u64 = 1000;
/// A thread may stand in the room up to so many replies, or else with the first few.
const WHOLE: u64 = 200;
const FIRST: u64 = 50;
/// A thread of more replies is closed at first.
const OPEN: u64 = 10;

/// The message last written outside of threads, whose item is still open, and its replies so far.
pub(crate) struct Thread {
    pub(crate) id: String,
    /// The page that it is on.
    pub(crate) leaf: Leaf,
    pub(crate) began: Local,
    /// The day of the heading above it.
    pub(crate) day: i64,
    pub(crate) promised: u64,
    pub(crate) last: Option<Local>,
    pub(crate) seen: u64,
    /// The page of its own that it is on, if it has one.
    pub(crate) alone: Option<Leaf>,
    /// Where the first reply stands that is not in the room as well: its page and id.
    pub(crate) rest: Option<(Leaf, String)>,
}

impl Thread {
    /// Whether the reply that comes next stands in the room, too.
    pub(crate) fn is_in_place(&self, paged: bool) -> bool {
        !paged || self.seen < if self.promised > WHOLE { FIRST } else { WHOLE }
    }

    /// Opens the replies in the room.
    pub(crate) fn open(&self, page: &mut Markup) {
        page.tag("<div class=\"thread\"><details");
        page.tag(if self.promised > OPEN { "><summary>" } else { " open><summary>" });
        match self.promised {
            0 => page.tag("Replies"),
            promised => page.show(Counted(promised, "reply", "replies")),
        };
        if let Some(last) = self.last {
            page.tag("<small>, last ").put(Moment(last)).tag("</small>");
        }
        page.tag("</summary>\n<ol>\n");
    }

    /// Closes them, if there were any, and says what is not here.
    pub(crate) fn close(&self, page: &mut Markup) {
        if self.seen > 0 {
            page.tag("</ol>\n");
        }
        if let Some((leaf, id)) = &self.rest {
            page.tag("<p class=\"note\"><a href=\"").show(leaf).fragment(id).tag("\">The other replies of ");
            page.show(Count(self.seen)).tag("</a> stand on a page of their own</p>\n");
        }
        self.missing(page);
        if self.seen > 0 {
            page.tag("</details>");
            if let Some(alone) = self.alone {
                page.tag("<a class=\"alone\" href=\"").show(alone).tag("#:t-").encoded(&self.id);
                page.tag("\">on its own</a>");
            }
            page.tag("</div>\n");
        }
    }

    fn missing(&self, page: &mut Markup) {
        let missing = self.promised.saturating_sub(self.seen);
        if missing > 0 {
            page.tag("<p class=\"note\">").show(Counted(missing, "reply is", "replies are"));
            page.tag(" not part of this export</p>\n");
        }
    }
}

/// The pages of threads of one room.
#[derive(Default)]
pub(crate) struct Threads {
    sheet: Option<Sheet>,
    number: u32,
}

impl Threads {
    /// Begins a thread with the item of its first message, which is still open there. Returns its page.
    pub(crate) fn begin(&mut self, frame: &mut Frame<'_>, thread: &Thread, first: &Markup) -> Result<Leaf> {
        let fill = self.sheet.as_ref().map_or(PAGE, |sheet| sheet.here.messages);
        if fill >= PAGE || (fill > 0 && fill + thread.promised.min(PAGE) > PAGE + PAGE / 4) {
            self.turn(frame)?;
        }
        let mut page = Markup::default();
        heading(&mut page, thread);
        page.tag("</h2>\n<ol>\n").join(first);
        message::close(&mut page);
        page.tag("</ol>\n<ol class=\"replies\">\n");
        frame.body.take(&mut page)?;
        Ok(self.count())
    }

    /// Adds a reply, closed already. Returns its page.
    pub(crate) fn reply(&mut self, frame: &mut Frame<'_>, thread: &Thread, reply: &Markup) -> Result<Leaf> {
        let full = self.sheet.as_ref().is_some_and(|sheet| sheet.here.messages >= PAGE);
        if full && thread.seen >= PAGE / 2 {
            let mut page = Markup::default();
            page.tag("</ol>\n<p class=\"note\">Continues on the next page</p>\n</article>\n");
            frame.body.take(&mut page)?;
            self.turn(frame)?;
            heading(&mut page, thread);
            page.tag(", continued</h2>\n<ol class=\"replies\">\n");
            frame.body.take(&mut page)?;
        }
        frame.body.add(reply)?;
        Ok(self.count())
    }

    /// Writes the last page, if there is one.
    pub(crate) fn finish(&mut self, frame: &mut Frame<'_>) -> Result<()> {
        self.sheet.take().map_or(Ok(()), |sheet| sheet.close(frame, None))
    }

    fn count(&mut self) -> Leaf {
        if let Some(sheet) = &mut self.sheet {
            sheet.here.messages += 1;
            sheet.here.replies = true;
        }
        Leaf::Threads(self.number)
    }

    fn turn(&mut self, frame: &mut Frame<'_>) -> Result<()> {
        let previous = self.sheet.as_ref().map(|sheet| sheet.leaf);
        self.number += 1;
        let leaf = Leaf::Threads(self.number);
        if let Some(full) = self.sheet.replace(Sheet::open(leaf, previous)) {
            full.close(frame, Some(leaf))?;
        }
        Ok(())
    }
}

/// Ends the thread that began last.
pub(crate) fn end(frame: &mut Frame<'_>, thread: &Thread) -> Result<()> {
    let mut page = Markup::default();
    page.tag("</ol>\n");
    thread.missing(&mut page);
    page.tag("</article>\n");
    frame.body.take(&mut page)
}

fn heading(page: &mut Markup, thread: &Thread) {
    page.tag("<article class=\"lone\" id=\":t-").text(&thread.id).tag("\">\n<p class=\"alone\"><a href=\"");
    page.show(thread.leaf).fragment(&thread.id).tag("\">in the room</a></p>\n<h2>").put(Moment(thread.began));
}
