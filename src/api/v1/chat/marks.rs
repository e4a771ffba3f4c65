//! `chat.react`, `chat.starMessage`, `chat.pinMessage` and their opposites.

use serde_json::{Value, json};

use crate::api::matching::{Params, filled, optional_flag};
use crate::api::present;
use crate::app::App;
use crate::domain::MessageId;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::reactions;

/// The message that the parameters name.
fn message(params: &Params, what: &str) -> Result<MessageId> {
    let text = format!("The required \"messageId\" param is {what}.");
    let missing = || Error::refused("error-messageid-param-not-provided", text);
    filled(params, "messageId").map(MessageId::new).ok_or_else(missing)
}

pub(super) fn react(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    let id = message(&params, "missing")?;
    let emoji = filled(&params, "emoji").or_else(|| filled(&params, "reaction"));
    let wanted = optional_flag(&params, "shouldReact")?;
    reactions::react(app, &caller.user, &id, emoji, wanted)?;
    Ok(Value::Null)
}

pub(super) fn star(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    reactions::set_star(app, &caller.user, &message(&params, "required")?, true)?;
    Ok(Value::Null)
}

pub(super) fn unstar(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    reactions::set_star(app, &caller.user, &message(&params, "required")?, false)?;
    Ok(Value::Null)
}

pub(super) fn pin(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    let note = reactions::pin(app, &caller.user, &message(&params, "missing")?)?;
    Ok(json!({"message": present::message(app, &caller.user.id, &note)?}))
}

pub(super) fn unpin(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    reactions::unpin(app, &caller.user, &message(&params, "required")?)?;
    Ok(Value::Null)
}
