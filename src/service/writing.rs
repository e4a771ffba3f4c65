//! What holds whenever somebody writes: who may, how long, and what the server makes of the text.
//! Shared by sending, editing and reacting.

use serde_json::{Map, Value, json};

use super::mentions::{self, Mentions};
use super::{access, cards, settings, word_filter};
use crate::app::App;
use crate::domain::{Json, Message, Room, RoomKind, Subscription, User};
use crate::error::{Error, Result};

/// What a room that nobody may write to answers.
pub const READ_ONLY: &str = "You can't send messages because the room is readonly.";

/// No message holds more. Less than the largest record: see [`check_content`].
const LARGEST_CONTENT: usize = 64 * 1024;

/// Refuses archived rooms.
pub fn refuse_archived(room: &Room) -> Result<()> {
    if room.archived {
        let text = format!("The channel, {}, is archived", room.title());
        return Err(Error::refused("error-room-archived", text));
    }
    Ok(())
}

/// Refuses who may see a room, but not write there.
pub fn check(app: &App, author: &User, room: &Room, own: Option<&Subscription>) -> Result<()> {
    refuse_archived(room)?;
    if room.kind == RoomKind::Direct
        && let Some(own) = own
    {
        let extra = own.extra.value();
        if extra["blocked"] == true || extra["blocker"] == true {
            return Err(Error::plain("room_is_blocked"));
        }
    }
    if room.read_only && !may_write_read_only(app, author, room)? {
        return Err(Error::plain(READ_ONLY));
    }
    if is_muted(author, room) {
        return Err(Error::plain("You_have_been_muted"));
    }
    Ok(())
}

/// Whether somebody was silenced in a room.
pub fn is_muted(user: &User, room: &Room) -> bool {
    room.muted.contains(&user.username)
}

/// Whether somebody writes in a room although it is read-only.
pub fn may_write_read_only(app: &App, user: &User, room: &Room) -> Result<bool> {
    Ok(room.unmuted.contains(&user.username) || access::holds_in(app, user, "post-readonly", &room.id)?)
}

/// Refuses texts that are too long.
pub fn check_size(app: &App, text: &str) -> Result<()> {
    let Some(most) = settings::limit(app, "Message_MaxAllowedSize")? else { return Ok(()) };
    if text.chars().count() as u64 > most {
        let text = "Message size exceeds Message_MaxAllowedSize";
        return Err(Error::refused("error-message-size-exceeded", text));
    }
    Ok(())
}

/// Closes a fence of code that was left open.
pub fn close_fence(mut text: String) -> String {
    if text.matches("```").count() % 2 == 1 {
        text.push_str("\n```");
    }
    text
}

/// Puts `text` into a message, with everything that is computed of it: mentions, rooms, links, and
/// quotes in place of those that were there. Answers who is mentioned.
pub fn fill(
    app: &App,
    author: &User,
    room: &Room,
    message: &mut Message,
    text: String,
    previews: Option<&[String]>,
) -> Result<Mentions> {
    let text = word_filter::clean(app, text)?;
    let named = mentions::scan(&text);
    let mentioned = mentions::resolve(app, author, room, &named)?;
    let parses = message.extra.value()["parseUrls"] != json!(false);
    let links = if parses { &named.links[..] } else { &[] };
    let quotes = cards::quotes(app, author, links)?;
    let site = settings::site_url(app)?;
    let urls: Vec<Value> = links
        .iter()
        .map(|link| {
            let mut url = json!({"url": link, "meta": {}});
            let unwanted = previews.is_some_and(|wanted| wanted.iter().all(|wanted| wanted != link));
            let is_quote = quotes.iter().any(|quote| quote.link == *link);
            if is_quote || (unwanted && !link.contains(&site)) {
                url["ignoreParse"] = true.into();
            }
            url
        })
        .collect();
    let given = match message.attachments.value() {
        Value::Array(given) => Some(given),
        _ => None,
    };
    if given.is_some() || !quotes.is_empty() {
        let mut attachments = given.unwrap_or_default();
        attachments.retain(|attachment| !cards::is_quote(attachment));
        attachments.extend(quotes.into_iter().map(|quote| quote.card));
        message.attachments = Json::of(&attachments);
    }
    message.mentions = Json::of(&mentioned.people_json());
    message.channels = Json::of(&mentioned.rooms_json());
    message.urls = Json::of(&urls);
    message.text = text;
    check_content(message)?;
    Ok(mentioned)
}

/// Leaves room in the record for what others add: reactions, stars, who follows.
fn check_content(message: &Message) -> Result<()> {
    let json = [&message.mentions, &message.channels, &message.urls, &message.attachments, &message.extra];
    let size = message.text.len() + json.iter().map(|json| json.as_str().len()).sum::<usize>();
    if size <= LARGEST_CONTENT {
        return Ok(());
    }
    let text =
        format!("A message holds at most {LARGEST_CONTENT} bytes with its attachments. Send a file instead.");
    Err(Error::refused("error-too-large", text))
}

/// Refuses plain text where clients encrypt, if the administrator wants that.
pub fn check_encrypted(app: &App, room: &Room, kind: Option<&str>) -> Result<()> {
    let plain = room.encrypted == Some(true) && kind != Some("e2e");
    if plain
        && settings::is_on(app, "E2E_Enable")?
        && !settings::is_on(app, "E2E_Allow_Unencrypted_Messages")?
    {
        let text = "Not allowed to send un-encrypted messages in an encrypted room";
        return Err(Error::refused("error-not-allowed", text));
    }
    Ok(())
}

/// Refuses custom fields that the administrator has not described.
pub fn check_custom_fields(app: &App, fields: &Value) -> Result<()> {
    if !settings::is_on(app, "Message_CustomFields_Enabled")? {
        return Err(Error::plain("Custom fields not enabled"));
    }
    let text = settings::text(app, "Message_CustomFields")?;
    let schema = serde_json::from_str::<Value>(&text).unwrap_or_default();
    let valid = fields.as_object().is_some_and(|fields| fits(&schema, fields));
    if valid { Ok(()) } else { Err(Error::plain("Invalid custom fields")) }
}

/// Of a JSON schema what describes flat fields: `properties` with `type` and `enum`, `required`.
fn fits(schema: &Value, fields: &Map<String, Value>) -> bool {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let known = |(name, value): (&String, &Value)| {
        let Some(rule) = schema["properties"].get(name) else { return false };
        let allowed = rule["enum"].as_array().is_none_or(|allowed| allowed.contains(value));
        let kind = match rule["type"].as_str() {
            Some("string") => value.is_string(),
            Some("number") => value.is_number(),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("boolean") => value.is_boolean(),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            _ => true,
        };
        allowed && kind
    };
    required.into_iter().all(|name| fields.contains_key(name)) && fields.iter().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_fence_is_closed() {
        assert_eq!(close_fence("```x".to_owned()), "```x\n```");
        assert_eq!(close_fence("```x```".to_owned()), "```x```");
    }

    #[test]
    fn custom_fields_must_be_as_described() {
        let schema = json!({"properties": {"level": {"type": "string", "enum": ["low", "high"]}, "n": {"type": "number"}},
            "required": ["level"]});
        let fits = |fields: Value| fits(&schema, fields.as_object().unwrap());
        assert!(fits(json!({"level": "low", "n": 1.5})));
        assert!(!fits(json!({"level": "mid"})));
        assert!(!fits(json!({"n": 1})));
        assert!(!fits(json!({"level": "low", "other": 1})));
    }
}
