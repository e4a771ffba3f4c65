//! The record of who exported what, and what became of it: written with what it tells, read by those
//! who may, and kept when the exports themselves are gone.

use std::net::IpAddr;
use std::ops::ControlFlow;
use std::path::Path;

use jiff::tz::TimeZone;
use serde_json::json;

use super::secrets;
use crate::app::App;
use crate::domain::job::JobEvent;
use crate::domain::query::{Bound, instant};
use crate::domain::{AuditEntry, AuditEvent, Choice, Job, JobId, Order, Time, UserId};
use crate::error::{Error, Result};
use crate::store::schema::AuditOfJob;
use crate::store::{self, Batch, Direction, Span};

/// Whoever fetches a file in parts, or again soon, is noted once.
const ONE_DOWNLOAD: i64 = 10 * 60 * 1000;

/// Notes something about a job, within the batch that makes it so. No address: the server did it.
pub fn note(
    batch: &mut Batch<'_>,
    at: Time,
    job: &Job,
    address: Option<IpAddr>,
    event: AuditEvent,
) -> store::Result<()> {
    batch.put_audit(&AuditEntry {
        at,
        export: job.id.clone(),
        user: job.owner.clone(),
        username: job.owner_username.clone(),
        address: address.map(|address| address.to_string()),
        event,
    })
}

/// What is noted when a job is asked for.
pub fn asked(order: &Order) -> AuditEvent {
    AuditEvent::Asked(Box::new(secrets::without(order)))
}

/// What is noted when this has happened to a job, which says how it is now.
pub fn of_event(job: &Job, event: JobEvent) -> Option<AuditEvent> {
    match event {
        JobEvent::Delivered => {
            let Job { digest, messages, bytes, .. } = *job;
            Some(AuditEvent::Done { digest, messages, bytes })
        }
        JobEvent::GaveUp => Some(AuditEvent::Failed(job.failure.clone().unwrap_or_default())),
        JobEvent::Retried => Some(AuditEvent::Retried),
        JobEvent::Cancelled => Some(AuditEvent::Cancelled),
        JobEvent::Started
        | JobEvent::Rendered
        | JobEvent::Sealed
        | JobEvent::Deferred
        | JobEvent::Interrupted
        | JobEvent::Cleared => None,
    }
}

/// Notes that the file of a job is fetched, unless this was noted a moment ago.
pub fn note_download(
    batch: &mut Batch<'_>,
    at: Time,
    job: &Job,
    address: IpAddr,
    by_link: bool,
) -> store::Result<()> {
    let event = AuditEvent::Downloaded { by_link };
    let of_job = Span::of(&(job.id.clone(),));
    let last = batch.store().list::<AuditOfJob>(of_job, Direction::Descending, 0, 1)?;
    if let Some(((_, when, number), _)) = last.first()
        && let Some(entry) = batch.get::<AuditEntry>(&(*when, *number))?
        && entry.event == event
        && entry.address.as_deref() == Some(address.to_string().as_str())
        && at < entry.at.plus(ONE_DOWNLOAD)
    {
        return Ok(());
    }
    note(batch, at, job, Some(address), event)
}

/// Notes an export that the command line has made, and brings it to disk.
pub fn command_line(app: &App, order: &Order, output: &Path, messages: u64, bytes: u64) -> Result<()> {
    let delivery = Choice::new("command line", &json!({"output": output.to_string_lossy()}));
    let order = Order { delivery, ..order.clone() };
    let (at, export) = (app.now(), JobId::random());
    let entry = |event| AuditEntry {
        at,
        export: export.clone(),
        user: UserId::new(""),
        username: "command line".to_owned(),
        address: None,
        event,
    };
    app.store.write::<_, Error>(|batch| {
        batch.put_audit(&entry(asked(&order)))?;
        Ok(batch.put_audit(&entry(AuditEvent::Done { digest: None, messages, bytes }))?)
    })?;
    Ok(app.store.durable_blocking()?)
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// About exports of this user.
    pub user: Option<UserId>,
    /// About this export.
    pub export: Option<JobId>,
    /// A date or an instant, UTC if not said; the first that belongs to it.
    pub from: Option<String>,
    /// A date, which belongs to it, or an instant, which does not.
    pub until: Option<String>,
}

/// Entries, latest first: a part of them, and how many there are.
pub fn list(app: &App, filter: &Filter, offset: usize, count: usize) -> Result<(Vec<AuditEntry>, usize)> {
    let read = |name: &str, text: &Option<String>, bound| match text.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => instant(text, &TimeZone::UTC, bound).map(Some).ok_or_else(|| {
            let reason = format!("`{name}`: {text:?} is no time; write 2024-03-31 or 2024-03-31T14:00:00Z");
            Error::refused("error-invalid-params", reason)
        }),
    };
    let from = read("from", &filter.from, Bound::From)?.unwrap_or(Time::from_millis(i64::MIN));
    let until = read("until", &filter.until, Bound::Until)?.unwrap_or(Time::from_millis(i64::MAX));
    let (mut entries, mut total) = (Vec::new(), 0);
    let (export, user) = (filter.export.as_ref(), filter.user.as_ref());
    app.store.audited::<store::Error>(export, user, (from, until), |place| {
        if total >= offset && entries.len() < count {
            entries.extend(app.store.get::<AuditEntry>(&place)?);
        }
        total += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((entries, total))
}
