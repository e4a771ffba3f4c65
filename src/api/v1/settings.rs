//! Settings that administrators change while the server runs.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::page::Paged;
use crate::app::App;
use crate::error::{Error, Result};
use crate::service::caller::{Caller, Client};
use crate::service::oauth::{self, Service};
use crate::service::{access, settings};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("settings").returns("settings* page").user(list),
        get("settings.public").returns("settings* page").public(public),
        get("settings/:_id").returns("_id*, value any").user(read),
        post("settings/:_id")
            .takes("_id*, value any, editor, execute boolean")
            .second_factor()
            .returns(NOTHING)
            .user(write),
        post("settings").second_factor().returns(NOTHING).user(write_all),
        get("settings.oauth").returns("services* objects").public(buttons),
        post("settings.addCustomOAuth").takes("name*").second_factor().returns(NOTHING).user(add_service),
        get("service.configurations").returns("configurations* objects").public(configurations),
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
    settings.retain(|(id, _)| wanted.is_empty() || wanted.contains(&id.as_str()));
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

/// Refused in the handler, for the refusal is not that of a row. The value is kept as it is sent; of
/// a colour it may say how it was picked, which nobody needs.
fn write(app: &App, caller: &Caller, mut params: Map<String, Value>) -> Result<Value> {
    let value = params.remove("value");
    let id = params.get("_id").and_then(Value::as_str).unwrap_or_default();
    if !settings::may_change(app, &caller.user, id)? {
        return Err(Error::Unauthorized);
    }
    match value {
        None if params.get("execute") == Some(&Value::Bool(true)) && settings::is_action(app, id) => {}
        None => return Err(Error::Silent),
        Some(value) => settings::set(app, id, &value)?,
    }
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
struct Change {
    #[serde(rename = "_id")]
    id: String,
    value: Value,
}

#[derive(Deserialize, JsonSchema)]
struct Changes {
    settings: Vec<Change>,
}

/// Unlike one by one, together they must be of the right types.
fn write_all(app: &App, caller: &Caller, params: Changes) -> Result<Value> {
    let changes: Vec<_> = params.settings.into_iter().map(|change| (change.id, change.value)).collect();
    let ids: Vec<&str> = changes.iter().map(|(id, _)| id.as_str()).collect();
    settings::require_changes(app, &caller.user, &ids)?;
    settings::check_types(&changes)?;
    settings::set_all(app, &changes)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn buttons(app: &App, _: &Client, _: Nothing) -> Result<Value> {
    let services: Vec<Value> = oauth::services(app)?.iter().map(Service::button).collect();
    Ok(json!({"services": services}))
}

fn configurations(app: &App, _: &Client, _: Nothing) -> Result<Value> {
    let services: Vec<Value> = oauth::services(app)?.iter().map(Service::configuration).collect();
    Ok(json!({"configurations": services}))
}

/// Refused in the handler, for the refusals have their own words.
fn add_service(app: &App, caller: &Caller, params: Map<String, Value>) -> Result<Value> {
    if !access::holds(app, &caller.user, "add-oauth-service")? {
        let text = "Adding OAuth Services is not allowed";
        return Err(Error::refused("error-action-not-allowed", text));
    }
    oauth::add_custom(app, params.get("name").and_then(Value::as_str).unwrap_or_default())?;
    Ok(Value::Null)
}
