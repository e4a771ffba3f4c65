//! What people say about whether they are there.

use super::caller::Caller;
use super::{access, own_changes, settings};
use crate::app::App;
use crate::domain::{User, UserId};
use crate::error::{Error, Result};
use crate::limits::OwnChange;

/// The longest line about a status, in characters; the rest is cut off.
const LONGEST_TEXT: usize = 120;
const STATUSES: [&str; 4] = ["online", "away", "offline", "busy"];

/// Sets the status, the line about it, or both, for the caller or for somebody else, who is named by
/// id or login name.
pub fn set(
    app: &App,
    caller: &Caller,
    named: (Option<&str>, Option<&str>),
    status: Option<&str>,
    text: Option<&str>,
) -> Result<()> {
    if !settings::is_on(app, "Accounts_AllowUserStatusMessageChange")? {
        return Err(Error::refused("error-not-allowed", "Change status is not allowed"));
    }
    let id = whose(app, caller, named)?;
    if let Some(status) = status {
        check(app, status)?;
    }
    if text.is_some_and(|text| {
        id != caller.user.id || text != caller.user.status_text.as_deref().unwrap_or_default()
    }) {
        own_changes::count(app, caller, OwnChange::StatusText)?;
    }
    app.store.write(|batch| {
        let mut user = batch.get::<User>(&(id.clone(),))?.ok_or_else(super::users::unknown)?;
        if let Some(status) = status {
            status.clone_into(&mut user.status);
            user.status_default = Some(status.to_owned());
        }
        if let Some(text) = text {
            let text: String = text.chars().take(LONGEST_TEXT).collect();
            user.status_text = Some(text).filter(|text| !text.is_empty());
        }
        user.updated = app.now();
        Ok(batch.put_user(&user)?)
    })
}

/// Whose status is set, if the caller may. Who may not change others' learns nothing about them.
fn whose(app: &App, caller: &Caller, (id, username): (Option<&str>, Option<&str>)) -> Result<UserId> {
    let own = &caller.user;
    let by_id = id.is_none_or(|id| id == own.id.as_str());
    let by_name = id.is_some() || username.is_none_or(|name| name == own.username);
    if by_id && by_name {
        return Ok(own.id.clone());
    }
    if !access::holds(app, own, "edit-other-user-info")? {
        return Err(Error::Unauthorized);
    }
    Ok(super::users::find(app, id, username)?.id)
}

/// Whether somebody is there, as far as others are told.
pub fn is_there(user: &User) -> bool {
    user.status != "offline"
}

/// Refuses what is no status, or may not be chosen.
pub(super) fn check(app: &App, status: &str) -> Result<()> {
    if !STATUSES.contains(&status) {
        let text = "Valid status types include online, away, offline, and busy.";
        return Err(Error::refused("error-invalid-status", text));
    }
    if status == "offline" && !settings::is_on(app, "Accounts_AllowInvisibleStatusOption")? {
        return Err(Error::refused("error-status-not-allowed", "Invisible status is disabled"));
    }
    Ok(())
}
