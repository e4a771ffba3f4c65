//! `chat.sendMessage`, `chat.postMessage`.

use serde_json::{Value, json};

use crate::api::matching::{Params, filled, optional_flag, optional_text, optional_texts};
use crate::api::present;
use crate::app::App;
use crate::domain::{MessageId, RoomId, Time};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::cards::mismatch;
use crate::service::sending::{Draft, send};
use crate::service::targets;

/// One call posts to so many rooms.
const MOST_TARGETS: usize = 100;

/// Keys that only the server writes; what a client sends under them is dropped.
const OURS: [&str; 25] = [
    "u",
    "_updatedAt",
    "mentions",
    "channels",
    "urls",
    "md",
    "file",
    "files",
    "reactions",
    "starred",
    "pinned",
    "pinnedAt",
    "pinnedBy",
    "editedAt",
    "editedBy",
    "tcount",
    "tlm",
    "replies",
    "drid",
    "dcount",
    "dlm",
    "_hidden",
    "unread",
    "role",
    "private",
];

pub(super) fn send_message(app: &App, caller: &Caller, mut params: Params) -> Result<Value> {
    let Some(Value::Object(message)) = params.remove("message") else {
        let text = "The \"message\" parameter must be provided.";
        return Err(Error::refused("error-invalid-params", text));
    };
    let kind = filled(&message, "t").map(ToOwned::to_owned);
    if kind.as_deref().is_some_and(|kind| !matches!(kind, "e2e" | "otr" | "otr-ack")) {
        return Err(Error::plain("Cannot send system messages using 'chat.sendMessage'"));
    }
    let preview_urls = optional_texts(&params, "previewUrls")?;
    let room = optional_text(&message, "rid")?.filter(|rid| !rid.is_empty()).map(RoomId::new);
    let draft = Draft { kind, preview_urls, ..draft(message)? };
    let sent = send(app, &caller.user, room.as_ref(), draft)?;
    Ok(json!({"message": present::message(app, &caller.user.id, &sent)?}))
}

/// A message object as clients send it.
fn draft(mut message: Params) -> Result<Draft> {
    message.retain(|_, value| !value.is_null());
    for key in ["text", "alias", "emoji"] {
        optional_text(&message, key)?;
    }
    let id = |text: Option<String>| text.filter(|id| !id.is_empty()).map(MessageId::new);
    let (own, thread) = (id(optional_text(&message, "_id")?), id(optional_text(&message, "tmid")?));
    let text = optional_text(&message, "msg")?.unwrap_or_default();
    let shown_in_room = optional_flag(&message, "tshow")?.unwrap_or(false);
    let sent_at = message.get("ts").map(time).transpose()?;
    let attachments = attachments(message.remove("attachments"));
    for key in ["_id", "rid", "msg", "t", "ts", "tmid", "tshow"].into_iter().chain(OURS) {
        message.remove(key);
    }
    Ok(Draft {
        id: own,
        text,
        sent_at,
        thread,
        shown_in_room,
        attachments,
        extra: message,
        ..Draft::default()
    })
}

/// An ISO date, milliseconds, or `{"$date": milliseconds}`.
fn time(given: &Value) -> Result<Time> {
    let millis = given.as_i64().or_else(|| given["$date"].as_i64());
    let parsed = millis.map(Time::from_millis).or_else(|| given.as_str().and_then(Time::parse));
    parsed.ok_or_else(|| mismatch("date", given, "ts"))
}

/// Anything but a list counts as none.
fn attachments(given: Option<Value>) -> Option<Vec<Value>> {
    match given {
        Some(Value::Array(attachments)) => Some(attachments),
        _ => None,
    }
}

pub(super) fn post_message(app: &App, caller: &Caller, mut params: Params) -> Result<Value> {
    params.retain(|_, value| !value.is_null());
    let draft = posted(&mut params)?;
    let mut rooms = Vec::new();
    for target in targets_of(&params)? {
        // One that is not there is told before anything is sent.
        rooms.push((targets::find(app, caller, &target)?, target));
    }
    let mut first = None;
    for (room, target) in rooms {
        let sent = send(app, &caller.user, Some(&room), draft.clone())?;
        first = first.or(Some((target, sent)));
    }
    let (channel, sent) = first.ok_or_else(|| Error::plain("unknown-error"))?;
    Ok(json!({
        "ts": sent.sent_at.millis(),
        "channel": channel,
        "message": present::message(app, &caller.user.id, &sent)?,
    }))
}

fn targets_of(params: &Params) -> Result<Vec<String>> {
    let given = params.get("channel").or_else(|| params.get("roomId"));
    let targets = match given {
        Some(Value::String(target)) if !target.is_empty() => vec![target.clone()],
        Some(list @ Value::Array(items)) => {
            let texts = items.iter().map(|item| item.as_str().map(ToOwned::to_owned));
            texts.collect::<Option<_>>().ok_or_else(|| mismatch("string", list, "channel"))?
        }
        _ => return Err(Error::code("invalid-channel")),
    };
    if targets.len() > MOST_TARGETS {
        return Err(Error::invalid(format!("must NOT have more than {MOST_TARGETS} items")));
    }
    Ok(targets)
}

/// The body of `chat.postMessage`, which has more than one word for most things.
fn posted(params: &mut Params) -> Result<Draft> {
    for key in ["text", "msg", "alias", "username", "emoji", "icon_emoji", "avatar", "icon_url", "tmid"] {
        optional_text(params, key)?;
    }
    let mut attachments = attachments(params.remove("attachments"));
    for attachment in attachments.iter_mut().flatten().filter_map(Value::as_object_mut) {
        if let Some(Value::String(text)) = attachment.remove("msg") {
            attachment.insert("text".to_owned(), text.trim().into());
        }
    }
    let either = |one, other| filled(params, one).or_else(|| filled(params, other));
    let text = either("text", "msg").unwrap_or_default().trim().to_owned();
    let mut extra = Params::new();
    let mut put = |key: &str, value: Option<Value>| {
        value.map(|value| extra.insert(key.to_owned(), value));
    };
    put("alias", either("username", "alias").map(Value::from));
    match either("icon_url", "avatar") {
        Some(avatar) => put("avatar", Some(avatar.into())),
        None => put("emoji", either("icon_emoji", "emoji").map(Value::from)),
    }
    put("bot", params.get("bot").cloned());
    put("customFields", params.get("customFields").cloned());
    put("groupable", Some(optional_flag(params, "groupable")?.unwrap_or(false).into()));
    put("parseUrls", Some(optional_flag(params, "parseUrls")?.unwrap_or(attachments.is_none()).into()));
    let thread = filled(params, "tmid").map(MessageId::new);
    Ok(Draft { text, thread, attachments, extra, join: true, ..Draft::default() })
}
