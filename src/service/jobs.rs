//! Jobs in the store: taken up, moved on, brought to their end.

use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::app::App;
use crate::domain::job::JobEvent;
use crate::domain::{Job, JobId, JobState, Time};
use crate::export::spool::Sealed;
use crate::store::{Error, Result};

/// Where the spool of a job lies.
pub fn spool_directory(app: &App, job: &JobId) -> PathBuf {
    app.config.server.data.join("spool").join(job.as_str())
}

/// Moves a job on: applies `event` and then `change`, in one step. `None` if the job is gone or the
/// event makes no sense in its state, because somebody cancelled it meanwhile.
pub fn advance(app: &App, id: &JobId, event: JobEvent, change: impl FnOnce(&mut Job)) -> Result<Option<Job>> {
    let now = app.now();
    let moved = app.store.write::<_, Error>(|batch| {
        let Some(mut job) = batch.get::<Job>(&(id.clone(),))? else { return Ok(None) };
        let Some(state) = job.state.after(event) else { return Ok(None) };
        job.state = state;
        if state.is_final() {
            job.finished = Some(now);
        }
        change(&mut job);
        batch.put_job(&job)?;
        Ok(Some(job))
    })?;
    app.store.durable_blocking()?;
    Ok(moved)
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

/// Clears away what a crash left: spools that belong to no open job.
pub fn recover(app: &App) -> Result<()> {
    let spools = app.config.server.data.join("spool");
    std::fs::create_dir_all(&spools)?;
    for entry in std::fs::read_dir(spools)? {
        let entry = entry?;
        let id = JobId::new(entry.file_name().to_string_lossy().into_owned());
        if !entry.file_type()?.is_dir() {
            tracing::warn!(file = %entry.path().display(), "this is no spool; somebody else put it there");
        } else if app.store.job(&id)?.is_none_or(|job| job.state.is_final()) {
            clear_spool(app, &id);
        }
    }
    Ok(())
}

/// Removes the spool of a job that nobody works on.
pub fn clear_spool(app: &App, id: &JobId) {
    match std::fs::remove_dir_all(spool_directory(app, id)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, job = %id, "a spool could not be removed; the next start will");
        }
        _ => {}
    }
}
