//! The course of an export: pages, days, groups and threads, opened and closed in order.

use std::io::Write;

use export_sdk::{ArtifactPath, FormatWriter, Message, Output, Result, Room, Scope, Summary, Timestamp};

use crate::about::{self, About};
use crate::escape::Markup;
use crate::index::{self, Entry};
use crate::message::{self, Place, Reply};
use crate::page::{self, Name, Way};
use crate::when::{Counted, LongDate, Moment, day_number};

/// A page ends before the next thread begins, or, within one long thread, at twice as many.
const PAGE: u64 = 1000;
const LONGEST_PAGE: u64 = 2 * PAGE;
/// Messages of one author that follow this quickly need no name.
const GROUP: i64 = 7 * 60_000;

/// Writes the pages of one export, room after room.
pub(crate) struct Archive<'run> {
    /// With the room's writer while there is one.
    output: Option<&'run mut dyn Output>,
    room: Option<Writer<'run>>,
}

impl<'run> Archive<'run> {
    pub(crate) fn new(output: &'run mut dyn Output) -> Self {
        Self { output: Some(output), room: None }
    }
}

impl FormatWriter for Archive<'_> {
    fn begin_room(&mut self, room: &Room<'_>, scope: &Scope<'_>) -> Result<()> {
        self.room = self.output.take().map(|output| Writer::start(room, scope, output)).transpose()?;
        Ok(())
    }

    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        self.room.as_mut().map_or(Ok(()), |room| room.write(message))
    }

    fn end_room(&mut self, summary: &Summary) -> Result<()> {
        self.output = self.room.take().map(|room| room.finish(summary)).transpose()?;
        Ok(())
    }
}

/// Writes the pages of one room.
struct Writer<'run> {
    output: &'run mut dyn Output,
    about: About,
    markup: Markup,
    main_name: String,
    main: Box<dyn Write + Send>,
    /// The page now open, if the room has many.
    sheet: Option<Sheet>,
    paged: bool,
    done: Vec<Entry>,
    day: Option<i64>,
    thread: Thread,
    group: Group,
}

/// One page of many.
struct Sheet {
    out: Box<dyn Write + Send>,
    entry: Entry,
}

/// The message last written outside of threads, whose item is still open, and its replies so far.
#[derive(Default)]
struct Thread {
    open: bool,
    id: String,
    sheet: u64,
    began: Timestamp,
    promised: u64,
    seen: u64,
}

/// Who wrote the last message, and when.
#[derive(Default)]
struct Group {
    author: String,
    at: Option<Timestamp>,
}

impl<'run> Writer<'run> {
    fn start(room: &Room<'_>, scope: &Scope<'_>, output: &'run mut dyn Output) -> Result<Self> {
        let path = room.file_name("html")?;
        let main_name = path.to_string();
        let main = output.create(&path, "text/html")?;
        let mut writer = Self {
            output,
            about: About::of(room, scope),
            markup: Markup::default(),
            main_name,
            main,
            sheet: None,
            paged: room.at_least > PAGE,
            done: Vec::new(),
            day: None,
            thread: Thread::default(),
            group: Group::default(),
        };
        if !writer.paged {
            let page = &mut writer.markup;
            page::begin(page, &writer.about.title, None);
            page.tag("<header class=\"room\">\n");
            writer.about.room(page);
            writer.about.provenance(page);
            page.tag("</header>\n<main id=\":main\">\n");
            writer.flush()?;
        }
        Ok(writer)
    }

    fn flush(&mut self) -> Result<()> {
        let out = self.sheet.as_mut().map_or(&mut self.main, |sheet| &mut sheet.out);
        Ok(self.markup.write_to(&mut **out)?)
    }

    /// How full the page is, if there are to be many.
    fn fill(&self) -> Option<u64> {
        self.paged.then(|| self.sheet.as_ref().map_or(LONGEST_PAGE, |sheet| sheet.entry.messages))
    }

    fn open_sheet(&mut self, first: Timestamp) -> Result<()> {
        let number = self.done.len() as u64 + 1;
        let path = ArtifactPath::new(format!("pages/{}", Name(number)))?;
        let out = self.output.create(&path, "text/html")?;
        let entry = Entry { number, messages: 0, first, last: first };
        self.sheet = Some(Sheet { out, entry });
        let page = &mut self.markup;
        page::begin(page, &self.about.title, Some(number));
        page.tag("<header class=\"room\">\n");
        let back = [Way::Index(&self.main_name), Way::Previous(number - 1)];
        page::ways(page, "Pages", if number == 1 { &back[..1] } else { &back });
        page.tag("<h1 dir=\"auto\">").text(&self.about.title).tag("</h1>\n<p class=\"kind\">Page ");
        page.show(number);
        if let Some(messages) = self.about.messages {
            page.tag(" · ").show(Counted(messages, "message", "messages")).tag(" on all pages");
        }
        page.tag("</p>\n</header>\n<main id=\":main\">\n");
        Ok(())
    }

    fn close_sheet(&mut self, more: bool) -> Result<()> {
        self.close_day();
        let Some(Sheet { entry, .. }) = &self.sheet else { return Ok(()) };
        let page = &mut self.markup;
        let number = entry.number;
        page.tag("</main>\n<footer class=\"about\">\n");
        let mut ways = [Way::Index(&self.main_name); 3];
        let mut count = 1;
        if number > 1 {
            ways[0] = Way::Previous(number - 1);
            ways[1] = Way::Index(&self.main_name);
            count += 1;
        }
        if more {
            ways[count] = Way::Next(number + 1);
            count += 1;
        }
        page::ways(page, "More pages", &ways[..count]);
        page.tag("<p>").show(Counted(entry.messages, "message", "messages")).tag(" on this page</p>\n");
        self.about.provenance(page);
        page.tag("</footer>\n");
        page::end(page);
        self.flush()?;
        self.done.extend(self.sheet.take().map(|sheet| sheet.entry));
        Ok(())
    }

    fn turn_page(&mut self, first: Timestamp) -> Result<()> {
        if self.sheet.is_some() {
            self.close_sheet(true)?;
        }
        self.open_sheet(first)
    }

    fn open_day(&mut self, at: Timestamp) {
        let day = day_number(at);
        if self.day == Some(day) {
            return;
        }
        self.close_day();
        self.day = Some(day);
        self.group.at = None;
        let page = &mut self.markup;
        page.tag("<section class=\"day\">\n<h2><time datetime=\"").show(at.day()).tag("\">");
        page.show(LongDate(at)).tag("</time> <small>UTC</small></h2>\n<ol>\n");
    }

    fn close_day(&mut self) {
        self.close_thread();
        if self.day.take().is_some() {
            self.markup.tag("</ol>\n</section>\n");
        }
    }

    /// Closes the item of the last message, and before it its thread.
    fn close_thread(&mut self) {
        if !self.thread.open {
            return;
        }
        let thread = &mut self.thread;
        thread.open = false;
        if thread.seen > 0 {
            self.markup.tag("</ol>\n");
            self.group.at = None;
        }
        let missing = thread.promised.saturating_sub(thread.seen);
        if missing > 0 {
            self.markup.tag("<p class=\"note\">").show(Counted(missing, "reply is", "replies are"));
            self.markup.tag(" not part of this export</p>\n");
        }
        if thread.seen > 0 {
            self.markup.tag("</details>\n");
        }
        message::close(&mut self.markup);
    }

    /// Goes on with a thread that is too long for its page.
    fn continue_thread(&mut self, at: Timestamp) -> Result<()> {
        let thread = std::mem::take(&mut self.thread);
        // Closed by hand: what is promised is yet to come.
        self.markup.tag("</ol>\n<p class=\"note\">Continues on the next page</p>\n</details>\n");
        message::close(&mut self.markup);
        self.group.at = None;
        self.turn_page(at)?;
        self.open_day(thread.began);
        self.thread = thread;
        let page = &mut self.markup;
        page.tag("<li class=\"message system\"><div class=\"body\"><p class=\"note\">");
        page.tag("<svg aria-hidden=\"true\"><use href=\"#:reply\"/></svg><a href=\"");
        page.show(Name(self.thread.sheet)).fragment(&self.thread.id);
        page.tag("\">The thread of ").show(Moment(self.thread.began)).tag(" UTC</a>, continued</p>\n");
        page.tag("<details class=\"thread\" open><summary>More replies</summary>\n<ol>\n");
        Ok(())
    }

    /// Whether the author of the last message goes on.
    fn leads(&mut self, message: &Message<'_>) -> bool {
        let alias = message.alias().unwrap_or_default();
        let last = self.group.author.split_once('\0');
        let same = last == Some((message.author.username, &*alias));
        let soon = self.group.at.is_some_and(|at| {
            day_number(at) == day_number(message.sent_at)
                && (0..=GROUP).contains(&(message.sent_at.millis() - at.millis()))
        });
        if !same {
            self.group.author.clear();
            self.group.author.extend([message.author.username, "\0", &alias]);
        }
        // An event has no name above it that the next message could share.
        self.group.at = message.kind.is_none_or(str::is_empty).then_some(message.sent_at);
        !(same && soon)
    }

    fn reply(&mut self, message: &Message<'_>) -> Result<()> {
        if self.fill().is_some_and(|fill| fill >= LONGEST_PAGE) && self.thread.seen > 0 {
            self.continue_thread(message.sent_at)?;
        } else if self.thread.seen == 0 {
            self.group.at = None;
            let promised = self.thread.promised;
            let page = &mut self.markup;
            page.tag("<details class=\"thread\" open><summary>");
            if promised == 0 {
                page.tag("Replies")
            } else {
                page.show(Counted(promised, "reply", "replies"))
            };
            page.tag("</summary>\n<ol>\n");
        }
        self.thread.seen += 1;
        self.item(message, Reply::InThread);
        message::close(&mut self.markup);
        Ok(())
    }

    fn begin(&mut self, message: &Message<'_>) -> Result<()> {
        self.close_thread();
        if self.fill().is_some_and(|fill| fill >= PAGE) {
            self.turn_page(message.sent_at)?;
        }
        self.open_day(message.sent_at);
        self.item(message, if message.thread.is_some() { Reply::Orphan } else { Reply::No });
        let thread = &mut self.thread;
        thread.open = true;
        thread.id.clear();
        thread.id.push_str(message.id);
        thread.sheet = self.sheet.as_ref().map_or(0, |sheet| sheet.entry.number);
        thread.began = message.sent_at;
        thread.promised = message.replies.as_ref().map_or(0, |replies| replies.count);
        thread.seen = 0;
        Ok(())
    }

    fn item(&mut self, message: &Message<'_>, reply: Reply) {
        let leads = self.leads(message);
        let up = if self.paged { "../" } else { "" };
        let day = self.day.unwrap_or_default();
        message::open(&mut self.markup, message, Place { leads, reply, day, up });
        if let Some(Sheet { entry, .. }) = &mut self.sheet {
            entry.messages += 1;
            // Replies may be much later: the headings of the page are the days of what they answer.
            if reply != Reply::InThread {
                entry.last = entry.last.max(message.sent_at);
            }
        }
    }
}

impl<'run> Writer<'run> {
    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        if self.thread.open && message.thread == Some(self.thread.id.as_str()) {
            self.reply(message)?;
        } else {
            self.begin(message)?;
        }
        self.flush()
    }

    fn finish(mut self, summary: &Summary) -> Result<&'run mut dyn Output> {
        if self.paged {
            self.close_sheet(false)?;
            index::index(&mut self.markup, &self.about, &self.done, summary);
        } else {
            self.close_day();
            let page = &mut self.markup;
            if summary.messages == 0 {
                page.tag("<p class=\"empty\">No messages in this range.</p>\n");
            }
            page.tag("</main>\n<footer class=\"about\">\n");
            about::totals(page, summary);
            page.tag("</footer>\n");
            page::end(page);
        }
        self.flush()?;
        Ok(self.output)
    }
}
