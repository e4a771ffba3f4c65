//! From what another program posts to a message: the words of Slack and of Rocket.Chat alike, and
//! what the integration shows where the program says nothing.

use serde_json::{Map, Value, json};

use crate::app::App;
use crate::domain::{Integration, MessageId, RoomId, User};
use crate::error::{Error, Result};
use crate::service::sending::{self, Draft};

/// The keys that say something.
pub const SAID: [&str; 3] = ["text", "msg", "attachments"];

/// The message that a post is meant to be; `None` if it says nothing.
pub fn draft(integration: &Integration, post: &Map<String, Value>) -> Option<Draft> {
    let text = |names: [&str; 2]| {
        let given = |name: &str| match post.get(name)? {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        names.into_iter().filter_map(given).find(|text| !text.is_empty())
    };
    let mut attachments = match post.get("attachments") {
        Some(Value::Array(attachments)) if !attachments.is_empty() => Some(attachments.clone()),
        _ => None,
    };
    for card in attachments.iter_mut().flatten().filter_map(Value::as_object_mut) {
        if let Some(text) = card.remove("msg") {
            card.entry("text").or_insert(text);
        }
    }
    let said = text(["text", "msg"]);
    if said.is_none() && attachments.is_none() {
        return None;
    }
    let usual = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let mut extra = Map::new();
    if let Some(alias) = text(["username", "alias"]).or_else(|| usual(&integration.alias)) {
        extra.insert("alias".to_owned(), alias.into());
    }
    // A picture of the post goes before an emoji of the post, and both before what is usual.
    let avatar = text(["icon_url", "avatar"]);
    let emoji = text(["icon_emoji", "emoji"]).filter(|_| avatar.is_none());
    let none = avatar.is_none() && emoji.is_none();
    let avatar = avatar.or_else(|| usual(&integration.avatar).filter(|_| none));
    let emoji = emoji.or_else(|| usual(&integration.emoji).filter(|_| none && avatar.is_none()));
    for (key, value) in [("avatar", avatar), ("emoji", emoji)] {
        if let Some(value) = value {
            extra.insert(key.to_owned(), value.into());
        }
    }
    let flag = |name: &str, usual: bool| post.get(name).and_then(Value::as_bool).unwrap_or(usual);
    extra.insert("groupable".to_owned(), flag("groupable", false).into());
    extra.insert("parseUrls".to_owned(), flag("parseUrls", attachments.is_none()).into());
    extra.insert("bot".to_owned(), json!({"i": integration.id.as_str()}));
    if let Some(fields @ Value::Object(_)) = post.get("customFields") {
        extra.insert("customFields".to_owned(), fields.clone());
    }
    Some(Draft {
        text: said.unwrap_or_default(),
        thread: text(["tmid", "tmid"]).map(MessageId::new),
        attachments,
        extra,
        join: true,
        by_program: true,
        ..Draft::default()
    })
}

/// Sends a draft to these rooms; a reply only to that of its thread, which must be one of them.
pub fn send(app: &App, user: &User, rooms: &[RoomId], draft: &Draft) -> Result<()> {
    let mut is_sent = rooms.is_empty();
    for room in rooms {
        is_sent |= app.store.write(|batch| {
            let parent = match &draft.thread {
                Some(thread) => batch.message(thread)?,
                None => None,
            };
            if parent.is_some_and(|parent| parent.room != *room) {
                return Ok(false);
            }
            sending::send_within(app, batch, user, Some(room), draft.clone()).map(|_| true)
        })?;
    }
    let text = "The thread of \"tmid\" is in another room; name a message of where this is posted, or none";
    if is_sent { Ok(()) } else { Err(Error::refused("error-invalid-thread", text)) }
}
