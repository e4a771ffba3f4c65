//! `rooms.*`: what holds for every kind of room.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::channels::lifecycle::Nothing;
use super::settings_keys;
use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::present;
use crate::api::rooms::Family::Rooms;
use crate::api::schema::exactly_one;
use crate::app::App;
use crate::domain::{Room, RoomId, Time, User, UserId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{access, members, room_edits, room_roles, rooms, subscriptions};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("rooms.get").returns("update* objects, remove* objects").user(list),
        get("rooms.info").returns("room* object, parent object, team object").room(Rooms, info),
        get("rooms.nameExists").returns("exists* boolean").user(name_exists),
        get("rooms.isMember").returns("isMember* boolean").user(is_member),
        post("rooms.delete").returns(NOTHING).user(delete),
        post("rooms.leave").returns(NOTHING).room(Rooms, leave),
        post("rooms.favorite").returns(NOTHING).room(Rooms, favorite),
        post("rooms.changeArchivationState").returns("result* boolean").user(change_archivation_state),
        post("rooms.muteUser")
            .returns(NOTHING)
            .user(|app, caller, whom: Whom| set_muted(app, caller, &whom, true)),
        post("rooms.unmuteUser")
            .returns(NOTHING)
            .user(|app, caller, whom: Whom| set_muted(app, caller, &whom, false)),
        post("rooms.saveRoomSettings").takes(settings_keys::KEYS).returns("rid*").user(save_settings),
    ]
}

/// Refuses archived rooms, in the one word that `rooms.*` has for every kind.
pub(super) fn refuse_archived_channel(room: &Room) -> Result<()> {
    if room.archived {
        let text = format!("The channel, {}, is archived", room.name.as_deref().unwrap_or_default());
        return Err(Error::refused("error-room-archived", text));
    }
    Ok(())
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Since {
    updated_since: Option<String>,
}

/// The caller's rooms that changed, and those that the caller left or that were deleted.
fn list(app: &App, caller: &Caller, params: Since) -> Result<Value> {
    let since = match params.updated_since.as_deref().filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(Time::parse(text).ok_or_else(|| {
            let text = "The \"updatedSince\" query parameter must be a valid date.";
            Error::refused("error-updatedSince-param-invalid", text)
        })?),
    };
    let changed = subscriptions::list(app, caller, since)?;
    let shows_last = present::shows_last(app)?;
    let rows = changed
        .iter()
        .map(|(_, room, activity)| present::room_with(app, &caller.user.id, room, activity, shows_last));
    let ended = subscriptions::ended(app, caller, since)?;
    let gone = ended.iter().map(|(room, membership)| present::gone(room.as_str(), membership.ended));
    Ok(json!({"update": rows.collect::<Result<Vec<_>>>()?, "remove": gone.collect::<Vec<_>>()}))
}

#[derive(Deserialize, JsonSchema)]
struct Info {
    fields: Option<String>,
}

fn info(app: &App, caller: &Caller, room: Room, params: Info) -> Result<Value> {
    refuse_archived_channel(&room)?;
    let mut value = present::room(app, &caller.user.id, &room)?;
    if let Some(code) = &room.join_code
        && access::holds(app, &caller.user, "view-join-code")?
    {
        value["joinCode"] = code.as_str().into();
    }
    let mut reply = json!({"room": present::project(value, params.fields.as_deref())});
    present::belonging(app, &room, &mut reply)?;
    Ok(reply)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NameExists {
    room_name: String,
}

fn name_exists(app: &App, _: &Caller, params: NameExists) -> Result<Value> {
    Ok(json!({"exists": app.store.room_by_name(&params.room_name)?.is_some()}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = exactly_one(&["userId", "username"])))]
struct Whom {
    room_id: String,
    #[schemars(length(min = 1))]
    user_id: Option<String>,
    #[schemars(length(min = 1))]
    username: Option<String>,
}

impl Whom {
    /// The user, who must be named by exactly one of id and login name.
    fn user(&self, app: &App) -> Result<Option<User>> {
        match (&self.user_id, &self.username) {
            (Some(id), _) => Ok(app.store.user(&UserId::new(id))?),
            (None, Some(username)) => Ok(app.store.user_by_name(username)?),
            (None, None) => Ok(None),
        }
    }
}

fn is_member(app: &App, caller: &Caller, whom: Whom) -> Result<Value> {
    let user = whom.user(app)?;
    let room = app.store.room(&RoomId::new(&whom.room_id))?.ok_or_else(|| {
        let text = "The required \"roomId\" or \"roomName\" param provided does not match any channel";
        Error::refused("error-room-not-found", text)
    })?;
    refuse_archived_channel(&room)?;
    let user = user.ok_or_else(|| Error::plain("error-user-not-found"))?;
    if !access::can_see(app, &caller.user, &room)? {
        return Err(Error::Unauthorized);
    }
    Ok(json!({"isMember": access::is_member(app, &user, &room)?}))
}

fn set_muted(app: &App, caller: &Caller, whom: &Whom, muted: bool) -> Result<Value> {
    let user = whom.user(app)?.ok_or_else(|| Error::plain("Invalid user"))?;
    room_roles::set_muted(app, caller, &RoomId::new(&whom.room_id), &user, muted)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Delete {
    room_id: Option<String>,
}

/// The permission decides, not whether the caller is in the room: administrators clear away what
/// they cannot read.
fn delete(app: &App, caller: &Caller, params: Delete) -> Result<Value> {
    let id = params.room_id.filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Error::plain("The 'roomId' param is required"))?;
    rooms::delete(app, caller, &RoomId::new(id))?;
    Ok(Value::Null)
}

fn leave(app: &App, caller: &Caller, room: Room, _: Nothing) -> Result<Value> {
    refuse_archived_channel(&room)?;
    members::leave(app, caller, &room.id)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
struct Favorite {
    favorite: Option<bool>,
}

fn favorite(app: &App, caller: &Caller, room: Room, params: Favorite) -> Result<Value> {
    let favorite = params.favorite.ok_or_else(|| Error::plain("The 'favorite' param is required"))?;
    refuse_archived_channel(&room)?;
    subscriptions::set_favorite(app, caller, &room.id, favorite)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
struct Archivation {
    rid: String,
    action: Action,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Action {
    Archive,
    Unarchive,
}

fn change_archivation_state(app: &App, caller: &Caller, params: Archivation) -> Result<Value> {
    let archived = matches!(params.action, Action::Archive);
    rooms::set_archived(app, caller, &RoomId::new(params.rid), archived)?;
    Ok(json!({"result": true}))
}

/// Several properties at once, all or none.
fn save_settings(app: &App, caller: &Caller, params: serde_json::Map<String, Value>) -> Result<Value> {
    let (id, edits) = settings_keys::edits(params)?;
    room_edits::apply(app, caller, &id, edits)?;
    Ok(json!({"rid": id.as_str()}))
}
