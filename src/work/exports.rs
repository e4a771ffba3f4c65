//! The workers that bring jobs to their end.

mod shortage;

use std::cell::RefCell;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use export_sdk as sdk;
use export_sdk::{ArtifactPath, Attempt, ErrorKind, Export, Packaging, Receipt, Registry};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use self::shortage::explain;
use super::background;
use super::downloads::JobDownloads;
use super::mails::{announce_export, pause_millis};
use super::own_data;
use crate::app::App;
use crate::domain::job::{ExportFile, JobEvent};
use crate::domain::{Job, JobId, JobState, Room, Rooms};
use crate::export::bag::{Info, Layout};
use crate::export::pack::{self, Packing};
use crate::export::progress::{JobProgress, Phase};
use crate::export::render::{Rendered, Task, render, volume};
use crate::export::space::Floor;
use crate::export::spool::{Sealed, Spool};
use crate::export::view;
use crate::service::jobs::{self, Next};
use crate::service::orders;
use crate::service::outbox::StoreOutbox;
use crate::store::Result;

/// A delivery that takes longer has lost its other side.
const LONGEST_DELIVERY: Duration = Duration::from_secs(15 * 60);
/// How often a delivery under way is asked whether anybody still wants it.
const GLANCE: Duration = Duration::from_millis(200);
/// How long the engine sleeps at most, in case nobody rings.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Works until `stop` is done. Jobs under way are then told to stop; they go on at the next start.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) {
    let workers = Arc::new(Semaphore::new(app.config.export.workers));
    let work = async {
        loop {
            if let Err(error) = take_up(&app, &workers).await {
                tracing::error!(%error, "the export jobs could not be read; trying again");
                tokio::time::sleep(LONGEST_SLEEP).await;
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = stop => {}
    }
    app.running.cancel_all();
    app.export_bell.notify_waiters();
    let all = u32::try_from(app.config.export.workers).unwrap_or(u32::MAX);
    if tokio::time::timeout(Duration::from_secs(8), workers.acquire_many(all)).await.is_err() {
        tracing::warn!("an export was still under way when the server stopped; it begins again");
    }
}

/// Starts the next job, or sleeps until there may be one.
async fn take_up(app: &Arc<App>, workers: &Arc<Semaphore>) -> Result<()> {
    let Ok(place) = Arc::clone(workers).acquire_owned().await else { return Ok(()) };
    let looker = Arc::clone(app);
    let next = tokio::task::spawn_blocking(move || jobs::next(&looker)).await;
    let next = next.unwrap_or_else(|panic| Err(crate::store::Error::Engine(panic.to_string())))?;
    let sleep = match next {
        Next::Now(job) => {
            if let Some(progress) = app.running.enter(&job.id) {
                let app = Arc::clone(app);
                tokio::spawn(async move {
                    if !work(&app, job.id, progress).await {
                        // A full disk, mostly. Anybody's next export may find it well again.
                        let _ = tokio::time::timeout(LONGEST_SLEEP, app.export_bell.notified()).await;
                    }
                    drop(place);
                    app.export_bell.notify_one();
                });
            }
            return Ok(());
        }
        Next::At(due) => due.since(app.now()).min(LONGEST_SLEEP),
        Next::Nothing => LONGEST_SLEEP,
    };
    drop(place);
    // A bell that rang before is remembered, so no job is overslept.
    let _ = tokio::time::timeout(sleep, app.export_bell.notified()).await;
    Ok(())
}

/// One job, as far as it gets this time. `false`: how far that is could not be kept.
async fn work(app: &Arc<App>, id: JobId, progress: Arc<JobProgress>) -> bool {
    let result = bring_on(app, id.clone(), &progress).await;
    let worker = Arc::clone(app);
    let closed = tokio::task::spawn_blocking(move || {
        let outcome = result.map_or_else(|error| settle(&worker, &id, &error, &progress), |()| Ok(()));
        let tidied = jobs::tidy(&worker, &id);
        worker.running.leave(&id);
        outcome.and(tidied)
    })
    .await;
    match closed {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => tracing::error!(%error, "the state of an export job could not be kept"),
        Err(panic) => tracing::error!(%panic, "the state of an export job could not be kept"),
    }
    false
}

async fn bring_on(app: &Arc<App>, id: JobId, progress: &Arc<JobProgress>) -> sdk::Result<()> {
    let (worker, counters) = (Arc::clone(app), Arc::clone(progress));
    let prepared =
        background::run(move || prepare(&worker, &id, &counters).map_err(|error| explain(error, &counters)))
            .await;
    // A format that panics costs its own job.
    let prepared = prepared.map_err(|panic| internal("the export failed").because(panic))??;
    let Some((job, export)) = prepared else { return Ok(()) };
    progress.enter(Phase::Delivering);
    let registry = app.registry();
    let delivery = registry.delivery(&job.order.delivery.id)?;
    let outbox = StoreOutbox::new(app);
    let downloads = JobDownloads::new(app, &job.id);
    let attempt = Attempt::new(job.attempts + 1, job.id.as_str(), &outbox).with_downloads(&downloads);
    let options = job.order.delivery.options.value();
    let delivering = delivery.deliver(&options, &export, &attempt);
    let delivered = tokio::select! {
        biased;
        delivered = tokio::time::timeout(LONGEST_DELIVERY, delivering) => delivered,
        cancelled = told_to_stop(progress) => return Err(cancelled),
    };
    let late = |_| Err(sdk::Error::new(ErrorKind::Unavailable, "the delivery took too long"));
    let delivered = delivered.unwrap_or_else(late);
    app.metrics.work.delivered(&job.order.delivery.id, delivered.is_ok());
    let receipt = delivered?;
    let closer = Arc::clone(app);
    let finished = tokio::task::spawn_blocking(move || finish(&closer, &job, &export, receipt)).await;
    finished.map_err(|panic| internal("the export failed").because(panic))?
}

/// Waits until somebody does not want the job any more.
async fn told_to_stop(progress: &JobProgress) -> sdk::Error {
    loop {
        if let Err(cancelled) = progress.work.check() {
            return cancelled.into();
        }
        tokio::time::sleep(GLANCE).await;
    }
}

fn internal(message: &str) -> sdk::Error {
    sdk::Error::new(ErrorKind::Internal, message)
}

fn store_failed(error: crate::store::Error) -> sdk::Error {
    internal("the store failed").because(error)
}

/// Renders and seals, unless that was done before, and packs if the delivery wants it so.
fn prepare(app: &App, id: &JobId, progress: &JobProgress) -> sdk::Result<Option<(Job, Export)>> {
    let directory = jobs::spool_directory(app, id);
    let Some(job) = jobs::resume(app, id).map_err(store_failed)? else { return Ok(None) };
    if !still_allowed(app, &job)? {
        return Ok(None);
    }
    let space = Floor::new(app.space.clone(), app.config.server.data.clone(), app.config.export.keep_free());
    let floor = progress.work.keep_free(space);
    let (job, sealed) = if job.state == JobState::Queued {
        // The rendering, and the zip that is made of it.
        floor.has_room_for(
            volume(&task((app, &app.registry()), &job, &may_see(app, &job)))?.saturating_mul(2),
        )?;
        let Some(job) = jobs::advance(app, id, JobEvent::Started, |_| {}).map_err(store_failed)? else {
            return Ok(None);
        };
        let Some(sealed) = write_down(app, &job, progress)? else { return Ok(None) };
        let moved = jobs::advance(app, id, JobEvent::Sealed, |_| {}).map_err(store_failed)?;
        let Some(job) = moved else { return Ok(None) };
        (job, sealed)
    } else {
        let gone = || internal("the rendered export is gone; exports.retry makes it again");
        let sealed = Sealed::open(&directory)?.ok_or_else(gone)?;
        (job, sealed)
    };
    let mut export = Export::new(job.id.as_str(), job.order.public_title(), job.messages);
    export.formats = job.order.formats.iter().map(|format| format.id.clone()).collect();
    export.requested_by.clone_from(&job.owner_username);
    match jobs::packaging(app, &job.order)? {
        Packaging::Loose => {
            for artifact in sealed.artifacts()? {
                export.artifacts.push(artifact?);
            }
        }
        Packaging::SingleFile => {
            progress.pack(job.bytes);
            floor.has_room_for(0)?;
            let zip = jobs::packed(app, id);
            let layout = Layout::of(&job.order, &app.registry(), job.id.as_str());
            let level = app.config.export.compression;
            let mut packing = Packing::new(layout, level, view::time(job.created));
            packing.info = Info::of(&job.order);
            packing.info.add("External-Identifier", job.id.as_str());
            packing.signer = Some(&app.signer);
            let mut artifact = pack::pack(&sealed, &zip, &packing, &progress.packing)?;
            artifact.path = ArtifactPath::new(download_name(app, &job))?;
            export.signed_by = Some(app.signer.public_key_hex());
            export.artifacts.push(artifact);
        }
    }
    // Rendering and packing may have taken hours.
    Ok(still_allowed(app, &job)?.then_some((job, export)))
}

/// Whether a job may go on. If its owner may not have it any more, that is its end.
fn still_allowed(app: &App, job: &Job) -> sdk::Result<bool> {
    let allowed =
        if job.sealed { orders::may_have_rendering(app, job) } else { orders::still_allowed(app, job) };
    let allowed = allowed.map_err(store_failed)?;
    if !allowed {
        jobs::forbid(app, &job.id).map_err(store_failed)?;
    }
    Ok(allowed)
}

type MaySee<'a> = dyn Fn(&Room) -> Result<bool> + 'a;

fn may_see<'a>(app: &'a App, job: &'a Job) -> impl Fn(&Room) -> Result<bool> + 'a {
    |room| match job.order.rooms {
        Rooms::Own => orders::is_in(app, &job.owner, room),
        Rooms::Listed(_) | Rooms::Thread { .. } | Rooms::Messages { .. } | Rooms::Seen | Rooms::Server => {
            orders::belongs(app, &job.owner, room)
        }
    }
}

fn task<'a>((app, registry): (&'a App, &'a Registry), job: &'a Job, may_see: &'a MaySee<'a>) -> Task<'a> {
    Task {
        store: &app.store,
        registry,
        order: &job.order,
        may_see,
        requested_by: &job.owner_username,
        requested_at: job.created,
        sample: None,
    }
}

fn write_down(app: &App, job: &Job, progress: &JobProgress) -> sdk::Result<Option<Sealed>> {
    let spool = Spool::create(jobs::spool_directory(app, &job.id), progress.work.clone())?;
    let spool = RefCell::new(spool);
    let seen = RefCell::new(Vec::new());
    let seeing = |room: &Room| {
        let belongs = may_see(app, job)(room)?;
        seen.borrow_mut().extend(belongs.then(|| room.id.clone()));
        Ok(belongs)
    };
    // Held to the end: what is exchanged meanwhile is for the next export.
    let registry = app.registry();
    let Rendered { summary, .. } = render(&task((app, &registry), job, &seeing), &spool, progress)?;
    if job.order.rooms == Rooms::Own {
        own_data::about_owner(app, job, &mut *spool.borrow_mut())?;
    }
    spool.borrow_mut().finish()?;
    progress.enter(Phase::Sealing);
    if matches!(job.order.rooms, Rooms::Seen | Rooms::Own) {
        orders::note_rooms(app, &job.id, &seen.into_inner())?;
    }
    // Noted before the seal: a sealed rendering is never looked at again.
    let noted = jobs::advance(app, &job.id, JobEvent::Rendered, |job| {
        job.messages = summary.messages;
        job.bytes = progress.work.bytes();
    });
    if noted.map_err(store_failed)?.is_none() {
        return Ok(None);
    }
    app.metrics.work.rendered(summary.messages, progress.work.bytes());
    Ok(Some(spool.into_inner().seal()?))
}

/// Notes that a job is done, and tells its owner.
fn finish(app: &App, job: &Job, export: &Export, receipt: Receipt) -> sdk::Result<()> {
    let file = match (&receipt.file, export.artifacts.as_slice()) {
        (Some(path), [artifact]) => Some(ExportFile {
            name: artifact.path.to_string(),
            // The data directory may be moved between two starts.
            path: path.strip_prefix(&app.config.server.data).unwrap_or(path).to_string_lossy().into_owned(),
            size: artifact.size,
            sha256: artifact.sha256,
        }),
        _ => None,
    };
    // Before the job is done, so that a crash in between cannot lose the mail; posting it twice sends one.
    // What was handed to somebody else cannot be fetched here.
    if job.notify
        && file.is_some()
        && let Err(error) = announce_export(app, job)
    {
        tracing::warn!(%error, job = %job.id, "the owner of an export could not be told by mail");
    }
    let done = jobs::advance(app, &job.id, JobEvent::Delivered, |job| {
        job.attempts += 1;
        job.failure = None;
        job.receipt = Some(receipt.note);
        job.digest = Some(digest(export));
        job.file = file;
    });
    let Some(job) = done.map_err(store_failed)? else {
        // Cancelled in the last moment: nothing may stay.
        if let Some(path) = receipt.file {
            std::fs::remove_file(path)?;
        }
        return Ok(());
    };
    tracing::info!(job = %job.id, title = job.order.title, messages = job.messages, "an export is done");
    Ok(())
}

/// SHA-256 of the one file, or of the list of hashes that goes with several.
fn digest(export: &Export) -> [u8; 32] {
    if let [artifact] = export.artifacts.as_slice() {
        return artifact.sha256;
    }
    let mut hasher = Sha256::new();
    for artifact in &export.artifacts {
        hasher.update(format!("{}  {}\n", hex::encode(artifact.sha256), artifact.path));
    }
    hasher.finalize().into()
}

/// `<day>-<requester>[-data]-<job>.zip`.
fn download_name(app: &App, job: &Job) -> String {
    let owner = app.store.user(&job.owner).ok().flatten();
    let owner = owner.map_or_else(|| job.owner_username.clone(), |user| user.display_name().to_owned());
    // Short enough that what tells exports apart is never cut off.
    let owner: String = owner.chars().take(32).collect();
    let data =
        if matches!(job.order.formats.as_slice(), [format] if format.id == "json") { "-data" } else { "" };
    let name = format!("{}-{owner}{data}-{}.zip", job.created.day(), job.id);
    sdk::safe_file_name(&name)
}

/// Notes that a try did not work: for good, or only this time.
fn settle(app: &App, id: &JobId, error: &sdk::Error, progress: &JobProgress) -> Result<()> {
    let reason = error.to_string();
    let source = std::error::Error::source(error).map(ToString::to_string);
    match error.kind() {
        // Cancelled by its owner: the state says so already. By a stopping server: the next start
        // finds the job as it is.
        ErrorKind::Cancelled => Ok(()),
        ErrorKind::Unavailable => {
            tracing::warn!(job = %id, reason, "an export could not be delivered this time");
            let (attempts, seconds) = (app.config.export.attempts, app.config.export.retry_seconds);
            let tried = app.store.job(id)?.map_or(0, |job| job.attempts) + 1;
            let event = if tried >= attempts { JobEvent::GaveUp } else { JobEvent::Deferred };
            let due = app.now().plus(pause_millis(seconds, tried));
            jobs::advance(app, id, event, |job| {
                job.attempts = tried;
                job.failure = Some(reason);
                job.due = due;
            })?;
            Ok(())
        }
        _ => {
            tracing::error!(job = %id, reason, source, "an export failed");
            jobs::advance(app, id, JobEvent::GaveUp, |job| {
                if job.sealed {
                    job.attempts += 1;
                } else {
                    job.messages = progress.messages().max(job.messages);
                    job.bytes = progress.work.bytes().max(job.bytes);
                }
                job.failure = Some(reason);
            })?;
            Ok(())
        }
    }
}
