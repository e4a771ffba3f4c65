//! Methods about rooms and memberships.

use serde_json::{Value, json};

use super::Methods;
use super::call::Call;
use crate::api::present;
use crate::domain::{Room, RoomId, RoomKind};
use crate::error::{Error, Result};
use crate::service::{access, members};

pub(super) const METHODS: Methods = &[
    ("getRoomIdByNameOrId", |call| Ok(Some(visible(call, call.text(0)?)?.id.as_str().into()))),
    ("getRoomNameById", |call| Ok(visible(call, call.text(0)?)?.name.map(Value::from))),
    ("getRoomById", |call| shown(call, &by_id(call, call.text(0)?)?)),
    ("getRoomByTypeAndName", room_by_type_and_name),
    ("joinRoom", join),
    ("leaveRoom", |call| done(call.post("rooms.leave", json!({"roomId": call.text(0)?})))),
    ("openRoom", |call| done(call.post("rooms.open", json!({"roomId": call.text(0)?})))),
    ("hideRoom", |call| done(call.post("rooms.hide", json!({"roomId": call.text(0)?})))),
    ("toggleFavorite", favorite),
    ("createChannel", |call| created(call, "channels.create", "channel")),
    ("createPrivateGroup", |call| created(call, "groups.create", "group")),
    ("rooms/get", |call| changed(call, "rooms.get")),
    ("subscriptions/get", |call| changed(call, "subscriptions.get")),
    ("getUsersOfRoom", users_of_room),
    ("getRoomRoles", |call| field(call.get("rooms.roles", json!({"rid": call.text(0)?})), "roles")),
    ("saveRoomSettings", save_settings),
    ("addUserToRoom", |call| add_users(call, vec![call.field(0, "username")?.into()])),
    ("addUsersToRoom", |call| match call.object(0)?.get("users") {
        Some(Value::Array(users)) => add_users(call, users.clone()),
        Some(_) | None => Err(Error::refused("error-invalid-arguments", "Invalid arguments")),
    }),
    ("removeUserFromRoom", remove_user),
    ("muteUserInRoom", |call| set_muted(call, "rooms.muteUser")),
    ("unmuteUserInRoom", |call| set_muted(call, "rooms.unmuteUser")),
    ("archiveRoom", |call| set_archived(call, "archive")),
    ("unarchiveRoom", |call| set_archived(call, "unarchive")),
    ("eraseRoom", |call| {
        call.post("rooms.delete", json!({"roomId": call.text(0)?}))?;
        Ok(Some(true.into()))
    }),
    ("cleanRoomHistory", clean_history),
    ("readMessages", |call| {
        let params = json!({"rid": call.text(0)?, "readThreads": call.argument(1)});
        done(call.post("subscriptions.read", params))
    }),
    ("unreadMessages", |call| {
        let params = json!({"firstUnreadMessage": call.argument(0), "roomId": call.argument(1)});
        done(call.post("subscriptions.unread", params))
    }),
];

/// Nothing to say but that it is done.
pub(super) fn done(reply: Result<Value>) -> Result<Option<Value>> {
    reply.map(|_| None)
}

/// What a reply holds under this name.
pub(super) fn field(reply: Result<Value>, name: &str) -> Result<Option<Value>> {
    Ok(reply?.get(name).cloned())
}

/// The room of that id or name, if the caller may know of it.
fn visible(call: &Call<'_>, given: &str) -> Result<Room> {
    match call.app.store.room(&RoomId::new(given))? {
        Some(room) => seen(call, Some(room)),
        None => seen(call, call.app.store.room_by_name(given)?),
    }
}

/// The room of that id, if the caller may know of it.
fn by_id(call: &Call<'_>, id: &str) -> Result<Room> {
    seen(call, call.app.store.room(&RoomId::new(id))?)
}

fn seen(call: &Call<'_>, room: Option<Room>) -> Result<Room> {
    let caller = call.caller()?;
    match room {
        Some(room) if access::can_see(call.app, &caller.user, &room)? => Ok(room),
        Some(_) | None => Err(Error::not_allowed()),
    }
}

fn shown(call: &Call<'_>, room: &Room) -> Result<Option<Value>> {
    present::room(call.app, &call.caller()?.user.id, room).map(Some)
}

/// Direct messages have no name and are asked for by id.
fn room_by_type_and_name(call: &Call<'_>) -> Result<Option<Value>> {
    let caller = call.caller()?;
    let (kind, name) = (call.text(0)?, call.text(1)?);
    let room = match call.app.store.room_by_name(name)? {
        Some(room) if kind != "d" => Some(room),
        Some(_) | None => call.app.store.room(&RoomId::new(name))?,
    };
    let room = room.filter(|room| room.kind.letter() == kind);
    let room = room.ok_or_else(|| Error::refused("error-invalid-room", "Invalid room"))?;
    if !access::can_see(call.app, &caller.user, &room)? {
        return Err(Error::refused("error-no-permission", "No permission"));
    }
    shown(call, &room)
}

fn join(call: &Call<'_>) -> Result<Option<Value>> {
    let caller = call.caller()?;
    let id = RoomId::new(call.text(0)?);
    if call.app.store.room(&id)?.is_none() {
        return Err(Error::refused("error-invalid-room", "Invalid room"));
    }
    members::join(call.app, caller, &id, call.optional_text(1))?;
    Ok(Some(true.into()))
}

fn favorite(call: &Call<'_>) -> Result<Option<Value>> {
    let favorite = call.argument(1).as_bool().unwrap_or(true);
    done(call.post("rooms.favorite", json!({"roomId": call.text(0)?, "favorite": favorite})))
}

/// The new room with its id as `rid`.
fn created(call: &Call<'_>, path: &str, noun: &str) -> Result<Option<Value>> {
    let params = json!({
        "name": call.text(0)?,
        "members": call.argument(1),
        "readOnly": call.argument(2),
        "customFields": call.argument(3),
        "extraData": call.argument(4),
    });
    let mut room = call.post(path, params)?[noun].take();
    room["rid"] = room["_id"].clone();
    Ok(Some(room))
}

/// All, or with a date what has changed since.
pub(super) fn changed(call: &Call<'_>, path: &str) -> Result<Option<Value>> {
    let since = call.optional_time(0).map(|since| since.to_string());
    let asked = since.is_some();
    let mut reply = call.get(path, json!({"updatedSince": since}))?;
    Ok(Some(if asked {
        json!({"update": reply["update"].take(), "remove": reply["remove"].take()})
    } else {
        reply["update"].take()
    }))
}

fn users_of_room(call: &Call<'_>) -> Result<Option<Value>> {
    let caller = call.caller()?;
    let invalid = || Error::refused("error-invalid-room", "Invalid room");
    let id = call.optional_text(0).filter(|id| !id.is_empty()).ok_or_else(invalid)?;
    let room = call.app.store.room(&RoomId::new(id))?.ok_or_else(Error::not_allowed)?;
    if !access::can_see(call.app, &caller.user, &room)? {
        return Err(Error::refused("not-authorized", "Not Authorized"));
    }
    let path = match room.kind {
        RoomKind::Channel => "channels.members",
        RoomKind::Group => "groups.members",
        RoomKind::Direct => "im.members",
    };
    let page = call.argument(2);
    let all = call.argument(1).as_bool() == Some(true);
    let seen = if all { Value::Null } else { json!(["online", "away", "busy"]) };
    let params = json!({
        "roomId": room.id.as_str(),
        "count": page["limit"],
        "offset": page["skip"],
        "filter": call.argument(3),
        "status": seen,
    });
    let mut reply = call.get(path, params)?;
    let total = call.app.store.activity(&room.id)?.members;
    Ok(Some(json!({"total": total, "records": reply["members"].take()})))
}

/// One setting by its name, or several in an object.
fn save_settings(call: &Call<'_>) -> Result<Option<Value>> {
    let mut params = match call.argument(1) {
        Value::Object(settings) => settings.clone(),
        Value::String(key) => [(key.clone(), call.argument(2).clone())].into_iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            return Err(Error::refused("error-invalid-settings", "Invalid settings provided"));
        }
    };
    params.insert("rid".to_owned(), call.text(0)?.into());
    let reply = call.post("rooms.saveRoomSettings", Value::Object(params))?;
    Ok(Some(json!({"result": true, "rid": reply["rid"]})))
}

/// Unlike the endpoint, takes the ends of the window, and spares discussions, unless told otherwise.
fn clean_history(call: &Call<'_>) -> Result<Option<Value>> {
    let caller = call.caller()?;
    let mut params = call.object(0)?.clone();
    let room = by_id(call, call.field(0, "roomId")?)?;
    if !access::holds_in(call.app, &caller.user, "clean-channel-history", &room.id)? {
        return Err(Error::not_allowed());
    }
    for key in ["inclusive", "ignoreDiscussion"] {
        params.entry(key).or_insert(true.into());
    }
    if let Some(users) = params.shift_remove("fromUsers") {
        params.insert("users".to_owned(), users);
    }
    field(call.post("rooms.cleanHistory", Value::Object(params)), "count")
}

/// The room that the first argument names by `rid`.
fn room_of(call: &Call<'_>) -> Result<Room> {
    let id = RoomId::new(call.field(0, "rid")?);
    call.app.store.room(&id)?.ok_or_else(|| Error::refused("error-invalid-room", "Invalid room"))
}

fn add_users(call: &Call<'_>, usernames: Vec<Value>) -> Result<Option<Value>> {
    let caller = call.caller()?;
    let room = room_of(call)?;
    if room.kind == RoomKind::Direct {
        let text = "Can't invite user to direct rooms";
        return Err(Error::refused("error-cant-invite-for-direct-room", text));
    }
    let mut users = Vec::new();
    for username in &usernames {
        let user = call.app.store.user_by_name(username.as_str().unwrap_or_default())?;
        users.push(user.ok_or_else(|| Error::refused("error-invalid-username", "Invalid username"))?);
    }
    if !access::can_see(call.app, &caller.user, &room)? {
        return Err(Error::not_allowed());
    }
    members::add(call.app, caller, &room.id, &users)?;
    Ok(Some(true.into()))
}

fn remove_user(call: &Call<'_>) -> Result<Option<Value>> {
    let caller = call.caller()?;
    let room = room_of(call)?;
    if !access::can_see(call.app, &caller.user, &room)? {
        return Err(Error::not_allowed());
    }
    let user = call.app.store.user_by_name(call.field(0, "username")?)?;
    let user = user.ok_or_else(|| Error::refused("error-invalid-user", "Invalid user"))?;
    members::remove(call.app, caller, &room.id, &user)?;
    Ok(Some(true.into()))
}

fn set_muted(call: &Call<'_>, path: &str) -> Result<Option<Value>> {
    let params = json!({"roomId": call.field(0, "rid")?, "username": call.field(0, "username")?});
    call.post(path, params)?;
    Ok(Some(true.into()))
}

fn set_archived(call: &Call<'_>, action: &str) -> Result<Option<Value>> {
    let params = json!({"rid": call.text(0)?, "action": action});
    done(call.post("rooms.changeArchivationState", params))
}
