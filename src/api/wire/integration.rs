//! Integrations and how their calls went, as clients see them.

use serde_json::{Value, json};

use super::time;
use crate::domain::integration::Way;
use crate::domain::{HookRecord, Integration, Time};

/// An integration, with its places as they are called now.
pub fn integration(integration: &Integration, places: &[String]) -> Value {
    let mut shown = json!({
        "_id": integration.id.as_str(),
        "name": integration.name,
        "enabled": integration.enabled,
        "username": integration.username,
        "userId": integration.user.as_str(),
        "channel": places,
        "alias": integration.alias,
        "avatar": integration.avatar,
        "emoji": integration.emoji,
        "scriptEnabled": integration.script_enabled,
        "script": integration.script,
        "token": integration.token,
        "_createdAt": time(integration.created),
        "_createdBy": {
            "_id": integration.created_by.as_str(),
            "username": integration.created_by_username,
        },
        "_updatedAt": time(integration.updated),
    });
    match &integration.way {
        Way::In { overrides_place } => {
            shown["type"] = "webhook-incoming".into();
            shown["overrideDestinationChannelEnabled"] = (*overrides_place).into();
        }
        Way::Out(outgoing) => {
            shown["type"] = "webhook-outgoing".into();
            shown["event"] = outgoing.event.word().into();
            shown["urls"] = json!(outgoing.urls);
            shown["triggerWords"] = json!(outgoing.trigger_words);
            shown["triggerWordAnywhere"] = outgoing.anywhere.into();
            shown["runOnEdits"] = outgoing.on_edits.into();
            shown["targetRoom"] = outgoing.target_room.as_str().into();
            shown["impersonateUser"] = outgoing.impersonates.into();
            shown["retryFailedCalls"] = outgoing.retries.on.into();
            shown["retryCount"] = outgoing.retries.count.into();
            shown["retryDelay"] = outgoing.retries.delay.word().into();
        }
    }
    shown
}

/// How a call went.
pub fn hook_record(integration: &str, caused: Time, id: &str, record: &HookRecord) -> Value {
    let step = match (record.error.is_empty(), record.finished) {
        (true, _) => "finished",
        (false, false) => "waiting-for-retry",
        (false, true) => "failed",
    };
    let mut shown = json!({
        "_id": id,
        "type": "outgoing-webhook",
        "step": step,
        "integration": {"_id": integration},
        "event": record.event.word(),
        "_createdAt": time(caused),
        "_updatedAt": time(record.updated),
        "url": record.url,
        "data": record.data.value(),
        "tries": record.tries,
        "error": !record.error.is_empty(),
        "finished": record.finished,
    });
    if let Some(status) = record.status {
        shown["httpStatus"] = status.into();
        shown["httpResult"] = record.answer.as_str().into();
    }
    if !record.error.is_empty() {
        shown["httpError"] = record.error.as_str().into();
    }
    shown
}
