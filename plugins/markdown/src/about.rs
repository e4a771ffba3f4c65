//! What an export is about: the room and where the document comes from.

use export_sdk::{Room, RoomKind, Scope, Summary, plain_line};

use crate::page::Page;

/// The head of the document.
pub(crate) fn head(page: &mut Page, room: &Room<'_>, scope: &Scope<'_>) {
    let title = plain_line(&room.title);
    page.tag("# ").text(if title.is_empty() { room.id } else { &title }).end_block();
    let kind = match room.kind {
        RoomKind::Channel => "Public channel",
        RoomKind::Group => "Private group",
        RoomKind::Direct => "Direct messages",
        _ => "Room",
    };
    page.tag("- Room: ").tag(kind);
    if room.members > 0 {
        page.tag(", ").show(room.members).tag(if room.members == 1 { " member" } else { " members" });
    }
    page.tag(", id ").text(&plain_line(room.id)).newline();
    let said = [
        ("- Topic: ", room.topic),
        ("- Description: ", room.description),
        ("- Announcement: ", room.announcement),
    ];
    for (label, text) in said {
        let text = plain_line(text);
        if !text.is_empty() {
            page.tag(label).text(&text).newline();
        }
    }
    page.tag("- Messages: ");
    match scope.from {
        Some(from) => page.tag("from ").moment(from),
        None => page.tag("from the beginning"),
    };
    page.tag(" until ").moment(scope.until).newline();
    for narrowed in scope.narrowed() {
        page.tag("- ").text(&plain_line(&narrowed)).newline();
    }
    page.tag("- Exported: ").moment(scope.requested_at);
    page.tag(" by ").text(&plain_line(scope.requested_by)).newline();
    page.tag("- Written by: ").text(&plain_line(scope.generator)).newline();
    page.tag("- Times are in the zone ")
        .text(&plain_line(scope.zone_name()))
        .tag(". What people wrote stands in quotes, everything else is said by the export.");
    page.end_block();
}

/// The end of the document: what turned out to be in the export.
pub(crate) fn totals(page: &mut Page, summary: &Summary) {
    page.tag("---").end_block();
    if summary.messages == 0 {
        page.tag("No messages in this range.").end_block();
        return;
    }
    page.show(summary.messages).tag(if summary.messages == 1 { " message, " } else { " messages, " });
    page.show(summary.files).tag(if summary.files == 1 { " file, " } else { " files, " });
    page.show(summary.missing_files).tag(if summary.missing_files == 1 {
        " missing file."
    } else {
        " missing files."
    });
    if let (Some(first), Some(last)) = (summary.first, summary.last) {
        page.tag(" First message: ").moment(first.min(last));
        page.tag(", last message: ").moment(first.max(last)).tag(".");
    }
    page.end_block();
}
