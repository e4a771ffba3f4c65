//! `exports.plugins` and `exports.plugins.reload`: the files that are formats, or should be.

use export_sdk::{Found, Look, Registry};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::error::Result;
use crate::service::caller::Caller;
use crate::service::plugins;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Nothing {}

/// Every file with what became of it.
pub(super) fn list(app: &App, _: &Caller, _: Nothing) -> Result<Value> {
    Ok(describe(&app.registry()))
}

/// Reads every file again, and gives those another chance that were switched off.
pub(super) fn reload(app: &App, _: &Caller, _: Nothing) -> Result<Value> {
    Ok(describe(&plugins::look_again(app, Look::Afresh)))
}

fn describe(registry: &Registry) -> Value {
    json!({"plugins": registry.found().iter().map(file).collect::<Vec<_>>()})
}

fn file(found: &Found) -> Value {
    let mut value = json!({"file": found.file});
    let trouble = match &found.format {
        Ok(format) => {
            value["format"] = format.id().into();
            value["version"] = format.origin().map(|origin| origin.version.to_owned()).into();
            format.switched_off().map(|reason| ("off", reason))
        }
        Err(reason) => Some(("refused", reason.clone())),
    };
    value["state"] = trouble.as_ref().map_or("ready", |(state, _)| state).into();
    if let Some((_, reason)) = trouble {
        value["reason"] = reason.into();
    }
    value
}
