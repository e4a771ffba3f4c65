//! Mails that let people in: forgotten passwords, welcomes, confirmations; and tokens made for users.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, post};
use crate::api::fields::NOTHING;
use crate::app::App;
use crate::error::{Error, Result};
use crate::service::caller::{Caller, Client};
use crate::service::{account_mails, password_reset, sessions, users};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("users.forgotPassword").returns(NOTHING).public(forgot),
        post("users.sendWelcomeEmail").needs(&["send-mail"]).returns(NOTHING).user(welcome),
        post("users.sendConfirmationEmail").returns(NOTHING).user(confirm),
        post("users.createToken").returns("data* object").user(create_token),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Forgot {
    email: Option<String>,
}

/// Whether there is such an address nobody learns.
fn forgot(app: &App, _: &Client, params: Forgot) -> Result<Value> {
    let email = params.email.filter(|email| !email.is_empty());
    password_reset::check_on(app)?;
    let email = email.ok_or_else(|| Error::plain("The 'email' param is required"))?;
    password_reset::ask(app, &email)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Address {
    email: String,
}

fn welcome(app: &App, _: &Caller, params: Address) -> Result<Value> {
    if !account_mails::is_set_up(app)? {
        return Err(Error::refused("error-email-send-failed", "SMTP is not configured"));
    }
    let user = app.store.user_by_email(params.email.trim())?;
    let user = user.ok_or_else(|| Error::refused("error-invalid-user", "Invalid user"))?;
    account_mails::welcome(app, &user, false)?;
    Ok(Value::Null)
}

fn confirm(app: &App, _: &Caller, params: Address) -> Result<Value> {
    if password_reset::ask_address(app, &params.email)? { Ok(Value::Null) } else { Err(Error::Silent) }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CreateToken {
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
    secret: Option<String>,
}

fn create_token(app: &App, caller: &Caller, params: CreateToken) -> Result<Value> {
    if !sessions::may_create(app, params.secret.as_deref()) {
        return Err(sessions::not_authorized());
    }
    let username = params.username.as_deref().or(params.user.as_deref());
    let user = users::find(app, params.user_id.as_deref(), username)?;
    let token = sessions::create(app, caller, &user)?;
    Ok(json!({"data": {"userId": user.id.as_str(), "authToken": token}}))
}
