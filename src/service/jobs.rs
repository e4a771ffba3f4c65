//! Jobs in the store: taken up, moved on, brought to their end.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::path::PathBuf;

use export_sdk::Packaging;

use super::audit;
use crate::app::App;
use crate::domain::job::JobEvent;
use crate::domain::{Job, JobId, JobState, Order, Time};
use crate::export::spool::Sealed;
use crate::store::{Batch, Error, Result};

/// Where the spool of a job lies.
pub fn spool_directory(app: &App, job: &JobId) -> PathBuf {
    app.config.server.data.join("spool").join(job.as_str())
}

/// Moves a job on: applies `event` and then `change`, and notes what is worth it, in one step. `None`
/// if the job is gone or the event makes no sense in its state, because somebody cancelled it meanwhile.
pub fn advance(app: &App, id: &JobId, event: JobEvent, change: impl FnOnce(&mut Job)) -> Result<Option<Job>> {
    let moved = app.store.write::<_, Error>(|batch| advance_in(app, batch, id, event, None, change))?;
    app.store.durable_blocking()?;
    Ok(moved)
}

/// The same within a batch, by somebody at an address.
pub fn advance_in(
    app: &App,
    batch: &mut Batch<'_>,
    id: &JobId,
    event: JobEvent,
    address: Option<IpAddr>,
    change: impl FnOnce(&mut Job),
) -> Result<Option<Job>> {
    let now = app.now();
    let Some(mut job) = batch.get::<Job>(&(id.clone(),))? else { return Ok(None) };
    let was_at_its_end = job.state.is_final();
    if !job.apply(event, now) {
        return Ok(None);
    }
    change(&mut job);
    batch.put_job(&job)?;
    if job.state.is_final() && !was_at_its_end {
        app.metrics.work.export_ended(job.state.word());
    }
    if let Some(event) = audit::of_event(&job, event) {
        audit::note(batch, now, &job, address, event)?;
    }
    Ok(Some(job))
}

/// Ends a job whose owner may not export it any more. Nothing of it is kept for a retry.
pub fn forbid(app: &App, id: &JobId) -> Result<()> {
    tracing::warn!(job = %id, "an export ended, as its owner may no longer have it");
    app.store.write::<_, Error>(|batch| {
        advance_in(app, batch, id, JobEvent::GaveUp, None, |job| {
            job.failure = Some("its owner may no longer export this".to_owned());
        })?;
        advance_in(app, batch, id, JobEvent::Cleared, None, |_| {})
    })?;
    app.store.durable_blocking()
}

/// The open job that has waited longest and is due, and is not running; else when the next one is due.
pub fn next(app: &App) -> Result<Next> {
    let now = app.now();
    let (mut chosen, mut later): (Option<Job>, Option<Time>) = (None, None);
    app.store.open_jobs::<Error>(|job| {
        if app.running.of(&job.id).is_some() {
            return Ok(ControlFlow::Continue(()));
        }
        if job.due > now {
            later = Some(later.map_or(job.due, |other| other.min(job.due)));
        } else if chosen.as_ref().is_none_or(|other| job.created < other.created) {
            chosen = Some(job);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(match (chosen, later) {
        (Some(job), _) => Next::Now(Box::new(job)),
        (None, Some(due)) => Next::At(due),
        (None, None) => Next::Nothing,
    })
}

/// What there is to do.
pub enum Next {
    /// This job, now.
    Now(Box<Job>),
    /// Something, but not before this time.
    At(Time),
    /// Nothing.
    Nothing,
}

/// A job as its next step finds it. One whose rendering was cut off begins again, unless the
/// rendering was sealed. `None`: there is nothing more to do about it.
pub fn resume(app: &App, id: &JobId) -> Result<Option<Job>> {
    let Some(job) = app.store.job(id)? else { return Ok(None) };
    match job.state {
        JobState::Queued | JobState::Delivering => Ok(Some(job)),
        JobState::Rendering => {
            let sealed = Sealed::open(&spool_directory(app, id))?.is_some();
            let event = if sealed { JobEvent::Sealed } else { JobEvent::Interrupted };
            advance(app, id, event, |_| {})
        }
        JobState::Done | JobState::Failed | JobState::Cancelled => Ok(None),
    }
}

/// Clears away what a crash left: spools that belong to no job that needs them.
pub fn recover(app: &App) -> Result<()> {
    let spools = app.config.server.data.join("spool");
    std::fs::create_dir_all(&spools)?;
    for entry in std::fs::read_dir(spools)? {
        let entry = entry?;
        let id = JobId::new(entry.file_name().to_string_lossy().into_owned());
        if entry.file_type()?.is_dir() {
            tidy(app, &id)?;
        } else {
            tracing::warn!(file = %entry.path().display(), "this is no spool; somebody else put it there");
        }
    }
    Ok(())
}

/// Removes what the spool of a job holds that is not needed any more: all of it, or of one that is kept
/// for a retry what was made of the rendering.
pub fn tidy(app: &App, id: &JobId) -> Result<()> {
    let job = app.store.job(id)?;
    // A power cut must not bring back a state of the job that needs what is removed here.
    app.store.durable_blocking()?;
    match job {
        Some(job) if job.needs_spool() => {
            if job.state.is_final() {
                report(id, std::fs::remove_file(packed(app, id)));
            }
        }
        Some(job) => {
            clear_spool(app, id);
            if job.file.is_none() {
                report(id, remove_file(app, &job));
            }
        }
        None => clear_spool(app, id),
    }
    Ok(())
}

/// Removes the spool of a job that nobody works on.
pub fn clear_spool(app: &App, id: &JobId) {
    report(id, std::fs::remove_dir_all(spool_directory(app, id)));
}

/// What the delivery of an order wants to be given.
pub fn packaging(app: &App, order: &Order) -> export_sdk::Result<Packaging> {
    let formats: Vec<String> = order.formats.iter().map(|format| format.id.clone()).collect();
    let registry = app.registry();
    registry.delivery(&order.delivery.id)?.packaging(&order.delivery.options.value(), &formats)
}

/// Where the zip of a job is packed.
pub fn packed(app: &App, id: &JobId) -> PathBuf {
    spool_directory(app, id).join("packed.zip")
}

/// Removes the file of a job. It is first noted, on disk, that nobody is given it any more: a crash in
/// between leaves no offer without a file.
pub fn take_file_away(app: &App, id: &JobId) -> Result<()> {
    let job = app.store.write::<_, Error>(|batch| {
        let Some(mut job) = batch.get::<Job>(&(id.clone(),))? else { return Ok(None) };
        if job.offered_file().is_some() {
            job.file_expired = true;
            batch.put_job(&job)?;
        }
        Ok(Some(job))
    })?;
    app.store.durable_blocking()?;
    Ok(job.map_or(Ok(()), |job| remove_file(app, &job))?)
}

/// Removes the file of a job. Where none is noted, a delivery may have made it and was cut off before
/// that could be noted.
pub fn remove_file(app: &App, job: &Job) -> std::io::Result<()> {
    let stray = app.config.exports_directory(&job.order.delivery.id);
    let files = if let Some(file) = &job.file {
        vec![file.place(&app.config.server.data)]
    } else {
        let attempts = 1..=app.config.export.attempts.max(job.attempts + 1);
        let parts = attempts.map(|attempt| format!(".{}.zip.{attempt}.part", job.id));
        parts.chain([format!("{}.zip", job.id)]).map(|name| stray.join(name)).collect()
    };
    for file in files {
        match std::fs::remove_file(file) {
            // Somebody put a file where the directory should be, too.
            Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(error);
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn report(id: &JobId, removed: std::io::Result<()>) {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(%error, job = %id, "what a job left could not be removed; the next start tries again");
        }
        Ok(()) | Err(_) => {}
    }
}
