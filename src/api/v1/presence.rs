//! Whether people are there, and what they prefer.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::wire;
use crate::app::App;
use crate::domain::{User, UserId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{preferences, presence, users};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("users.getStatus").returns("_id*, status*, message, connectionStatus").user(status),
        get("users.getPresence").returns("presence*, connectionStatus, lastLogin").user(current),
        post("users.setStatus").takes("status, message, userId, username").returns(NOTHING).user(set_status),
        get("users.getPreferences")
            .returns("preferences* object")
            .user(|_, caller, _: Nothing| Ok(json!({"preferences": preferences::stored(&caller.user)}))),
        post("users.setPreferences").returns("user* object").user(set_preferences),
    ]
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
struct Whose {
    user_id: Option<String>,
    username: Option<String>,
    user: Option<String>,
}

impl Whose {
    /// The account that is named, else the caller's.
    fn find(&self, app: &App, caller: &Caller) -> Result<User> {
        let username = self.username.as_deref().or(self.user.as_deref());
        if self.user_id.is_none() && username.is_none() {
            return Ok(caller.user.clone());
        }
        users::find(app, self.user_id.as_deref(), username)
    }
}

fn status(app: &App, caller: &Caller, params: Whose) -> Result<Value> {
    let user = params.find(app, caller)?;
    let mut reply = json!({"_id": user.id.as_str(), "status": user.status});
    if let Some(text) = &user.status_text {
        reply["message"] = text.as_str().into();
    }
    if user.id == caller.user.id {
        reply["connectionStatus"] = user.status.as_str().into();
    }
    Ok(reply)
}

fn current(app: &App, caller: &Caller, params: Whose) -> Result<Value> {
    let user = params.find(app, caller)?;
    let mut reply = json!({"presence": user.status});
    if user.id == caller.user.id {
        reply["connectionStatus"] = user.status.as_str().into();
        if let Some(last) = user.last_login {
            reply["lastLogin"] = wire::time(last);
        }
    }
    Ok(reply)
}

fn set_status(app: &App, caller: &Caller, params: Map<String, Value>) -> Result<Value> {
    let mismatch =
        || Error::plain("Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation");
    let text = |name: &str| match params.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(mismatch()),
    };
    let (status, message) = (text("status")?, text("message")?);
    if status.is_none() && message.is_none() {
        return Err(mismatch());
    }
    let named = (text("userId")?, text("username")?);
    presence::set(app, caller, named, status.filter(|status| !status.is_empty()), message)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Preferences {
    data: Map<String, Value>,
    user_id: Option<String>,
}

fn set_preferences(app: &App, caller: &Caller, params: Preferences) -> Result<Value> {
    let id = params.user_id.map(UserId::new);
    let user = preferences::set(app, caller, id.as_ref(), params.data)?;
    let stored = preferences::stored(&user);
    Ok(json!({"user": {"_id": user.id.as_str(), "settings": {"preferences": stored}}}))
}
