//! What an export is about: the room and where the pages come from.

use export_sdk::{Room, RoomKind, Scope, Summary, Timestamp};

use crate::escape::Markup;
use crate::inline::Named;
use crate::markdown::markdown;
use crate::when::{Count, Counted, Moment};

/// The host counts messages beforehand, but no further.
const COUNTED: u64 = 10_000;

/// The scope, kept for the pages that begin later.
pub(crate) struct About {
    pub(crate) title: String,
    pub(crate) generator: String,
    room: String,
    kind: &'static str,
    members: u64,
    topic: String,
    description: String,
    announcement: String,
    /// How many messages there will be, if that is known beforehand.
    pub(crate) messages: Option<u64>,
    from: Option<Timestamp>,
    until: Timestamp,
    requested_by: String,
    requested_at: Timestamp,
}

impl About {
    pub(crate) fn of(room: &Room<'_>, scope: &Scope<'_>) -> Self {
        let kind = match room.kind {
            RoomKind::Channel => "Public channel",
            RoomKind::Group => "Private group",
            RoomKind::Direct => "Direct messages",
            _ => "Room",
        };
        Self {
            title: if room.title.trim().is_empty() { room.id.to_owned() } else { room.title.to_string() },
            generator: scope.generator.to_owned(),
            room: room.id.to_owned(),
            kind,
            members: room.members,
            topic: room.topic.to_owned(),
            description: room.description.to_owned(),
            announcement: room.announcement.to_owned(),
            messages: (room.expected < COUNTED).then_some(room.expected),
            from: scope.from,
            until: scope.until,
            requested_by: scope.requested_by.to_owned(),
            requested_at: scope.requested_at,
        }
    }

    /// The head of the room: its name and what it says about itself.
    pub(crate) fn room(&self, page: &mut Markup) {
        page.tag("<p class=\"kind\">").tag(self.kind);
        if self.members > 0 {
            page.tag(" · ").show(Counted(self.members, "member", "members"));
        }
        page.tag("</p>\n<h1 dir=\"auto\">").text(&self.title).tag("</h1>\n");
        let about = [
            ("Topic", &self.topic),
            ("Description", &self.description),
            ("Announcement", &self.announcement),
        ];
        for (label, text) in about {
            if !text.trim().is_empty() {
                page.tag("<div class=\"said\"><b>").tag(label).tag("</b><div class=\"text\" dir=\"auto\">");
                markdown(page, text, &Named::default());
                page.tag("</div></div>\n");
            }
        }
    }

    /// Where the pages come from: window, requester, program.
    pub(crate) fn provenance(&self, page: &mut Markup) {
        page.tag("<dl class=\"facts\">\n<div><dt>Messages</dt><dd>");
        if let Some(messages) = self.messages {
            page.show(Count(messages)).tag(", ");
        }
        match self.from {
            Some(from) => page.tag("from ").show(Moment(from)),
            None => page.tag("from the beginning"),
        };
        page.tag(" until ").show(Moment(self.until)).tag(" UTC</dd></div>\n<div><dt>Exported</dt><dd>");
        page.show(Moment(self.requested_at)).tag(" UTC by <bdi>").text(&self.requested_by);
        page.tag("</bdi></dd></div>\n<div><dt>Room id</dt><dd><bdi>").text(&self.room);
        page.tag("</bdi></dd></div>\n<div><dt>Written by</dt><dd><bdi>").text(&self.generator);
        page.tag("</bdi></dd></div>\n</dl>\n");
    }
}

/// What turned out to be in the export.
pub(crate) fn totals(page: &mut Markup, summary: &Summary) {
    page.tag("<dl class=\"facts\">\n<div><dt>In this export</dt><dd>");
    page.show(Counted(summary.messages, "message", "messages")).tag(", ");
    page.show(Counted(summary.files, "file", "files")).tag("</dd></div>\n");
    if let (Some(first), Some(last)) = (summary.first, summary.last) {
        page.tag("<div><dt>First and last</dt><dd>").show(Moment(first.min(last))).tag(" – ");
        page.show(Moment(first.max(last))).tag(" UTC</dd></div>\n");
    }
    page.tag("<div><dt>Missing files</dt><dd>");
    match summary.missing_files {
        0 => page.tag("none"),
        missing => page.show(Count(missing)).tag(", each marked where it belongs"),
    };
    page.tag("</dd></div>\n</dl>\n");
}
