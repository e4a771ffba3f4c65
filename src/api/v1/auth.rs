//! Logging in and out, and who one is.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::wire;
use crate::app::App;
use crate::domain::{User, UserId};
use crate::error::{Error, Result};
use crate::passwords::PasswordDigest;
use crate::service::caller::{Caller, Client};
use crate::service::login::{self, Credentials, Identity};
use crate::service::{access, preferences, sessions, settings};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("login")
            .takes("user any, username, email, password any, code, resume")
            .returns("status*, data* object")
            .public(log_in),
        get("logout").writes().returns("status*, data* object").user(log_out),
        post("logout").returns("status*, data* object").user(log_out),
        get("me").returns("_id*, username*, name, status*, statusText, statusDefault, active* boolean, roles* strings, emails objects, email, customFields any, services* object, settings* object, avatarUrl*, _updatedAt*").user(me),
        post("users.logout").returns("message*").user(log_out_user),
        post("users.logoutOtherClients").returns("token*, tokenExpires*").user(log_out_others),
        post("users.removeOtherTokens").returns(NOTHING).user(remove_other_tokens),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn log_in(app: &App, client: &Client, params: Map<String, Value>) -> Result<Value> {
    let mut client = client.clone();
    if let Some(code) = params.get("code").and_then(Value::as_str).filter(|code| !code.is_empty()) {
        client.proof.code = Some(code.to_owned());
    }
    let session = login::log_in(app, &client, &credentials(&params)?)?;
    let me = me_of(app, &session.user)?;
    let data = json!({"userId": session.user.id.as_str(), "authToken": session.token, "me": me});
    Ok(json!({"status": "success", "data": data}))
}

/// Clients write down their credentials in many ways.
fn credentials(params: &Map<String, Value>) -> Result<Credentials> {
    let mismatch = || login::malformed("Match failed");
    match params.get("resume") {
        None | Some(Value::Null) => {}
        Some(Value::String(token)) => return Ok(Credentials::Resume(token.clone())),
        Some(_) => return Err(mismatch()),
    }
    let Some(password) = params.get("password") else {
        return Err(login::malformed("Unrecognized options for login request"));
    };
    let identity = identity(params).ok_or_else(mismatch)?;
    Ok(Credentials::Password(identity, digest(password).ok_or_else(mismatch)?))
}

/// All that may stand beside a flat name.
const FLAT: [&str; 5] = ["user", "username", "email", "password", "code"];

/// Whom the parameters name: in an object, or flat, if there is nothing else beside it.
fn identity(params: &Map<String, Value>) -> Option<Identity> {
    if let Some(Value::Object(user)) = params.get("user") {
        let (key, value) = user.iter().next().filter(|_| user.len() == 1)?;
        let value = value.as_str()?.to_owned();
        return match key.as_str() {
            "username" => Some(Identity::Username(value)),
            "email" => Some(Identity::Email(value)),
            "id" => Some(Identity::Id(UserId::new(value))),
            _ => None,
        };
    }
    if !params.keys().all(|key| FLAT.contains(&key.as_str())) {
        return None;
    }
    let text = |key: &str| params.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    match text("user") {
        Some(user) if user.contains('@') => Some(Identity::Email(user)),
        Some(user) => Some(Identity::Username(user)),
        None => text("username").map(Identity::Username).or_else(|| text("email").map(Identity::Email)),
    }
}

/// A password, or its digest.
fn digest(password: &Value) -> Option<PasswordDigest> {
    match password {
        Value::String(password) => Some(PasswordDigest::of(password)),
        Value::Object(hashed) if hashed.get("algorithm")? == "sha-256" => {
            hashed.get("digest")?.as_str().map(PasswordDigest::sent)
        }
        _ => None,
    }
}

fn log_out(app: &App, caller: &Caller, _: Nothing) -> Result<Value> {
    sessions::close(app, &caller.user.id, caller.token)?;
    Ok(json!({"status": "success", "data": {"message": "You've been logged out!"}}))
}

fn me(app: &App, caller: &Caller, _: Nothing) -> Result<Value> {
    me_of(app, &caller.user)
}

fn me_of(app: &App, user: &User) -> Result<Value> {
    let factor = app.store.second_factor(&user.id)?;
    Ok(wire::account::me(user, &factor, &preferences::merged(app, user)?, &settings::site_url(app)?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LogOut {
    user_id: Option<String>,
}

/// Whose sessions end decides which permission it takes, so the row cannot say it.
fn log_out_user(app: &App, caller: &Caller, params: LogOut) -> Result<Value> {
    let id = params.user_id.map_or_else(|| caller.user.id.clone(), UserId::new);
    if id != caller.user.id && !access::holds(app, &caller.user, "logout-other-user")? {
        return Err(Error::Unauthorized);
    }
    sessions::close_all(app, &id)?;
    Ok(json!({"message": format!("User {id} has been logged out!")}))
}

fn log_out_others(app: &App, caller: &Caller, _: Nothing) -> Result<Value> {
    sessions::close_others(app, &caller.user.id, caller.token)?;
    let created = app.store.token(&caller.token)?.map_or_else(|| app.now(), |token| token.created);
    let expires = sessions::expires(app, created)?;
    Ok(json!({"token": caller.shown.0, "tokenExpires": wire::time(expires)}))
}

fn remove_other_tokens(app: &App, caller: &Caller, _: Nothing) -> Result<Value> {
    sessions::close_others(app, &caller.user.id, caller.token)?;
    Ok(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(params: Value) -> Option<Identity> {
        let Value::Object(params) = params else { panic!("an object") };
        identity(&params)
    }

    #[test]
    fn people_are_named_in_many_ways() {
        assert!(matches!(read(json!({"user": "bob"})), Some(Identity::Username(name)) if name == "bob"));
        assert!(matches!(read(json!({"user": "b@x"})), Some(Identity::Email(_))));
        assert!(matches!(read(json!({"username": "b@x"})), Some(Identity::Username(_))));
        assert!(matches!(read(json!({"email": "b@x"})), Some(Identity::Email(_))));
        assert!(matches!(read(json!({"user": {"id": "x"}, "more": 1})), Some(Identity::Id(_))));
        assert!(read(json!({"user": "bob", "more": 1})).is_none());
        assert!(read(json!({"user": {"id": "x", "email": "y"}})).is_none());
        assert!(read(json!({"user": {"username": {"$ne": ""}}})).is_none());
    }

    #[test]
    fn only_sha_256_is_a_digest() {
        assert!(digest(&json!({"digest": "ab", "algorithm": "sha-256"})).is_some());
        assert!(digest(&json!({"digest": "ab", "algorithm": "md5"})).is_none());
        assert!(digest(&json!({"digest": "ab"})).is_none());
        assert!(digest(&json!(7)).is_none());
    }
}
