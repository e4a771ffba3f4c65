//! How much of the server exports may take: how many are under way, and what their files need.

use std::ops::ControlFlow;

use export_sdk::Packaging;

use super::jobs;
use crate::app::App;
use crate::config::MEGABYTE;
use crate::domain::{Job, JobId, Order};
use crate::error::{Error, Result};
use crate::store::schema::KeptFile;
use crate::store::{self, Batch, Direction, Span};

/// Refuses a job that is to be open from now on if there are too many already, or if the files of
/// finished ones take too much.
pub fn check(app: &App, batch: &Batch<'_>, job: &Job) -> Result<()> {
    check_open(app, batch, job)?;
    if may_leave_a_file(app, &job.order) { check_kept(app, batch, job) } else { Ok(()) }
}

/// What is handed to somebody else leaves no file here; a link in a mail leads to one.
fn may_leave_a_file(app: &App, order: &Order) -> bool {
    match order.delivery.id.as_str() {
        "file" => true,
        "email" => jobs::packaging(app, order).is_ok_and(|packaging| packaging == Packaging::SingleFile),
        _ => false,
    }
}

fn check_open(app: &App, batch: &Batch<'_>, job: &Job) -> Result<()> {
    let (mut own, mut all) = (0, 0);
    batch.store().open_jobs::<Error>(|other| {
        own += usize::from(other.owner == job.owner);
        all += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    let reason = if own >= app.config.export.open_per_user {
        format!(
            "You have {own} exports under way. Wait until one is done, or cancel one with exports.cancel."
        )
    } else if all >= app.config.export.open {
        format!("There are {all} exports under way on this server. Ask again when some of them are done.")
    } else {
        return Ok(());
    };
    Err(Error::refused("error-too-many-exports", reason))
}

fn check_kept(app: &App, batch: &Batch<'_>, job: &Job) -> Result<()> {
    let (mut own, mut all) = (0_u64, 0_u64);
    let mut largest: Option<(u64, JobId)> = None;
    let store = batch.store();
    store.walk::<KeptFile, store::Error>(Span::all(), Direction::Ascending, |(_, id), file| {
        all = all.saturating_add(file.size);
        if file.owner == job.owner {
            own = own.saturating_add(file.size);
            if largest.as_ref().is_none_or(|(size, _)| file.size > *size) {
                largest = Some((file.size, id));
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let is_full = |kept: u64, most: u64| most > 0 && kept >= most.saturating_mul(MEGABYTE);
    let settings = &app.config.export;
    let (whose, kept, most) = if is_full(own, settings.kept_mb_per_user) {
        ("Your finished exports", own, settings.kept_mb_per_user)
    } else if is_full(all, settings.kept_mb) {
        ("The finished exports on this server", all, settings.kept_mb)
    } else {
        return Ok(());
    };
    let remedy = match largest {
        Some((size, id)) => {
            format!("Delete some of yours with exports.delete; the largest is {id}, {}.", mb(size))
        }
        None => "Ask again later, or ask an administrator to delete some or to allow more.".to_owned(),
    };
    let reason = format!("{whose} take {} of {most} MB that may be kept. {remedy}", mb(kept));
    Err(Error::refused("error-export-quota", reason))
}

/// Rounded up, so that something is never nothing.
fn mb(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(MEGABYTE))
}
