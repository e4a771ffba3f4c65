//! The course of a room: pages, days, groups and threads, opened and closed in order.

use export_sdk::{ArtifactPath, Member, Message, Result, Room, Summary};
use jiff::civil::Date;

use crate::about::About;
use crate::archive::Desk;
use crate::escape::Markup;
use crate::front::{self, Front};
use crate::heat::Heat;
use crate::highlights::{Longest, Pins};
use crate::known::Known;
use crate::leaf::{Folder, Leaf};
use crate::message::{self, Place, Reply};
use crate::search;
use crate::sheet::Sheet;
use crate::threads::{self, Thread, Threads};
use crate::when::Local;

/// A room of more messages has a page for every month; a month of more has several.
const PAGE: u64 = 1000;
/// Messages of one author that follow this quickly need no name.
const GROUP: i64 = 7 * 60_000;

/// Writes the pages of one room.
pub(crate) struct Pages {
    about: About,
    folder: Folder,
    /// Whether there is more than one page.
    paged: bool,
    markup: Markup,
    /// The page now open.
    sheet: Option<Sheet>,
    day: Option<i64>,
    thread: Option<Thread>,
    /// The item of the message that may begin a thread, until it does.
    first: Markup,
    group: Group,
    threads: Threads,
    /// The page of the last message, as search wants it.
    page: Option<(Leaf, ArtifactPath)>,
    known: Known,
    heat: Heat,
    pins: Pins,
    longest: Longest,
    /// Months of more than one page, and how many they have.
    long_months: Vec<(Date, u32)>,
}

/// Who wrote the last message, and when.
#[derive(Default)]
struct Group {
    author: String,
    at: Option<(i64, Local)>,
}

impl Pages {
    pub(crate) fn start(room: &Room<'_>, only: bool) -> Self {
        Self {
            about: About::of(room),
            folder: Folder::of(room, only),
            paged: room.expected > PAGE,
            markup: Markup::default(),
            sheet: None,
            day: None,
            thread: None,
            first: Markup::default(),
            group: Group::default(),
            threads: Threads::default(),
            page: None,
            known: Known::default(),
            heat: Heat::default(),
            pins: Pins::default(),
            longest: Longest::default(),
            long_months: Vec::new(),
        }
    }

    pub(crate) fn slug(&self) -> &str {
        &self.folder.slug
    }

    pub(crate) fn title(&self) -> &str {
        &self.about.title
    }

    pub(crate) fn member(&mut self, member: &Member<'_>) {
        self.about.member(member);
    }

    pub(crate) fn write(&mut self, desk: &mut Desk<'_>, message: &Message<'_>) -> Result<()> {
        let at = desk.source.zone.local(message.sent_at);
        match self.thread.take() {
            Some(thread) if message.thread == Some(thread.id.as_str()) => {
                let thread = self.reply(desk, thread, message, at)?;
                self.thread = Some(thread);
                Ok(())
            }
            open => {
                self.close_thread(desk, open)?;
                self.begin(desk, message, at)
            }
        }
    }

    /// Writes what is left, and the room's front. Returns the room for the archive's front.
    pub(crate) fn finish(mut self, desk: &mut Desk<'_>, summary: &Summary) -> Result<Closed> {
        self.close_day(desk)?;
        if self.paged {
            if let Some(sheet) = self.sheet.take() {
                sheet.close(&mut desk.frame(&self.about, &self.folder), None)?;
            }
            self.threads.finish(&mut desk.aside(&self.about, &self.folder))?;
        }
        let front = Front {
            about: &self.about,
            folder: &self.folder,
            heat: &self.heat,
            pins: &self.pins,
            longest: &self.longest,
            long_months: &self.long_months,
            paged: self.paged,
            summary,
        };
        front::write(&front, desk)?;
        Ok(Closed { about: self.about, folder: self.folder, heat: self.heat })
    }

    /// A message that is no reply, or to nothing that is here.
    fn begin(&mut self, desk: &mut Desk<'_>, message: &Message<'_>, at: Local) -> Result<()> {
        let leaf = self.turn_to(desk, at)?;
        self.open_day(desk, at)?;
        let day = self.day.unwrap_or(at.day);
        let reply = if message.thread.is_some() { Reply::Orphan } else { Reply::No };
        self.item(desk, message, at, leaf, day, reply);
        self.heat.add(at.date, leaf, (day != at.day).then_some(message.id));
        self.count(false);
        self.tell(desk, message, at, leaf, day)?;
        self.longest.begin(message, leaf, at);
        let replies = message.replies.as_ref();
        self.thread = Some(Thread {
            id: message.id.to_owned(),
            leaf,
            began: at,
            day,
            promised: replies.map_or(0, |replies| replies.count),
            last: replies.and_then(|replies| replies.last).map(|last| desk.source.zone.local(last)),
            seen: 0,
            alone: None,
            rest: None,
        });
        std::mem::swap(&mut self.first, &mut self.markup);
        self.markup.clear();
        desk.body.add(&self.first)
    }

    fn reply(
        &mut self,
        desk: &mut Desk<'_>,
        mut thread: Thread,
        message: &Message<'_>,
        at: Local,
    ) -> Result<Thread> {
        if thread.seen == 0 {
            self.group.at = None;
            thread.open(&mut self.markup);
            desk.body.take(&mut self.markup)?;
            if self.paged {
                let mut frame = desk.aside(&self.about, &self.folder);
                thread.alone = Some(self.threads.begin(&mut frame, &thread, &self.first)?);
            }
        }
        let mut leaf = thread.leaf;
        self.item(desk, message, at, leaf, thread.day, Reply::InThread);
        message::close(&mut self.markup);
        let in_place = thread.is_in_place(self.paged);
        if self.paged {
            let mut frame = desk.aside(&self.about, &self.folder);
            let alone = self.threads.reply(&mut frame, &thread, &self.markup)?;
            if !in_place {
                leaf = alone;
                thread.rest.get_or_insert_with(|| (alone, message.id.to_owned()));
            }
        }
        if in_place {
            self.count(true);
            desk.body.take(&mut self.markup)?;
        }
        self.markup.clear();
        thread.seen += 1;
        self.heat.add(at.date, leaf, Some(message.id));
        self.tell(desk, message, at, leaf, thread.day)?;
        Ok(thread)
    }

    /// Adds the item of a message to the markup.
    fn item(
        &mut self,
        desk: &Desk<'_>,
        message: &Message<'_>,
        at: Local,
        leaf: Leaf,
        day: i64,
        reply: Reply,
    ) {
        // What begins a thread has its name: it stands on a page of threads, too.
        let leads = self.leads(message, at) | message.replies.is_some();
        let (folder, known, zone) = (&self.folder, &self.known, &desk.source.zone);
        let place = Place { leads, reply, at, day, leaf, folder, known, zone };
        message::open(&mut self.markup, message, place);
    }

    /// Whether the message needs its author's name; if not, the author of the last one goes on.
    fn leads(&mut self, message: &Message<'_>, at: Local) -> bool {
        let alias = message.alias().unwrap_or_default();
        let last = self.group.author.split_once('\0');
        let same = last == Some((message.author.username, &*alias));
        let now = message.sent_at.millis();
        let soon = self
            .group
            .at
            .is_some_and(|(before, last)| last.day == at.day && (0..=GROUP).contains(&(now - before)));
        if !same {
            self.group.author.clear();
            self.group.author.extend([message.author.username, "\0", &alias]);
        }
        // An event has no name above it that the next message could share.
        self.group.at = message.kind.is_none_or(str::is_empty).then_some((now, at));
        !(same && soon)
    }

    /// Counts a message that stands on the open page.
    fn count(&mut self, reply: bool) {
        if let Some(sheet) = &mut self.sheet {
            sheet.here.messages += 1;
            sheet.here.replies |= reply;
        }
    }

    /// Tells everybody who points at messages where this one is.
    fn tell(
        &mut self,
        desk: &mut Desk<'_>,
        message: &Message<'_>,
        at: Local,
        leaf: Leaf,
        day: i64,
    ) -> Result<()> {
        self.known.remember(message.id, leaf);
        self.pins.add(message, leaf, at);
        let page = match self.page.take() {
            Some(same) if same.0 == leaf => same,
            Some(_) | None => (leaf, self.folder.path(leaf)?),
        };
        let page = &self.page.insert(page).1;
        let place = search::Place { page, anchor: message.id, day, utc_offset: at.ahead };
        desk.search.add(desk.output, message, place)
    }

    /// Turns the page if the month is over or the page full. Returns the page that is open then.
    fn turn_to(&mut self, desk: &mut Desk<'_>, at: Local) -> Result<Leaf> {
        if !self.paged {
            self.sheet.get_or_insert_with(|| Sheet::open(Leaf::Front, None));
            return Ok(Leaf::Front);
        }
        let month = at.date.first_of_month();
        let open = self.sheet.as_ref().map(|sheet| (sheet.leaf, sheet.here.messages));
        let leaf = match open {
            Some((leaf @ Leaf::Month { first, part }, messages)) if first >= month => {
                if messages < PAGE {
                    return Ok(leaf);
                }
                self.long_months.pop_if(|(long, _)| *long == first);
                self.long_months.push((first, part + 1));
                Leaf::Month { first, part: part + 1 }
            }
            Some(_) | None => Leaf::Month { first: month, part: 1 },
        };
        self.close_day(desk)?;
        let next = Sheet::open(leaf, open.map(|(leaf, _)| leaf));
        if let Some(full) = self.sheet.replace(next) {
            full.close(&mut desk.frame(&self.about, &self.folder), Some(leaf))?;
        }
        Ok(leaf)
    }

    /// Opens a day, unless it is open. Time does not run backwards: an earlier day is not opened again.
    fn open_day(&mut self, desk: &mut Desk<'_>, at: Local) -> Result<()> {
        if self.day.is_some_and(|day| day >= at.day) {
            return Ok(());
        }
        self.close_day(desk)?;
        self.day = Some(at.day);
        self.group.at = None;
        if let Some(sheet) = &mut self.sheet {
            sheet.open_day(&mut self.markup, at.date);
        }
        desk.body.take(&mut self.markup)
    }

    fn close_day(&mut self, desk: &mut Desk<'_>) -> Result<()> {
        let open = self.thread.take();
        self.close_thread(desk, open)?;
        if self.day.take().is_some() {
            self.markup.tag("</ol>\n</section>\n");
            desk.body.take(&mut self.markup)?;
        }
        Ok(())
    }

    /// Closes the item of the last message, and before it its thread.
    fn close_thread(&mut self, desk: &mut Desk<'_>, open: Option<Thread>) -> Result<()> {
        let Some(thread) = open else { return Ok(()) };
        if thread.seen > 0 {
            self.group.at = None;
        }
        if thread.alone.is_some() {
            threads::end(&mut desk.aside(&self.about, &self.folder), &thread)?;
        }
        self.longest.end(thread.seen);
        thread.close(&mut self.markup);
        message::close(&mut self.markup);
        desk.body.take(&mut self.markup)
    }
}

/// What the archive's front says of a room.
pub(crate) struct Closed {
    pub(crate) about: About,
    pub(crate) folder: Folder,
    pub(crate) heat: Heat,
}
