//! `im.*` and `dm.*`: direct messages, under two names.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::channels::lifecycle::Nothing;
use super::channels::listing;
use super::channels::members::{self, Whose};
use super::channels::properties::{self, Topic};
use super::history;
use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::page::Paged;
use crate::api::rooms::Family::Direct;
use crate::api::schema::exactly_one;
use crate::app::App;
use crate::domain::{Room, RoomId, RoomKind, UserId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{access, direct, rooms, settings, subscriptions};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut rows = family!("im");
    rows.extend(family!("dm"));
    rows
}

// Naming a user opens the conversation if there is none, so that even asking may change something.
macro_rules! family {
    ($prefix:literal) => {
        vec![
            post(concat!($prefix, ".create")).returns("room* object").user(create),
            post(concat!($prefix, ".delete")).returns(NOTHING).user(delete),
            post(concat!($prefix, ".open")).returns(NOTHING).user(open),
            post(concat!($prefix, ".close")).returns(NOTHING).user(close),
            get(concat!($prefix, ".list")).returns("ims* page").user(list),
            get(concat!($prefix, ".list.everyone")).returns("ims* page").user(list_everyone),
            get(concat!($prefix, ".members"))
                .writes()
                .returns("members* page")
                .room(Direct, members::members),
            get(concat!($prefix, ".messages"))
                .writes()
                .returns("messages* page")
                .room(Direct, history::messages),
            get(concat!($prefix, ".history"))
                .writes()
                .returns(history::HISTORY)
                .room(Direct, history::history),
            get(concat!($prefix, ".files")).writes().returns("files* page").room(Direct, history::files),
            get(concat!($prefix, ".counters")).returns(members::COUNTED).user(counters),
            post(concat!($prefix, ".setTopic")).returns("topic*").user(set_topic),
            post(concat!($prefix, ".blockUser")).returns(NOTHING).user(block),
            get(concat!($prefix, ".messages.others"))
                .returns("messages* page")
                .user(|app, caller, asked| others(app, caller, asked, concat!($prefix, ".messages.others"))),
        ]
    };
}
use family;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = exactly_one(&["usernames", "username"])))]
struct Create {
    username: Option<String>,
    usernames: Option<Vec<String>>,
    exclude_self: Option<bool>,
}

fn create(app: &App, caller: &Caller, params: Create) -> Result<Value> {
    let usernames = params.usernames.into_iter().flatten().chain(params.username).collect::<Vec<_>>();
    let names = usernames.iter().flat_map(|names| names.split(','));
    let names: Vec<String> =
        names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Err(Error::refused("error-invalid-user", "Invalid user"));
    }
    let room = direct::between(app, caller, &names, params.exclude_self == Some(true))?;
    let usernames: Vec<&str> = room.direct.iter().map(|member| member.username.as_str()).collect();
    let id = room.id.as_str();
    Ok(json!({"room": {"t": "d", "rid": id, "usernames": usernames, "_id": id}}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = exactly_one(&["roomId", "username"])))]
struct Named {
    room_id: Option<String>,
    username: Option<String>,
}

/// Unlike the other calls, deleting never opens a conversation, and administrators delete those of
/// others.
fn delete(app: &App, caller: &Caller, params: Named) -> Result<Value> {
    let given = params.room_id.or(params.username).filter(|given| !given.is_empty());
    let given = given.ok_or_else(missing)?;
    let given = given.trim_start_matches('@');
    let user = match app.store.user(&UserId::new(given))? {
        Some(user) => Some(user),
        None => app.store.user_by_name(given)?,
    };
    let id = user.map_or_else(|| RoomId::new(given), |user| direct::room_id(&caller.user.id, &user.id));
    let room = app.store.room(&id)?.filter(|room| room.kind == RoomKind::Direct);
    let room = room.ok_or_else(|| Error::code("invalid-channel"))?;
    let concerned = access::can_see(app, &caller.user, &room)?
        || access::holds(app, &caller.user, "view-room-administration")?;
    if !concerned {
        return Err(Error::not_allowed());
    }
    rooms::delete(app, caller, &room.id)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ById {
    room_id: Option<String>,
    user_id: Option<String>,
    topic: Option<String>,
}

fn missing() -> Error {
    Error::refused("error-room-param-not-provided", "Body param \"roomId\" is required")
}

impl ById {
    /// The direct message of that id. One that the caller is not in is the same as none.
    fn room(&self, app: &App, caller: &Caller) -> Result<Room> {
        let id = self.room_id.as_deref().filter(|id| !id.is_empty()).ok_or_else(missing)?;
        visible(app, caller, id)?.ok_or(Error::Unauthorized)
    }
}

fn visible(app: &App, caller: &Caller, id: &str) -> Result<Option<Room>> {
    Ok(history::visible(app, caller, id)?.filter(|room| room.kind == RoomKind::Direct))
}

fn open(app: &App, caller: &Caller, params: ById) -> Result<Value> {
    let room = params.room(app, caller)?;
    subscriptions::set_open(app, caller, &room.id, true)?;
    Ok(Value::Null)
}

fn close(app: &App, caller: &Caller, params: ById) -> Result<Value> {
    let room = params.room(app, caller)?;
    match subscriptions::set_open(app, caller, &room.id, false)? {
        Some(true) => Ok(Value::Null),
        Some(false) => Err(Error::plain("The direct message room, is already closed to the sender")),
        None => Err(Error::plain("The user is not subscribed to the room")),
    }
}

fn list(app: &App, caller: &Caller, asked: Paged<Nothing>) -> Result<Value> {
    listing::joined(app, caller, &asked, RoomKind::Direct)
}

fn list_everyone(app: &App, caller: &Caller, asked: Paged<Nothing>) -> Result<Value> {
    listing::all(app, caller, &asked, RoomKind::Direct)
}

/// Administrators may count in conversations of others, for those who are in them.
fn counters(app: &App, caller: &Caller, params: ById) -> Result<Value> {
    let of_other = params.user_id.as_deref().is_some_and(|id| !id.is_empty());
    if params.room_id.as_deref().is_none_or(str::is_empty) {
        let text = "Query param \"roomId\" or \"username\" is required";
        return Err(Error::refused("error-room-param-not-provided", text));
    }
    let room = if of_other && access::holds(app, &caller.user, "view-room-administration")? {
        let id = RoomId::new(params.room_id.as_deref().unwrap_or_default());
        let room = app.store.room(&id)?.filter(|room| room.kind == RoomKind::Direct);
        room.ok_or(Error::Unauthorized)?
    } else {
        params.room(app, caller)?
    };
    members::counters(app, caller, room, Whose { user_id: params.user_id })
}

fn set_topic(app: &App, caller: &Caller, params: ById) -> Result<Value> {
    let room = params.room(app, caller)?;
    properties::set_topic(app, caller, room, Topic { topic: params.topic })
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Block {
    room_id: String,
    block: bool,
}

/// Stops the other one from writing to the caller, and the caller from writing there.
fn block(app: &App, caller: &Caller, params: Block) -> Result<Value> {
    let room = visible(app, caller, &params.room_id)?.ok_or(Error::Unauthorized)?;
    direct::set_blocked(app, caller, &room, params.block)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Others {
    room_id: Option<String>,
}

/// What others said to each other, for administrators of servers that allow it.
fn others(app: &App, caller: &Caller, asked: Paged<Others>, endpoint: &str) -> Result<Value> {
    if !settings::is_on(app, "API_Enable_Direct_Message_History_EndPoint")? {
        return Err(Error::Refused {
            code: "error-endpoint-disabled".to_owned(),
            reason: "This endpoint is disabled".to_owned(),
            details: json!({"route": format!("/api/v1/{endpoint}")}),
        });
    }
    if !access::holds(app, &caller.user, "view-room-administration")? {
        return Err(Error::Unauthorized);
    }
    let Some(id) = asked.params.room_id.clone().filter(|id| !id.is_empty()) else {
        let text = "The parameter \"roomId\" is required";
        return Err(Error::refused("error-roomid-param-not-provided", text));
    };
    let room = app.store.room(&RoomId::new(&id))?.filter(|room| room.kind == RoomKind::Direct);
    let room = room.ok_or_else(|| {
        let text = format!("No direct message room found by the id of: {id}");
        Error::refused("error-room-not-found", text)
    })?;
    history::chosen(app, &caller.user.id, &room, asked.map(|_| history::Choice::default()))
}
