//! `subscriptions.*`: a member's own view of rooms.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::schema::at_least_one;
use crate::api::{present, wire};
use crate::app::App;
use crate::domain::{MessageId, RoomId, Time, UnreadThreads};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::subscriptions;
use crate::service::unread_counts::UnreadCounts;

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("subscriptions.get").user(list),
        get("subscriptions.getOne").user(one),
        post("subscriptions.read").user(read),
        post("subscriptions.unread").user(unread),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Since {
    updated_since: Option<String>,
}

fn list(app: &App, caller: &Caller, params: Since) -> Result<Value> {
    let since = match params.updated_since.as_deref().filter(|text| !text.is_empty()) {
        None => None,
        // The words are those that clients know, though the parameter is called differently.
        Some(text) => Some(Time::parse(text).ok_or_else(|| {
            let text = "The \"lastUpdate\" query parameter must be a valid date.";
            Error::refused("error-roomId-param-invalid", text)
        })?),
    };
    let changed = subscriptions::list(app, caller, since)?;
    let (threads, read) = (app.store.unread_threads_of(&caller.user.id)?, UnreadThreads::default());
    let counts = UnreadCounts::load(app)?;
    let rows = changed.iter().map(|(membership, room, activity)| {
        let threads = threads.get(&room.id).unwrap_or(&read);
        let unread = counts.of(app, membership, room, activity)?;
        Ok(wire::subscription(membership, &caller.user, (room, activity), unread, threads))
    });
    let rows = rows.collect::<Result<Vec<_>>>()?;
    let ended = subscriptions::ended(app, caller, since)?;
    let gone = ended.iter().map(|(_, membership)| present::gone(&membership.id, membership.ended));
    Ok(json!({"update": rows, "remove": gone.collect::<Vec<_>>()}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InRoom {
    room_id: String,
}

fn one(app: &App, caller: &Caller, params: InRoom) -> Result<Value> {
    let id = RoomId::new(params.room_id);
    let (membership, room) = (app.store.subscription(&id, &caller.user.id)?, app.store.room(&id)?);
    let value = match (membership, room) {
        (Some(membership), Some(room)) => {
            let threads = app.store.unread_threads(&caller.user.id, &id)?;
            let activity = app.store.activity(&id)?;
            let unread = UnreadCounts::load(app)?.of(app, &membership, &room, &activity)?;
            wire::subscription(&membership, &caller.user, (&room, &activity), unread, &threads)
        }
        (None, _) | (_, None) => Value::Null,
    };
    Ok(json!({"subscription": value}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("anyOf" = at_least_one(&["rid", "roomId"])))]
struct ToRead {
    rid: Option<String>,
    room_id: Option<String>,
    read_threads: Option<bool>,
}

fn read(app: &App, caller: &Caller, params: ToRead) -> Result<Value> {
    let id = params.rid.or(params.room_id).unwrap_or_default();
    subscriptions::mark_read(app, caller, &RoomId::new(id), params.read_threads.unwrap_or(false))?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("anyOf" = at_least_one(&["roomId", "firstUnreadMessage"])))]
struct Unread {
    room_id: Option<String>,
    first_unread_message: Option<FirstUnread>,
}

#[derive(Deserialize, JsonSchema)]
struct FirstUnread {
    #[serde(rename = "_id")]
    id: String,
}

fn unread(app: &App, caller: &Caller, params: Unread) -> Result<Value> {
    match (params.room_id, params.first_unread_message) {
        (Some(id), _) => subscriptions::mark_unread(app, caller, &RoomId::new(id))?,
        (None, Some(first)) => subscriptions::mark_unread_from(app, caller, &MessageId::new(first.id))?,
        (None, None) => {}
    }
    Ok(Value::Null)
}
