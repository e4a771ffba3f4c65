//! Who is in a team.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{DONE, find, room_ids};
use crate::api::page::Paged;
use crate::api::schema::exactly_one;
use crate::api::wire;
use crate::app::App;
use crate::domain::UserId;
use crate::error::Result;
use crate::service::caller::Caller;
use crate::service::member_lists::{self, Part, Wanted};
use crate::service::{access, teams};
use crate::store::Direction;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["teamId", "teamName"])))]
pub(super) struct List {
    team_id: Option<String>,
    team_name: Option<String>,
    #[serde(default)]
    status: Vec<String>,
    username: Option<String>,
    name: Option<String>,
}

/// The members of a team that the caller may look into; of any other none.
pub(super) fn list(app: &App, caller: &Caller, params: Paged<List>) -> Result<Value> {
    let page = params.page(app)?;
    let List { team_id, team_name, status, username, name } = params.params;
    let team = find(app, team_id.as_deref(), team_name.as_deref())?;
    let sees = access::can_see(app, &caller.user, &team.room)?
        || access::holds_in(app, &caller.user, "view-all-teams", &team.room.id)?;
    if !sees {
        return Ok(page.wrap("members", Vec::new(), 0));
    }
    let wanted = Wanted { filter: username.or(name), statuses: status };
    let part = Part { direction: Direction::Ascending, offset: page.offset, count: page.count };
    let (found, total) = member_lists::by_name(app, &team.room.id, &wanted, part)?;
    let mut rows = Vec::new();
    for user in found {
        let Some(membership) = app.store.subscription(&team.room.id, &user.id)? else { continue };
        let mut shown = wire::reference(&user.reference());
        shown["status"] = user.status.as_str().into();
        rows.push(json!({
            "user": shown,
            "roles": membership.roles,
            "createdAt": wire::time(membership.created),
        }));
    }
    Ok(page.wrap("members", rows, total))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Member {
    user_id: String,
    roles: Option<Vec<String>>,
}

impl Member {
    fn wanted(self) -> teams::members::Wanted {
        teams::members::Wanted { user: UserId::new(self.user_id), roles: self.roles.unwrap_or_default() }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["teamId", "teamName"])))]
pub(super) struct Add {
    team_id: Option<String>,
    team_name: Option<String>,
    members: Vec<Member>,
}

pub(super) fn add(app: &App, caller: &Caller, params: Add) -> Result<Value> {
    let team = find(app, params.team_id.as_deref(), params.team_name.as_deref())?;
    teams::members::add(app, caller, &team, params.members.into_iter().map(Member::wanted).collect())?;
    Ok(DONE)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["teamId", "teamName"])))]
pub(super) struct Update {
    team_id: Option<String>,
    team_name: Option<String>,
    member: Member,
}

pub(super) fn update(app: &App, caller: &Caller, params: Update) -> Result<Value> {
    let team = find(app, params.team_id.as_deref(), params.team_name.as_deref())?;
    teams::members::update(app, caller, &team, params.member.wanted())?;
    Ok(DONE)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["teamId", "teamName"])))]
pub(super) struct Remove {
    team_id: Option<String>,
    team_name: Option<String>,
    user_id: String,
    rooms: Option<Vec<String>>,
}

pub(super) fn remove(app: &App, caller: &Caller, params: Remove) -> Result<Value> {
    let team = find(app, params.team_id.as_deref(), params.team_name.as_deref())?;
    let user = app.store.user(&UserId::new(params.user_id))?;
    let rooms = room_ids(params.rooms);
    teams::members::remove(app, caller, &team, user.as_ref(), &rooms)?;
    Ok(DONE)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["teamId", "teamName"])))]
pub(super) struct Leave {
    team_id: Option<String>,
    team_name: Option<String>,
    rooms: Option<Vec<String>>,
}

pub(super) fn leave(app: &App, caller: &Caller, params: Leave) -> Result<Value> {
    let team = find(app, params.team_id.as_deref(), params.team_name.as_deref())?;
    teams::members::leave(app, caller, &team, &room_ids(params.rooms))?;
    Ok(DONE)
}
