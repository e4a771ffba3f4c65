//! Who gets the file of a finished export: its owner, and once whoever has a link to it.

use super::caller::{Caller, Client};
use super::{audit, sessions, settings};
use crate::app::App;
use crate::domain::job::ExportFile;
use crate::domain::{AuditEvent, ExportLink, Job, JobId};
use crate::error::{Error, Result};
use crate::store::Batch;

/// What somebody gets who asks for the file of a job.
#[derive(Debug)]
pub enum Download {
    /// The file of this job.
    Granted(Box<Job>, ExportFile),
    /// Nothing.
    Refused,
    /// There is no such file, or not yet, or not any more.
    Unknown,
}

/// What is wanted of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To know what it would be. Nothing is noted, and no link is used up.
    Look,
    /// Its bytes, or some of them.
    Fetch,
}

/// Decides whether somebody gets the file of a job, and notes it. Only its owner does.
pub fn for_owner(app: &App, caller: Option<&Caller>, id: &JobId, wish: Wish) -> Result<Download> {
    let Some(caller) = caller else { return Ok(Download::Refused) };
    if !settings::is_on(app, "UserData_EnableDownload")? {
        return Ok(Download::Refused);
    }
    let Some(job) = app.store.job(id)? else { return Ok(Download::Unknown) };
    if job.owner != caller.user.id {
        return Ok(Download::Refused);
    }
    grant(app, &job, wish, |batch, job| {
        audit::note_download(batch, app.now(), job, caller.client.address, false)?;
        Ok(true)
    })
}

/// Decides whether somebody who shows a link gets the file of a job, once. When this returns that the
/// link is used up is on disk.
pub fn by_link(app: &App, client: &Client, id: &JobId, token: &str, wish: Wish) -> Result<Download> {
    if !settings::is_on(app, "UserData_EnableDownload")? {
        return Ok(Download::Refused);
    }
    let (hash, now) = (sessions::hash(token), app.now());
    let usable = |link: Option<ExportLink>| link.filter(|link| link.job == *id && link.is_open(now));
    let Some(link) = usable(app.store.get(&(hash,))?) else { return Ok(Download::Refused) };
    let owner = app.store.user(&link.owner)?.filter(|owner| owner.active);
    let (Some(job), Some(_)) = (app.store.job(id)?, owner) else { return Ok(Download::Refused) };
    grant(app, &job, wish, |batch, job| {
        let Some(mut link) = usable(batch.get(&(hash,))?) else { return Ok(false) };
        link.used = Some(now);
        batch.put_link(hash, &link)?;
        audit::note(batch, now, job, Some(client.address), AuditEvent::Downloaded { by_link: true })?;
        Ok(true)
    })
}

/// Grants the file of a job if it is there and `allow`, which notes it, still agrees.
fn grant(
    app: &App,
    job: &Job,
    wish: Wish,
    allow: impl FnOnce(&mut Batch<'_>, &Job) -> Result<bool>,
) -> Result<Download> {
    let Some(file) = job.offered_file() else { return Ok(Download::Unknown) };
    // What somebody removed by hand uses up no link.
    if !file.place(&app.config.server.data).try_exists()? {
        return Ok(Download::Unknown);
    }
    if wish == Wish::Look {
        return Ok(Download::Granted(Box::new(job.clone()), file.clone()));
    }
    let granted = app.store.write::<_, Error>(|batch| {
        let current = batch.get::<Job>(&(job.id.clone(),))?;
        let Some((current, file)) =
            current.and_then(|job| job.offered_file().cloned().map(|file| (job, file)))
        else {
            return Ok(Download::Unknown);
        };
        let allowed = allow(batch, &current)?;
        Ok(if allowed { Download::Granted(Box::new(current), file) } else { Download::Refused })
    })?;
    app.store.durable_blocking()?;
    Ok(granted)
}
