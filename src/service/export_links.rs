//! Links to the file of an export that need no login and open it once.
//!
//! A link carries 256 random bits, of which the store has only the hash: nobody can make one up, and
//! who reads the store cannot use those that are there.

use std::net::IpAddr;

use export_sdk::LONGEST_LINK_MINUTES as MOST_MINUTES;

use super::caller::Caller;
use super::{audit, exports, sessions, settings};
use crate::app::App;
use crate::domain::{AuditEvent, ExportLink, Job, JobId, JobState, Time};
use crate::error::{Error, Result};
use crate::store::{self, Batch};

/// How long a link can be used if nobody says.
pub const USUAL_MINUTES: u64 = 60;
/// Links that the owner of one export made and that wait for their use.
const MOST_OPEN: usize = 10;

/// Makes a link to the file of an export of the caller's. Answers it and when it expires.
pub fn make(app: &App, caller: &Caller, id: &str, minutes: u64) -> Result<(String, Time)> {
    if !(1..=MOST_MINUTES).contains(&minutes) {
        let reason = format!("`minutes`: write 1 to {MOST_MINUTES}, which is a week");
        return Err(Error::refused("error-invalid-params", reason));
    }
    if !settings::is_on(app, "UserData_EnableDownload")? {
        let reason = "Administrators have switched downloads off";
        return Err(Error::refused("error-not-allowed", reason));
    }
    let job = exports::find(app, caller, id)?;
    let (now, token) = (app.now(), sessions::new_token());
    let expires = minutes_after(now, minutes);
    app.store.write::<_, Error>(|batch| {
        let current = batch.get::<Job>(&(job.id.clone(),))?.filter(|job| job.offered_file().is_some());
        let current = current.ok_or_else(|| {
            Error::refused("error-no-export-file", "This export has no file: not yet, not any more, or never")
        })?;
        let links = batch.store().links_of(&current.id)?;
        let waits = |link: &ExportLink| link.to.is_none() && link.is_open(now);
        if links.iter().filter(|(_, link)| waits(link)).count() >= MOST_OPEN {
            let reason =
                format!("This export has {MOST_OPEN} links that wait to be used. Wait until one is.");
            return Err(Error::refused("error-too-many-links", reason));
        }
        let link = ExportLink::new(&current, now, expires);
        Ok(put(batch, &token, &current, &link, Some(caller.client.address))?)
    })?;
    Ok((format!("{}?link={token}", page(app, &job.id)?), expires))
}

/// Makes the link that a delivery sends to somebody, in place of the one it made for them before: that
/// one was never sent. It opens the file when the job is done. `None`: there are no downloads here.
pub fn make_for(app: &App, job: &JobId, to: &str, minutes: u64) -> Result<Option<(String, Time)>> {
    if settings::site_url(app)?.is_empty() || !settings::is_on(app, "UserData_EnableDownload")? {
        return Ok(None);
    }
    let (now, token) = (app.now(), sessions::new_token());
    let expires = minutes_after(now, minutes.clamp(1, MOST_MINUTES));
    // The file is kept from the end of the job on, which is not before now.
    let expires = app.config.export.file_kept_until(now).map_or(expires, |end| end.min(expires));
    app.store.write::<_, Error>(|batch| {
        let current = batch.get::<Job>(&(job.clone(),))?.filter(|job| job.state == JobState::Delivering);
        let current = current.ok_or_else(|| {
            Error::refused("error-export-finished", "This export is not on its way to anybody any more")
        })?;
        for (hash, link) in batch.store().links_of(job)? {
            if link.to.as_deref() == Some(to) {
                batch.delete_link(hash, job);
            }
        }
        let link = ExportLink { to: Some(to.to_owned()), ..ExportLink::new(&current, now, expires) };
        Ok(put(batch, &token, &current, &link, None)?)
    })?;
    app.store.durable_blocking()?;
    Ok(Some((format!("{}?link={token}", page(app, job)?), expires)))
}

/// Where the file of an export is fetched; without a link by its owner only.
pub fn page(app: &App, job: &JobId) -> Result<String> {
    Ok(format!("{}/data-export/{job}", settings::site_url(app)?))
}

fn minutes_after(now: Time, minutes: u64) -> Time {
    now.plus(i64::try_from(minutes).unwrap_or(i64::MAX).saturating_mul(60_000))
}

fn put(
    batch: &mut Batch<'_>,
    token: &str,
    job: &Job,
    link: &ExportLink,
    address: Option<IpAddr>,
) -> store::Result<()> {
    batch.put_link(sessions::hash(token), link)?;
    let event = AuditEvent::LinkMade { expires: link.expires, to: link.to.clone() };
    audit::note(batch, link.made, job, address, event)
}
