//! `chat.ignoreUser`, `chat.reportMessage`, and two calls about the privacy of messages: `chat.otr`,
//! `chat.getMessageReadReceipts`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::api::lenient::as_flag;
use crate::api::matching::{Params, filled};
use crate::app::App;
use crate::domain::{MessageId, RoomId, UserId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{ignoring, moderation, otr};

pub(super) fn ignore(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    let missing = |code: &'static str, name: &'static str| {
        move || Error::refused(code, format!("The required \"{name}\" param is missing."))
    };
    let room = filled(&params, "rid").ok_or_else(missing("error-room-id-param-not-provided", "rid"))?;
    let other =
        filled(&params, "userId").ok_or_else(missing("error-user-id-param-not-provided", "userId"))?;
    let ignored = params.get("ignore").is_none_or(|given| as_flag(given) == Some(true));
    ignoring::set_ignored(app, &caller.user, &RoomId::new(room), &UserId::new(other), ignored)?;
    Ok(Value::Null)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReportedMessage {
    #[schemars(length(min = 1))]
    message_id: String,
    #[schemars(length(min = 1))]
    description: String,
}

pub(super) fn report(app: &App, caller: &Caller, asked: ReportedMessage) -> Result<Value> {
    moderation::report_message(app, &caller.user, &MessageId::new(asked.message_id), &asked.description)?;
    Ok(Value::Null)
}

/// Nobody is told who has read what.
pub(super) fn receipts(_: &App, _: &Caller, _: Params) -> Result<Value> {
    Err(Error::refused("error-action-not-allowed", "This is an enterprise feature"))
}

pub(super) fn off_the_record(app: &App, caller: &Caller, params: Params) -> Result<Value> {
    let given = |name: &str| {
        let text = format!("The required \"{name}\" query param is missing.");
        filled(&params, name).ok_or_else(|| Error::refused("error-invalid-params", text))
    };
    let (room, kind) = (given("roomId")?, given("type")?);
    otr::note(app, &caller.user, &RoomId::new(room), kind)?;
    Ok(Value::Null)
}
