//! Exports that people ask for: accepted, listed, cancelled, deleted.

use std::ops::ControlFlow;

use export_sdk::ErrorKind;
use serde_json::{Value, json};

use super::access;
use super::caller::Caller;
use super::orders::{self, MOST_MESSAGES};
use super::{jobs, settings};
use crate::app::App;
use crate::domain::job::{ExportFile, JobEvent};
use crate::domain::time::DAY;
use crate::domain::{
    Choice, Job, JobId, JobState, MessageId, Order, Room, RoomId, Rooms, Time, User, UserId,
};
use crate::error::{Error, Result};
use crate::export::estimate::{self, Estimate};
use crate::export::render::Task;

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
    let format = request.format.filter(|format| app.registry.format(format).is_ok());
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
    let delivery = app.registry.delivery("email").map_err(Error::internal)?;
    delivery.check(&options).map_err(|error| Error::refused("error-invalid-recipient", error.to_string()))?;
    let messages = request.messages.into_iter().map(MessageId::new).collect();
    let formats = vec![Choice::new("mail", &Value::Null)];
    let order = Order {
        rooms: Rooms::Messages { room: room.id.clone(), messages },
        ..plain(&room, formats, Choice::new("email", &options), app.now().plus(1))
    };
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

/// Accepts an order. It is on disk when the reply leaves, and carried out some time later.
pub fn accept(app: &App, caller: &Caller, order: Order, notify: bool) -> Result<Job> {
    orders::check(&app.registry, &order)?;
    let now = app.now();
    let job = Job {
        id: JobId::random(),
        owner: caller.user.id.clone(),
        owner_username: caller.user.username.clone(),
        order,
        notify,
        created: now,
        state: JobState::Queued,
        messages: 0,
        bytes: 0,
        attempts: 0,
        due: now,
        failure: None,
        receipt: None,
        file: None,
        finished: None,
    };
    app.store.write::<_, Error>(|batch| {
        let mut open = 0;
        batch.store().open_jobs::<Error>(|other| {
            open += usize::from(other.owner == job.owner);
            Ok(ControlFlow::Continue(()))
        })?;
        if open >= app.config.export.open_per_user {
            let reason = format!(
                "You have {open} exports under way. Wait until one is done, or cancel one with exports.cancel."
            );
            return Err(Error::refused("error-too-many-exports", reason));
        }
        Ok(batch.put_job(&job)?)
    })?;
    app.export_bell.notify_one();
    Ok(job)
}

/// How large an export would be.
pub fn estimate(app: &App, caller: &Caller, order: &Order) -> Result<Estimate> {
    let task = Task {
        store: &app.store,
        registry: &app.registry,
        order,
        may_see: &|room| orders::belongs(app, &caller.user.id, room),
        requested_by: &caller.user.username,
        requested_at: app.now(),
        sample: None,
    };
    estimate::estimate(&task).map_err(|error| match error.kind() {
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

/// What somebody gets who asks for the file of a job.
#[derive(Debug)]
pub enum Download {
    /// The file of this job.
    Granted(Box<Job>, ExportFile),
    /// Nothing.
    Refused,
    /// There is no such file, or not yet.
    Unknown,
}

/// Decides whether somebody gets the file of a job. Only its owner does.
pub fn download(app: &App, caller: Option<&Caller>, id: &JobId) -> Result<Download> {
    let Some(caller) = caller else { return Ok(Download::Refused) };
    if !settings::is_on(app, "UserData_EnableDownload")? {
        return Ok(Download::Refused);
    }
    let Some(mut job) = app.store.job(id)? else { return Ok(Download::Unknown) };
    if job.owner != caller.user.id {
        return Ok(Download::Refused);
    }
    Ok(match job.file.take() {
        Some(file) => Download::Granted(Box::new(job), file),
        None => Download::Unknown,
    })
}

/// Cancels a job of the caller. One that is at its end is refused.
pub fn cancel(app: &App, caller: &Caller, id: &str) -> Result<Job> {
    let job = find(app, caller, id)?;
    let cancelled = jobs::advance(app, &job.id, JobEvent::Cancelled, |_| {})?;
    let cancelled = cancelled
        .ok_or_else(|| Error::refused("error-export-finished", "This export is at its end already"))?;
    if app.running.enter(&job.id).is_some() {
        // It waited, perhaps for its next try: no worker will come and clear away.
        jobs::clear_spool(app, &job.id);
        app.running.leave(&job.id);
    } else {
        app.running.cancel(&job.id);
    }
    Ok(cancelled)
}

/// Deletes a job of the caller and the file it made. One that is under way must be cancelled first.
pub fn delete(app: &App, caller: &Caller, id: &str) -> Result<()> {
    let job = find(app, caller, id)?;
    let gone = app.store.write::<_, Error>(|batch| {
        let current = batch.get::<Job>(&(job.id.clone(),))?;
        let current = current.filter(|job| job.state.is_final()).ok_or_else(|| {
            Error::refused(
                "error-export-running",
                "This export is under way. Cancel it first, with exports.cancel.",
            )
        })?;
        batch.delete_job(&current);
        Ok(current)
    })?;
    app.store.durable_blocking()?;
    if let Some(file) = gone.file {
        match std::fs::remove_file(file.place(&app.config.server.data)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
