//! How often people change what others see of them: each thing once a minute, so that nobody floods
//! a server with new names. Who may change the accounts of others is not counted.

use super::caller::Caller;
use super::{access, settings};
use crate::app::App;
use crate::error::{Error, Result};
use crate::limits::OwnChange;

/// Each thing may change once in so many milliseconds.
const WINDOW: i64 = 60_000;

/// Counts a change by the caller, and refuses it if it is one too many.
pub(super) fn count(app: &App, caller: &Caller, change: OwnChange) -> Result<()> {
    if !settings::is_on(app, "API_Enable_Rate_Limiter")?
        || access::holds(app, &caller.user, "edit-other-user-info")?
    {
        return Ok(());
    }
    let now = app.now();
    let allowance = app.own_change_limiter.count_one((change, caller.user.id.clone()), 1, WINDOW, now);
    if !allowance.refused {
        return Ok(());
    }
    let wait = allowance.reset.since(now).as_millis().div_ceil(1000);
    Err(Error::TooMany { seconds: u64::try_from(wait).unwrap_or(u64::MAX) })
}
