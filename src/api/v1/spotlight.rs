//! `spotlight`: a few rooms and people for somebody who types.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get};
use crate::api::present;
use crate::app::App;
use crate::domain::{Room, User};
use crate::error::Result;
use crate::service::caller::Caller;
use crate::service::{access, directory, settings};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![get("spotlight").returns("users* objects, rooms* objects").user(search)]
}

/// How many rooms are suggested.
const MOST_ROOMS: usize = 5;

#[derive(Deserialize, JsonSchema)]
struct Query {
    query: String,
}

fn search(app: &App, caller: &Caller, params: Query) -> Result<Value> {
    let query = params.query.trim();
    let (people, rooms, text) = match (query.strip_prefix('@'), query.strip_prefix('#')) {
        (Some(name), _) => (true, false, name),
        (None, Some(name)) => (false, true, name),
        (None, None) => (true, true, query),
    };
    let mut reply = json!({"users": [], "rooms": []});
    if people {
        let most = settings::limit(app, "Number_of_users_autocomplete_suggestions")?.unwrap_or(5);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let found = directory::people(app, &caller.user, text, most)?;
        reply["users"] = found.iter().map(person).collect();
    }
    if rooms {
        let previews = access::holds(app, &caller.user, "preview-c-room")?;
        let found = directory::foreign_channels(app, &caller.user, text, MOST_ROOMS)?;
        let rows = found.iter().map(|found| room(app, caller, found, previews));
        reply["rooms"] = rows.collect::<Result<_>>()?;
    }
    Ok(reply)
}

fn person(user: &User) -> Value {
    let keys = ["_id", "name", "username", "nickname", "status", "statusText", "avatarETag"];
    let mut row = present::only(present::member(user), &keys);
    row["outside"] = true.into();
    row
}

fn room(app: &App, caller: &Caller, room: &Room, previews: bool) -> Result<Value> {
    let mut row = present::room(app, &caller.user.id, room)?;
    if !previews && let Value::Object(row) = &mut row {
        row.shift_remove("lastMessage");
    }
    let keys = ["_id", "t", "name", "fname", "teamMain", "joinCodeRequired", "prid", "lastMessage"];
    Ok(present::only(row, &keys))
}
