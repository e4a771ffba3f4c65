//! Links to the file of an export that need no login and open it once.
//!
//! A link carries 256 random bits, of which the store has only the hash: nobody can make one up, and
//! who reads the store cannot use those that are there.

use super::caller::Caller;
use super::{audit, exports, sessions, settings};
use crate::app::App;
use crate::domain::{AuditEvent, ExportLink, Job, Time};
use crate::error::{Error, Result};

/// How long a link can be used if nobody says.
pub const USUAL_MINUTES: u64 = 60;
/// The longest a link can be used.
const MOST_MINUTES: u64 = 7 * 24 * 60;
/// Links of one export that wait for their use.
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
    let (token, now) = (sessions::new_token(), app.now());
    let expires = now.plus(i64::try_from(minutes).unwrap_or(i64::MAX).saturating_mul(60_000));
    app.store.write::<_, Error>(|batch| {
        let current = batch.get::<Job>(&(job.id.clone(),))?.filter(|job| job.file.is_some());
        let current = current.ok_or_else(|| {
            Error::refused("error-no-export-file", "This export has no file: not yet, not any more, or never")
        })?;
        let links = batch.store().links_of(&current.id)?;
        if links.iter().filter(|(_, link)| link.is_open(now)).count() >= MOST_OPEN {
            let reason =
                format!("This export has {MOST_OPEN} links that wait to be used. Wait until one is.");
            return Err(Error::refused("error-too-many-links", reason));
        }
        let link = ExportLink {
            job: current.id.clone(),
            owner: current.owner.clone(),
            made: now,
            expires,
            used: None,
        };
        batch.put_link(sessions::hash(&token), &link)?;
        let event = AuditEvent::LinkMade { expires };
        Ok(audit::note(batch, now, &current, Some(caller.client.address), event)?)
    })?;
    Ok((format!("{}/data-export/{}?link={token}", settings::site_url(app)?, job.id), expires))
}
