//! Backups that somebody on this machine asks the running server for.
//!
//! The server alone may open its data, so `roomscribe backup` asks it through a socket in the data
//! directory: one line of JSON there, and lines of JSON back, of which the last is the outcome.
//! Only the server's own user and root can open the socket. Whoever goes away cancels.

use std::fs::{self, File};
use std::future::Future;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use super::sweep;
use crate::app::App;
use crate::service::backup::{self, Manifest, Progress};

/// The socket's name in the data directory.
const SOCKET: &str = "control.sock";
/// A path of a socket is no longer, its end included.
const LONGEST_PATH: usize = 107;
/// A request is no longer.
const LONGEST_REQUEST: u64 = 64 * 1024;
/// So many are listened to at the same time.
const MOST_CALLERS: usize = 8;
/// How long somebody may take to say what they want, or to take in what they are told.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the server says how far it is.
const BETWEEN: Duration = Duration::from_millis(250);

/// What the server is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Request {
    /// A backup in this directory, an absolute path.
    Backup(PathBuf),
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// How far it is.
    Progress {
        /// Records copied.
        records: u64,
        /// Files copied.
        files: u64,
    },
    /// It is done.
    Done(Manifest),
    /// There is no backup.
    Failed {
        /// Why, and what to do.
        reason: String,
        /// Whether another argument would help.
        usage: bool,
    },
}

/// A path by which the socket of a data directory can be used; it is good as long as the other part
/// of the answer is kept.
pub fn socket(data: &Path) -> io::Result<(PathBuf, Option<File>)> {
    let path = data.join(SOCKET);
    if path.as_os_str().len() <= LONGEST_PATH {
        return Ok((path, None));
    }
    let directory = File::open(data)?;
    let short = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd()));
    Ok((short.join(SOCKET), Some(directory)))
}

/// Listens until `stop` is done.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) {
    let data = &app.config.server.data;
    let listener = match listen(data) {
        Ok(listener) => listener,
        Err(error) => {
            let directory = data.display();
            tracing::warn!(%error, %directory, "no socket can be made; `roomscribe backup` needs a stopped server");
            return stop.await;
        }
    };
    let mut callers = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = callers.join_next(), if !callers.is_empty() => {}
            accepted = listener.accept(), if callers.len() < MOST_CALLERS => match accepted {
                Ok((stream, _)) => {
                    callers.spawn(answer(Arc::clone(&app), stream));
                }
                Err(error) => {
                    tracing::warn!(%error, "a caller on the socket could not be listened to");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            },
        }
    }
    // Cancels what they asked for.
    callers.shutdown().await;
    // The next server replaces one that is left.
    let _ = fs::remove_file(data.join(SOCKET));
}

/// Makes the socket beside its place and renames it, so that nobody else can ever open it.
fn listen(data: &Path) -> io::Result<UnixListener> {
    let (path, _directory) = socket(data)?;
    let aside = path.with_extension("new");
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&aside)?;
    fs::set_permissions(&aside, fs::Permissions::from_mode(0o600))?;
    fs::rename(&aside, &path)?;
    Ok(listener)
}

/// Cancels a backup that nobody waits for.
struct Waiting(Arc<Progress>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn answer(app: Arc<App>, stream: UnixStream) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = String::new();
    let asked = (&mut reader).take(LONGEST_REQUEST);
    let read = tokio::time::timeout(PATIENCE, BufReader::new(asked).read_line(&mut line)).await;
    if !matches!(read, Ok(Ok(length)) if length > 0) {
        return;
    }
    let directory = match serde_json::from_str(&line) {
        Ok(Request::Backup(directory)) if directory.is_absolute() => directory,
        Ok(Request::Backup(_)) => return refuse(&mut writer, "the directory must be an absolute path").await,
        Err(error) => return refuse(&mut writer, &format!("this is no request: {error}")).await,
    };
    let progress = Arc::new(Progress::beside_others());
    let waiting = Waiting(Arc::clone(&progress));
    let mut work = tokio::task::spawn_blocking(move || make(&app, &directory, &progress));
    let mut rest = [0; 1];
    let outcome = loop {
        tokio::select! {
            outcome = &mut work => break outcome,
            // Nothing more is to come, so whatever comes is the end.
            _ = reader.read(&mut rest) => return,
            () = tokio::time::sleep(BETWEEN) => {
                let (records, files) = (waiting.0.records(), waiting.0.files());
                if say(&mut writer, &Said::Progress { records, files }).await.is_err() {
                    return;
                }
            }
        }
    };
    let said = outcome.unwrap_or_else(|panic| {
        tracing::error!(%panic, "a backup ended badly");
        Said::Failed { reason: "the server failed; its log has more".to_owned(), usage: false }
    });
    // Whoever has gone away meanwhile sees that the backup is there.
    let _ = say(&mut writer, &said).await;
}

fn make(app: &App, directory: &Path, progress: &Progress) -> Said {
    tracing::info!(directory = %directory.display(), "a backup begins");
    let made = backup::make(app, directory, progress);
    if app.store.blobs().take_held_back()
        && let Err(error) = sweep::remove_orphans(app)
    {
        tracing::warn!(%error, "bytes that nobody needs could not be cleared away; the next start will");
    }
    match made {
        Ok(manifest) => {
            let (records, files) = (manifest.all_records(), manifest.all_files());
            tracing::info!(directory = %directory.display(), records, files, "the backup is made");
            Said::Done(manifest)
        }
        Err(error) => {
            tracing::warn!(%error, directory = %directory.display(), "there is no backup");
            Said::Failed { reason: error.to_string(), usage: error.is_usage() }
        }
    }
}

async fn refuse(writer: &mut OwnedWriteHalf, reason: &str) {
    // Who does not listen does not learn why.
    let _ = say(writer, &Said::Failed { reason: reason.to_owned(), usage: false }).await;
}

async fn say(writer: &mut OwnedWriteHalf, said: &Said) -> io::Result<()> {
    let line = serde_json::to_string(said)? + "\n";
    tokio::time::timeout(PATIENCE, writer.write_all(line.as_bytes())).await?
}
