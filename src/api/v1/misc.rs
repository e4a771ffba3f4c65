//! The server itself, and what of Rocket.Chat there is none of here.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, get, post};
use crate::api::fields::NOTHING;
use crate::app::App;
use crate::error::{Error, Result};
use crate::service::caller::{Caller, Client};
use crate::service::{access, machine, password_policy, password_reset, settings};

/// The version of the API that is spoken.
pub(super) const VERSION: &str = "6.14.0";

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("info").returns("version*, minimumClientVersions* object, info object").anybody(info),
        get("pw.getPolicy").returns("enabled* boolean, policy* array").public(policy),
        get("pw.getPolicyReset").returns("enabled* boolean, policy* array").public(policy_for_reset),
        get("smtp.check").returns("isSMTPConfigured* boolean").user(smtp),
        get("banners").returns("banners* objects").user(banners),
        get("banners.getNew").returns("banners* objects").user(banners),
        get("banners/:id").returns("banners* objects").user(banners),
        post("banners.dismiss").returns(NOTHING).user(dismiss_banner),
        get("licenses.info")
            .returns("license* object")
            .user(|_, _, _: Nothing| Ok(json!({"license": {"tags": [], "activeModules": []}}))),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

/// The version of the API that is spoken; more for those who may see statistics.
fn info(app: &App, caller: Option<&Caller>, _: Nothing) -> Result<Value> {
    let short = VERSION.rsplit_once('.').map_or(VERSION, |(short, _)| short);
    let mut reply = json!({
        "version": short,
        "minimumClientVersions": {"desktop": "3.9.6", "mobile": "4.39.0"},
    });
    if let Some(caller) = caller
        && access::holds(app, &caller.user, "view-statistics")?
    {
        let (total, free) = machine::memory();
        reply["version"] = VERSION.into();
        reply["info"] = json!({
            "version": VERSION,
            "build": {
                "arch": machine::architecture(),
                "platform": std::env::consts::OS,
                "osRelease": machine::release(),
                "totalMemory": total,
                "freeMemory": free,
                "cpus": machine::processors(),
            },
            "commit": {},
            "marketplaceApiVersion": "1.44.0",
            "roomscribe": env!("CARGO_PKG_VERSION"),
        });
    }
    Ok(reply)
}

/// What new passwords must be like, for clients that say so while people type.
fn policy(app: &App, _: &Client, _: Nothing) -> Result<Value> {
    shown_policy(app)
}

fn shown_policy(app: &App) -> Result<Value> {
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

#[derive(Deserialize, JsonSchema)]
struct Reset {
    token: String,
}

/// For whoever follows a link to a new password.
fn policy_for_reset(app: &App, _: &Client, params: Reset) -> Result<Value> {
    match password_reset::holder(app, &params.token)? {
        Some(_) => shown_policy(app),
        None => Err(Error::Unauthorized),
    }
}

fn smtp(app: &App, _: &Caller, _: Nothing) -> Result<Value> {
    let host = settings::text(app, "SMTP_Host")?;
    Ok(json!({"isSMTPConfigured": !host.is_empty() || !app.config.mail.url.is_empty()}))
}

fn banners(_: &App, _: &Caller, _: Nothing) -> Result<Value> {
    Ok(json!({"banners": []}))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "there are none to be dismissed")]
struct Banner {
    banner_id: String,
}

fn dismiss_banner(_: &App, _: &Caller, _: Banner) -> Result<Value> {
    Err(Error::plain("Banner not found"))
}
