//! `rooms.cleanHistory`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::endpoint::{Endpoint, post};
use crate::api::rooms::by_id;
use crate::app::App;
use crate::domain::{RoomId, Time};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::clean_history::{self as history, Sweep};

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![post("rooms.cleanHistory").returns("_id*, count* number").user(clean)]
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the request")]
struct Window {
    room_id: String,
    latest: String,
    oldest: String,
    #[serde(default)]
    inclusive: bool,
    #[serde(default)]
    exclude_pinned: bool,
    #[serde(default)]
    files_only: bool,
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    limit: u64,
    #[serde(default)]
    ignore_discussion: bool,
    #[serde(default)]
    ignore_threads: bool,
}

/// Clears a part of a room's history.
fn clean(app: &App, caller: &Caller, window: Window) -> Result<Value> {
    let room = by_id(app, &RoomId::new(window.room_id))?;
    super::rooms::refuse_archived_channel(&room)?;
    history::require_right(app, caller, &room)?;
    let latest = instant(&window.latest, "latest")?;
    let oldest = instant(&window.oldest, "oldest")?;
    // The end of a sweep is not included, its beginning is.
    let one = i64::from(window.inclusive);
    let sweep = Sweep {
        from: oldest.plus(1 - one),
        until: latest.plus(one),
        keep_pinned: window.exclude_pinned,
        keep_discussions: window.ignore_discussion,
        keep_threads: window.ignore_threads,
        only_files: window.files_only,
        authors: window.users,
    };
    let limit = Some(window.limit).filter(|limit| *limit > 0);
    let count = history::clean(app, caller, &room.id, &sweep, limit)?;
    Ok(json!({"_id": room.id.as_str(), "count": count}))
}

fn instant(text: &str, name: &str) -> Result<Time> {
    Time::parse(text).ok_or_else(|| Error::plain(format!("Body parameter \"{name}\" is required.")))
}
