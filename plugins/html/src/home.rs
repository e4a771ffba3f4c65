//! The front of an archive of many rooms: each with its totals and when it was busy.

use export_sdk::{Result, Summary};

use crate::archive::{Desk, verify};
use crate::escape::Markup;
use crate::leaf::Leaf;
use crate::page::{self, Shell};
use crate::room::Closed;
use crate::scratch::Scratch;
use crate::when::Counted;

/// Rooms beyond these have their totals, but no strip: the page must stay small.
const STRIPS: u64 = 500;

/// The cards of the rooms so far.
pub(crate) struct Home {
    cards: Scratch,
    rooms: u64,
}

impl Home {
    pub(crate) fn new(cards: Scratch) -> Self {
        Self { cards, rooms: 0 }
    }

    /// Adds a room.
    pub(crate) fn add(&mut self, desk: &Desk<'_>, room: &Closed, summary: &Summary) -> Result<()> {
        self.rooms += 1;
        let mut page = Markup::default();
        page.tag("<li class=\"room-card\">\n");
        room.about.kind(&mut page);
        page.tag("<h2 dir=\"auto\"><a href=\"");
        room.folder.link(&mut page, None, Leaf::Front).tag("\">").text(&room.about.title).tag("</a></h2>\n");
        room.about.topic(&mut page);
        desk.source.totals(&mut page, summary);
        if self.rooms <= STRIPS && summary.messages > 0 {
            room.heat.strip(&mut page, &room.folder);
        }
        page.tag("</li>\n");
        self.cards.take(&mut page)
    }

    /// Writes the page.
    pub(crate) fn finish(mut self, desk: &mut Desk<'_>, summary: &Summary) -> Result<()> {
        let mut out = desk.output.create(&export_sdk::ArtifactPath::new("index.html")?, "text/html")?;
        let mut page = Markup::default();
        page::begin(&mut page, &Shell { title: "Chat archive", part: "", up: "", room: None });
        page.tag("<nav class=\"crumbs\" aria-label=\"Archive\"><span aria-current=\"page\">All rooms</span></nav>\n");
        page::main(&mut page);
        page.tag("<header class=\"room\">\n<p class=\"kind\">Chat archive</p>\n<h1>");
        page.show(Counted(self.rooms, "room", "rooms")).tag("</h1>\n");
        desk.source.totals(&mut page, summary);
        page.tag("</header>\n<div id=\":main\" tabindex=\"-1\">\n<ol class=\"rooms\">\n");
        page.write_to(&mut *out)?;
        self.cards.pour(&mut *out)?;
        page.tag("</ol>\n</div>\n</main>\n<footer class=\"about\">\n");
        verify(&mut page);
        page.tag("<p>").show(Counted(summary.messages, "message", "messages")).tag(" in this archive</p>\n");
        desk.source.facts(&mut page, None);
        page.tag("</footer>\n");
        page::end(&mut page);
        Ok(page.write_to(&mut *out)?)
    }
}
