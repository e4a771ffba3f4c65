//! `teams.*`, and what makes a team of a room.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::schema::exactly_one;
use crate::app::App;
use crate::domain::RoomId;
use crate::error::{Error, Result};
use crate::service::teams::{self, Team};

mod lifecycle;
mod listing;
mod members;
mod rooms;

const PAGE: &str = "teams* objects, count* number, offset* number, total* number";
const ROOMS: &str = "rooms* objects, count* number, offset* number, total* number";

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("teams.list").returns(PAGE).user(listing::own),
        get("teams.listAll").returns(PAGE).user(listing::all),
        get("teams.info").returns("teamInfo* object").user(listing::info),
        get("teams.autocomplete").returns("teams* objects").user(listing::autocomplete),
        get("users.listTeams").returns("teams* objects").user(listing::of_user),
        post("teams.create").returns("team* object").user(lifecycle::create),
        post("teams.delete").user(lifecycle::delete),
        post("teams.convertToChannel").user(lifecycle::dissolve),
        post("channels.convertToTeam").returns("team* object").user(lifecycle::convert_channel),
        post("groups.convertToTeam").returns("team* object").user(lifecycle::convert_group),
        get("teams.members")
            .returns("members* objects, count* number, offset* number, total* number")
            .user(members::list),
        post("teams.addMembers").user(members::add),
        post("teams.updateMember").user(members::update),
        post("teams.removeMember").user(members::remove),
        post("teams.leave").user(members::leave),
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
