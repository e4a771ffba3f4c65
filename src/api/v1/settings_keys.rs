//! The keys of `rooms.saveRoomSettings` as edits of a room.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::api::lenient;
use crate::domain::{Json, RetentionEdit, RoomId, RoomKind};
use crate::error::{Error, Result};
use crate::service::avatars;
use crate::service::room_edits::Edit;

/// What [`edits`] reads.
pub(super) const KEYS: &str = "rid*, roomName, roomTopic, roomDescription, roomAnnouncement, \
    roomCustomFields object, roomType, readOnly boolean, reactWhenReadOnly boolean, default boolean, \
    retentionEnabled boolean, retentionOverrideGlobal boolean, retentionMaxAge number, \
    retentionExcludePinned boolean, retentionFilesOnly boolean, retentionIgnoreThreads boolean, \
    sidepanel any, joinCode, roomAvatar, featured boolean, encrypted boolean, systemMessages any, \
    favorite object";

/// The room and what is to be changed, in the order of the keys.
pub(super) fn edits(params: Map<String, Value>) -> Result<(RoomId, Vec<Edit>)> {
    let mut room = None;
    let mut edits = Vec::new();
    for (key, value) in params {
        if key == "rid" {
            room = Some(RoomId::new(lenient::parse::<String>(value)?));
        } else {
            edits.push(edit(&key, value)?);
        }
    }
    let room = room.ok_or_else(|| Error::refused("error-invalid-room", "Invalid room"))?;
    Ok((room, edits))
}

/// A list of kinds, or a switch.
fn is_system_messages(value: &Value) -> bool {
    value.is_boolean() || value.as_array().is_some_and(|kinds| kinds.iter().all(Value::is_string))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Favorite {
    #[serde(default)]
    favorite: bool,
    #[serde(default)]
    default_value: bool,
}

fn edit(key: &str, value: Value) -> Result<Edit> {
    #[derive(Deserialize, JsonSchema)]
    enum Letter {
        #[serde(rename = "c")]
        Channel,
        #[serde(rename = "p")]
        Group,
    }

    let invalid = || Error::refused("error-invalid-settings", "Invalid settings provided");
    Ok(match key {
        "roomName" => Edit::Name(lenient::parse(value)?),
        "roomTopic" => Edit::Topic(lenient::parse(value)?),
        "roomDescription" => Edit::Description(lenient::parse(value)?),
        "roomAnnouncement" => Edit::Announcement(lenient::parse(value)?),
        "roomCustomFields" if value.is_object() => Edit::CustomFields(Json::of(&value)),
        "roomType" => Edit::Kind(match lenient::parse(value)? {
            Letter::Channel => RoomKind::Channel,
            Letter::Group => RoomKind::Group,
        }),
        "readOnly" => Edit::ReadOnly(lenient::parse(value)?),
        "reactWhenReadOnly" => Edit::ReactWhenReadOnly(lenient::parse(value)?),
        "default" => Edit::Default(lenient::parse(value)?),
        "retentionEnabled" => Edit::Retention(RetentionEdit::Enabled(lenient::parse(value)?)),
        "retentionOverrideGlobal" => Edit::Retention(RetentionEdit::OverrideGlobal(lenient::parse(value)?)),
        "retentionMaxAge" => Edit::Retention(RetentionEdit::MaxAge(days(value)?)),
        "retentionExcludePinned" => Edit::Retention(RetentionEdit::ExcludePinned(lenient::parse(value)?)),
        "retentionFilesOnly" => Edit::Retention(RetentionEdit::FilesOnly(lenient::parse(value)?)),
        "retentionIgnoreThreads" => Edit::Retention(RetentionEdit::IgnoreThreads(lenient::parse(value)?)),
        "sidepanel" => Edit::Sidepanel(sidepanel(&value)?),
        "joinCode" => Edit::JoinCode(lenient::parse(value)?),
        "roomAvatar" => Edit::Avatar(avatars::of_room(&lenient::parse::<String>(value)?)?),
        "featured" => Edit::Featured(lenient::parse(value)?),
        "encrypted" => Edit::Encrypted(lenient::parse(value)?),
        "systemMessages" if is_system_messages(&value) => Edit::SystemMessages(value),
        "favorite" if value.is_object() => {
            let favorite: Favorite = lenient::parse(value)?;
            Edit::Favorite(favorite.favorite && favorite.default_value)
        }
        _ => return Err(invalid()),
    })
}

/// How many days messages are kept: none is no rule.
fn days(value: Value) -> Result<f64> {
    let days: f64 = lenient::parse(value)?;
    if days > 0.0 {
        return Ok(days);
    }
    Err(Error::refused(
        "error-invalid-settings",
        "Messages are kept for at least a part of a day: choose a larger retentionMaxAge",
    ))
}

fn sidepanel(value: &Value) -> Result<Option<Vec<String>>> {
    if value.is_null() {
        return Ok(None);
    }
    let items = value["items"].as_array().map(|items| {
        items.iter().map(|item| item.as_str().map(ToOwned::to_owned)).collect::<Option<Vec<String>>>()
    });
    items.flatten().map(Some).ok_or_else(|| Error::code("error-invalid-sidepanel"))
}
