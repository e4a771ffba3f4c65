//! `exports.create`: the export that says everything itself, and its estimate.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::exports;
use crate::service::orders::{self, Asked, Request, Wanted};

/// Exactly one of `rooms`, `thread`, `messages` and `scope` says whose messages are wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Create {
    #[serde(default)]
    rooms: Option<Vec<String>>,
    #[serde(default)]
    thread: Option<String>,
    #[serde(default)]
    messages: Option<Vec<String>>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    until: Option<String>,
    #[serde(default)]
    time_zone: Option<String>,
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    system_messages: Option<bool>,
    #[serde(default)]
    transforms: Option<Vec<Value>>,
    #[serde(default)]
    formats: Option<Vec<Value>>,
    #[serde(default)]
    delivery: Value,
    #[serde(default)]
    archive: Option<String>,
    #[serde(default)]
    notify: Option<bool>,
    #[serde(default)]
    dry_run: Option<bool>,
}

fn bad(text: impl Into<String>) -> Error {
    Error::refused("error-invalid-params", text)
}

/// Accepts an export, or with `dryRun` answers how large it would be.
///
/// Who may export what depends on the rooms, so that the order is checked and not the row.
pub(super) fn create(app: &App, caller: &Caller, params: Create) -> Result<Value> {
    let (notify, dry_run) = (params.notify.unwrap_or(false), params.dry_run.unwrap_or(false));
    let request = request(params)?;
    let order = || orders::order(app, Some(caller), request);
    if dry_run {
        let estimate = exports::estimate(app, caller, order)?;
        return Ok(json!({"estimate": {
            "rooms": estimate.rooms,
            "messages": estimate.messages,
            "files": estimate.files,
            "missingFiles": estimate.missing_files,
            "bytes": estimate.bytes,
            "pages": estimate.pages,
            "exact": estimate.exact,
        }}));
    }
    if notify && caller.user.emails.is_empty() {
        return Err(bad("`notify`: your account has no e-mail address; give it one, or leave `notify` out"));
    }
    let job = exports::accept(app, caller, order()?, notify)?;
    Ok(json!({"export": super::describe(app, &job)}))
}

fn request(params: Create) -> Result<Request> {
    let choices = |field: &str, values: Option<Vec<Value>>| -> Result<Vec<Asked>> {
        values.unwrap_or_default().into_iter().map(|value| asked(field, value)).collect()
    };
    let delivery = match params.delivery {
        Value::Null => Asked { id: "file".to_owned(), options: Value::Null },
        given => asked("delivery", given)?,
    };
    Ok(Request {
        wanted: wanted(params.rooms, params.thread, params.messages, params.scope)?,
        from: params.from,
        until: params.until,
        time_zone: params.time_zone,
        query: params.query.unwrap_or_default(),
        system_messages: params.system_messages.unwrap_or(true),
        transforms: choices("transforms", params.transforms)?,
        formats: choices("formats", params.formats)?,
        delivery,
        archive: params.archive,
    })
}

fn wanted(
    rooms: Option<Vec<String>>,
    thread: Option<String>,
    messages: Option<Vec<String>>,
    scope: Option<String>,
) -> Result<Wanted> {
    match (rooms, thread, messages, scope.as_deref()) {
        (Some(rooms), None, None, None) => Ok(Wanted::Rooms(rooms)),
        (None, Some(thread), None, None) => Ok(Wanted::Thread(thread)),
        (None, None, Some(messages), None) => Ok(Wanted::Messages(messages)),
        (None, None, None, Some("visible")) => Ok(Wanted::Visible),
        (None, None, None, Some("server")) => Ok(Wanted::Server),
        (None, None, None, Some(other)) => {
            let other: String = other.chars().take(60).collect();
            Err(bad(format!("`scope`: {other:?} is neither visible nor server")))
        }
        _ => Err(bad("say what to export by exactly one of `rooms`, `thread`, `messages` and `scope`")),
    }
}

/// `"html"`, or `{"id": "html", "options": {…}}`.
fn asked(field: &str, value: Value) -> Result<Asked> {
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Chosen {
        id: String,
        #[serde(default)]
        options: Value,
    }
    if let Value::String(id) = value {
        return Ok(Asked { id, options: Value::Null });
    }
    // serde would take a list for an object, too.
    let chosen = Some(value).filter(Value::is_object).and_then(|value| Chosen::deserialize(value).ok());
    let chosen = chosen.ok_or_else(|| {
        bad(format!("`{field}`: write an id, or an object with the keys `id` and `options`"))
    })?;
    Ok(Asked { id: chosen.id, options: chosen.options })
}
