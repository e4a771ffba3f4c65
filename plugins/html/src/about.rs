//! What a room says about itself, and who is in it.

use std::collections::BTreeMap;

use export_sdk::{Member, Room, RoomKind, plain_line};

use crate::avatar::avatar;
use crate::escape::Markup;
use crate::inline::Named;
use crate::markdown::markdown;
use crate::unmarked::unmarked;
use crate::when::{Count, Counted};

/// So many members are named.
const NAMED: usize = 200;
/// Characters that are shown at once, and those that are shown of what has more.
const LONG: usize = 400;
const BEGINNING: usize = 120;

/// The room, kept for the pages that begin later.
pub(crate) struct About {
    pub(crate) title: String,
    pub(crate) id: String,
    kind: &'static str,
    members: u64,
    topic: String,
    description: String,
    announcement: String,
    /// Those named, written down, by the name shown: the first of them all, whatever order they come in.
    list: BTreeMap<(String, String), Markup>,
    announced: u64,
}

impl About {
    pub(crate) fn of(room: &Room<'_>) -> Self {
        let kind = match room.kind {
            RoomKind::Channel => "Public channel",
            RoomKind::Group => "Private group",
            RoomKind::Direct => "Direct messages",
            _ => "Room",
        };
        Self {
            title: if room.title.trim().is_empty() { room.id.to_owned() } else { room.title.to_string() },
            id: room.id.to_owned(),
            kind,
            members: room.members,
            topic: room.topic.to_owned(),
            description: room.description.to_owned(),
            announcement: room.announcement.to_owned(),
            list: BTreeMap::new(),
            announced: 0,
        }
    }

    /// Adds somebody to the list.
    pub(crate) fn member(&mut self, member: &Member<'_>) {
        self.announced += 1;
        let shown = member.name.filter(|name| !name.trim().is_empty()).unwrap_or(member.username);
        let mut list = Markup::default();
        list.tag("<li>");
        avatar(&mut list, shown, member.username);
        list.tag("<span><bdi class=\"name\">").text(shown).tag("</bdi>");
        if shown != member.username {
            list.tag(" <bdi class=\"login\">@").text(member.username).tag("</bdi>");
        }
        for role in &member.roles {
            list.tag(" <span class=\"role\">").text(role).tag("</span>");
        }
        list.tag("</span></li>\n");
        self.list.insert((shown.to_lowercase(), member.username.to_owned()), list);
        if self.list.len() > NAMED {
            self.list.pop_last();
        }
    }

    /// `Public channel · 3 members`.
    pub(crate) fn kind(&self, page: &mut Markup) {
        page.tag("<p class=\"kind\">").tag(self.kind);
        if self.members > 0 {
            page.tag(" · ").show(Counted(self.members, "member", "members"));
        }
        page.tag("</p>\n");
    }

    /// The topic on one line, if there is one.
    pub(crate) fn topic(&self, page: &mut Markup) {
        if !self.topic.trim().is_empty() {
            page.tag("<p class=\"topic\" dir=\"auto\">").text(&plain_line(&self.topic)).tag("</p>\n");
        }
    }

    /// The head of the room: its name and what it says about itself.
    pub(crate) fn room(&self, page: &mut Markup) {
        self.kind(page);
        page.tag("<h1 dir=\"auto\">").text(&self.title).tag("</h1>\n");
        let about = [
            ("Topic", &self.topic),
            ("Description", &self.description),
            ("Announcement", &self.announcement),
        ];
        for (label, text) in about {
            if !text.trim().is_empty() {
                said(page, label, text);
            }
        }
    }

    /// Who is in it, to be opened.
    pub(crate) fn members(&self, page: &mut Markup) {
        if self.announced == 0 {
            return;
        }
        page.tag("<details class=\"more\"><summary>").show(Counted(self.announced, "member", "members"));
        page.tag("</summary>\n<ul class=\"members\">\n");
        for member in self.list.values() {
            page.join(member);
        }
        page.tag("</ul>\n");
        let more = self.announced.saturating_sub(self.list.len() as u64);
        if more > 0 {
            page.tag("<p class=\"note\">and ").show(Count(more)).tag(" more");
            page.tag("</p>\n");
        }
        page.tag("</details>\n");
    }
}

/// What a room says about itself; what would fill the screen is to be opened.
fn said(page: &mut Markup, label: &'static str, text: &str) {
    let line = plain_line(&unmarked(text));
    let beginning = line.char_indices().nth(LONG).map(|_| {
        let end = line.char_indices().nth(BEGINNING).map_or(line.len(), |(end, _)| end);
        line[..end].trim_end()
    });
    match beginning {
        None => page.tag("<div class=\"said\"><b>").tag(label).tag("</b>"),
        Some(beginning) => {
            page.tag("<details class=\"said\"><summary dir=\"auto\"><b>").tag(label).tag("</b>");
            page.text(beginning).tag("…</summary>")
        }
    };
    page.tag("<div class=\"text\" dir=\"auto\">");
    markdown(page, text, &Named::default());
    page.tag(if beginning.is_some() { "</div></details>\n" } else { "</div></div>\n" });
}
