//! `users.*`: who is there, who was deactivated, and who should be.

use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::users::by_activity;
use crate::api::endpoint::{Endpoint, get, post};
use crate::api::page::Paged;
use crate::api::rows::TopRows;
use crate::api::wire::{self, Detail};
use crate::app::App;
use crate::domain::{Time, User, UserId};
use crate::error::{Error, Result};
use crate::service::caller::Caller;
use crate::service::{access, departures, presence, settings};
use crate::store::Direction;

/// The rows.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        get("users.presence").returns("users* objects, full* boolean").user(present),
        get("users.listByStatus").needs(&["view-d-room"]).returns("users* page").user(list),
        post("users.deactivateIdle").returns("count* number").user(deactivate_idle),
    ]
}

/// Clients that asked so short a time ago are told what has changed since.
const RECENTLY: i64 = 10 * 60 * 1000;

#[derive(Deserialize, JsonSchema)]
struct Present {
    from: Option<String>,
    ids: Option<Vec<String>>,
}

fn present(app: &App, caller: &Caller, params: Present) -> Result<Value> {
    if settings::is_on(app, "Presence_broadcast_disabled")? {
        return Ok(json!({"users": [], "full": true}));
    }
    if let Some(ids) = params.ids {
        let mut rows = Vec::new();
        for id in ids.iter().flat_map(|ids| ids.split(',')).map(str::trim).filter(|id| !id.is_empty()) {
            rows.extend(app.store.user(&UserId::new(id))?.filter(presence::is_there).map(|user| seen(&user)));
        }
        return Ok(json!({"users": rows, "full": false}));
    }
    let recently = app.now().plus(-RECENTLY);
    let since = params.from.as_deref().and_then(Time::parse).filter(|since| *since > recently);
    let mut found = Vec::new();
    // In the order of ids, in which one pass reads everybody.
    app.store.users::<Error>(|user| {
        let wanted = match since {
            Some(since) => user.updated >= since && user.id != caller.user.id,
            None => presence::is_there(&user),
        };
        found.extend(wanted.then_some(user));
        Ok(ControlFlow::Continue(()))
    })?;
    found.sort_by_cached_key(|user| user.username.to_lowercase());
    let rows: Vec<Value> = found.iter().map(seen).collect();
    Ok(json!({"users": rows, "full": since.is_none()}))
}

/// What is told of somebody who is there.
fn seen(user: &User) -> Value {
    const FIELDS: [&str; 7] = ["_id", "username", "name", "status", "utcOffset", "statusText", "avatarETag"];
    only(wire::user(user, Detail::Public), &FIELDS)
}

/// An object without any other field.
pub(super) fn only(mut row: Value, fields: &[&str]) -> Value {
    if let Value::Object(map) = &mut row {
        map.retain(|key, _| fields.contains(&key.as_str()));
    }
    row
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct List {
    status: Option<Status>,
    has_logged_in: Option<bool>,
    #[serde(rename = "type")]
    kind: Option<String>,
    roles: Option<Vec<String>>,
    search_term: Option<String>,
    inactive_reason: Option<Vec<Inactive>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    Deactivated,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Inactive {
    Deactivated,
    PendingApproval,
    IdleTooLong,
}

impl List {
    fn has_status(&self, active: bool) -> bool {
        self.status.is_none_or(|status| active == (status == Status::Active))
    }

    /// Whether the status is all that decides.
    fn asks_for_status_alone(&self) -> bool {
        self.has_logged_in.is_none()
            && self.kind.is_none()
            && self.roles.as_ref().is_none_or(Vec::is_empty)
            && self.search_term.as_ref().is_none_or(String::is_empty)
            && self.inactive_reason.is_none()
    }

    fn picks(&self, user: &User, with_addresses: bool) -> bool {
        let term = self.search_term.as_deref().unwrap_or_default().to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&term);
        let roles = self.roles.as_deref().unwrap_or_default();
        self.has_status(user.active)
            && self.has_logged_in.is_none_or(|wanted| user.last_login.is_some() == wanted)
            && self.kind.as_deref().is_none_or(|kind| user.kind.word() == kind)
            && (roles.is_empty() || roles.iter().any(|role| role == "all" || user.has_role(role)))
            && self
                .inactive_reason
                .as_ref()
                .is_none_or(|reasons| !user.active && (reasons.is_empty() || reasons.contains(&reason(user))))
            && (has(&user.username)
                || user.name.as_deref().is_some_and(has)
                || with_addresses && user.emails.iter().any(|email| has(&email.address)))
    }
}

/// Why somebody cannot log in.
fn reason(user: &User) -> Inactive {
    match departures::is_idle(user) {
        true => Inactive::IdleTooLong,
        false if user.last_login.is_none() => Inactive::PendingApproval,
        false => Inactive::Deactivated,
    }
}

fn list(app: &App, caller: &Caller, params: Paged<List>) -> Result<Value> {
    const FIELDS: [&str; 11] = [
        "_id",
        "name",
        "username",
        "emails",
        "roles",
        "status",
        "active",
        "avatarETag",
        "lastLogin",
        "type",
        "reason",
    ];
    let outside = "API_Apply_permission_view-outside-room_on_users-list";
    if settings::is_on(app, outside)? && !access::holds(app, &caller.user, "view-outside-room")? {
        return Err(Error::Unauthorized);
    }
    let privileged = access::holds(app, &caller.user, "view-full-other-user-info")?;
    let detail = if privileged { Detail::Full } else { Detail::Public };
    let mut sort = params.sort()?;
    by_activity(&mut sort);
    let (page, wanted) = (params.page(app)?, &params.params);
    let shown = |user: &User| only(wire::user(user, detail), &FIELDS);
    // A short entry may say all that decides; then only those are read that are shown.
    let by_entry = wanted.asks_for_status_alone()
        && sort.iter().all(|(field, _)| matches!(field.as_str(), "username" | "name"));
    let mut rows = TopRows::new(page, sort);
    app.store.people::<Error>(Direction::Ascending, |id, person| {
        if by_entry && wanted.has_status(person.active) {
            rows.offer(json!({"_id": id.as_str(), "username": person.username, "name": person.name}));
        } else if !by_entry
            && let Some(user) = app.store.user(&id)?
            && wanted.picks(&user, privileged)
        {
            rows.offer(shown(&user));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if !by_entry {
        return Ok(rows.finish("users"));
    }
    let (found, total) = rows.page();
    let mut people = Vec::new();
    for id in found.iter().filter_map(|row| row["_id"].as_str()) {
        people.extend(app.store.user(&UserId::new(id))?.as_ref().map(shown));
    }
    Ok(page.wrap("users", people, total))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Idle {
    days_idle: u32,
    role: Option<String>,
}

fn deactivate_idle(app: &App, caller: &Caller, params: Idle) -> Result<Value> {
    let role = params.role.as_deref().unwrap_or("user");
    let count = departures::deactivate_idle(app, caller, params.days_idle, role)?;
    Ok(Map::from_iter([("count".to_owned(), count.into())]).into())
}
