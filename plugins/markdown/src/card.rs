//! Quotes and cards of integrations: what a message says without being typed in it.

use export_sdk::{Attachment, plain_line};

use crate::page::Page;
use crate::{block, link};

/// Adds what an attachment says, block by block, inside the quote that is open.
pub(crate) fn card(page: &mut Page, attachment: &Attachment<'_>) {
    text(page, attachment.pretext.as_deref());
    page.end_block();
    page.quotes += 1;
    let quoted = attachment.message_link.as_deref();
    let author = attachment.author_name.as_deref().map(plain_line).filter(|author| !author.is_empty());
    match (author, quoted) {
        (Some(author), Some(quoted)) => paragraph(page, &author, Some(quoted)),
        (None, Some(quoted)) => paragraph(page, "Quoted message", Some(quoted)),
        (Some(author), None) => paragraph(page, &author, None),
        (None, None) => {}
    }
    if !attachment.is_of_file()
        && let Some(title) = attachment.title.as_deref()
    {
        paragraph(page, &plain_line(title), attachment.title_link.as_deref());
    }
    text(page, attachment.text.as_deref());
    text(page, attachment.description.as_deref());
    for field in attachment.fields() {
        paragraph(page, &format!("{}: {}", plain_line(&field.title), plain_line(&field.value)), None);
    }
    let media = [
        ("Image", &attachment.image_url),
        ("Audio", &attachment.audio_url),
        ("Video", &attachment.video_url),
    ];
    for (label, address) in media {
        if let Some(address) = address.as_deref().filter(|_| !attachment.is_of_file()) {
            paragraph(page, label, Some(address));
        }
    }
    page.quotes -= 1;
    // Two cards are two quotes.
    page.end_block();
}

/// Adds a Markdown text of people.
fn text(page: &mut Page, text: Option<&str>) {
    block::text(page, text.unwrap_or_default());
}

/// Adds a line that leads to `address`; one that may be no link is shown.
fn paragraph(page: &mut Page, text: &str, address: Option<&str>) {
    let address = address.filter(|address| !address.trim().is_empty());
    match address {
        Some(address) if link::is_safe(address) && !text.is_empty() => {
            page.link(text, address);
        }
        Some(address) => {
            page.text(&plain_line(&format!("{text} ({address})")));
        }
        None if text.is_empty() => return,
        None => {
            page.text(text);
        }
    }
    page.end_block();
}
