//! Methods about single messages and threads.

use serde_json::{Map, Value, json};

use super::Methods;
use super::call::Call;
use super::rooms::{done, field};
use crate::api::present;
use crate::domain::{Message, MessageId, Room};
use crate::error::{Error, Result};
use crate::service::{access, settings, threads};

pub(super) const METHODS: Methods = &[
    ("sendMessage", |call| {
        let message = Value::Object(call.object(0)?.clone());
        field(
            call.post("chat.sendMessage", json!({"message": message, "previewUrls": call.argument(1)})),
            "message",
        )
    }),
    ("updateMessage", update),
    ("deleteMessage", |call| {
        let message = stored(call, call.field(0, "_id")?)?;
        let message = message.ok_or_else(|| Error::refused("error-action-not-allowed", "Not allowed"))?;
        let params = json!({"roomId": message.room.as_str(), "msgId": message.id.as_str()});
        done(call.post("chat.delete", params))
    }),
    ("setReaction", |call| {
        let params =
            json!({"emoji": call.text(0)?, "messageId": call.text(1)?, "shouldReact": call.argument(2)});
        done(call.post("chat.react", params))
    }),
    ("pinMessage", |call| {
        field(call.post("chat.pinMessage", json!({"messageId": call.field(0, "_id")?})), "message")
    }),
    ("unpinMessage", |call| {
        call.post("chat.unPinMessage", json!({"messageId": call.field(0, "_id")?}))?;
        Ok(Some(true.into()))
    }),
    ("starMessage", |call| {
        let path = match call.object(0)?.get("starred") {
            Some(Value::Bool(false)) => "chat.unStarMessage",
            Some(_) | None => "chat.starMessage",
        };
        call.post(path, json!({"messageId": call.field(0, "_id")?}))?;
        Ok(Some(true.into()))
    }),
    ("getThreadMessages", thread),
    ("getThreadsList", |call| {
        let asked = call.object(0)?;
        let params = json!({
            "rid": call.field(0, "rid")?,
            "count": asked.get("limit"),
            "offset": asked.get("skip"),
        });
        field(call.get("chat.getThreadsList", params), "threads")
    }),
    ("followMessage", |call| done(call.post("chat.followMessage", json!({"mid": call.field(0, "mid")?})))),
    ("unfollowMessage", |call| {
        done(call.post("chat.unfollowMessage", json!({"mid": call.field(0, "mid")?})))
    }),
    ("readThreads", |call| {
        require_threads(call)?;
        if let Some(parent) = stored(call, call.text(0)?)? {
            threads::mark_read(call.app, call.caller()?, &parent)?;
        }
        Ok(None)
    }),
    ("getSingleMessage", |call| {
        field(call.get("chat.getMessage", json!({"msgId": call.text(0)?})), "message")
    }),
    ("getMessages", several),
    ("getReadReceipts", |call| {
        field(
            call.get("chat.getMessageReadReceipts", json!({"messageId": call.field(0, "messageId")?})),
            "receipts",
        )
    }),
    ("reportMessage", |call| {
        let params = json!({"messageId": call.text(0)?, "description": call.text(1)?});
        call.post("chat.reportMessage", params)?;
        Ok(Some(true.into()))
    }),
    ("messageSearch", |call| {
        let params = json!({"searchText": call.text(0)?, "roomId": call.text(1)?, "count": call.argument(2)});
        let mut reply = call.get("chat.search", params)?;
        Ok(Some(json!({"message": {"docs": reply["messages"].take()}})))
    }),
    ("ignoreUser", |call| {
        let asked = call.object(0)?;
        let ignore = asked.get("ignore").and_then(Value::as_bool).unwrap_or(true).to_string();
        let params = json!({"rid": asked.get("rid"), "userId": asked.get("userId"), "ignore": ignore});
        call.get("chat.ignoreUser", params)?;
        Ok(Some(true.into()))
    }),
];

fn stored(call: &Call<'_>, id: &str) -> Result<Option<Message>> {
    Ok(call.app.store.message(&MessageId::new(id))?)
}

/// What a change of a message may change.
const CHANGEABLE: [&str; 8] =
    ["msg", "attachments", "alias", "avatar", "emoji", "tshow", "customFields", "content"];

/// The message as it is to be; only some of its fields may differ from what is stored.
fn update(call: &Call<'_>) -> Result<Option<Value>> {
    let wanted = call.object(0)?;
    let refused = || Error::refused("error-action-not-allowed", "Not allowed");
    let message = stored(call, call.field(0, "_id")?)?.ok_or_else(refused)?;
    if wanted.get("tmid").and_then(Value::as_str) == Some(message.id.as_str()) {
        return Err(Error::refused("error-message-same-as-tmid", "Cannot set tmid the same as the _id"));
    }
    let caller = call.caller()?;
    let known = super::ejson::from_rest(present::message(call.app, &caller.user.id, &message)?);
    for (key, value) in wanted {
        let same = known.get(key).is_some_and(|known| known == value);
        if !same && !CHANGEABLE.contains(&key.as_str()) && key != "e2eMentions" {
            let text = format!("Cannot update the message {key}");
            return Err(Error::refused("error-invalid-update-key", text));
        }
    }
    let params = json!({
        "roomId": message.room.as_str(),
        "msgId": message.id.as_str(),
        "text": wanted.get("msg").cloned().unwrap_or_else(|| message.text.as_str().into()),
        "customFields": wanted.get("customFields"),
        "previewUrls": call.argument(1),
    });
    done(call.post("chat.update", params))
}

fn require_threads(call: &Call<'_>) -> Result<()> {
    if settings::is_on(call.app, "Threads_enabled")? {
        return Ok(());
    }
    Err(Error::refused("error-not-allowed", "Threads Disabled"))
}

/// The room of a message, if the caller may read it.
fn readable(call: &Call<'_>, message: &Message) -> Result<Option<Room>> {
    let room = call.app.store.room(&message.room)?;
    match room {
        Some(room) if access::can_see(call.app, &call.caller()?.user, &room)? => Ok(Some(room)),
        Some(_) | None => Ok(None),
    }
}

/// The message that began the thread, then its replies, newest first.
fn thread(call: &Call<'_>) -> Result<Option<Value>> {
    let caller = call.caller()?;
    let asked: &Map<String, Value> = call.object(0)?;
    let number =
        |name: &str| asked.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    let limit = number("limit").unwrap_or(50);
    if limit > 100 {
        return Err(Error::refused("error-not-allowed", "max limit: 100"));
    }
    require_threads(call)?;
    let Some(parent) = stored(call, call.field(0, "tmid")?)? else { return Ok(Some(json!([]))) };
    if readable(call, &parent)?.is_none() {
        return Err(Error::not_allowed());
    }
    if parent.replies.is_none() {
        return Ok(Some(json!([])));
    }
    let mut messages = vec![parent.clone()];
    let skip = number("skip").unwrap_or(0);
    messages.extend(threads::newest_replies(call.app, &parent, skip, limit)?);
    threads::mark_read(call.app, caller, &parent)?;
    Ok(Some(present::messages(call.app, &caller.user.id, &messages)?.into()))
}

fn several(call: &Call<'_>) -> Result<Option<Value>> {
    let caller = call.caller()?;
    let Some(Value::Array(ids)) = call.arguments.first() else {
        return Err(Error::plain("Match error: Expected array, got undefined"));
    };
    let mut messages = Vec::new();
    for id in ids.iter().take(MOST_MESSAGES) {
        let id = id.as_str().ok_or_else(|| Error::plain("Match error: Expected string, got object"))?;
        if let Some(message) = stored(call, id)? {
            if readable(call, &message)?.is_none() {
                return Err(Error::not_allowed());
            }
            messages.push(message);
        }
    }
    Ok(Some(present::messages(call.app, &caller.user.id, &messages)?.into()))
}

/// No answer holds more messages.
const MOST_MESSAGES: usize = 1000;
