//! `roomscribe backup`.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use indicatif::{HumanCount, ProgressBar};

use super::import::counter;
use super::{Failure, Outcome, Place, open_existing, say, unable, usage};
use crate::app::App;
use crate::service::backup::{self, Manifest, Progress};
use crate::store::backup::Error;
use crate::work::backup::{Request, Said, socket};

/// A server that says nothing for longer is stuck: it tells several times a second how far it is.
const SILENCE: Duration = Duration::from_secs(60);
/// How often the bar is brought up to date.
const BETWEEN: Duration = Duration::from_millis(200);

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    roomscribe backup /backups/2024-03-15\n  \
    roomscribe serve --data /backups/2024-03-15        a backup is a data directory\n\n\
    The server may run: it makes the backup itself, as its own user, and chat goes on meanwhile.\n\
    DIR has all or nothing: until everything is on disk, it is made in DIR.unfinished.\n\
    On the same disk, uploads and exports are linked and take no room; copy DIR elsewhere.\n\
    Exit codes: 0 done, 1 the task failed, 2 wrong usage or configuration, 3 could not start.")]
pub(super) struct Options {
    /// Where the backup goes: a directory that is not there, or empty
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

pub(super) fn run(place: Place, options: &Options) -> Outcome {
    let config = place.config()?;
    let directory = std::path::absolute(&options.directory).map_err(usage)?;
    backup::check_target(&directory).map_err(failed)?;
    let bar = counter("records and files");
    let made = match connect(&config.server.data).map_err(unable)? {
        Some(server) => ask(server, &directory, &bar),
        None => open_existing(config).and_then(|app| make(&app, &directory, &bar)),
    };
    bar.finish_and_clear();
    let made = made?;
    let files = made.all_files();
    say(&format!(
        "{} records and {} {} in {}",
        HumanCount(made.all_records()),
        HumanCount(files),
        if files == 1 { "file" } else { "files" },
        options.directory.display(),
    ))
}

fn failed(error: Error) -> Failure {
    if error.is_usage() { usage(error) } else { error.into() }
}

/// The server that runs on the data, if one does.
fn connect(data: &Path) -> anyhow::Result<Option<UnixStream>> {
    let gone = |error: &io::Error| {
        matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
    };
    let connected = socket(data).and_then(|(path, _directory)| UnixStream::connect(path));
    match connected {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if gone(&error) => Ok(None),
        Err(error) => Err(anyhow!(error).context(format!(
            "the server that runs on {} cannot be asked; run this as the server's user, or as root",
            data.display()
        ))),
    }
}

/// Has the server make it.
fn ask(mut server: UnixStream, directory: &Path, bar: &ProgressBar) -> Result<Manifest, Failure> {
    let lost = "the server went away; its log has more, and there is no backup";
    server.set_read_timeout(Some(SILENCE))?;
    server.set_write_timeout(Some(SILENCE))?;
    let request = serde_json::to_string(&Request::Backup(directory.to_owned()))?;
    server.write_all((request + "\n").as_bytes()).context(lost)?;
    for line in BufReader::new(server).lines() {
        let line = line.context(lost)?;
        let said = serde_json::from_str(&line)
            .context("the server answers something else; it is of another version: start it again")?;
        match said {
            Said::Progress { records, files } => show(bar, records, files),
            Said::Done(manifest) => return Ok(manifest),
            Said::Failed { reason, usage: true } => return Err(usage(anyhow!(reason))),
            Said::Failed { reason, usage: false } => return Err(anyhow!(reason).into()),
        }
    }
    Err(anyhow!(lost).into())
}

/// Makes it without a server.
fn make(app: &App, directory: &Path, bar: &ProgressBar) -> Result<Manifest, Failure> {
    let progress = Progress::default();
    thread::scope(|scope| {
        let (stop, stopped) = channel::<()>();
        let seen = &progress;
        scope.spawn(move || {
            while stopped.recv_timeout(BETWEEN) == Err(RecvTimeoutError::Timeout) {
                show(bar, seen.records(), seen.files());
            }
        });
        let made = backup::make(app, directory, &progress);
        drop(stop);
        made.map_err(failed)
    })
}

fn show(bar: &ProgressBar, records: u64, files: u64) {
    bar.set_position(records + files);
}
