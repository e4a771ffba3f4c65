//! `permissions.*`: which roles hold which permission.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::wire;
use crate::app::App;
use crate::domain::Time;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{access, permissions};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("permissions.listAll").returns("update* objects, remove* objects").user(list_all),
        post("permissions.update").takes("permissions* objects").returns("permissions* objects").user(update),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Since {
    updated_since: Option<String>,
}

fn list_all(app: &App, _: &Caller, params: Since) -> Result<Value> {
    let refusal = || {
        let text = r#"The "updatedSince" query parameter must be a valid date."#;
        Error::refused("error-roomId-param-invalid", text)
    };
    let since = params.updated_since.map(|text| Time::parse(&text).ok_or_else(refusal)).transpose()?;
    Ok(json!({"update": shapes(app, since)?, "remove": []}))
}

fn shapes(app: &App, since: Option<Time>) -> Result<Vec<Value>> {
    let permissions = permissions::list(app, since)?;
    Ok(permissions.iter().map(|(id, grant)| wire::account::permission(id, grant)).collect())
}

/// Refused in the handler, for the refusal has its own words.
fn update(app: &App, caller: &Caller, params: Map<String, Value>) -> Result<Value> {
    if !access::holds(app, &caller.user, "access-permissions")? {
        let text = "Editing permissions is not allowed";
        return Err(Error::typed(text, "error-edit-permissions-not-allowed"));
    }
    let changes = params.get("permissions").and_then(changes);
    let changes = changes.ok_or_else(|| Error::typed("Invalid body params", "error-invalid-body-params"))?;
    permissions::update(app, changes)?;
    Ok(json!({"permissions": shapes(app, None)?}))
}

/// `[{_id, roles: [..]}]`, each role named once; anything else is nothing.
fn changes(given: &Value) -> Option<Vec<(String, Vec<String>)>> {
    given.as_array()?.iter().map(change).collect()
}

fn change(given: &Value) -> Option<(String, Vec<String>)> {
    let mut roles: Vec<String> = Vec::new();
    for role in given.get("roles")?.as_array()? {
        let role = role.as_str()?.to_owned();
        if roles.contains(&role) {
            return None;
        }
        roles.push(role);
    }
    Some((given.get("_id")?.as_str()?.to_owned(), roles))
}
