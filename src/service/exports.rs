//! Exports that people ask for: accepted, listed, cancelled, retried, deleted.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use export_sdk::ErrorKind;
use serde_json::{Value, json};

use super::access;
use super::caller::Caller;
use super::orders::{self, MOST_MESSAGES};
use super::{audit, jobs, quotas};
use crate::app::App;
use crate::domain::job::JobEvent;
use crate::domain::time::DAY;
use crate::domain::{
    AuditEvent, Choice, Job, JobId, JobState, MessageId, Order, Room, RoomId, Rooms, Time, User, UserId,
};
use crate::error::{Error, Result};
use crate::export::estimate::{self, Estimate};
use crate::export::render::Task;
use crate::export::spool::Sealed;
use crate::limits::Crowd;
use crate::store::Batch;

/// What an estimate has not read by then it judges by the rest.
const LONGEST_ESTIMATE: Duration = Duration::from_secs(10);

/// A whole room, or a window of days.
pub struct WindowRequest {
    /// The room.
    pub room: RoomId,
    /// The delivery's id, known to the registry.
    pub delivery: String,
    /// The delivery's options; null for none.
    pub delivery_options: Value,
    /// The format's id.
    pub format: Option<String>,
    /// The format's options; null for none.
    pub format_options: Value,
    /// First day or instant, as sent.
    pub from: Option<String>,
    /// Last day or instant, as sent; a day is part of the window.
    pub to: Option<String>,
}

/// Accepts the export of a room. It is on disk when the reply leaves, and done some time later.
pub fn request_window(app: &App, caller: &Caller, request: WindowRequest) -> Result<Job> {
    let room = visible_room(app, caller, &request.room)?;
    let format = request.format.filter(|format| app.registry().format(format).is_ok());
    let format = format.ok_or_else(|| Error::code("error-invalid-format"))?;
    let now = app.now();
    let from = request.from.as_deref().map(day).transpose()?;
    let to = request.to.as_deref().map(day).transpose()?.unwrap_or(now).plus(DAY);
    if from.is_some_and(|from| from > to) {
        return Err(Error::refused("error-invalid-dates", "From date cannot be after To date"));
    }
    let formats = vec![Choice::new(format, &request.format_options)];
    let order = Order {
        from,
        // Later messages cannot change the result, however long the export waits.
        until: to.min(now.plus(1)),
        ..plain(&room, formats, Choice::new(request.delivery, &request.delivery_options), now)
    };
    orders::check(&app.registry(), &order)?;
    accept(app, caller, order, true)
}

/// Everything that was said in a room before `until`.
fn plain(room: &Room, formats: Vec<Choice>, delivery: Choice, until: Time) -> Order {
    Order {
        rooms: Rooms::Listed(vec![room.id.clone()]),
        title: room.title(),
        from: None,
        until,
        query: String::new(),
        time_zone: "UTC".to_owned(),
        system_messages: true,
        transforms: Vec::new(),
        formats,
        delivery,
        archive: None,
    }
}

fn day(text: &str) -> Result<Time> {
    Time::parse(text).ok_or_else(|| Error::code("error-invalid-params"))
}

/// Chosen messages, to be mailed.
pub struct MailRequest {
    /// The room.
    pub room: RoomId,
    /// Login names or ids.
    pub to_users: Vec<String>,
    /// Addresses.
    pub to_emails: Vec<String>,
    /// The subject; may be empty.
    pub subject: String,
    /// Ids of the messages; those of other rooms are left out.
    pub messages: Vec<String>,
}

/// Accepts the mailing of chosen messages. Answers the users who have no address, too.
pub fn request_mail(app: &App, caller: &Caller, request: MailRequest) -> Result<(Job, Vec<String>)> {
    let room = visible_room(app, caller, &request.room)?;
    if request.to_users.is_empty() && request.to_emails.is_empty() {
        return Err(Error::code("error-invalid-recipient"));
    }
    if request.messages.is_empty() {
        return Err(Error::code("error-invalid-messages"));
    }
    if request.messages.len() > MOST_MESSAGES {
        let reason = format!("At most {MOST_MESSAGES} messages can be mailed at once");
        return Err(Error::refused("error-invalid-messages", reason));
    }
    let (addresses, missing) = recipients(app, &request)?;
    if addresses.is_empty() {
        return Err(Error::code("error-invalid-recipient"));
    }
    let reply_to = caller.user.emails.first().map(|email| email.address.as_str());
    let reply_to = reply_to.filter(|address| is_address(address));
    let options = json!({"to": addresses, "subject": request.subject, "replyTo": reply_to});
    let registry = app.registry();
    let delivery = registry.delivery("email").map_err(Error::internal)?;
    delivery.check(&options).map_err(|error| Error::refused("error-invalid-recipient", error.to_string()))?;
    let messages = request.messages.into_iter().map(MessageId::new).collect();
    let formats = vec![Choice::new("mail", &Value::Null)];
    let order = Order {
        rooms: Rooms::Messages { room: room.id.clone(), messages },
        ..plain(&room, formats, Choice::new("email", &options), app.now().plus(1))
    };
    orders::check(&registry, &order)?;
    Ok((accept(app, caller, order, false)?, missing))
}

fn recipients(app: &App, request: &MailRequest) -> Result<(Vec<String>, Vec<String>)> {
    let (mut addresses, mut missing): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for address in &request.to_emails {
        if !is_address(address) {
            return Err(Error::code("error-invalid-email"));
        }
        addresses.push(address.clone());
    }
    for name in &request.to_users {
        match find_user(app, name)?.and_then(|user| user.emails.into_iter().next()) {
            Some(email) if !is_address(&email.address) => return Err(Error::plain("error-invalid-email")),
            Some(email) => addresses.push(email.address),
            None => missing.push(name.clone()),
        }
    }
    addresses.sort_by_key(|address| address.to_lowercase());
    addresses.dedup_by_key(|address| address.to_lowercase());
    Ok((addresses, missing))
}

fn find_user(app: &App, name: &str) -> Result<Option<User>> {
    let by_name = app.store.user_by_name(name)?.filter(|user| user.username == name);
    Ok(match by_name {
        Some(user) => Some(user),
        None => app.store.user(&UserId::new(name))?,
    })
}

fn is_address(text: &str) -> bool {
    export_sdk::MailAddress::new(text).is_ok()
}

fn visible_room(app: &App, caller: &Caller, id: &RoomId) -> Result<Room> {
    let room = app.store.room(id)?.ok_or_else(|| Error::code("error-invalid-room"))?;
    if !access::can_see(app, &caller.user, &room)? {
        return Err(Error::refused("error-not-allowed", "Not Allowed"));
    }
    Ok(room)
}

/// Accepts an order, whose plug-ins were asked. It is on disk when the reply leaves, and carried out some time later.
pub fn accept(app: &App, caller: &Caller, order: Order, notify: bool) -> Result<Job> {
    let accepted = accept_with(app, caller, order, notify, |_, _| Ok(Ok::<(), Infallible>(())))?;
    Ok(accepted.unwrap_or_else(|never| match never {}))
}

/// The same together with another change, which may find that nothing is to be accepted: then nothing
/// has happened, and its word for that is the inner error.
pub fn accept_with<E>(
    app: &App,
    caller: &Caller,
    order: Order,
    notify: bool,
    also: impl FnOnce(&mut Batch<'_>, &Job) -> Result<Result<(), E>>,
) -> Result<Result<Job, E>> {
    let now = app.now();
    let job = Job {
        id: JobId::random(),
        owner: caller.user.id.clone(),
        owner_username: caller.user.username.clone(),
        order,
        notify,
        created: now,
        state: JobState::Queued,
        sealed: false,
        messages: 0,
        bytes: 0,
        attempts: 0,
        due: now,
        failure: None,
        receipt: None,
        digest: None,
        file: None,
        file_expired: false,
        finished: None,
    };
    let accepted = app.store.write::<_, Error>(|batch| {
        if let Err(instead) = also(batch, &job)? {
            return Ok(Err(instead));
        }
        quotas::check(app, batch, &job)?;
        batch.put_job(&job)?;
        audit::note(batch, now, &job, Some(caller.client.address), audit::asked(&job.order))?;
        Ok(Ok(()))
    })?;
    app.export_bell.notify_one();
    Ok(accepted.map(|()| job))
}

/// How large an export would be. As it is answered while its caller waits, it is of bounded length, and
/// few of them are under way at a time. To read and check its order takes long where there are many
/// patterns, so that is a part of it.
pub fn estimate(app: &App, caller: &Caller, order: impl FnOnce() -> Result<Order>) -> Result<Estimate> {
    let _place = app.estimates.enter(&caller.user.id).map_err(|crowd| {
        let reason = match crowd {
            Crowd::Own => "Another estimate of yours is running; wait for it",
            Crowd::Others => "Estimates of others are running; ask again in a moment",
        };
        Error::refused("error-too-many-estimates", reason)
    })?;
    let begin = Instant::now();
    let is_late = || begin.elapsed() >= LONGEST_ESTIMATE;
    let order = order()?;
    let registry = app.registry();
    let task = Task {
        store: &app.store,
        registry: &registry,
        order: &order,
        may_see: &|room| orders::belongs(app, &caller.user.id, room),
        requested_by: &caller.user.username,
        requested_at: app.now(),
        sample: None,
    };
    estimate::estimate(&task, &is_late).map_err(|error| match error.kind() {
        ErrorKind::Rejected => Error::refused("error-invalid-params", error.to_string()),
        _ => Error::internal(error),
    })
}

/// A job of the caller. Nobody else's job exists for them.
pub fn find(app: &App, caller: &Caller, id: &str) -> Result<Job> {
    let job = app.store.job(&JobId::new(id))?.filter(|job| job.owner == caller.user.id);
    job.ok_or_else(|| Error::refused("error-invalid-export", "There is no such export of yours"))
}

/// The caller's jobs, latest first: a part of them, and how many there are.
pub fn list(app: &App, caller: &Caller, offset: usize, count: usize) -> Result<(Vec<Job>, usize)> {
    let (mut part, mut total) = (Vec::new(), 0);
    app.store.jobs_of::<Error>(&caller.user.id, |job| {
        if total >= offset && part.len() < count {
            part.push(job);
        }
        total += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((part, total))
}

/// Cancels a job of the caller. One that is at its end is refused.
pub fn cancel(app: &App, caller: &Caller, id: &str) -> Result<Job> {
    let job = find(app, caller, id)?;
    let running = app.running.of(&job.id);
    let cancelled = app.store.write::<_, Error>(|batch| {
        let address = Some(caller.client.address);
        Ok(jobs::advance_in(app, batch, &job.id, JobEvent::Cancelled, address, |job| {
            if let Some(progress) = running {
                job.messages = progress.messages().max(job.messages);
                job.bytes = progress.work.bytes().max(job.bytes);
            }
        })?)
    })?;
    app.store.durable_blocking()?;
    let cancelled = cancelled
        .ok_or_else(|| Error::refused("error-export-finished", "This export is at its end already"))?;
    clear_away(app, &job.id)?;
    Ok(cancelled)
}

/// Tells a worker to clear a spool away, or does it if there is none: the job waited, perhaps for its
/// next try or for a retry.
fn clear_away(app: &App, id: &JobId) -> Result<()> {
    if app.running.enter(id).is_none() {
        app.running.cancel(id);
        return Ok(());
    }
    let tidied = jobs::tidy(app, id);
    app.running.leave(id);
    Ok(tidied?)
}

/// Begins a job of the caller that failed once more: with its delivery if its rendering is still there,
/// else with the same messages from the beginning.
pub fn retry(app: &App, caller: &Caller, id: &str) -> Result<Job> {
    let job = find(app, caller, id)?;
    // While it is entered here no worker takes it up, and nothing is swept.
    if app.running.enter(&job.id).is_none() {
        let reason = "This export is still under way. Ask again in a moment.";
        return Err(Error::refused("error-export-running", reason));
    }
    let retried = begin_again(app, caller, &job.id);
    // It may have been cancelled or deleted meanwhile.
    let tidied = jobs::tidy(app, &job.id);
    app.running.leave(&job.id);
    app.export_bell.notify_one();
    tidied?;
    retried
}

fn begin_again(app: &App, caller: &Caller, id: &JobId) -> Result<Job> {
    let not_failed =
        || Error::refused("error-export-not-failed", "Only an export that has failed can be retried");
    let job = app.store.job(id)?.filter(|job| job.state == JobState::Failed).ok_or_else(not_failed)?;
    if !orders::still_allowed(app, &job)? {
        return Err(Error::refused("error-not-allowed", "You may no longer export this"));
    }
    let directory = jobs::spool_directory(app, id);
    let rendered =
        job.sealed && Sealed::open(&directory)?.is_some() && orders::may_have_rendering(app, &job)?;
    if !rendered {
        // What a crash left must not be taken for the rendering of this job.
        match std::fs::remove_dir_all(&directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
    }
    let (now, address) = (app.now(), Some(caller.client.address));
    let retried = app.store.write::<_, Error>(|batch| {
        quotas::check(app, batch, &job)?;
        if job.sealed && !rendered {
            // Somebody removed it.
            jobs::advance_in(app, batch, id, JobEvent::Cleared, None, |_| {})?;
        }
        let retried = jobs::advance_in(app, batch, id, JobEvent::Retried, address, |job| {
            if !job.sealed {
                (job.messages, job.bytes) = (0, 0);
            }
            (job.attempts, job.due, job.failure) = (0, now, None);
        })?;
        retried.ok_or_else(not_failed)
    })?;
    app.store.durable_blocking()?;
    Ok(retried)
}

/// Deletes a job of the caller and the file it made. One that is under way must be cancelled first.
pub fn delete(app: &App, caller: &Caller, id: &str) -> Result<()> {
    let under_way = || {
        Error::refused(
            "error-export-running",
            "This export is under way. Cancel it first, with exports.cancel.",
        )
    };
    let job = find(app, caller, id)?;
    if !job.state.is_final() {
        return Err(under_way());
    }
    // The file before its record: a crash in between leaves a record that can be deleted again, and no
    // file without one.
    jobs::take_file_away(app, &job.id)?;
    app.store.write::<_, Error>(|batch| {
        let current = batch.get::<Job>(&(job.id.clone(),))?;
        let current = current.filter(|job| job.state.is_final()).ok_or_else(under_way)?;
        batch.delete_job(&current)?;
        Ok(audit::note(batch, app.now(), &current, Some(caller.client.address), AuditEvent::Deleted)?)
    })?;
    app.store.durable_blocking()?;
    clear_away(app, &job.id)
}
