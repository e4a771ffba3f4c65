//! `rooms.*` of a member: joining, showing and hiding, what to hear of, who else is there.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::channels::members::{self as listing, Search};
use super::history;
use super::rooms::refuse_archived_channel;
use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::page::Paged;
use crate::api::present;
use crate::api::rooms::Family::Rooms;
use crate::app::App;
use crate::domain::{Room, RoomId, UploadId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{members, notifications, room_roles, subscriptions, upload_removal};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("rooms.join").returns("room* object").room(Rooms, join),
        post("rooms.open")
            .returns(NOTHING)
            .user(|app, caller, params: InRoom| set_open(app, caller, &params, true)),
        post("rooms.hide")
            .returns(NOTHING)
            .user(|app, caller, params: InRoom| set_open(app, caller, &params, false)),
        post("rooms.saveNotification")
            .takes("roomId*, notifications* object")
            .returns(NOTHING)
            .user(save_notification),
        get("rooms.roles").returns("roles* objects").user(roles),
        get("rooms.membersOrderedByRole").returns("members* page").user(members_by_role),
        post("uploads.delete").returns("deletedFiles* strings").user(delete_upload),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Join {
    join_code: Option<String>,
}

fn join(app: &App, caller: &Caller, room: Room, params: Join) -> Result<Value> {
    refuse_archived_channel(&room)?;
    members::join(app, caller, &room.id, params.join_code.as_deref())?;
    let room = app.store.room(&room.id)?.ok_or_else(invalid_room)?;
    Ok(json!({"room": present::room(app, &caller.user.id, &room)?}))
}

fn invalid_room() -> Error {
    Error::refused("error-invalid-room", "Invalid room")
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InRoom {
    #[schemars(length(min = 1))]
    room_id: String,
}

/// Shows a room in the caller's sidebar or hides it. What is so already stays so.
fn set_open(app: &App, caller: &Caller, params: &InRoom, open: bool) -> Result<Value> {
    let room = app.store.room(&RoomId::new(&params.room_id))?.ok_or_else(invalid_room)?;
    subscriptions::set_open(app, caller, &room.id, open)?.ok_or(Error::Unauthorized)?;
    Ok(Value::Null)
}

fn save_notification(app: &App, caller: &Caller, params: Map<String, Value>) -> Result<Value> {
    let room = params.get("roomId").and_then(Value::as_str).filter(|id| !id.is_empty());
    let room = room.ok_or_else(|| Error::plain("The 'roomId' param is required"))?;
    let wanted = params.get("notifications").and_then(Value::as_object).filter(|wanted| !wanted.is_empty());
    let wanted = wanted.ok_or_else(|| Error::plain("The 'notifications' param is required"))?;
    notifications::save(app, caller, &RoomId::new(room), wanted)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
struct ByRid {
    #[schemars(length(min = 1))]
    rid: String,
}

fn roles(app: &App, caller: &Caller, params: ByRid) -> Result<Value> {
    let room = history::visible(app, caller, &params.rid)?.ok_or_else(invalid_room)?;
    let all = [room_roles::RoomRole::Owner, room_roles::RoomRole::Moderator, room_roles::RoomRole::Leader];
    let rows = room_roles::holders(app, &room.id, &all)?.into_iter().map(|(member, user)| {
        json!({
            "_id": member.id,
            "rid": room.id.as_str(),
            "u": crate::api::wire::reference(&user.reference()),
            "roles": member.roles,
        })
    });
    Ok(json!({"roles": rows.collect::<Vec<_>>()}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Members {
    #[schemars(length(min = 1))]
    room_id: String,
    filter: Option<String>,
    status: Option<Vec<String>>,
}

fn members_by_role(app: &App, caller: &Caller, asked: Paged<Members>) -> Result<Value> {
    let room = history::visible(app, caller, &asked.params.room_id)?.ok_or_else(invalid_room)?;
    listing::refuse_broadcast(app, caller, &room)?;
    let asked = asked.map(|Members { filter, status, .. }| Search { filter, status });
    listing::by_role(app, &room, &asked)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Delete {
    #[schemars(length(min = 1))]
    file_id: String,
}

fn delete_upload(app: &App, caller: &Caller, params: Delete) -> Result<Value> {
    upload_removal::delete(app, &caller.user, &UploadId::new(&params.file_id))?;
    Ok(json!({"deletedFiles": [params.file_id]}))
}
