//! One line: a message object of the REST API, as a record that loses nothing of it; or what our own
//! exports have around their messages.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::domain::id::LONGEST_ID;
use crate::domain::message::{Edited, Pinned, Reaction, Replies};
use crate::domain::{Json, Message, MessageId, Room, RoomId, Time, UserId, UserRef};

use super::header;

type Fields = Map<String, Value>;

/// What a line is.
pub(super) enum Line {
    /// The room that the messages of an export are in.
    Header(Box<Room>),
    /// A message.
    Message(Box<Message>),
    /// The end of an export.
    End,
}

/// Reads a line. The error names the field that is wrong.
pub(super) fn read(line: &[u8]) -> Result<Line, String> {
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    // The raw text of each field, so that numbers and escapes come back as they were.
    let mut raw: BTreeMap<String, &RawValue> =
        serde_json::from_str(text).map_err(|error| format!("it is not a JSON object: {error}"))?;
    // A message may have a `type`, but never without an `_id`.
    if !raw.contains_key("_id") && raw.contains_key("type") {
        return match take::<String>(&mut raw, "type")?.as_deref() {
            Some("header") => header::read(text).map(|room| Line::Header(Box::new(room))),
            Some("end") => Ok(Line::End),
            other => Err(format!("`type` is {other:?}; it must be header or end")),
        };
    }
    message(raw).map(|message| Line::Message(Box::new(message)))
}

fn message(mut raw: BTreeMap<String, &RawValue>) -> Result<Message, String> {
    let id = id_of(&mut raw, "_id")?;
    let room = id_of(&mut raw, "rid")?;
    let sent_at = time(&mut raw, "ts")?.ok_or("`ts` is missing")?;
    let author = author(raw.remove("u").ok_or("`u` is missing")?)?;
    let body = take::<String>(&mut raw, "msg")?.unwrap_or_default();
    let mut message = Message::new(MessageId::new(id), RoomId::new(room), author, sent_at, body);
    message.updated_at = time(&mut raw, "_updatedAt")?.unwrap_or(sent_at);
    message.kind = take::<String>(&mut raw, "t")?.filter(|kind| !kind.is_empty());
    if raw.contains_key("tmid") {
        message.thread = Some(MessageId::new(id_of(&mut raw, "tmid")?));
    }
    message.shown_in_room = take::<bool>(&mut raw, "tshow")?.unwrap_or_default();
    message.replies = replies(&mut raw)?;
    message.edited = edited(&mut raw);
    message.pinned = pinned(&mut raw);
    message.reactions = reactions(&mut raw);
    message.starred = starred(&mut raw);
    for (name, field) in [
        ("mentions", &mut message.mentions),
        ("channels", &mut message.channels),
        ("urls", &mut message.urls),
        ("attachments", &mut message.attachments),
        ("file", &mut message.file),
        ("files", &mut message.files),
    ] {
        if let Some(raw) = raw.remove(name).filter(|raw| raw.get() != "null") {
            *field = Json::from_text(raw.get());
        }
    }
    if !raw.is_empty() {
        message.extra = Json::of(&raw);
    }
    Ok(message)
}

fn take<T: DeserializeOwned>(raw: &mut BTreeMap<String, &RawValue>, name: &str) -> Result<Option<T>, String> {
    let Some(value) = raw.remove(name) else { return Ok(None) };
    serde_json::from_str(value.get()).map_err(|error| format!("`{name}`: {error}"))
}

fn id_of(raw: &mut BTreeMap<String, &RawValue>, name: &str) -> Result<String, String> {
    let id = take::<String>(raw, name)?.ok_or_else(|| format!("`{name}` is missing"))?;
    if id.is_empty() || id.len() > LONGEST_ID {
        return Err(format!("`{name}` must have 1 to {LONGEST_ID} bytes"));
    }
    Ok(id)
}

/// An ISO date, `{"$date": ms}`, or milliseconds.
fn time(raw: &mut BTreeMap<String, &RawValue>, name: &str) -> Result<Option<Time>, String> {
    let Some(value) = take::<Value>(raw, name)? else { return Ok(None) };
    let time = match &value {
        Value::String(text) => Time::parse(text),
        Value::Number(number) => number.as_i64().map(Time::from_millis),
        Value::Object(date) => date.get("$date").and_then(Value::as_i64).map(Time::from_millis),
        _ => None,
    };
    time.map(Some).ok_or_else(|| format!("`{name}` is not a date: {value}"))
}

fn author(raw: &RawValue) -> Result<UserRef, String> {
    #[derive(Deserialize)]
    struct Author {
        #[serde(rename = "_id")]
        id: String,
        username: String,
        #[serde(default)]
        name: Option<String>,
    }
    let author: Author = serde_json::from_str(raw.get()).map_err(|error| format!("`u`: {error}"))?;
    if author.id.is_empty() || author.id.len() > LONGEST_ID || author.username.is_empty() {
        return Err("`u` needs an `_id` and a `username`".to_owned());
    }
    Ok(UserRef { id: UserId::new(author.id), username: author.username, name: author.name })
}

fn replies(raw: &mut BTreeMap<String, &RawValue>) -> Result<Option<Replies>, String> {
    let Some(count) = take::<u64>(raw, "tcount")? else { return Ok(None) };
    let last = time(raw, "tlm")?;
    let followers = take::<Vec<String>>(raw, "replies")?.unwrap_or_default();
    Ok(Some(Replies { count, last, followers: followers.into_iter().map(UserId::new).collect() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    #[serde(rename = "_id")]
    id: String,
    username: String,
}

/// The fields are taken only if they are exactly what the record can give back; else they stay where
/// all other fields are.
fn edited(raw: &mut BTreeMap<String, &RawValue>) -> Option<Edited> {
    let at = exact_time(raw, "editedAt")?;
    let by: Reference = serde_json::from_str(raw.get("editedBy")?.get()).ok()?;
    raw.remove("editedAt");
    raw.remove("editedBy");
    Some(Edited { at, by: UserId::new(by.id), by_username: by.username })
}

fn pinned(raw: &mut BTreeMap<String, &RawValue>) -> Option<Pinned> {
    if raw.get("pinned")?.get() != "true" {
        return None;
    }
    raw.remove("pinned");
    let mut pinned = Pinned::default();
    if let Some(at) = exact_time(raw, "pinnedAt") {
        pinned.at = Some(at);
        raw.remove("pinnedAt");
    }
    let by = raw.get("pinnedBy").and_then(|by| serde_json::from_str::<Reference>(by.get()).ok());
    if let Some(by) = by {
        pinned.by = Some((UserId::new(by.id), by.username));
        raw.remove("pinnedBy");
    }
    Some(pinned)
}

fn exact_time(raw: &BTreeMap<String, &RawValue>, name: &str) -> Option<Time> {
    let text: String = serde_json::from_str(raw.get(name)?.get()).ok()?;
    Time::parse(&text)
}

fn reactions(raw: &mut BTreeMap<String, &RawValue>) -> Vec<Reaction> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Givers {
        usernames: Vec<String>,
        #[serde(default)]
        names: Vec<String>,
    }
    let Some(given) = raw.get("reactions") else { return Vec::new() };
    let Ok(fields) = serde_json::from_str::<Fields>(given.get()) else { return Vec::new() };
    let read = |(emoji, givers): (String, Value)| {
        let Givers { usernames, names } = serde_json::from_value(givers).ok()?;
        Some(Reaction { emoji, usernames, names })
    };
    let Some(reactions) = fields.into_iter().map(read).collect::<Option<Vec<_>>>() else { return Vec::new() };
    raw.remove("reactions");
    reactions
}

fn starred(raw: &mut BTreeMap<String, &RawValue>) -> Vec<UserId> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Star {
        #[serde(rename = "_id")]
        id: String,
    }
    let Some(given) = raw.get("starred") else { return Vec::new() };
    let Ok(stars) = serde_json::from_str::<Vec<Star>>(given.get()) else { return Vec::new() };
    raw.remove("starred");
    stars.into_iter().map(|star| UserId::new(star.id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::view;

    fn message_of(line: &str) -> Message {
        match read(line.as_bytes()).unwrap() {
            Line::Message(message) => *message,
            Line::Header(_) | Line::End => panic!("no message: {line}"),
        }
    }

    #[test]
    fn everything_a_message_came_with_comes_back() {
        let line = concat!(
            r#"{"_id":"m","rid":"r","t":"x","msg":"a\u0000\"<b>","ts":"2024-03-15T10:20:30.123Z","#,
            r#""u":{"_id":"u","username":"bob","name":"Bob"},"_updatedAt":"2024-03-15T10:20:31.000Z","tmid":"p","#,
            r#""tshow":true,"tcount":2,"tlm":"2024-03-15T10:20:32.000Z","replies":["u"],"#,
            r#""mentions":[{"_id":"v","username":"al","odd":1.50}],"file":{"_id":"f"},"files":[{"_id":"f"}],"#,
            r#""attachments":[{"title":"x"}],"reactions":{":a:":{"usernames":["al"],"names":["Al"]}},"#,
            r#""starred":[{"_id":"u"}],"pinned":true,"pinnedAt":"2024-03-15T10:20:33.000Z","#,
            r#""pinnedBy":{"_id":"u","username":"bob"},"editedAt":"2024-03-15T10:20:34.000Z","#,
            r#""editedBy":{"_id":"u","username":"bob"},"alias":"R","customFields":{"n":1.0}}"#,
        );
        let message = message_of(line);
        let mut seen = view::message(&message);
        seen.starred = vec!["u"];
        let given: Value = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_value(&seen).unwrap(), given);
    }

    #[test]
    fn a_wrong_line_is_told_by_its_field() {
        let wrong = |line: &str| read(line.as_bytes()).err().unwrap();
        assert!(wrong("[]").contains("not a JSON object"));
        assert!(wrong("{\"_id\":\"m\"}").contains("`rid` is missing"));
        assert!(wrong("{\"_id\":\"\",\"rid\":\"r\"}").contains("`_id` must have"));
        assert!(wrong(r#"{"_id":"m","rid":"r","ts":"yesterday"}"#).contains("`ts` is not a date"));
        assert!(wrong(r#"{"_id":"m","rid":"r","ts":1,"u":{"_id":"u"}}"#).contains("`u`"));
        assert!(
            wrong(r#"{"_id":"m","rid":"r","ts":1,"u":{"_id":"u","username":"b"},"msg":7}"#).contains("`msg`")
        );
    }

    #[test]
    fn what_is_around_the_messages_of_an_export_is_no_message() {
        assert!(matches!(read(br#"{"type":"end","counts":{}}"#), Ok(Line::End)));
        assert!(read(br#"{"type":"footer"}"#).err().unwrap().contains("header or end"));
        let message = r#"{"_id":"m","rid":"r","ts":1,"u":{"_id":"u","username":"b"},"type":"end"}"#;
        assert_eq!(message_of(message).extra.as_str(), r#"{"type":"end"}"#);
    }
}
