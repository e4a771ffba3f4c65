//! Quotes, cards of integrations, and what an attachment says about a file.

use export_sdk::{Attachment, Message};

use crate::escape::Markup;
use crate::inline::{self, Named};
use crate::known;
use crate::markdown::markdown;
use crate::message::Place;
use crate::{file, link};

/// Adds the files and cards of a message.
pub(crate) fn cards(page: &mut Markup, message: &Message<'_>, place: Place<'_>) {
    let up = place.up();
    let attachments = message.attachments();
    for given in &message.files {
        file::file(page, given, up);
        let own = |attachment: &&Attachment<'_>| file_id(attachment) == Some(given.id.as_ref());
        if let Some(attachment) = attachments.iter().find(own) {
            describe(page, attachment);
        }
    }
    for attachment in &attachments {
        if !attachment.is_of_file() {
            card(page, attachment, place);
        } else if message.files.is_empty() {
            let name = attachment.title.as_deref().unwrap_or_default();
            file::missing(page, name, "it is not part of this export", 0);
            describe(page, attachment);
        } else if !message.files.iter().any(|given| file_id(attachment) == Some(given.id.as_ref())) {
            describe(page, attachment);
        }
    }
}

fn file_id<'a>(attachment: &'a Attachment<'_>) -> Option<&'a str> {
    attachment.title_link.as_deref()?.strip_prefix("/file-upload/")?.split('/').next()
}

fn describe(page: &mut Markup, attachment: &Attachment<'_>) {
    for text in [&attachment.description, &attachment.text].into_iter().flatten() {
        body(page, text);
    }
}

fn card(page: &mut Markup, attachment: &Attachment<'_>, place: Place<'_>) {
    if let Some(pretext) = &attachment.pretext {
        body(page, pretext);
    }
    let quoted = attachment.message_link.as_deref();
    page.tag(if quoted.is_some() { "<blockquote class=\"quote\">" } else { "<div class=\"card\">" });
    if quoted.is_some() || attachment.author_name.is_some() {
        page.tag("<p class=\"by\">");
        if let Some(author) = &attachment.author_name {
            page.tag("<bdi class=\"name\">").text(author).tag("</bdi>");
        }
        if let Some(address) = quoted {
            original(page, address, place);
        }
        page.tag("</p>");
    }
    if let Some(title) = &attachment.title {
        page.tag("<p class=\"title\" dir=\"auto\">");
        linked(page, attachment.title_link.as_deref(), title);
        page.tag("</p>");
    }
    for text in [&attachment.text, &attachment.description].into_iter().flatten() {
        body(page, text);
    }
    fields(page, attachment);
    let media = [
        ("image", &attachment.image_url),
        ("audio", &attachment.audio_url),
        ("video", &attachment.video_url),
    ];
    for (label, address) in media {
        if let Some(address) = address {
            page.tag("<p><span class=\"remote\">").tag(label).tag("</span> ");
            linked(page, Some(address), address);
            page.tag("</p>");
        }
    }
    page.tag(if quoted.is_some() { "</blockquote>\n" } else { "</div>\n" });
}

/// The link to the quoted message: in this archive if it is known where, or else on its server.
fn original(page: &mut Markup, address: &str, place: Place<'_>) {
    let here = known::message_of(address).and_then(|id| Some((id, place.known.page(id)?)));
    if let Some((id, leaf)) = here {
        page.tag(" <a class=\"original\" href=\"");
        if leaf != place.leaf {
            place.folder.link(page, Some(place.leaf), leaf);
        }
        page.fragment(id).tag("\">see the message</a>");
    } else if link::is_web(address) {
        page.tag(" ");
        inline::link(page, address);
        page.tag("on its server</a>");
    }
}

fn fields(page: &mut Markup, attachment: &Attachment<'_>) {
    let fields = attachment.fields();
    if fields.is_empty() {
        return;
    }
    page.tag("<dl class=\"fields\">");
    for field in &fields {
        page.tag("<div><dt><bdi>").text(&field.title).tag("</bdi></dt><dd>");
        body(page, &field.value);
        page.tag("</dd></div>");
    }
    page.tag("</dl>");
}

/// The text as a link if the address may be one; otherwise both as text.
fn linked(page: &mut Markup, address: Option<&str>, text: &str) {
    match address {
        Some(address) if link::is_safe(address) => {
            inline::link(page, address);
            page.text(text).tag("</a>");
        }
        Some(address) if !address.is_empty() && address != text => {
            page.text(text).tag(" (").text(address).tag(")");
        }
        Some(_) | None => {
            page.text(text);
        }
    }
}

fn body(page: &mut Markup, text: &str) {
    if !text.trim().is_empty() {
        page.tag("<div class=\"text\" dir=\"auto\">");
        markdown(page, text, &Named::default());
        page.tag("</div>");
    }
}
