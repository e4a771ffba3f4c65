//! Wire shapes that need more than one record: a room with its last message, a file with its owner.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::real_names::RealNames;
use super::wire;
use crate::app::App;
use crate::domain::{Activity, Json, Message, Room, Time, Upload, User, UserId};
use crate::error::Result;
use crate::service::subscriptions::Counters;
use crate::service::{access, settings, teams};

/// A room with what happens in it and its last message, as `viewer` sees it.
pub fn room(app: &App, viewer: &UserId, room: &Room) -> Result<Value> {
    room_with(app, viewer, room, &app.store.activity(&room.id)?, shows_last(app)?)
}

/// Whether rooms are shown with their last message.
pub fn shows_last(app: &App) -> Result<bool> {
    settings::is_on(app, "Store_Last_Message")
}

/// A room of which it is known what happens in it.
pub fn room_with(
    app: &App,
    viewer: &UserId,
    room: &Room,
    activity: &Activity,
    shows_last: bool,
) -> Result<Value> {
    let last = match &activity.last_message {
        Some(id) if shows_last => app.store.message(id)?,
        Some(_) | None => None,
    };
    let mut value = wire::room(room, activity, last.as_ref(), viewer);
    if last.is_some() {
        RealNames::of(app)?.put(&mut value["lastMessage"])?;
    }
    Ok(value)
}

/// Adds what a room belongs to: its `team`, and the `parent` that a discussion has, or another room of a
/// team.
pub fn belonging(app: &App, room: &Room, reply: &mut Value) -> Result<()> {
    let team = teams::of_room(app, room)?;
    let mut parent = room.parent.as_ref().map_or(Ok(None), |parent| app.store.room(parent))?;
    if let Some(team) = team {
        reply["team"] = json!({
            "_id": team.id.as_str(),
            "name": team.name(),
            "roomId": team.room.id.as_str(),
            "type": wire::team_type(&team),
        });
        if team.room.id != room.id {
            parent = parent.or(Some(team.room));
        }
    }
    if let Some(parent) = parent {
        reply["parent"] = wire::parent(&parent);
    }
    Ok(())
}

/// Rooms of one page.
pub fn rooms(app: &App, viewer: &UserId, rooms: &[Room]) -> Result<Vec<Value>> {
    let shows_last = shows_last(app)?;
    let shown = |room: &Room| room_with(app, viewer, room, &app.store.activity(&room.id)?, shows_last);
    rooms.iter().map(shown).collect()
}

/// The same for administrators, who learn which rooms there are, but not what is said in those that
/// they may not see.
pub fn rooms_of_others(app: &App, viewer: &User, rooms: &[Room]) -> Result<Vec<Value>> {
    rooms.iter().map(|room| room_of_others(app, viewer, room)).collect()
}

/// The same of one room.
pub fn room_of_others(app: &App, viewer: &User, room: &Room) -> Result<Value> {
    let shows_last = shows_last(app)? && access::can_see(app, viewer, room)?;
    room_with(app, &viewer.id, room, &app.store.activity(&room.id)?, shows_last)
}

/// Messages of one page.
pub fn messages<'a>(
    app: &App,
    viewer: &UserId,
    messages: impl IntoIterator<Item = &'a Message>,
) -> Result<Vec<Value>> {
    let mut names = RealNames::of(app)?;
    let shown = messages.into_iter().map(|message| {
        let mut value = wire::message(message, viewer);
        names.put(&mut value)?;
        Ok(value)
    });
    shown.collect()
}

/// One message.
pub fn message(app: &App, viewer: &UserId, message: &Message) -> Result<Value> {
    let mut value = wire::message(message, viewer);
    RealNames::of(app)?.put(&mut value)?;
    Ok(value)
}

/// A row in a list of members.
pub fn member(user: &User) -> Value {
    let extra = user.extra.value();
    let rows = [
        ("_id", json!(user.id.as_str())),
        ("username", json!(user.username)),
        ("name", json!(user.name)),
        ("nickname", json!(user.nickname)),
        ("status", json!(user.status)),
        ("statusText", json!(user.status_text)),
        ("utcOffset", extra["utcOffset"].clone()),
        ("avatarETag", extra["avatarETag"].clone()),
        ("_updatedAt", wire::time(user.updated)),
    ];
    let given = rows.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(given.map(|(key, value)| (key.to_owned(), value)).collect())
}

/// What `encodeURI` leaves as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// The first word of a media type: `image`.
pub fn type_group(media_type: &str) -> &str {
    media_type.split('/').next().unwrap_or_default()
}

/// A row in a list of files.
pub fn file(app: &App, upload: &Upload) -> Result<Value> {
    let owner = app.store.user(&upload.user)?;
    let path =
        format!("/ufs/FileSystem:Uploads/{}/{}", upload.id, utf8_percent_encode(&upload.name, ENCODED));
    let url = format!("{}{path}", settings::site_url(app)?);
    let mut value = json!({
        "_id": upload.id.as_str(),
        "name": upload.name,
        "size": upload.size,
        "type": upload.media_type,
        "typeGroup": type_group(&upload.media_type),
        "extension": upload.extension(),
        "rid": upload.room.as_str(),
        "userId": upload.user.as_str(),
        "store": "FileSystem:Uploads",
        "complete": true,
        "uploading": false,
        "progress": 1,
        "path": path,
        "url": url,
        "uploadedAt": wire::time(upload.uploaded),
        "_updatedAt": wire::time(upload.uploaded),
    });
    if !upload.description.is_empty() {
        value["description"] = upload.description.as_str().into();
    }
    if let Some(owner) = owner {
        value["user"] = wire::reference(&owner.reference());
    }
    Ok(value)
}

/// Counters, with explicit `null` for what is not told.
pub fn counters(counters: &Counters) -> Value {
    json!({
        "joined": counters.joined,
        "members": counters.members,
        "unreads": counters.unreads,
        "unreadsFrom": counters.unreads_from.map(wire::time),
        "msgs": counters.messages,
        "latest": counters.latest.map(wire::time),
        "userMentions": counters.user_mentions,
    })
}

/// What has gone: an id and when that was.
pub fn gone(id: &str, ended: Time) -> Value {
    json!({"_id": id, "_deletedAt": wire::time(ended)})
}

/// Only the keys that a projection (`{"name":1}`) chooses, or all but those it leaves out, and
/// always `_id`. A projection that is none chooses everything.
pub fn project(value: Value, fields: Option<&str>) -> Value {
    let chosen = fields.and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
    let (Some(chosen), Value::Object(mut map)) = (chosen.filter(|chosen| !chosen.is_empty()), value.clone())
    else {
        return value;
    };
    let includes = chosen.values().any(|wanted| wanted.as_f64() == Some(1.0));
    map.retain(|key, _| key == "_id" || chosen.contains_key(key) == includes);
    Value::Object(map)
}

/// Free-form JSON from a parameter; anything but an object is refused as `refusal` says.
pub fn object(given: Option<Value>, refusal: impl FnOnce() -> crate::error::Error) -> Result<Json> {
    match given {
        Some(value @ Value::Object(_)) => Ok(Json::of(&value)),
        Some(_) | None => Err(refusal()),
    }
}

/// Only these keys.
pub fn only(value: Value, keys: &[&str]) -> Value {
    match value {
        Value::Object(mut map) => {
            map.retain(|key, _| keys.contains(&key.as_str()));
            Value::Object(map)
        }
        other => other,
    }
}
