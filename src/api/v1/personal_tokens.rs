//! `users.*PersonalAccessToken*`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::api::wire;
use crate::app::App;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::personal_tokens;

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        post("users.generatePersonalAccessToken").second_factor().returns("token*").user(generate),
        post("users.regeneratePersonalAccessToken").second_factor().returns("token*").user(regenerate),
        post("users.removePersonalAccessToken").second_factor().returns(NOTHING).user(remove),
        get("users.getPersonalAccessTokens").returns("tokens* objects").user(list),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Token {
    token_name: Option<String>,
    #[serde(default)]
    bypass_two_factor: bool,
}

impl Token {
    fn name(&self) -> Result<&str> {
        let name = self.token_name.as_deref().filter(|name| !name.is_empty());
        name.ok_or_else(|| Error::plain("The 'tokenName' param is required"))
    }
}

fn generate(app: &App, caller: &Caller, params: Token) -> Result<Value> {
    let token = personal_tokens::generate(app, caller, params.name()?, params.bypass_two_factor)?;
    Ok(json!({"token": token}))
}

fn regenerate(app: &App, caller: &Caller, params: Token) -> Result<Value> {
    Ok(json!({"token": personal_tokens::regenerate(app, caller, params.name()?)?}))
}

fn remove(app: &App, caller: &Caller, params: Token) -> Result<Value> {
    personal_tokens::remove(app, caller, params.name()?)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn list(app: &App, caller: &Caller, _: Nothing) -> Result<Value> {
    let tokens: Vec<Value> =
        personal_tokens::list(app, caller)?.iter().map(wire::account::personal_token).collect();
    Ok(json!({"tokens": tokens}))
}
