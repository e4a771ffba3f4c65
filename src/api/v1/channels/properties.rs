//! Changing what a room is called, what it is for, and who may write in it.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{answer, noun};
use crate::api::present;
use crate::app::App;
use crate::domain::{Room, RoomKind};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::room_edits::{self, Edit};

fn required(name: &str) -> Error {
    Error::plain(format!("The bodyParam \"{name}\" is required"))
}

fn is_same(kind: RoomKind, what: &str) -> Error {
    Error::plain(format!("The {} {what} is the same as what it would be changed to.", noun(kind)))
}

fn edited(app: &App, caller: &Caller, room: &Room, edit: Edit) -> Result<Value> {
    room_edits::apply(app, caller, &room.id, vec![edit])?;
    answer(app, caller, room.kind, &room.id)
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Name {
    name: Option<String>,
}

pub(super) fn rename(app: &App, caller: &Caller, room: Room, params: Name) -> Result<Value> {
    let name = params.name.filter(|name| !name.trim().is_empty()).ok_or_else(|| required("name"))?;
    if room.kind == RoomKind::Channel && room.name.as_ref() == Some(&name) {
        return Err(Error::plain("The channel name is the same as what it would be renamed to."));
    }
    edited(app, caller, &room, Edit::Name(name))
}

#[derive(Deserialize, JsonSchema)]
pub(in crate::api::v1) struct Topic {
    pub(in crate::api::v1) topic: Option<String>,
}

pub(in crate::api::v1) fn set_topic(app: &App, caller: &Caller, room: Room, params: Topic) -> Result<Value> {
    let topic = params.topic.ok_or_else(|| required("topic"))?;
    refuse_same(&room, room.topic.as_deref(), &topic, "topic")?;
    room_edits::apply(app, caller, &room.id, vec![Edit::Topic(topic.clone())])?;
    Ok(json!({"topic": topic}))
}

/// Channels refuse what is there already; in other rooms that is a success without a trace.
fn refuse_same(room: &Room, old: Option<&str>, new: &str, what: &str) -> Result<()> {
    if room.kind == RoomKind::Channel && old == Some(new) {
        return Err(is_same(room.kind, what));
    }
    Ok(())
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Description {
    description: Option<String>,
}

pub(super) fn set_description(app: &App, caller: &Caller, room: Room, params: Description) -> Result<Value> {
    let description = params.description.ok_or_else(|| required("description"))?;
    refuse_same(&room, room.description.as_deref(), &description, "description")?;
    room_edits::apply(app, caller, &room.id, vec![Edit::Description(description.clone())])?;
    Ok(json!({"description": description}))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Purpose {
    purpose: Option<String>,
}

/// The purpose is the description under its older name.
pub(super) fn set_purpose(app: &App, caller: &Caller, room: Room, params: Purpose) -> Result<Value> {
    let purpose = params.purpose.ok_or_else(|| required("purpose"))?;
    refuse_same(&room, room.description.as_deref(), &purpose, "purpose (description)")?;
    room_edits::apply(app, caller, &room.id, vec![Edit::Description(purpose.clone())])?;
    Ok(json!({"purpose": purpose}))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Announcement {
    announcement: Option<String>,
}

pub(super) fn set_announcement(
    app: &App,
    caller: &Caller,
    room: Room,
    params: Announcement,
) -> Result<Value> {
    let announcement = params.announcement.ok_or_else(|| required("announcement"))?;
    room_edits::apply(app, caller, &room.id, vec![Edit::Announcement(announcement.clone())])?;
    Ok(json!({"announcement": announcement}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CustomFields {
    custom_fields: Option<Value>,
}

pub(super) fn set_custom_fields(
    app: &App,
    caller: &Caller,
    room: Room,
    params: CustomFields,
) -> Result<Value> {
    let fields = present::object(params.custom_fields, || {
        Error::plain("The bodyParam \"customFields\" is required with a type like object.")
    })?;
    edited(app, caller, &room, Edit::CustomFields(fields))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReadOnly {
    read_only: Option<bool>,
}

pub(super) fn set_read_only(app: &App, caller: &Caller, room: Room, params: ReadOnly) -> Result<Value> {
    let read_only = params.read_only.ok_or_else(|| required("readOnly"))?;
    if room.read_only == read_only {
        return Err(is_same(room.kind, "read only setting"));
    }
    edited(app, caller, &room, Edit::ReadOnly(read_only))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Encrypted {
    encrypted: Option<bool>,
}

pub(super) fn set_encrypted(app: &App, caller: &Caller, room: Room, params: Encrypted) -> Result<Value> {
    let encrypted = params.encrypted.ok_or_else(|| required("encrypted"))?;
    edited(app, caller, &room, Edit::Encrypted(encrypted))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Type {
    #[serde(rename = "type")]
    letter: Option<String>,
}

pub(super) fn set_type(app: &App, caller: &Caller, room: Room, params: Type) -> Result<Value> {
    let kind = match params.letter.as_deref() {
        Some("c") => RoomKind::Channel,
        Some("p") => RoomKind::Group,
        Some(_) | None => return Err(required("type")),
    };
    if room.kind == kind {
        return Err(is_same(room.kind, "type"));
    }
    edited(app, caller, &room, Edit::Kind(kind))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Default {
    default: Option<bool>,
}

pub(super) fn set_default(app: &App, caller: &Caller, room: Room, params: Default) -> Result<Value> {
    // The types of these two errors have changed places in the contract with clients.
    let default = params.default.ok_or_else(|| {
        Error::typed("The bodyParam \"default\" is required", "error-channels-setdefault-is-same")
    })?;
    if room.default == default {
        return Err(Error::typed(
            "The channel default setting is the same as what it would be changed to.",
            "error-channels-setdefault-missing-default-param",
        ));
    }
    edited(app, caller, &room, Edit::Default(default))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct JoinCode {
    join_code: Option<String>,
}

pub(super) fn set_join_code(app: &App, caller: &Caller, room: Room, params: JoinCode) -> Result<Value> {
    let code = params.join_code.filter(|code| !code.is_empty()).ok_or_else(|| required("joinCode"))?;
    edited(app, caller, &room, Edit::JoinCode(code))
}
