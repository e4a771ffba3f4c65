//! A message object of the REST API, as a record that loses nothing of it.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields::Fields;
use crate::domain::message::{Edited, Pinned, Reaction, Replies};
use crate::domain::{Json, Message, MessageId, Time, UserId};

/// Reads a message object. The error names the field that is wrong.
pub(super) fn read(mut raw: Fields<'_>) -> Result<Message, String> {
    let id = raw.id("_id")?;
    let room = raw.room_id("rid")?;
    let sent_at = raw.time("ts")?.ok_or("`ts` is missing")?;
    let author = raw.user("u")?.ok_or("`u` is missing")?;
    let body = raw.take::<String>("msg")?.unwrap_or_default();
    let mut message = Message::new(MessageId::new(id), room, author, sent_at, body);
    message.updated_at = raw.time("_updatedAt")?.unwrap_or(sent_at);
    message.kind = raw.take::<String>("t")?.filter(|kind| !kind.is_empty());
    if raw.has("tmid") {
        message.thread = Some(MessageId::new(raw.id("tmid")?));
    }
    message.shown_in_room = raw.take::<bool>("tshow")?.unwrap_or_default();
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
    message.extra = raw.rest();
    Ok(message)
}

fn replies(raw: &mut Fields<'_>) -> Result<Option<Replies>, String> {
    let Some(count) = raw.take::<u64>("tcount")? else { return Ok(None) };
    let last = raw.time("tlm")?;
    let followers = raw.take::<Vec<String>>("replies")?.unwrap_or_default();
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
fn edited(raw: &mut Fields<'_>) -> Option<Edited> {
    let at = exact_time(raw, "editedAt")?;
    let by: Reference = serde_json::from_str(raw.get("editedBy")?.get()).ok()?;
    raw.remove("editedAt");
    raw.remove("editedBy");
    Some(Edited { at, by: UserId::new(by.id), by_username: by.username })
}

fn pinned(raw: &mut Fields<'_>) -> Option<Pinned> {
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

fn exact_time(raw: &Fields<'_>, name: &str) -> Option<Time> {
    let text: String = serde_json::from_str(raw.get(name)?.get()).ok()?;
    Time::parse(&text)
}

fn reactions(raw: &mut Fields<'_>) -> Vec<Reaction> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Givers {
        usernames: Vec<String>,
        #[serde(default)]
        names: Vec<String>,
    }
    let Some(given) = raw.get("reactions") else { return Vec::new() };
    let Ok(fields) = serde_json::from_str::<Map<String, Value>>(given.get()) else { return Vec::new() };
    let read = |(emoji, givers): (String, Value)| {
        let Givers { usernames, names } = serde_json::from_value(givers).ok()?;
        Some(Reaction { emoji, usernames, names })
    };
    let Some(reactions) = fields.into_iter().map(read).collect::<Option<Vec<_>>>() else { return Vec::new() };
    raw.remove("reactions");
    reactions
}

fn starred(raw: &mut Fields<'_>) -> Vec<UserId> {
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
        let message = read(Fields::of(line).unwrap()).unwrap();
        let mut seen = view::message(&message);
        seen.starred = vec!["u"];
        let given: Value = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_value(&seen).unwrap(), given);
    }

    #[test]
    fn a_wrong_line_is_told_by_its_field() {
        let wrong = |line: &str| Fields::of(line).and_then(read).unwrap_err();
        assert!(wrong("[]").contains("not a JSON object"));
        assert!(wrong("{\"_id\":\"m\"}").contains("`rid` is missing"));
        assert!(wrong("{\"_id\":\"\",\"rid\":\"r\"}").contains("`_id` must have"));
        assert!(wrong(r#"{"_id":"m","rid":"r","ts":"yesterday"}"#).contains("`ts` is not a date"));
        assert!(wrong(r#"{"_id":"m","rid":"r","ts":1,"u":{"_id":"u"}}"#).contains("`u`"));
        assert!(
            wrong(r#"{"_id":"m","rid":"r","ts":1,"u":{"_id":"u","username":"b"},"msg":7}"#).contains("`msg`")
        );
    }
}
