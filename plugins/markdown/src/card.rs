//! Quotes and cards of integrations: what a message says without being typed in it.

use export_sdk::{Attachment, plain_line};
use serde::Deserialize;
use std::borrow::Cow;

use crate::page::Page;
use crate::{block, link};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Field<'a> {
    #[serde(borrow)]
    title: Cow<'a, str>,
    #[serde(borrow)]
    value: Cow<'a, str>,
}

/// Whether it says nothing but that the message has a file.
pub(crate) fn is_file(attachment: &Attachment<'_>) -> bool {
    let own = |link: &str| link.starts_with("/file-upload/");
    attachment.kind.as_deref() == Some("file") || attachment.title_link.as_deref().is_some_and(own)
}

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
    if !is_file(attachment)
        && let Some(title) = attachment.title.as_deref()
    {
        paragraph(page, &plain_line(title), attachment.title_link.as_deref());
    }
    text(page, attachment.text.as_deref());
    text(page, attachment.description.as_deref());
    let fields = attachment.fields.and_then(|raw| serde_json::from_str::<Vec<Field<'_>>>(raw.get()).ok());
    for field in fields.unwrap_or_default() {
        paragraph(page, &format!("{}: {}", plain_line(&field.title), plain_line(&field.value)), None);
    }
    let media = [
        ("Image", &attachment.image_url),
        ("Audio", &attachment.audio_url),
        ("Video", &attachment.video_url),
    ];
    for (label, address) in media {
        if let Some(address) = address.as_deref().filter(|_| !is_file(attachment)) {
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
