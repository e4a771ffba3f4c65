//! How often methods of the realtime API may be called: from an address, by a user, and each method by
//! a user. Programs are no exception.

use serde_json::json;

use super::caller::Caller;
use super::{access, settings};
use crate::app::App;
use crate::error::{Error, Result};
use crate::limits::MethodCalls;
use crate::service::caller::Client;

/// Methods that have a limit of their own: calls, within so many milliseconds.
const OWN: [(&str, u64, i64); 6] = [
    ("sendMessage", 5, 1000),
    ("createDirectMessage", 10, 60_000),
    ("getRoomById", 10, 60_000),
    ("followMessage", 5, 5000),
    ("unfollowMessage", 5, 5000),
    ("setUserStatus", 1, 1000),
];

/// Counts a call of a method; refuses one too many.
pub fn count(app: &App, client: &Client, caller: Option<&Caller>, method: &'static str) -> Result<()> {
    count_as(app, "IP", MethodCalls::Address(client.address))?;
    let Some(caller) = caller else { return Ok(()) };
    let user = &caller.user;
    count_as(app, "User", MethodCalls::User(user.id.clone()))?;
    count_as(app, "User_By_Method", MethodCalls::Method(user.id.clone(), method))?;
    let Some((_, limit, window)) = OWN.into_iter().find(|(name, ..)| *name == method) else { return Ok(()) };
    if !is_on(app, "User_By_Method")?
        || method == "sendMessage" && access::holds(app, user, "send-many-messages")?
    {
        return Ok(());
    }
    count_one(app, MethodCalls::Own(user.id.clone(), method), limit, window)
}

fn is_on(app: &App, what: &str) -> Result<bool> {
    settings::is_on(app, &format!("DDP_Rate_Limit_{what}_Enabled"))
}

/// Counts a call as the settings of that name say.
fn count_as(app: &App, what: &str, calls: MethodCalls) -> Result<()> {
    if !is_on(app, what)? {
        return Ok(());
    }
    let limit = settings::limit(app, &format!("DDP_Rate_Limit_{what}_Requests_Allowed"))?;
    let window = settings::limit(app, &format!("DDP_Rate_Limit_{what}_Interval_Time"))?;
    let (Some(limit), Some(window)) = (limit, window) else { return Ok(()) };
    count_one(app, calls, limit, i64::try_from(window).unwrap_or(i64::MAX))
}

fn count_one(app: &App, calls: MethodCalls, limit: u64, window: i64) -> Result<()> {
    let now = app.now();
    let allowance = app.method_limiter.count_one(calls, limit, window, now);
    if !allowance.refused {
        return Ok(());
    }
    let wait = u64::try_from(allowance.reset.since(now).as_millis()).unwrap_or(u64::MAX);
    let seconds = wait.div_ceil(1000);
    Err(Error::Refused {
        code: "too-many-requests".to_owned(),
        reason: format!(
            "Error, too many requests. Please slow down. You must wait {seconds} seconds before trying again."
        ),
        details: json!({"timeToReset": wait}),
    })
}
