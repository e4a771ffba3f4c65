//! `custom-user-status.*`: lines about their status that people are offered.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::matching::{self, Params};
use crate::api::page::Paged;
use crate::api::wire;
use crate::app::App;
use crate::domain::CustomStatus;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::statuses;

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("custom-user-status.list").returns("statuses* page").user(list),
        post("custom-user-status.create")
            .takes("name*, statusType")
            .returns("customUserStatus* object")
            .user(create),
        post("custom-user-status.update")
            .takes("_id*, name*, statusType")
            .returns("customUserStatus* object")
            .user(update),
        post("custom-user-status.delete").takes("customUserStatusId*").returns(NOTHING).user(delete),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Wanted {
    name: Option<String>,
    #[serde(rename = "_id")]
    id: Option<String>,
}

fn list(app: &App, _: &Caller, params: Paged<Wanted>) -> Result<Value> {
    let part = params.params.name.as_deref().unwrap_or_default().to_lowercase();
    let mut found = statuses::list(app)?;
    found.retain(|status| status.name.to_lowercase().contains(&part));
    if let Some(id) = params.params.id.as_deref().filter(|id| !id.is_empty()) {
        found.retain(|status| status.id == id);
    }
    if params.sort()?.first().is_some_and(|(field, ascending)| field == "name" && !ascending) {
        found.reverse();
    }
    Ok(params.page(app)?.cut("statuses", found.iter().map(shape).collect()))
}

fn shape(status: &CustomStatus) -> Value {
    json!({
        "_id": status.id,
        "name": status.name,
        "statusType": status.status,
        "_updatedAt": wire::time(status.updated),
    })
}

fn create(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    let name = matching::text(&params, "name")?;
    let status = matching::optional_text(&params, "statusType")?;
    statuses::require(app, caller)?;
    let made = statuses::put(app, None, &name, status.as_deref().filter(|status| !status.is_empty()))?;
    Ok(json!({"customUserStatus": shape(&made)}))
}

fn update(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    let id = matching::text(&params, "_id")?;
    let name = matching::text(&params, "name")?;
    let status = matching::optional_text(&params, "statusType")?;
    if statuses::find(app, &id)?.is_none() {
        return Err(Error::plain(format!("No custom user status found with the id of \"{id}\".")));
    }
    statuses::require(app, caller)?;
    let changed =
        statuses::put(app, Some(&id), &name, status.as_deref().filter(|status| !status.is_empty()))?;
    Ok(json!({"customUserStatus": shape(&changed)}))
}

fn delete(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    let id = matching::filled(&params, "customUserStatusId");
    let id = id.ok_or_else(|| Error::plain("The \"customUserStatusId\" params is required!"))?;
    statuses::require(app, caller)?;
    statuses::delete(app, id)?;
    Ok(Value::Null)
}
