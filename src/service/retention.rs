//! What exports leave behind, and for how long: files, renderings of failed jobs, records, links,
//! audit entries. Everything in bounded parts, and so that a crash in between does no harm.

use std::ops::ControlFlow;

use super::{audit, jobs};
use crate::app::App;
use crate::config::Export;
use crate::domain::job::JobEvent;
use crate::domain::{AuditEntry, AuditEvent, ExportLink, Job, JobId, JobState, Time};
use crate::error::{Error, Result};
use crate::store::schema::{EndedJob, KeptFile};
use crate::store::{self, Direction, Record, Span};

/// So much at a time.
const PART: usize = 200;

/// Sweeps a bounded part; whether there may be more.
pub fn sweep(app: &App) -> Result<bool> {
    Ok(expire_files(app)?
        || clear_renderings(app)?
        || forget_records(app)?
        || forget_links(app)?
        || forget_audit(app)?)
}

/// The first keys of a kind that begins with a time, up to the last that is over after `days`.
fn over<R: Record>(app: &App, days: u32, time: impl Fn(&R::Key) -> Time) -> Result<Vec<R::Key>> {
    let mut keys = Vec::new();
    app.store.walk::<R, store::Error>(Span::all(), Direction::Ascending, |key, _| {
        let end = Export::days_after(time(&key), days);
        if end.is_none_or(|end| end > app.now()) || keys.len() >= PART {
            return Ok(ControlFlow::Break(()));
        }
        keys.push(key);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(keys)
}

/// Deletes files whose time is over. Their jobs say so.
fn expire_files(app: &App) -> Result<bool> {
    let due = over::<KeptFile>(app, app.config.export.keep_days, |(finished, _)| *finished)?;
    let mut deleted = 0;
    for (_, id) in &due {
        match expire(app, id) {
            Ok(()) => deleted += 1,
            Err(error) => tracing::warn!(%error, job = %id, "the file of an export could not be deleted"),
        }
    }
    Ok(due.len() >= PART && deleted > 0)
}

/// Finishes what a crash cut short: deletes the files that nobody is given any more.
pub fn finish_removals(app: &App) -> Result<()> {
    let mut halfway = Vec::new();
    app.store.walk::<KeptFile, store::Error>(Span::all(), Direction::Ascending, |(_, id), _| {
        if app.store.job(&id)?.is_some_and(|job| job.file_expired) {
            halfway.push(id);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    halfway.iter().try_for_each(|id| expire(app, id))
}

fn expire(app: &App, id: &JobId) -> Result<()> {
    jobs::take_file_away(app, id)?;
    app.store.write::<_, Error>(|batch| {
        let Some(mut job) = batch.get::<Job>(&(id.clone(),))?.filter(|job| job.file.is_some()) else {
            return Ok(());
        };
        job.file = None;
        batch.delete_links(id)?;
        batch.put_job(&job)?;
        Ok(audit::note(batch, app.now(), &job, None, AuditEvent::Expired)?)
    })
}

/// Clears renderings away that were kept for a retry that nobody wanted.
fn clear_renderings(app: &App) -> Result<bool> {
    let spools = app.config.server.data.join("spool");
    let entries = match std::fs::read_dir(spools) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        entries => entries?,
    };
    for entry in entries {
        let id = JobId::new(entry?.file_name().to_string_lossy().into_owned());
        let Some(job) = app.store.job(&id)? else { continue };
        let kept = |failed| app.config.export.rendering_kept_until(failed) > app.now();
        let is_over = job.state == JobState::Failed && job.sealed && !job.finished.is_some_and(kept);
        // While it is entered here no retry begins.
        if is_over && app.running.enter(&id).is_some() {
            let cleared = jobs::advance(app, &id, JobEvent::Cleared, |_| {});
            let tidied = jobs::tidy(app, &id);
            app.running.leave(&id);
            cleared.and(tidied)?;
        }
    }
    Ok(false)
}

/// Forgets jobs that keep no file and ended long ago.
fn forget_records(app: &App) -> Result<bool> {
    let due = over::<EndedJob>(app, app.config.export.keep_records_days, |(finished, _)| *finished)?;
    app.store.write::<_, Error>(|batch| {
        let mut forgotten = false;
        for (_, id) in &due {
            // A rendering is cleared away before its record is.
            if let Some(job) = batch.get::<Job>(&(id.clone(),))?.filter(|job| !job.needs_spool()) {
                batch.delete_job(&job)?;
                forgotten = true;
            }
        }
        Ok(forgotten && due.len() >= PART)
    })
}

/// Forgets links that open nothing any more.
fn forget_links(app: &App) -> Result<bool> {
    let (mut due, now) = (Vec::new(), app.now());
    app.store.walk::<ExportLink, store::Error>(Span::all(), Direction::Ascending, |(hash,), link| {
        if link.expires <= now {
            due.push((hash, link.job));
        }
        Ok(if due.len() < PART { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    app.store.write::<_, Error>(|batch| {
        for (hash, job) in &due {
            batch.delete_link(*hash, job);
        }
        Ok(due.len() >= PART)
    })
}

/// Forgets what was noted long ago.
fn forget_audit(app: &App) -> Result<bool> {
    let due = over::<AuditEntry>(app, app.config.export.keep_audit_days, |(at, _)| *at)?;
    app.store.write::<_, Error>(|batch| {
        for place in &due {
            if let Some(entry) = batch.get::<AuditEntry>(place)? {
                batch.delete_audit(*place, &entry);
            }
        }
        Ok(due.len() >= PART)
    })
}
