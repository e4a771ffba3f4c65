//! One message: who, when, what, and everything that hangs on it.

use export_sdk::{File, Message, plain_line, safe_file_name, system_text};

use crate::page::Page;
use crate::{block, card};

/// What a message has to do with a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Nothing, or it begins one.
    No,
    /// It stands under the message that began the thread.
    InThread,
    /// The message that began the thread is not here.
    Orphan,
}

/// Adds a message. `day` tells whether the heading above is that of its own day.
pub(crate) fn message(page: &mut Page, message: &Message<'_>, reply: Reply, own_day: bool) {
    if reply == Reply::InThread {
        page.tag("- ");
        page.item = true;
    }
    let sentence = system_text(message);
    match &sentence {
        Some(sentence) => event(page, message, &plain_line(sentence)),
        None => author(page, message),
    }
    page.tag(" · ").time(message.sent_at, own_day);
    marks(page, message);
    page.end_block();
    if reply == Reply::Orphan {
        page.tag("Reply to a message that is not part of this export").end_block();
    }
    let typed = if sentence.is_none() { message.text } else { "" };
    said(page, message, typed);
    for file in &message.files {
        add_file(page, file);
    }
    if message.files.is_empty() {
        for attachment in message.attachments().iter().filter(|attachment| attachment.is_of_file()) {
            let name = attachment.title.as_deref().unwrap_or("file");
            missing(page, name, "it is not part of this export");
        }
    }
    reactions(page, message);
    page.item = false;
}

fn shown_name(message: &Message<'_>) -> (String, String) {
    let username = plain_line(message.author.username);
    let alias = message.alias();
    let names = [alias.as_deref(), message.author.name, Some(message.author.username)];
    let mut names = names.into_iter().flatten().map(plain_line).filter(|name| !name.is_empty());
    (names.next().unwrap_or_else(|| "(no name)".to_owned()), username)
}

fn author(page: &mut Page, message: &Message<'_>) {
    let (name, username) = shown_name(message);
    page.tag("**").text(&name).tag("**");
    if name != username && !username.is_empty() {
        page.tag(" (").text(&username).tag(")");
    }
}

/// `Bob joined the channel`; what is no sentence about its actor is set apart from the name.
fn event(page: &mut Page, message: &Message<'_>, sentence: &str) {
    let (name, _) = shown_name(message);
    let apart = message.kind == Some("rm") || sentence.starts_with(|c: char| c.is_uppercase() || c == '[');
    page.tag("*").text(&name).tag(if apart { ": " } else { " " }).text(sentence).tag("*");
}

fn marks(page: &mut Page, message: &Message<'_>) {
    if message.shown_in_room {
        page.tag(" · also sent to the room");
    }
    if let Some(pinned) = message.pinned {
        page.tag(" · pinned");
        if let Some((_, username)) = pinned.by {
            page.tag(" by ").text(&plain_line(username));
        }
    }
    if let Some(edited) = message.edited {
        let own_day = page.day(edited.at) == page.day(message.sent_at);
        page.tag(" · edited ").time(edited.at, own_day);
        if edited.by_id != message.author.id {
            page.tag(" by ").text(&plain_line(edited.by_username));
        }
    }
}

/// Adds what was typed, and quotes and cards, as one block quote.
fn said(page: &mut Page, message: &Message<'_>, typed: &str) {
    page.quotes = 1;
    block::text(page, typed);
    for attachment in &message.attachments() {
        card::card(page, attachment);
    }
    page.quotes = 0;
    page.end_block();
}

fn add_file(page: &mut Page, file: &File<'_>) {
    // The name it has in the folder: a name can turn its own end around.
    let name = safe_file_name(&file.name);
    let path = match &file.path {
        Ok(path) => path,
        Err(reason) => return missing(page, &name, reason),
    };
    page.tag("File: ").file_link(&name, path.as_str());
    page.tag(" (").text(&plain_line(&file.media_type));
    if file.size > 0 {
        page.tag(", ").show(file.size).tag(" bytes");
    }
    page.tag(")").end_block();
    if matches!(file.media_type.as_ref(), "image/png" | "image/jpeg" | "image/gif" | "image/webp") {
        page.tag("!").file_link(&name, path.as_str()).end_block();
    }
}

fn missing(page: &mut Page, name: &str, reason: &str) {
    page.tag("Missing file: ").text(&safe_file_name(name)).tag(" (").text(reason).tag(")").end_block();
}

fn reactions(page: &mut Page, message: &Message<'_>) {
    for (number, reaction) in message.reactions.iter().enumerate() {
        page.tag(if number == 0 { "Reactions: " } else { "; " });
        page.text(&plain_line(reaction.emoji));
        for (number, username) in reaction.usernames.iter().enumerate() {
            page.tag(if number == 0 { " " } else { ", " }).text(&plain_line(username));
        }
    }
    if !message.reactions.is_empty() {
        page.end_block();
    }
}
