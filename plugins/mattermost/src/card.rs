//! Quotes and cards of integrations: Mattermost's message attachments.

use std::borrow::Cow;

use export_sdk::{Attachment, Message};
use serde::Serialize;

use crate::text::clean;

/// What a post has beside its message.
#[derive(Default, Serialize)]
pub(crate) struct Props {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Card>,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_webhook: Option<&'static str>,
}

#[derive(Default, Serialize)]
struct Card {
    #[serde(skip_serializing_if = "Option::is_none")]
    author_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author_link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title_link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pretext: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_url: Option<String>,
}

type Text<'a> = Option<Cow<'a, str>>;

/// What `message` has beside its text; `None` for most.
pub(crate) fn props(message: &Message<'_>) -> Option<Props> {
    let attachments: Vec<Card> = message.attachments().iter().filter_map(card).collect();
    let alias = message.alias().map(|alias| clean(&alias).into_owned());
    if attachments.is_empty() && alias.is_none() {
        return None;
    }
    Some(Props { attachments, from_webhook: alias.is_some().then_some("true"), override_username: alias })
}

/// Of a file's own card only the words that were put under the file.
fn card(attachment: &Attachment<'_>) -> Option<Card> {
    let text = match (words(&attachment.text), words(&attachment.description)) {
        (Some(text), Some(description)) => Some(format!("{text}\n{description}")),
        (text, description) => text.or(description),
    };
    if attachment.is_of_file() {
        return text.is_some().then(|| Card { text, ..Card::default() });
    }
    Some(Card {
        author_name: words(&attachment.author_name),
        author_link: address(&attachment.message_link),
        title: words(&attachment.title),
        title_link: address(&attachment.title_link),
        pretext: words(&attachment.pretext),
        text,
        image_url: address(&attachment.image_url),
    })
}

fn words(text: &Text<'_>) -> Option<String> {
    text.as_deref().filter(|text| !text.trim().is_empty()).map(|text| clean(text).into_owned())
}

/// Only addresses of the web.
fn address(address: &Text<'_>) -> Option<String> {
    let web = |address: &&str| {
        (address.starts_with("https://") || address.starts_with("http://"))
            && !address.contains(|c: char| c.is_whitespace() || c.is_control())
    };
    address.as_deref().filter(web).map(str::to_owned)
}
