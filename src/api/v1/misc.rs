//! The server itself.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get};
use crate::app::App;
use crate::error::Result;
use crate::service::caller::{Caller, Client};
use crate::service::{access, password_policy};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![get("info").anybody(info), get("pw.getPolicy").public(policy)]
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

/// The version of the API that is spoken; more for those who may see statistics.
fn info(app: &App, caller: Option<&Caller>, _: Nothing) -> Result<Value> {
    let full = "6.14.0";
    let mut reply = json!({
        "version": "6.14",
        "minimumClientVersions": {"desktop": "3.9.6", "mobile": "4.39.0"},
    });
    if let Some(caller) = caller
        && access::holds(app, &caller.user, "view-statistics")?
    {
        reply["version"] = full.into();
        reply["info"] = json!({
            "version": full,
            "build": {"arch": std::env::consts::ARCH, "platform": std::env::consts::OS},
            "commit": {},
            "marketplaceApiVersion": "1.44.0",
            "roomscribe": env!("CARGO_PKG_VERSION"),
        });
    }
    Ok(reply)
}

/// What new passwords must be like, for clients that say so while people type.
fn policy(app: &App, _: &Client, _: Nothing) -> Result<Value> {
    let Some(policy) = password_policy::load(app)? else {
        return Ok(json!({"enabled": false, "policy": []}));
    };
    let rule = |(name, limit): password_policy::Rule| {
        let name = format!("get-password-policy-{name}");
        match limit {
            Some((key, count)) => json!([name, {key: count}]),
            None => json!([name]),
        }
    };
    let rules: Vec<Value> = policy.rules().into_iter().map(rule).collect();
    Ok(json!({"enabled": true, "policy": rules}))
}
