//! A copy of everything that is kept, made while the server runs: a data directory of its own, from
//! which a server can be started.
//!
//! It is made beside its final place and takes its name when all of it is on disk, so what bears
//! the name is whole. Bytes that never change are linked where the disk is the same.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::app::App;
use crate::config::MEGABYTE;
use crate::domain::{Job, OutboxMail, OutboxState};
use crate::store::backup::Error;
use crate::store::schema::SCHEMA;
use crate::store::{self, Direction, Span, Store};

mod files;
mod manifest;
mod place;

pub use manifest::{MANIFEST, Manifest};
pub use place::check_target;

use files::{Brought, Files};
use place::Unfinished;

/// What the copy keeps in memory while it is read back.
const CACHE: u64 = 16 << 20;
/// Beside others it rests so many times as long as it works, but no longer than that.
const REST: u32 = 2;
const LONGEST_REST: Duration = Duration::from_millis(100);

/// How far a backup is, and whether anybody still wants it.
#[derive(Debug, Default)]
pub struct Progress {
    records: AtomicU64,
    files: AtomicU64,
    cancelled: AtomicBool,
    /// Others need the disk and the processor, too: it rests between two parts.
    gentle: bool,
}

impl Progress {
    /// Of a backup that is made by a server.
    pub fn beside_others() -> Self {
        Self { gentle: true, ..Self::default() }
    }

    /// Records copied so far.
    pub fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// Files copied so far.
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }

    /// Stops it soon.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

/// Makes a backup in `directory`, which is not there or empty. Blocks.
pub fn make(app: &App, directory: &Path, progress: &Progress) -> Result<Manifest, Error> {
    let unfinished = Unfinished::begin(directory)?;
    let manifest = fill(app, unfinished.path(), progress)?;
    unfinished.finish(&manifest)?;
    Ok(manifest)
}

fn fill(app: &App, copied: &Path, progress: &Progress) -> Result<Manifest, Error> {
    let data = &app.config.server.data;
    let watch = Watch { app, progress, directory: copied };
    let step = &mut watch.steps();
    step(0)?;
    // What the copy of the records names must still be there when its turn comes.
    let _held = app.store.blobs().hold();
    app.store.copy_records(copied, &mut *step)?;

    let copy = Store::open(copied, CACHE).map_err(Error::Copy)?;
    let counts = copy.count_records(&mut *step)?;
    let mut files = Files::new(copied, progress, step);
    copy.used_blobs(|sha256| {
        let target = copy.blobs().path(&sha256);
        files.bring(&app.store.blobs().path(&sha256), &target).map(|brought| {
            if brought == Brought::Gone {
                tracing::warn!(
                    blob = hex::encode(sha256),
                    "the bytes of an upload are gone; run `roomscribe check`"
                );
            }
        })
    })?;
    let uploads = files.take_count();
    exports(app, &copy, copied, &mut files)?;
    let exports = files.take_count();
    mails(&copy, data, copied, &mut files)?;
    let mails = files.take_count();
    files.copy(&data.join(SIGNING_KEY), &copied.join(SIGNING_KEY))?;
    files.sync()?;
    Ok(Manifest::new(app.now(), counts, [uploads, exports, mails]))
}

/// The server's key, which the data directory holds beside the store.
const SIGNING_KEY: &str = "signing-key";

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Copy(error)
    }
}

/// The files that finished exports offer. One that went meanwhile is noted as expired in the copy.
fn exports(app: &App, copy: &Store, copied: &Path, files: &mut Files<'_>) -> Result<(), Error> {
    let mut gone = Vec::new();
    copy.walk::<Job, Error>(Span::all(), Direction::Ascending, |_, job| {
        // Files in a directory that the settings name are not part of the data.
        if let Some(file) = job.file.as_ref().filter(|file| Path::new(&file.path).is_relative())
            && files.bring(&file.place(&app.config.server.data), &file.place(copied))? == Brought::Gone
        {
            gone.push(job);
        }
        Ok(std::ops::ControlFlow::Continue(()))
    })?;
    for mut job in gone {
        (job.file, job.file_expired) = (None, true);
        copy.write::<_, store::Error>(|batch| {
            batch.delete_links(&job.id)?;
            batch.put_job(&job)
        })?;
    }
    Ok(copy.durable_blocking()?)
}

/// The texts of mails that wait. One that went meanwhile was sent.
fn mails(copy: &Store, data: &Path, copied: &Path, files: &mut Files<'_>) -> Result<(), Error> {
    copy.walk::<OutboxMail, Error>(Span::all(), Direction::Ascending, |_, mail| {
        if matches!(mail.state, OutboxState::Waiting { .. }) {
            let text = super::outbox::place(&mail.key);
            files.bring(&data.join(&text), &copied.join(&text))?;
        }
        Ok(std::ops::ControlFlow::Continue(()))
    })
}

/// Looks after a backup between two parts of it.
struct Watch<'a> {
    app: &'a App,
    progress: &'a Progress,
    directory: &'a Path,
}

impl Watch<'_> {
    fn steps(&self) -> impl FnMut(u64) -> Result<(), Error> {
        let mut worked = Instant::now();
        move |records| {
            self.progress.records.fetch_add(records, Ordering::Relaxed);
            if self.progress.gentle {
                thread::sleep((worked.elapsed() * REST).min(LONGEST_REST));
            }
            worked = Instant::now();
            if self.progress.cancelled.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            self.has_room()
        }
    }

    /// A store that meets a full disk stops, so a backup must stop earlier.
    fn has_room(&self) -> Result<(), Error> {
        let least = self.app.config.export.keep_free_mb.saturating_mul(MEGABYTE);
        let free = self.app.space.at(self.directory).map_err(|error| failed(self.directory, error))?;
        if free < least { Err(Error::Full { free, least }) } else { Ok(()) }
    }
}

fn failed(directory: &Path, error: io::Error) -> Error {
    Error::Target(directory.to_owned(), error.into())
}

/// Makes the names in a directory survive a power cut.
fn sync_directory(directory: &Path) -> Result<(), Error> {
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(|error| failed(directory, error))
}

/// Whether anything is in a directory; one that is not there is empty.
fn is_empty(directory: &Path) -> io::Result<bool> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().transpose()?.is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// A path with something behind its last name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
