//! One message as a post, or as a reply inside of one.

use std::borrow::Cow;

use export_sdk::{File, Message, Result, system_text};
use serde::Serialize;

use crate::card::{Props, props};
use crate::name;
use crate::text::{clean, renamed};

/// The longest name of an emoji.
const LONGEST_EMOJI: usize = 64;

/// Where a post belongs; a reply is where its post is.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Place<'a> {
    pub(crate) team: &'a str,
    pub(crate) channel: &'a str,
}

#[derive(Serialize)]
struct Post<'a> {
    #[serde(flatten)]
    place: Option<Place<'a>>,
    user: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    message: &'a str,
    create_at: i64,
    #[serde(flatten)]
    rest: Option<Rest<'a>>,
}

/// What the first part of a long message has and the others have not.
#[derive(Serialize)]
struct Rest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    edit_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_pinned: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    props: Option<Props>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<Reaction<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
}

#[derive(Serialize)]
struct Reaction<'a> {
    user: String,
    emoji_name: &'a str,
    create_at: i64,
}

#[derive(Serialize)]
struct Attachment<'a> {
    path: &'a str,
}

/// What the message says in Mattermost.
pub(crate) fn text<'a>(message: &Message<'a>) -> Cow<'a, str> {
    if let Some(done) = system_text(message) {
        let text = format!("@{} {done}", name::user(message.author.username));
        return clean(&text).into_owned().into();
    }
    let mut text = renamed(message.text, &message.mentions());
    for file in &message.files {
        if let Err(reason) = &file.path {
            let between = if text.is_empty() { "" } else { "\n" };
            text = format!("{text}{between}({}: {reason})", clean(&file.name)).into();
        }
    }
    text
}

/// The part `n` of `message` as JSON: a post with a place, a reply without.
pub(crate) fn json(
    message: &Message<'_>,
    (n, part): (usize, &str),
    create_at: i64,
    place: Option<Place<'_>>,
) -> Result<Vec<u8>> {
    let post = Post {
        place,
        user: &name::user(message.author.username),
        kind: message.kind.filter(|kind| !kind.is_empty()).map(|_| "system_generic"),
        message: part,
        create_at,
        rest: (n == 0).then(|| rest(message, create_at)),
    };
    Ok(serde_json::to_vec(&post)?)
}

fn rest<'a>(message: &'a Message<'_>, create_at: i64) -> Rest<'a> {
    Rest {
        edit_at: message.edited.map(|edited| edited.at.millis().max(create_at)),
        is_pinned: message.pinned.map(|_| true),
        props: props(message),
        reactions: reactions(message, create_at),
        attachments: message.files.iter().filter_map(attachment).collect(),
    }
}

/// One bad name would stop the import, so a reaction with one is left out.
fn reactions<'a>(message: &'a Message<'_>, create_at: i64) -> Vec<Reaction<'a>> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '_');
    let good = |name: &str| (1..=LONGEST_EMOJI).contains(&name.len()) && name.chars().all(part);
    let named = message.reactions.iter().map(|reaction| (reaction, reaction.emoji.trim_matches(':')));
    named
        .filter(|(_, emoji_name)| good(emoji_name))
        .flat_map(|(reaction, emoji_name)| {
            let given = reaction.usernames.iter();
            given.map(move |username| Reaction { user: name::user(username), emoji_name, create_at })
        })
        .collect()
}

fn attachment<'a>(file: &'a File<'_>) -> Option<Attachment<'a>> {
    file.path.as_ref().ok().map(|path| Attachment { path: path.as_str() })
}
