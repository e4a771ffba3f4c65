//! Attachments: the cards that clients send with a message, checked, and the quotes that the server
//! makes of links to messages.

use serde_json::{Map, Value, json};

use super::{access, settings};
use crate::app::App;
use crate::domain::{Message, MessageId, User};
use crate::error::{Error, Result};

/// So many links of one message become quotes; further ones stay links.
const MOST_QUOTES: usize = 10;

const TEXTS: [&str; 6] = ["color", "text", "title", "author_name", "button_alignment", "image_preview"];
const TYPES: [&str; 3] = ["image_type", "audio_type", "video_type"];
const SIZES: [&str; 3] = ["image_size", "audio_size", "video_size"];
const LINKS: [&str; 8] = [
    "thumb_url",
    "message_link",
    "author_link",
    "author_icon",
    "title_link",
    "image_url",
    "audio_url",
    "video_url",
];

/// Checks the attachments that a client sent. Values of fields become texts.
pub fn check(attachments: &mut [Value]) -> Result<()> {
    attachments.iter_mut().try_for_each(check_one)
}

fn check_one(attachment: &mut Value) -> Result<()> {
    let Value::Object(card) = attachment else {
        return Err(mismatch("object", attachment, "attachments"));
    };
    card.retain(|_, value| !value.is_null());
    for key in TEXTS.into_iter().chain(TYPES) {
        expect(card, key, "string", Value::is_string)?;
    }
    for key in ["collapsed", "title_link_download"] {
        expect(card, key, "boolean", Value::is_boolean)?;
    }
    for key in SIZES {
        expect(card, key, "number", Value::is_number)?;
    }
    expect(card, "ts", "string", |ts| ts.is_string() || ts.is_number())?;
    expect(card, "image_dimensions", "object", Value::is_object)?;
    for key in LINKS {
        card.get(key).map_or(Ok(()), check_link)?;
    }
    for key in ["fields", "actions", "attachments"] {
        let Some(list) = card.get_mut(key) else { continue };
        let Value::Array(items) = list else { return Err(mismatch("array", list, key)) };
        for item in items {
            match key {
                "fields" => check_field(item)?,
                "actions" => check_action(item)?,
                _ => check_one(item)?,
            }
        }
    }
    Ok(())
}

fn check_field(field: &mut Value) -> Result<()> {
    let Value::Object(field) = field else { return Err(mismatch("object", field, "fields")) };
    field.retain(|_, value| !value.is_null());
    expect(field, "short", "boolean", Value::is_boolean)?;
    expect(field, "title", "string", Value::is_string)?;
    match field.get_mut("value") {
        Some(value @ (Value::Number(_) | Value::Bool(_))) => *value = Value::String(value.to_string()),
        Some(value @ (Value::Array(_) | Value::Object(_))) => return Err(mismatch("string", value, "value")),
        Some(Value::String(_) | Value::Null) | None => {}
    }
    Ok(())
}

fn check_action(action: &mut Value) -> Result<()> {
    let Value::Object(action) = action else { return Err(mismatch("object", action, "actions")) };
    action.retain(|_, value| !value.is_null());
    for key in ["type", "text", "msg"] {
        expect(action, key, "string", Value::is_string)?;
    }
    for key in ["url", "image_url"] {
        action.get(key).map_or(Ok(()), check_link)?;
    }
    Ok(())
}

/// Only links that cannot run anything.
fn check_link(link: &Value) -> Result<()> {
    let harmless = |link: &str| {
        ["http://", "https://", "data:", "/file-upload/"].iter().any(|start| link.starts_with(start))
    };
    if link.as_str().is_some_and(harmless) {
        Ok(())
    } else {
        Err(Error::plain("Invalid href value provided"))
    }
}

/// Checks a message's `avatar`: a link, or a path on this server.
pub fn check_avatar(avatar: &Value) -> Result<()> {
    match avatar.as_str() {
        Some(path) if path.is_empty() || (path.starts_with('/') && !path.starts_with("//")) => Ok(()),
        _ => check_link(avatar),
    }
}

fn expect(card: &Map<String, Value>, key: &str, kind: &str, fits: impl Fn(&Value) -> bool) -> Result<()> {
    match card.get(key) {
        Some(value) if !fits(value) => Err(mismatch(kind, value, key)),
        _ => Ok(()),
    }
}

/// `Match error: Expected string, got number in field text`.
pub fn mismatch(expected: &str, given: &Value, field: &str) -> Error {
    let given = type_word(given);
    Error::plain(format!("Match error: Expected {expected}, got {given} in field {field}"))
}

/// What a value is called in the words of type checks.
pub fn type_word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether an attachment is a quote.
pub fn is_quote(attachment: &Value) -> bool {
    attachment.get("message_link").is_some()
}

/// A quote, and the link it was made of.
pub struct Quote<'a> {
    /// The link as it was written.
    pub link: &'a str,
    /// The attachment.
    pub card: Value,
}

/// Quotes of the messages that links of a text lead to, as far as the author may read them.
pub fn quotes<'a>(app: &App, author: &User, links: &[&'a str]) -> Result<Vec<Quote<'a>>> {
    let site = settings::site_url(app)?;
    let mut quotes = Vec::new();
    for link in links.iter().filter(|link| link.contains(&site)) {
        let Some(id) = linked_message(link) else { continue };
        let Some(message) = app.store.message(&id)?.filter(|message| message.kind.is_none()) else {
            continue;
        };
        let Some(room) = app.store.room(&message.room)? else { continue };
        if !access::can_see(app, author, &room)? {
            continue;
        }
        let mut card = quote(app, &message)?;
        card["message_link"] = (*link).into();
        quotes.push(Quote { link, card });
        if quotes.len() == MOST_QUOTES {
            break;
        }
    }
    Ok(quotes)
}

/// The message that `…?msg=<id>` names.
fn linked_message(link: &str) -> Option<MessageId> {
    let query = link.split_once('?')?.1.split('#').next()?;
    let id = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "msg")?.1;
    (!id.is_empty()).then(|| MessageId::new(id))
}

/// What a message looks like inside another one.
pub fn quote(app: &App, message: &Message) -> Result<Value> {
    let chain = settings::limit(app, "Message_QuoteChainLimit")?.unwrap_or(0);
    let mut inner = match message.attachments.value() {
        Value::Array(inner) => inner,
        _ => Vec::new(),
    };
    shorten(&mut inner, chain.saturating_sub(1));
    let extra = message.extra.value();
    let alias = extra["alias"].as_str().filter(|alias| !alias.is_empty());
    let real_name = match &message.author.name {
        Some(name) if settings::is_on(app, "UI_Use_Real_Name")? => Some(name.as_str()),
        Some(_) | None => None,
    };
    Ok(json!({
        "text": message.text,
        "author_name": alias.or(real_name).unwrap_or(&message.author.username),
        "author_icon": format!("/avatar/{}", message.author.username),
        "attachments": inner,
        "ts": message.sent_at.to_string(),
    }))
}

/// Cuts a chain of quotes within quotes off after so many.
fn shorten(attachments: &mut Vec<Value>, links: u64) {
    attachments.retain(|attachment| links > 0 || !is_quote(attachment));
    for attachment in attachments.iter_mut().filter(|attachment| is_quote(attachment)) {
        if let Some(Value::Array(inner)) = attachment.get_mut("attachments") {
            shorten(inner, links - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(attachment: Value) -> String {
        check(&mut [attachment]).unwrap_err().to_string()
    }

    #[test]
    fn cards_are_taken_as_they_are_meant() {
        let mut cards = [json!({
            "title": "t", "ts": 5, "color": null, "title_link": "https://x.y", "image_url": "/file-upload/a/b",
            "fields": [{"short": true, "title": "a", "value": 7}], "actions": [{"type": "button", "url": "data:x"}],
            "unknown": [1],
        })];
        check(&mut cards).unwrap();
        assert_eq!(cards[0]["fields"][0]["value"], "7");
        assert!(cards[0].get("color").is_none() && cards[0]["unknown"] == json!([1]));
    }

    #[test]
    fn cards_that_could_run_something_or_make_no_sense_are_refused() {
        let link = "Invalid href value provided";
        assert_eq!(said(json!({"title_link": "javascript:alert(1)"})), link);
        assert_eq!(said(json!({"image_url": "//x.y"})), link);
        assert_eq!(said(json!({"author_icon": 7})), link);
        assert_eq!(said(json!({"actions": [{"url": "JAVASCRIPT:x"}]})), link);
        assert_eq!(said(json!({"attachments": [{"title_link": "vbscript:x"}]})), link);
        assert_eq!(said(json!({"text": 5})), "Match error: Expected string, got number in field text");
        assert_eq!(said(json!({"fields": ""})), "Match error: Expected array, got string in field fields");
        assert_eq!(said(json!(7)), "Match error: Expected object, got number in field attachments");
    }

    #[test]
    fn an_avatar_may_be_a_path_here_but_not_elsewhere() {
        assert!(check_avatar(&json!("/avatar/bob")).is_ok());
        for bad in [json!("//evil.example/x"), json!("javascript:x"), json!(5)] {
            assert!(check_avatar(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_chain_of_quotes_is_cut_off() {
        let quote = |inner: Vec<Value>| json!({"message_link": "http://x", "attachments": inner});
        let chain = || vec![quote(vec![quote(vec![quote(vec![]), json!({"title": "card"})])])];
        let mut two = chain();
        shorten(&mut two, 2);
        assert_eq!(two, [quote(vec![quote(vec![json!({"title": "card"})])])]);
        let mut none = chain();
        shorten(&mut none, 0);
        assert!(none.is_empty());
    }

    #[test]
    fn the_message_of_a_link_stands_in_its_query() {
        let id = |link| linked_message(link).map(|id| id.to_string());
        assert_eq!(id("http://c.e/channel/x?a=b&msg=m1#f").as_deref(), Some("m1"));
        assert_eq!(id("http://c.e/channel/x#?msg=m1").as_deref(), Some("m1"));
        assert_eq!(id("http://c.e/channel/x?msg="), None);
        assert_eq!(id("http://c.e/msg=m1"), None);
    }
}
