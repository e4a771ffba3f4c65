//! Settings that administrators change while the server runs.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::page::Paged;
use crate::app::App;
use crate::error::{Error, Result};
use crate::service::caller::{Caller, Client};
use crate::service::{access, settings};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("settings").user(list),
        get("settings.public").public(public),
        get("settings/:_id").user(read),
        post("settings/:_id").second_factor().user(write),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Wanted {
    #[serde(default, rename = "_id")]
    ids: Vec<String>,
}

fn list(app: &App, caller: &Caller, params: Paged<Wanted>) -> Result<Value> {
    rows(app, access::holds(app, &caller.user, "view-privileged-setting")?, &params)
}

fn public(app: &App, _: &Client, params: Paged<Wanted>) -> Result<Value> {
    rows(app, false, &params)
}

fn rows(app: &App, with_private: bool, params: &Paged<Wanted>) -> Result<Value> {
    let wanted: Vec<&str> = params.params.ids.iter().flat_map(|ids| ids.split(',')).map(str::trim).collect();
    let mut settings = settings::list(app, with_private)?;
    settings.retain(|(id, _)| wanted.is_empty() || wanted.contains(id));
    if params.sort()?.first().is_some_and(|(field, ascending)| field == "_id" && !ascending) {
        settings.reverse();
    }
    let rows = settings.into_iter().map(|(id, value)| json!({"_id": id, "value": value})).collect();
    Ok(params.page(app)?.cut("settings", rows))
}

#[derive(Deserialize, JsonSchema)]
struct Named {
    #[serde(rename = "_id")]
    id: String,
}

/// Refused in the handler, for the refusal is not that of a row.
fn read(app: &App, caller: &Caller, params: Named) -> Result<Value> {
    if !access::holds(app, &caller.user, "view-privileged-setting")? {
        return Err(Error::Unauthorized);
    }
    Ok(json!({"_id": params.id, "value": settings::shown(app, &params.id)?}))
}

/// Refused in the handler, for the refusal is not that of a row. The value is kept as it is sent.
fn write(app: &App, caller: &Caller, mut params: Map<String, Value>) -> Result<Value> {
    if !access::holds(app, &caller.user, "edit-privileged-setting")? {
        return Err(Error::Unauthorized);
    }
    let value = params.remove("value").ok_or(Error::Silent)?;
    let id = params.get("_id").and_then(Value::as_str).unwrap_or_default();
    settings::set(app, id, &value)?;
    Ok(Value::Null)
}
