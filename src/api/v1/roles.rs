//! `roles.*`: roles, and who has which.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::page::Paged;
use crate::api::schema::{self, Params, at_least_one};
use crate::api::{lenient, present, wire};
use crate::app::App;
use crate::domain::{Role, RoomId, Time};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::removed::Changes;
use crate::service::roles::{self, Wish};
use crate::service::{access, permissions, role_holders};

/// Answers without a wish of their own hold so many people.
const MOST_PEOPLE: usize = 1000;

/// The rows. The parameters of those that change something are refused in words of their own.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("roles.list").returns("roles* objects").user(list),
        get("roles.sync").returns("roles* object").user(sync),
        post("roles.create")
            .takes("name*, description, scope, mandatory2fa boolean")
            .returns("role* object")
            .user(create),
        post("roles.update")
            .takes("roleId*, name, description, scope, mandatory2fa boolean")
            .returns("role* object")
            .user(update),
        post("roles.delete").takes("roleId*").returns(NOTHING).user(delete),
        post("roles.addUserToRole")
            .takes("username*, roleId, roleName, roomId")
            .returns("role* object")
            .user(add_user),
        post("roles.removeUserFromRole")
            .takes("username*, roleId, roleName, scope")
            .returns("role* object")
            .user(remove_user),
        get("roles.getUsersInRole").returns("users* page").user(users_in_role),
        get("roles.getUsersInPublicRoles").returns("users* objects").user(users_in_public_roles),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn list(app: &App, _: &Caller, _: Nothing) -> Result<Value> {
    Ok(json!({"roles": shapes(&permissions::roles(app)?)}))
}

fn shapes(roles: &[Role]) -> Vec<Value> {
    roles.iter().map(wire::account::role).collect()
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Since {
    updated_since: Option<String>,
}

fn sync(app: &App, _: &Caller, params: Since) -> Result<Value> {
    let since = params.updated_since.as_deref().and_then(Time::parse).ok_or_else(|| {
        let text = r#"The "updatedSince" query parameter must be a valid date."#;
        Error::refused("error-updatedSince-param-invalid", text)
    })?;
    let Changes { changed, gone } = roles::since(app, since)?;
    let gone: Vec<Value> = gone.iter().map(|(id, at)| present::gone(id, *at)).collect();
    Ok(json!({"roles": {"update": shapes(&changed), "remove": gone}}))
}

/// The parameters; what does not fit is refused as roles refuse it, in `words` if there are any.
fn read<P: Params>(params: Map<String, Value>, words: Option<&str>) -> Result<P> {
    schema::check(&schema::of::<P>(), &params).and_then(|()| lenient::parse(Value::Object(params))).map_err(
        |error| match error {
            Error::Refused { code, reason, details } if code == "invalid-params" => Error::Refused {
                code: "error-invalid-role-properties".to_owned(),
                reason: words.map_or(reason, ToOwned::to_owned),
                details,
            },
            other => other,
        },
    )
}

const INVALID: Option<&str> = Some("The role properties are invalid.");

fn require(app: &App, caller: &Caller, permission: &str, code: &str) -> Result<()> {
    if access::holds(app, &caller.user, permission)? {
        return Ok(());
    }
    Err(Error::refused(code, "Accessing permissions is not allowed"))
}

#[derive(Deserialize, JsonSchema)]
struct NewRole {
    #[schemars(length(min = 1))]
    name: String,
    description: Option<String>,
    scope: Option<String>,
    mandatory2fa: Option<bool>,
}

fn create(app: &App, caller: &Caller, params: Map<String, Value>) -> Result<Value> {
    let NewRole { name, description, scope, mandatory2fa } = read(params, INVALID)?;
    require(app, caller, "access-permissions", "error-action-not-allowed")?;
    let role =
        roles::create(app, Wish { name: Some(name), description, scope, second_factor: mandatory2fa })?;
    Ok(json!({"role": wire::account::role(&role)}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Change {
    #[schemars(length(min = 1))]
    role_id: String,
    name: Option<String>,
    description: Option<String>,
    scope: Option<String>,
    mandatory2fa: Option<bool>,
}

fn update(app: &App, caller: &Caller, params: Map<String, Value>) -> Result<Value> {
    let Change { role_id, name, description, scope, mandatory2fa } = read(params, INVALID)?;
    require(app, caller, "access-permissions", "error-action-not-allowed")?;
    let role = roles::update(app, &role_id, Wish { name, description, scope, second_factor: mandatory2fa })?;
    Ok(json!({"role": wire::account::role(&role)}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Named {
    #[schemars(length(min = 1))]
    role_id: String,
}

fn delete(app: &App, caller: &Caller, params: Map<String, Value>) -> Result<Value> {
    let Named { role_id } = read(params, INVALID)?;
    require(app, caller, "access-permissions", "error-action-not-allowed")?;
    roles::delete(app, &role_id)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("anyOf" = at_least_one(&["roleId", "roleName"])))]
struct Holder {
    username: String,
    role_id: Option<String>,
    role_name: Option<String>,
    room_id: Option<String>,
    scope: Option<String>,
}

impl Holder {
    /// By its id; names are what older clients send.
    fn role(&self, app: &App) -> Result<Option<Role>> {
        let name = self.role_id.as_deref().or(self.role_name.as_deref()).unwrap_or_default();
        roles::find(app, name)
    }
}

fn add_user(app: &App, caller: &Caller, params: Map<String, Value>) -> Result<Value> {
    let params: Holder = read(params, None)?;
    require(app, caller, "assign-roles", "error-action-not-allowed")?;
    let role = params.role(app)?;
    let role = role.ok_or_else(|| Error::typed("error-role-not-found", "Role not found"))?;
    let room = params.room_id.filter(|id| !id.is_empty()).map(RoomId::new);
    roles::give(app, caller, &role, &params.username, room.as_ref())?;
    Ok(json!({"role": wire::account::role(&role)}))
}

fn remove_user(app: &App, caller: &Caller, params: Map<String, Value>) -> Result<Value> {
    let params: Holder = read(params, None)?;
    require(app, caller, "access-permissions", "error-not-allowed")?;
    let user = app.store.user_by_name(&params.username)?.ok_or_else(roles::no_such_user)?;
    let role = params.role(app)?.ok_or_else(roles::unknown)?;
    let room = params.scope.filter(|id| !id.is_empty()).map(RoomId::new);
    roles::take(app, &role, &user, room.as_ref())?;
    Ok(json!({"role": wire::account::role(&role)}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InRole {
    role: Option<String>,
    room_id: Option<String>,
}

fn users_in_role(app: &App, caller: &Caller, params: Paged<InRole>) -> Result<Value> {
    let page = params.page(app)?;
    let room = params.params.room_id.filter(|id| !id.is_empty()).map(RoomId::new);
    let role = params
        .params
        .role
        .filter(|role| !role.is_empty())
        .ok_or_else(|| Error::refused("error-param-not-provided", "Query param \"role\" is required"))?;
    let may = access::holds(app, &caller.user, "access-permissions")?
        && (room.is_none() || access::holds(app, &caller.user, "view-other-user-channels")?);
    if !may {
        return Err(Error::not_allowed());
    }
    let role = roles::find(app, &role)?.ok_or_else(|| Error::code("error-invalid-roleId"))?;
    let (users, total) = role_holders::page(app, &role, room.as_ref(), page.offset, page.count)?;
    let rows = users.iter().map(|user| wire::reference(&user.reference())).collect();
    Ok(page.wrap("users", rows, total))
}

fn users_in_public_roles(app: &App, _: &Caller, params: Paged<Nothing>) -> Result<Value> {
    let page = params.page_of(app, MOST_PEOPLE)?;
    let users = role_holders::in_public_roles(app, page.offset, page.count)?;
    let row = |user: &crate::domain::User| json!({"_id": user.id.as_str(), "username": user.username, "roles": user.roles});
    Ok(json!({"users": users.iter().map(row).collect::<Vec<_>>()}))
}
