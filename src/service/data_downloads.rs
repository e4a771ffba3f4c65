//! What is kept about a user, for that user: an export of all rooms they are in, with everybody
//! else under a pseudonym, and what the account itself holds.

use std::ops::ControlFlow;

use serde_json::{Value, json};

use super::caller::Caller;
use super::{exports, preferences};
use crate::app::App;
use crate::domain::time::DAY;
use crate::domain::{Choice, Job, JobState, Order, Rooms, Time, User, UserId};
use crate::error::{Error, Result};
use crate::store::schema::DataRequest;

/// Asks for it. `full`: as JSON, for programs, instead of pages for people. One that was asked for
/// within a day, or is not done yet, is answered instead of a new one; `true`: it is new.
pub fn request(app: &App, caller: &Caller, full: bool) -> Result<(bool, Job)> {
    let now = app.now();
    let key = (caller.user.id.clone(), u64::from(full));
    if let Some(job) = earlier(app, app.store.get::<DataRequest>(&key)?, now)? {
        return Ok((false, job));
    }
    let format = if full { "json" } else { "html" };
    let order = Order {
        rooms: Rooms::Own,
        title: format!("All that is kept about {}", caller.user.username),
        from: None,
        until: now.plus(1),
        query: String::new(),
        time_zone: "UTC".to_owned(),
        system_messages: true,
        transforms: vec![Choice::new("anonymize", &json!({"keep": [caller.user.username]}))],
        formats: vec![Choice::new(format, &Value::Null)],
        delivery: Choice::new("file", &Value::Null),
        archive: None,
    };
    super::orders::check(&app.registry(), &order)?;
    exports::accept_with(app, caller, order, true, |batch, job| {
        // Of two at the same time only the first makes one.
        if let Some(earlier) = earlier(app, batch.get::<DataRequest>(&key)?, now)? {
            return Ok(Err(earlier));
        }
        batch.put(&key, &DataRequest { job: job.id.clone(), asked: now })?;
        Ok(Ok(()))
    })
    .map(|accepted| match accepted {
        Ok(job) => (true, job),
        Err(earlier) => (false, earlier),
    })
}

/// The job of an earlier request, if it still counts.
fn earlier(app: &App, request: Option<DataRequest>, now: Time) -> Result<Option<Job>> {
    let Some(request) = request else { return Ok(None) };
    let job = app.store.job(&request.job)?;
    let counts = |job: &Job| match job.state {
        JobState::Queued | JobState::Rendering | JobState::Delivering => true,
        JobState::Done => now < request.asked.plus(DAY),
        // Whoever got nothing may ask again at once.
        JobState::Failed | JobState::Cancelled => false,
    };
    Ok(job.filter(counts))
}

/// How many exports are to be done before this one.
pub fn pending_before(app: &App, job: &Job) -> Result<usize> {
    let mut before = 0;
    app.store.open_jobs::<Error>(|other| {
        before += usize::from((other.created, &other.id) < (job.created, &job.id));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(before)
}

/// What the account holds, without its secrets.
pub fn about(app: &App, id: &UserId) -> Result<Value> {
    let user = app.store.user(id)?.ok_or_else(|| Error::internal("the account is gone"))?;
    let mut rooms = Vec::new();
    app.store.memberships::<Error>(id, |membership| {
        let room = app.store.room(&membership.room)?;
        rooms.push(json!({
            "rid": membership.room.as_str(),
            "name": room.as_ref().and_then(|room| room.name.as_deref()),
            "t": room.as_ref().map(|room| room.kind.letter()),
            "roles": membership.roles,
            "favorite": membership.favorite,
            "joinedAt": membership.created.to_string(),
            "lastSeenAt": membership.last_seen.map(|seen| seen.to_string()),
        }));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(json!({"user": profile(&user), "preferences": preferences::stored(&user), "rooms": rooms}))
}

fn profile(user: &User) -> Value {
    let emails: Vec<Value> = user
        .emails
        .iter()
        .map(|email| json!({"address": email.address, "verified": email.verified}))
        .collect();
    json!({
        "_id": user.id.as_str(),
        "username": user.username,
        "name": user.name,
        "type": user.kind.word(),
        "emails": emails,
        "roles": user.roles,
        "active": user.active,
        "status": user.status,
        "statusText": user.status_text,
        "bio": user.bio,
        "nickname": user.nickname,
        "customFields": user.custom_fields.value(),
        "createdAt": user.created.to_string(),
        "lastLogin": user.last_login.map(|last| last.to_string()),
    })
}
