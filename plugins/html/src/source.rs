//! Where the pages come from: window, filter, requester, program. Every page says so.

use export_sdk::{Scope, Summary, Timestamp};

use crate::escape::Markup;
use crate::when::{Count, Counted, Moment, ShortDate, Zone};

/// The scope, kept for the pages that begin later.
pub(crate) struct Source {
    pub(crate) zone: Zone,
    pub(crate) generator: String,
    from: Option<Timestamp>,
    until: Timestamp,
    query: String,
    selection: Option<String>,
    system_messages: bool,
    transforms: String,
    whole: bool,
    requested_by: String,
    requested_at: Timestamp,
}

impl Source {
    pub(crate) fn of(scope: &Scope<'_>) -> Self {
        Self {
            zone: Zone::of(scope),
            generator: scope.generator.to_owned(),
            from: scope.from,
            until: scope.until,
            query: scope.query.to_owned(),
            selection: scope.selection.map(str::to_owned),
            system_messages: scope.system_messages,
            transforms: scope.transforms.join(", "),
            whole: scope.is_whole(),
            requested_by: scope.requested_by.to_owned(),
            requested_at: scope.requested_at,
        }
    }

    /// A list of facts; `room` is the id of the room that the page is of.
    pub(crate) fn facts(&self, page: &mut Markup, room: Option<&str>) {
        let (whole, part) = match room {
            Some(_) => ("The complete room", "A part of the room"),
            None => ("Complete rooms", "Parts of the rooms"),
        };
        page.tag("<dl class=\"facts\">\n<div><dt>Extent</dt><dd>").tag(if self.whole { whole } else { part });
        match self.from {
            Some(from) => page.tag(", from ").put(Moment(self.zone.local(from))),
            None => page.tag(", from the beginning"),
        };
        page.tag(" until ").put(Moment(self.zone.local(self.until))).tag("</dd></div>\n");
        self.filter(page);
        page.tag("<div><dt>Time zone</dt><dd>").text(&self.zone.name);
        page.tag("</dd></div>\n<div><dt>Exported</dt><dd>").put(Moment(self.zone.local(self.requested_at)));
        page.tag(" by <bdi>").text(&self.requested_by).tag("</bdi></dd></div>\n");
        if let Some(room) = room {
            page.tag("<div><dt>Room id</dt><dd><bdi>").text(room).tag("</bdi></dd></div>\n");
        }
        page.tag("<div><dt>Written by</dt><dd><bdi>").text(&self.generator);
        page.tag("</bdi></dd></div>\n<div><dt>Digest</dt><dd>SHA-256, in the manifest of the archive</dd></div>\n</dl>\n");
    }

    fn filter(&self, page: &mut Markup) {
        if !self.query.is_empty() {
            page.tag("<div><dt>Only messages that match</dt><dd><bdi>").text(&self.query);
            page.tag("</bdi></dd></div>\n");
        }
        if let Some(selection) = &self.selection {
            page.tag("<div><dt>Chosen</dt><dd><bdi>").text(selection).tag("</bdi></dd></div>\n");
        }
        if !self.system_messages {
            page.tag("<div><dt>Left out</dt><dd>What the server noted: who joined, new topics</dd></div>\n");
        }
        if !self.transforms.is_empty() {
            page.tag("<div><dt>Changed on the way</dt><dd>").text(&self.transforms).tag("</dd></div>\n");
        }
    }

    /// What turned out to be there.
    pub(crate) fn totals(&self, page: &mut Markup, summary: &Summary) {
        page.tag("<p class=\"totals\">").show(Counted(summary.messages, "message", "messages"));
        page.tag(" · ");
        match (summary.files, summary.missing_files) {
            (0, missing @ 1..) => page.show(Counted(missing, "file", "files")).tag(" missing"),
            (files, 0) => page.show(Counted(files, "file", "files")),
            (files, missing) => {
                page.show(Counted(files, "file", "files")).tag(", ").show(Count(missing)).tag(" missing")
            }
        };
        if let (Some(first), Some(last)) = (summary.first, summary.last) {
            let (first, last) = (self.zone.local(first.min(last)), self.zone.local(first.max(last)));
            page.tag(" · ").put(ShortDate(first.date));
            if first.date != last.date {
                page.tag(" – ").put(ShortDate(last.date));
            }
        }
        page.tag("</p>\n");
    }
}
