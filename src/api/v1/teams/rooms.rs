//! The rooms of a team.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{find, room_ids};
use crate::api::page::Paged;
use crate::api::present;
use crate::api::rows::TopRows;
use crate::api::schema::exactly_one;
use crate::app::App;
use crate::domain::{Room, RoomId, UserId};
use crate::error::{Error, Result};
use crate::service::access;
use crate::service::caller::Caller;
use crate::service::member_lists::has_several_owners;
use crate::service::rooms::delete_permission;
use crate::service::teams::listing::{self, WantedRooms};
use crate::service::teams::rooms as teams;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["teamId", "teamName"])))]
pub(super) struct Add {
    team_id: Option<String>,
    team_name: Option<String>,
    rooms: Vec<String>,
}

pub(super) fn add(app: &App, caller: &Caller, params: Add) -> Result<Value> {
    let team = find(app, params.team_id.as_deref(), params.team_name.as_deref())?;
    let added = teams::add(app, caller, &team, &room_ids(Some(params.rooms)))?;
    Ok(json!({"rooms": present::rooms(app, &caller.user.id, &added)?}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["teamId", "teamName"])))]
pub(super) struct Remove {
    team_id: Option<String>,
    team_name: Option<String>,
    room_id: String,
}

pub(super) fn remove(app: &App, caller: &Caller, params: Remove) -> Result<Value> {
    let team = find(app, params.team_id.as_deref(), params.team_name.as_deref())?;
    let room = teams::remove(app, caller, &team, &RoomId::new(params.room_id))?;
    answer(app, caller, &room)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Update {
    room_id: String,
    is_default: bool,
}

pub(super) fn update(app: &App, caller: &Caller, params: Update) -> Result<Value> {
    let room = teams::set_joined_by_all(app, caller, &RoomId::new(params.room_id), params.is_default)?;
    answer(app, caller, &room)
}

fn answer(app: &App, caller: &Caller, room: &Room) -> Result<Value> {
    Ok(json!({"room": present::room_of_others(app, &caller.user, room)?}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["teamId", "teamName"])))]
pub(super) struct List {
    team_id: Option<String>,
    team_name: Option<String>,
    filter: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

pub(super) fn list(app: &App, caller: &Caller, params: Paged<List>) -> Result<Value> {
    let mut rows = TopRows::new(params.page(app)?, params.sort()?);
    let List { team_id, team_name, filter, kind } = params.params;
    let team = find(app, team_id.as_deref(), team_name.as_deref())?;
    let wanted = WantedRooms { name: filter, joined_by_all: kind.as_deref() == Some("autoJoin") };
    listing::rooms(app, caller, &team, &wanted, |room, _| {
        rows.offer(present::room_of_others(app, &caller.user, &room)?);
        Ok(())
    })?;
    Ok(rows.finish("rooms"))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["teamId", "teamName"])))]
pub(super) struct OfUser {
    team_id: Option<String>,
    team_name: Option<String>,
    user_id: Option<String>,
    can_user_delete: Option<bool>,
}

pub(super) fn list_of_user(app: &App, caller: &Caller, params: Paged<OfUser>) -> Result<Value> {
    let mut rows = TopRows::new(params.page(app)?, params.sort()?);
    let OfUser { team_id, team_name, user_id, can_user_delete } = params.params;
    let team = find(app, team_id.as_deref(), team_name.as_deref())?;
    let id = user_id.map_or_else(|| caller.user.id.clone(), UserId::new);
    if id != caller.user.id && !access::holds_in(app, &caller.user, "view-all-team-channels", &team.room.id)?
    {
        return Err(Error::Unauthorized);
    }
    let user = app.store.user(&id)?.ok_or_else(|| Error::plain("invalid-user"))?;
    listing::rooms_of_user(app, caller, &team, &user, |room, _, membership| {
        let may_delete = || access::holds_in(app, &user, delete_permission(room.kind), &room.id);
        if can_user_delete == Some(true) && !may_delete()? {
            return Ok(());
        }
        let mut row = present::room_of_others(app, &caller.user, &room)?;
        let last = membership.has_role("owner") && !has_several_owners(app, &room.id)?;
        row["isLastOwner"] = last.into();
        rows.offer(row);
        Ok(())
    })?;
    Ok(rows.finish("rooms"))
}
