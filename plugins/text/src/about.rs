//! What an export is about: the room and where the text comes from.

use export_sdk::{Room, RoomKind, Scope, Summary, plain_line};

use crate::page::Page;

/// The head of the text.
pub(crate) fn head(page: &mut Page, room: &Room<'_>, scope: &Scope<'_>) {
    let title = plain_line(&room.title);
    page.line("Room:         ", if title.is_empty() { room.id } else { &title });
    let kind = match room.kind {
        RoomKind::Channel => "public channel",
        RoomKind::Group => "private group",
        RoomKind::Direct => "direct messages",
        _ => "room",
    };
    page.line("Kind:         ", kind);
    page.line("Id:           ", room.id);
    if room.members > 0 {
        page.line("Members:      ", room.members);
    }
    let said = [
        ("Topic:        ", room.topic),
        ("Description:  ", room.description),
        ("Announcement: ", room.announcement),
    ];
    for (label, text) in said.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
        page.line(label, text);
    }
    match scope.from {
        Some(from) => page.line("From:         ", page.moment(from)),
        None => page.line("From:         ", "the beginning"),
    }
    page.line("Until:        ", page.moment(scope.until));
    for narrowed in scope.narrowed() {
        page.line("Part:         ", narrowed);
    }
    page.line(
        "Exported:     ",
        format_args!("{} by {}", page.moment(scope.requested_at), scope.requested_by),
    );
    page.line("Written by:   ", scope.generator);
    page.blank();
    page.line("Times are in the zone ", scope.zone_name());
    for how_to_read in [
        "A message begins with its time in brackets; lines further in belong to it.",
        "\"  > \" begins the lines of a reply, \"  * \" a note of this export on the message above,",
        "\"--\" after the time what happened in the room.",
    ] {
        page.line(how_to_read, "");
    }
}

/// The end of the text: what turned out to be in the export.
pub(crate) fn totals(page: &mut Page, summary: &Summary) {
    page.blank();
    page.line("---- End ----", "");
    page.blank();
    page.line("Messages:      ", summary.messages);
    page.line("Files:         ", summary.files);
    page.line("Missing files: ", summary.missing_files);
    if let (Some(first), Some(last)) = (summary.first, summary.last) {
        page.line("First message: ", page.moment(first.min(last)));
        page.line("Last message:  ", page.moment(first.max(last)));
    }
}
