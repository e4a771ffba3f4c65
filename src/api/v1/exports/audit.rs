//! `exports.audit`: who exported what, for those who may know.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::page::Paged;
use crate::api::wire;
use crate::app::App;
use crate::domain::{
    Archive, AuditEntry, AuditEvent, Choice, JobId, MessageId, Order, RoomId, Rooms, UserId,
};
use crate::error::Result;
use crate::service::audit::{self, Filter};
use crate::service::caller::Caller;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wanted {
    #[serde(default)]
    user_id: Option<String>,
    #[serde(default)]
    export_id: Option<String>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    until: Option<String>,
}

/// What is noted about exports, latest first.
pub(super) fn audit(app: &App, _: &Caller, paged: Paged<Wanted>) -> Result<Value> {
    let page = paged.page(app)?;
    let Wanted { user_id, export_id, from, until } = paged.params;
    let filter = Filter { user: user_id.map(UserId::new), export: export_id.map(JobId::new), from, until };
    let (entries, total) = audit::list(app, &filter, page.offset, page.count)?;
    Ok(page.wrap("entries", entries.iter().map(describe).collect(), total))
}

fn describe(entry: &AuditEntry) -> Value {
    let mut value = json!({
        "at": wire::time(entry.at),
        "event": entry.event.word(),
        "exportId": entry.export.as_str(),
        "user": {"_id": entry.user.as_str(), "username": entry.username},
    });
    if let Some(address) = &entry.address {
        value["address"] = address.as_str().into();
    }
    match &entry.event {
        AuditEvent::Asked(asked) => value["order"] = order(asked),
        AuditEvent::Done { digest, messages, bytes } => {
            value["sha256"] = digest.map(hex::encode).into();
            value["messages"] = (*messages).into();
            value["bytes"] = (*bytes).into();
        }
        AuditEvent::Failed(reason) => value["error"] = reason.as_str().into(),
        AuditEvent::Downloaded { by_link } => value["byLink"] = (*by_link).into(),
        AuditEvent::LinkMade { expires, to } => {
            value["expiresAt"] = wire::time(*expires);
            if let Some(to) = to {
                value["to"] = to.as_str().into();
            }
        }
        AuditEvent::Retried | AuditEvent::Cancelled | AuditEvent::Deleted | AuditEvent::Expired => {}
    }
    value
}

/// An order in full, in the words of `exports.create`.
fn order(order: &Order) -> Value {
    let choices = |choices: &[Choice]| -> Value { choices.iter().map(choice).collect() };
    let mut value = json!({
        "title": order.title,
        "until": wire::time(order.until),
        "timeZone": order.time_zone,
        "query": order.query,
        "systemMessages": order.system_messages,
        "transforms": choices(&order.transforms),
        "formats": choices(&order.formats),
        "delivery": choice(&order.delivery),
    });
    match &order.rooms {
        Rooms::Listed(rooms) => value["rooms"] = rooms.iter().map(RoomId::as_str).collect(),
        Rooms::Thread { room, thread } => {
            value["rooms"] = json!([room.as_str()]);
            value["thread"] = thread.as_str().into();
        }
        Rooms::Messages { room, messages } => {
            value["rooms"] = json!([room.as_str()]);
            value["messages"] = messages.iter().map(MessageId::as_str).collect();
        }
        Rooms::Seen => value["scope"] = "visible".into(),
        Rooms::Server => value["scope"] = "server".into(),
        Rooms::Own => value["scope"] = "own".into(),
    }
    if let Some(from) = order.from {
        value["from"] = wire::time(from);
    }
    match order.archive {
        Some(Archive::Bag) => value["archive"] = "bag".into(),
        Some(Archive::Plain) => value["archive"] = "plain".into(),
        None => {}
    }
    value
}

fn choice(choice: &Choice) -> Value {
    match choice.options.value() {
        Value::Null => json!({"id": choice.id}),
        options => json!({"id": choice.id, "options": options}),
    }
}
