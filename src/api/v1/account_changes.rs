//! `users.*`: accounts made, changed and removed.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::endpoint::{Endpoint, Limit, post};
use crate::api::fields::NOTHING;
use crate::api::wire;
use crate::app::App;
use crate::domain::UserId;
use crate::error::{Error, Result};
use crate::passwords::PasswordDigest;
use crate::service::account_changes::{self, Changes};
use crate::service::accounts::{self, NewAccount};
use crate::service::caller::{Caller, Client};
use crate::service::{access, account_mails, departures, users};

/// The rows. Most check permissions in the service: their refusals are not that of a row.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("users.register")
            .limited(Limit::Setting("Rate_Limiter_Limit_RegisterUser"))
            .returns("user* object")
            .public(register),
        post("users.create").returns("user* object").user(create),
        post("users.update").second_factor().returns("user* object").user(update),
        post("users.updateOwnBasicInfo").returns("user* object").user(update_own),
        post("users.setActiveStatus").returns("user* object").user(set_active),
        post("users.delete").returns(NOTHING).user(delete),
        post("users.deleteOwnAccount").returns(NOTHING).user(delete_own),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Register {
    username: String,
    email: String,
    pass: String,
    name: Option<String>,
    secret: Option<String>,
    #[serde(rename = "reason")]
    _reason: Option<String>,
    custom_fields: Option<Map<String, Value>>,
}

fn register(app: &App, _: &Client, params: Register) -> Result<Value> {
    let wanted = NewAccount {
        username: params.username,
        name: params.name,
        email: params.email,
        password: Some(params.pass),
        custom_fields: params.custom_fields,
        ..NewAccount::default()
    };
    let user = accounts::register(app, &wanted, params.secret.as_deref())?;
    Ok(json!({"user": wire::account::changed_user(&user, false)}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Create {
    email: String,
    name: String,
    password: String,
    username: String,
    active: Option<bool>,
    bio: Option<String>,
    nickname: Option<String>,
    status_text: Option<String>,
    roles: Option<Vec<String>>,
    join_default_channels: Option<bool>,
    require_password_change: Option<bool>,
    set_random_password: Option<bool>,
    #[serde(default)]
    send_welcome_email: bool,
    verified: Option<bool>,
    custom_fields: Option<Map<String, Value>>,
    #[serde(rename = "fields")]
    _fields: Option<Value>,
}

fn create(app: &App, caller: &Caller, params: Create) -> Result<Value> {
    let random = params.set_random_password.unwrap_or(false);
    let wanted = NewAccount {
        username: params.username,
        name: Some(params.name),
        email: params.email,
        password: (!random).then_some(params.password),
        verified: params.verified.unwrap_or(false),
        active: params.active,
        roles: params.roles,
        bio: params.bio,
        nickname: params.nickname,
        status_text: params.status_text,
        require_password_change: random || params.require_password_change.unwrap_or(false),
        custom_fields: params.custom_fields,
        join_default_rooms: params.join_default_channels.unwrap_or(true),
    };
    let user = accounts::create(app, caller, &wanted)?;
    if random || params.send_welcome_email {
        account_mails::welcome(app, &user, random)?;
    }
    Ok(json!({"user": wire::account::changed_user(&user, params.require_password_change.is_some())}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Update {
    user_id: String,
    data: UpdateData,
    #[serde(default)]
    confirm_relinquish: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UpdateData {
    email: Option<String>,
    name: Option<String>,
    password: Option<String>,
    username: Option<String>,
    bio: Option<String>,
    nickname: Option<String>,
    status_text: Option<String>,
    active: Option<bool>,
    roles: Option<Vec<String>>,
    /// Only new accounts join rooms of themselves.
    #[serde(rename = "joinDefaultChannels")]
    _join_default_channels: Option<bool>,
    require_password_change: Option<bool>,
    #[serde(default)]
    set_random_password: bool,
    #[serde(default)]
    send_welcome_email: bool,
    verified: Option<bool>,
    custom_fields: Option<Map<String, Value>>,
}

fn update(app: &App, caller: &Caller, params: Update) -> Result<Value> {
    let data = params.data;
    let tell_required = data.require_password_change.is_some();
    let changes = Changes {
        username: data.username,
        name: data.name,
        email: data.email,
        verified: data.verified,
        password: data.password,
        bio: data.bio,
        nickname: data.nickname,
        status_text: data.status_text,
        status: None,
        roles: data.roles,
        require_password_change: data.require_password_change,
        custom_fields: data.custom_fields,
        active: data.active,
        invite: data.set_random_password,
        welcome: data.send_welcome_email,
    };
    let id = UserId::new(params.user_id);
    let user = account_changes::update(app, caller, &id, changes, params.confirm_relinquish)?;
    Ok(json!({"user": wire::account::changed_user(&user, tell_required)}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UpdateOwn {
    data: UpdateOwnData,
    custom_fields: Option<Map<String, Value>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UpdateOwnData {
    email: Option<String>,
    name: Option<String>,
    username: Option<String>,
    nickname: Option<String>,
    status_text: Option<String>,
    status_type: Option<String>,
    bio: Option<String>,
    current_password: Option<String>,
    new_password: Option<String>,
}

fn update_own(app: &App, caller: &Caller, params: UpdateOwn) -> Result<Value> {
    let data = params.data;
    let changes = Changes {
        username: data.username,
        name: data.name,
        email: data.email,
        password: data.new_password,
        bio: data.bio,
        nickname: data.nickname,
        status_text: data.status_text,
        status: data.status_type,
        custom_fields: params.custom_fields,
        ..Changes::default()
    };
    let user = account_changes::update_own(app, caller, &changes, data.current_password.as_deref())?;
    Ok(json!({"user": wire::account::changed_user(&user, false)}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetActive {
    user_id: String,
    #[serde(rename = "activeStatus")]
    active: bool,
    #[serde(default)]
    confirm_relinquish: bool,
}

fn set_active(app: &App, caller: &Caller, params: SetActive) -> Result<Value> {
    let id = UserId::new(params.user_id);
    let user = account_changes::set_active(app, caller, &id, params.active, params.confirm_relinquish)?;
    Ok(json!({"user": {"_id": user.id.as_str(), "active": user.active}}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Delete {
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
    #[serde(default)]
    confirm_relinquish: bool,
}

fn delete(app: &App, caller: &Caller, params: Delete) -> Result<Value> {
    if !access::holds(app, &caller.user, "delete-user")? {
        return Err(Error::Unauthorized);
    }
    let username = params.username.as_deref().or(params.user.as_deref());
    let user = users::find(app, params.user_id.as_deref(), username)?;
    departures::delete(app, &user.id, params.confirm_relinquish)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DeleteOwn {
    password: Option<String>,
    #[serde(default)]
    confirm_relinquish: bool,
}

fn delete_own(app: &App, caller: &Caller, params: DeleteOwn) -> Result<Value> {
    let password = params.password.filter(|password| !password.is_empty());
    let password = password.ok_or_else(|| Error::plain(r#"Body parameter "password" is required."#))?;
    departures::delete_own(app, caller, PasswordDigest::sent(&password), params.confirm_relinquish)?;
    Ok(Value::Null)
}
