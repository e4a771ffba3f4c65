//! Which teams there are.

use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Named;
use crate::api::page::Paged;
use crate::api::wire;
use crate::app::App;
use crate::domain::UserId;
use crate::error::{Error, Result};
use crate::service::access;
use crate::service::caller::Caller;
use crate::service::teams::{self, Team, listing};
use crate::store::Direction;
use crate::store::room_lists::RoomList;

/// Nobody reads how many more there are.
const MOST_COUNTED: u64 = 1_000_000;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Nothing {}

/// A team with the numbers that lists show.
fn row(app: &App, team: &Team) -> Result<Value> {
    let mut row = wire::team(team);
    row["rooms"] = json!(listing::count_rooms(app, team)?);
    row["numberOfUsers"] = json!(app.store.activity(&team.room.id)?.members);
    Ok(row)
}

/// The caller's teams.
pub(super) fn own(app: &App, caller: &Caller, params: Paged<Nothing>) -> Result<Value> {
    let page = params.page(app)?;
    let teams = listing::of_user(app, &caller.user.id)?;
    let total = teams.len();
    let rows = page.pick(teams).iter().map(|(team, _)| row(app, team)).collect::<Result<Vec<_>>>()?;
    Ok(page.wrap("teams", rows, total))
}

/// All teams there are.
pub(super) fn all(app: &App, caller: &Caller, params: Paged<Nothing>) -> Result<Value> {
    if !access::holds(app, &caller.user, "view-all-teams")? {
        return Err(Error::Unauthorized);
    }
    let page = params.page(app)?;
    let (mut rows, mut passed) = (Vec::new(), 0);
    listing::each(app, "", Direction::Ascending, |team| {
        if rows.len() == page.count {
            return Ok(ControlFlow::Break(()));
        }
        if passed < page.offset {
            passed += 1;
        } else {
            rows.push(row(app, &team)?);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let total = app.store.count_rooms_in(&RoomList::Teams, MOST_COUNTED)?;
    Ok(page.wrap("teams", rows, usize::try_from(total).unwrap_or(usize::MAX)))
}

pub(super) fn info(app: &App, caller: &Caller, params: Named) -> Result<Value> {
    let found = teams::lifecycle::find(app, params.team_id.as_deref(), params.team_name.as_deref())?;
    let team = found.ok_or_else(|| Error::plain("Team not found"))?;
    let sees = access::can_see(app, &caller.user, &team.room)?
        || access::holds(app, &caller.user, "view-all-teams")?;
    if !sees {
        return Err(Error::Unauthorized);
    }
    Ok(json!({"teamInfo": row(app, &team)?}))
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct Beginning {
    name: String,
}

/// Main rooms of the caller's teams whose names begin so.
pub(super) fn autocomplete(app: &App, caller: &Caller, params: Beginning) -> Result<Value> {
    let beginning = params.name.trim().to_lowercase();
    let teams = listing::of_user(app, &caller.user.id)?;
    let found = teams.iter().filter(|(team, _)| team.name().to_lowercase().starts_with(&beginning));
    let rows = found.map(|(team, _)| {
        json!({
            "_id": team.room.id.as_str(),
            "name": team.name(),
            "fname": team.room.title(),
            "t": team.room.kind.letter(),
            "teamId": team.id.as_str(),
        })
    });
    Ok(json!({"teams": rows.collect::<Vec<_>>()}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfUser {
    user_id: String,
}

/// The teams that somebody is in, as far as the caller may know.
pub(super) fn of_user(app: &App, caller: &Caller, params: OfUser) -> Result<Value> {
    let teams = listing::known_of_user(app, caller, &UserId::new(params.user_id))?;
    let rows = teams.iter().map(|(team, membership)| {
        let mut row = wire::team(team);
        row["isOwner"] = membership.has_role("owner").into();
        row
    });
    Ok(json!({"teams": rows.collect::<Vec<_>>()}))
}
