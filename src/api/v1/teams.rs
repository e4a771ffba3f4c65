//! `teams.*`, and what makes a team of a room.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::schema::exactly_one;
use crate::app::App;
use crate::domain::RoomId;
use crate::error::{Error, Result};
use crate::service::teams::{self, Team};

mod lifecycle;
mod listing;
mod members;
mod rooms;

const PAGE: &str = "teams* page";
const ROOMS: &str = "rooms* page";

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("teams.list").returns(PAGE).user(listing::own),
        get("teams.listAll").returns(PAGE).user(listing::all),
        get("teams.info").returns("teamInfo* object").user(listing::info),
        get("teams.autocomplete").returns("teams* objects").user(listing::autocomplete),
        get("users.listTeams").returns("teams* objects").user(listing::of_user),
        post("teams.create").returns("team* object").user(lifecycle::create),
        post("teams.delete").returns(NOTHING).user(lifecycle::delete),
        post("teams.convertToChannel").returns(NOTHING).user(lifecycle::dissolve),
        post("channels.convertToTeam").returns("team* object").user(lifecycle::convert_channel),
        post("groups.convertToTeam").returns("team* object").user(lifecycle::convert_group),
        get("teams.members").returns("members* page").user(members::list),
        post("teams.addMembers").returns(NOTHING).user(members::add),
        post("teams.updateMember").returns(NOTHING).user(members::update),
        post("teams.removeMember").returns(NOTHING).user(members::remove),
        post("teams.leave").returns(NOTHING).user(members::leave),
        post("teams.addRooms").returns("rooms* objects").user(rooms::add),
        post("teams.removeRoom").returns("room* object").user(rooms::remove),
        post("teams.updateRoom").returns("room* object").user(rooms::update),
        get("teams.listRooms").returns(ROOMS).user(rooms::list),
        get("teams.listRoomsOfUser").returns(ROOMS).user(rooms::list_of_user),
    ]
}

/// Parameters that name a team and nothing else.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("oneOf" = exactly_one(&["teamId", "teamName"])))]
struct Named {
    team_id: Option<String>,
    team_name: Option<String>,
}

/// The team that is named.
fn find(app: &App, id: Option<&str>, name: Option<&str>) -> Result<Team> {
    let found = teams::lifecycle::find(app, id, name)?;
    found.ok_or_else(|| Error::plain("team-does-not-exist"))
}

fn room_ids(given: Option<Vec<String>>) -> Vec<RoomId> {
    given.unwrap_or_default().into_iter().map(RoomId::new).collect()
}

/// What endpoints answer that have nothing to say.
const DONE: Value = Value::Null;
