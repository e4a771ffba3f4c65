//! One message: who, when, what, and everything that hangs on it.

use export_sdk::{Attachment, Message, plain_line, safe_file_name, system_text};
use std::borrow::Cow;

use crate::page::{Page, name};

/// Adds a message. `own_day` tells whether the line above is that of its own day.
pub(crate) fn message(page: &mut Page, message: &Message<'_>, own_day: bool) {
    let time = page.time(message.sent_at, own_day);
    match system_text(message) {
        Some(sentence) => event(page, message, &time, &plain_line(&sentence)),
        None => page.message(&time, &author(message), message.text),
    }
    if let Some(alias) = message.alias() {
        page.note(&format!("shown as {alias}"));
    }
    if message.shown_in_room {
        page.note("also sent to the room");
    }
    for attachment in &message.attachments() {
        card(page, attachment);
    }
    files(page, message);
    if let Some(edited) = message.edited {
        let at = page.time(edited.at, page.day(edited.at) == page.day(message.sent_at));
        page.note(&format!("edited {at} by {}", edited.by_username));
    }
    if let Some(pinned) = message.pinned {
        let by = pinned.by.map_or(String::new(), |(_, username)| format!(" by {username}"));
        page.note(&format!("pinned{by}"));
    }
    for reaction in &message.reactions {
        page.note(&format!("{} {}", reaction.emoji, reaction.usernames.join(", ")));
    }
}

fn author(message: &Message<'_>) -> String {
    name(message.author.username)
}

/// `bob joined the channel`; what is no sentence about its actor is set apart from the name.
fn event(page: &mut Page, message: &Message<'_>, time: &str, sentence: &str) {
    let apart = message.kind == Some("rm") || sentence.starts_with(|c: char| c.is_uppercase() || c == '[');
    let between = if apart { ": " } else { " " };
    page.event(time, &format!("{}{between}{sentence}", author(message)));
}

fn files(page: &mut Page, message: &Message<'_>) {
    for file in &message.files {
        // The name it has in the folder: a name can turn its own end around.
        let name = safe_file_name(&file.name);
        let size = if file.size > 0 { format!(", {} bytes", file.size) } else { String::new() };
        match &file.path {
            Ok(path) => page.note(&format!("file: {name} ({}{size}): {path}", file.media_type)),
            Err(reason) => page.note(&format!("missing file: {name}: {reason}")),
        }
    }
    if message.files.is_empty() {
        for attachment in message.attachments().iter().filter(|attachment| attachment.is_of_file()) {
            let name = safe_file_name(attachment.title.as_deref().unwrap_or("file"));
            page.note(&format!("missing file: {name}: it is not part of this export"));
        }
    }
}

/// Adds a quote or a card of an integration, or what was written under a file.
fn card(page: &mut Page, attachment: &Attachment<'_>) {
    let given = |text: &Option<Cow<'_, str>>| {
        text.as_deref().filter(|text| !text.trim().is_empty()).map(str::to_owned)
    };
    if !attachment.is_of_file() {
        let parts = [given(&attachment.author_name), given(&attachment.title)];
        let label = if attachment.message_link.is_some() { "quote" } else { "card" };
        let label = parts.into_iter().flatten().fold(label.to_owned(), |all, part| format!("{all}: {part}"));
        page.note(&label);
    }
    for text in [&attachment.pretext, &attachment.text, &attachment.description] {
        if let Some(text) = given(text) {
            page.quoted(&text);
        }
    }
    for field in attachment.fields() {
        page.quoted(&format!("{}: {}", field.title, field.value));
    }
    if !attachment.is_of_file() {
        let addresses = [
            &attachment.message_link,
            &attachment.title_link,
            &attachment.image_url,
            &attachment.audio_url,
            &attachment.video_url,
        ];
        for address in addresses.into_iter().filter_map(given) {
            page.quoted(&address);
        }
    }
}
