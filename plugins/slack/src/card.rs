//! Quotes and cards of integrations: Slack's `attachments`.

use export_sdk::{Attachment, Message};
use serde::Serialize;

use crate::link;
use crate::mrkdwn::{Named, escaped, mrkdwn};

/// A quote or a card as Slack keeps it.
#[derive(Default, Serialize)]
pub(crate) struct Card {
    fallback: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pretext: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title_link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_url: Option<String>,
}

/// The cards of `message`; of a file's own card only the words that were put under the file.
pub(crate) fn cards(message: &Message<'_>) -> Vec<Card> {
    message.attachments().iter().filter_map(card).collect()
}

fn card(attachment: &Attachment<'_>) -> Option<Card> {
    let nobody = Named::default();
    let words = |text: &Option<std::borrow::Cow<'_, str>>| {
        text.as_deref().filter(|text| !text.trim().is_empty()).map(|text| mrkdwn(text, &nobody))
    };
    let plain = |text: &Option<std::borrow::Cow<'_, str>>| {
        text.as_deref().filter(|text| !text.is_empty()).map(escaped)
    };
    let address = |address: &Option<std::borrow::Cow<'_, str>>| {
        address.as_deref().filter(|address| link::is_safe(address)).map(str::to_owned)
    };
    let text = match (words(&attachment.text), words(&attachment.description)) {
        (Some(text), Some(description)) => Some(format!("{text}\n{description}")),
        (text, description) => text.or(description),
    };
    if attachment.is_of_file() {
        let fallback = text.clone()?;
        return Some(Card { fallback, text, ..Card::default() });
    }
    let title = plain(&attachment.title);
    let fallback = text.clone().or_else(|| title.clone()).unwrap_or_default();
    Some(Card {
        fallback,
        pretext: words(&attachment.pretext),
        author_name: plain(&attachment.author_name),
        title,
        title_link: address(&attachment.title_link),
        text,
        from_url: address(&attachment.message_link),
        image_url: address(&attachment.image_url),
    })
}
