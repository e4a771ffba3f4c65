//! Methods about the server: settings, permissions, finding, commands.

use serde_json::{Value, json};

use super::Methods;
use super::call::Call;
use super::ejson;
use super::rooms::{changed, field};
use crate::domain::defaults;
use crate::domain::setting::Kind;
use crate::domain::{Setting, Time};
use crate::error::{Error, Result};
use crate::service::{access, settings};

pub(super) const METHODS: Methods = &[
    ("getServerInfo", |call| call.get("info", json!({})).map(Some)),
    ("public-settings/get", |call| listed_settings(call, false)),
    ("private-settings/get", |call| {
        let user = &call.caller()?.user;
        for permission in ["view-privileged-setting", "edit-privileged-setting"] {
            if access::holds(call.app, user, permission)? {
                return listed_settings(call, true);
            }
        }
        Ok(Some(json!([])))
    }),
    ("permissions/get", |call| changed(call, "permissions.listAll")),
    ("saveSettings", save_settings),
    ("saveSetting", |call| {
        let change = json!({"_id": call.text(0)?, "value": call.argument(1)});
        save(call, &[change])
    }),
    ("listCustomUserStatus", |call| field(call.get("custom-user-status.list", json!({})), "statuses")),
    ("spotlight", |call| {
        let text = call.text(0)?;
        let wanted = call.argument(2);
        let prefix = match (wanted["users"].as_bool(), wanted["rooms"].as_bool()) {
            (Some(true), Some(false) | None) => "@",
            (Some(false) | None, Some(true)) => "#",
            _ => "",
        };
        let query = format!("{prefix}{}", text.trim_start_matches(['@', '#']));
        let mut reply =
            call.get("spotlight", json!({"query": if prefix.is_empty() { text } else { &query }}))?;
        Ok(Some(json!({"users": reply["users"].take(), "rooms": reply["rooms"].take()})))
    }),
    ("browseChannels", browse),
    ("slashCommand", |call| {
        let asked = call.object(0)?;
        let message = asked.get("msg").cloned().unwrap_or_default();
        let params = json!({
            "command": call.field(0, "cmd")?,
            "params": asked.get("params"),
            "roomId": message["rid"],
            "tmid": message["tmid"],
            "triggerId": asked.get("triggerId"),
        });
        field(call.post("commands.run", params), "result")
    }),
    ("getSlashCommandPreviews", |call| {
        let asked = call.object(0)?;
        let params = json!({
            "command": call.field(0, "cmd")?,
            "params": asked.get("params"),
            "roomId": asked.get("msg").map(|message| message["rid"].clone()),
        });
        field(call.get("commands.preview", params), "preview")
    }),
];

/// All of them, or with a date those that changed since.
fn listed_settings(call: &Call<'_>, with_private: bool) -> Result<Option<Value>> {
    let since = call.optional_time(0);
    let mut listed = Vec::new();
    for (id, value) in settings::list(call.app, with_private)? {
        let changed = updated(call, &id)?;
        if since.is_none_or(|since| changed > since) {
            let mut row = json!({"_id": id, "value": value, "_updatedAt": crate::api::wire::time(changed)});
            if with_private && let Some(definition) = defaults::definition(&id) {
                row["type"] = definition.kind.word().into();
                row["public"] = definition.public.into();
                row["packageValue"] = definition.default_value();
                row["i18nLabel"] = id.into();
            }
            listed.push(row);
        }
    }
    Ok(Some(if since.is_some() { json!({"update": listed, "remove": []}) } else { listed.into() }))
}

/// When a setting was last changed; those that never were are as old as time.
fn updated(call: &Call<'_>, id: &str) -> Result<Time> {
    let setting = call.app.store.get::<Setting>(&(id.to_owned(),))?;
    Ok(setting.map_or(Time::from_millis(0), |setting| setting.updated))
}

/// Several settings, all of them or none; numbers must be whole.
fn save_settings(call: &Call<'_>) -> Result<Option<Value>> {
    let Some(Value::Array(changes)) = call.arguments.first() else {
        return Err(Error::plain("Match error: Expected array, got undefined"));
    };
    save(call, changes)
}

fn save(call: &Call<'_>, changes: &[Value]) -> Result<Option<Value>> {
    let ids: Vec<&str> = changes.iter().filter_map(|change| change["_id"].as_str()).collect();
    settings::require_changes(call.app, &call.caller()?.user, &ids)?;
    for change in changes {
        let id = change["_id"].as_str().unwrap_or_default();
        let takes_numbers = defaults::definition(id).is_some_and(|known| known.kind == Kind::Int);
        if takes_numbers && let Some(word) = ejson::no_number(&change["value"]) {
            let reason = "Invalid setting value";
            return Err(Error::refused(format!("{reason} {word}"), reason));
        }
    }
    call.post("settings", json!({"settings": changes}))?;
    Ok(Some(true.into()))
}

fn browse(call: &Call<'_>) -> Result<Option<Value>> {
    let asked = call.object(0)?;
    let number = |name: &str| asked.get(name).and_then(Value::as_u64);
    let (page, limit) = (number("page").unwrap_or(0), number("limit").unwrap_or(10));
    let direction = if asked.get("sortDirection").and_then(Value::as_str) == Some("desc") { -1 } else { 1 };
    let by = asked.get("sortBy").and_then(Value::as_str).unwrap_or("name");
    let params = json!({
        "text": asked.get("text"),
        "type": asked.get("type"),
        "workspace": asked.get("workspace"),
        "offset": page.saturating_mul(limit),
        "count": limit,
        "sort": json!({by: direction}).to_string(),
    });
    let mut reply = call.get("directory", params)?;
    Ok(Some(json!({"total": reply["total"].take(), "results": reply["result"].take()})))
}
