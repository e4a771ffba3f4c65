//! `users.2fa.*` and what takes second factors and keys away.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::api::endpoint::{Endpoint, post};
use crate::api::fields::NOTHING;
use crate::app::App;
use crate::domain::User;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{access, encryption_keys, two_factor, two_factor_enrolment, users};

/// The rows. Those that are about others check permissions here: whom they are about decides.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("users.2fa.enableEmail").fresh_second_factor().returns(NOTHING).user(enable_email),
        post("users.2fa.disableEmail").fresh_second_factor().returns(NOTHING).user(disable_email),
        post("users.2fa.sendEmailCode").returns(NOTHING).anybody(send_code),
        post("users.resetTOTP").fresh_second_factor().returns(NOTHING).user(reset_totp),
        post("users.resetE2EKey").fresh_second_factor().returns(NOTHING).user(reset_key),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn enable_email(app: &App, caller: &Caller, _: Nothing) -> Result<Value> {
    two_factor_enrolment::enable_email(app, caller)?;
    Ok(Value::Null)
}

fn disable_email(app: &App, caller: &Caller, _: Nothing) -> Result<Value> {
    two_factor_enrolment::disable_email(app, caller)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SendCode {
    email_or_username: Option<String>,
}

/// Whether there is such a user nobody learns.
fn send_code(app: &App, caller: Option<&Caller>, params: SendCode) -> Result<Value> {
    let name = params.email_or_username.filter(|name| !name.is_empty());
    let name =
        name.ok_or_else(|| Error::refused("error-parameter-required", "emailOrUsername is required"))?;
    let user = match caller {
        Some(caller) => Some(caller.user.clone()),
        None if name.contains('@') => app.store.user_by_email(&name)?,
        None => app.store.user_by_name(&name)?,
    };
    if let Some(user) = user.filter(|user| user.active) {
        two_factor::send_code(app, &user)?;
    }
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Whose {
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
}

/// The user that the parameters name, whom the caller has to be or to hold `permission` for.
fn target(app: &App, caller: &Caller, params: &Whose, permission: &str) -> Result<User> {
    let username = params.username.as_deref().or(params.user.as_deref());
    if params.user_id.is_none() && username.is_none() {
        return Ok(caller.user.clone());
    }
    // Who may not do it learns nothing about who there is.
    let named = |name: Option<&str>, own: &str| name.is_none_or(|name| name == own);
    let own =
        named(params.user_id.as_deref(), caller.user.id.as_str()) && named(username, &caller.user.username);
    if !own && !access::holds(app, &caller.user, permission)? {
        return Err(Error::not_allowed());
    }
    users::find(app, params.user_id.as_deref(), username)
}

fn reset_totp(app: &App, caller: &Caller, params: Whose) -> Result<Value> {
    let user = target(app, caller, &params, "edit-other-user-totp")?;
    two_factor_enrolment::reset(app, caller, &user)?;
    Ok(Value::Null)
}

fn reset_key(app: &App, caller: &Caller, params: Whose) -> Result<Value> {
    let user = target(app, caller, &params, "edit-other-user-e2ee")?;
    encryption_keys::reset(app, &user.id)?;
    Ok(Value::Null)
}
