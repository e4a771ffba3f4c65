//! The durable queue of mails: what is posted is on disk, and sent once, however often the server
//! restarts.
//!
//! The text of a mail lies in `<data>/mails/<key>.eml`, its state in the store. A mail server that
//! accepts a mail in the moment the power fails may get it twice; both copies then carry the same
//! Message-ID, by which mail programs tell that they are one.

use std::fs;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use export_sdk as sdk;
use export_sdk::{ErrorKind, Mail, MailAddress, MailSubject, Outbox};

use crate::app::App;
use crate::domain::html::escape;
use crate::domain::{Job, OutboxMail, OutboxState, Rooms, Time};
use crate::mail::{MailSettings, SendError, Transport};
use crate::metrics::Outcome;
use crate::service::outbox::{StoreOutbox, path, sender, server_url};
use crate::service::settings;
use crate::store::Error;

/// How long the queue sleeps at most, in case nobody rings.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// The longest pause between two tries.
const LONGEST_PAUSE: i64 = 6 * 60 * 60 * 1000;

/// The pause after so many tries: it doubles each time.
pub fn pause_millis(first_seconds: u64, tries: u32) -> i64 {
    let factor = 1_i64 << tries.saturating_sub(1).min(20);
    i64::try_from(first_seconds)
        .unwrap_or(i64::MAX)
        .saturating_mul(1000)
        .saturating_mul(factor)
        .min(LONGEST_PAUSE)
}

/// Tells the owner of a finished export where to fetch it, if mail is set up and they have an
/// address.
pub fn announce_export(app: &App, job: &Job) -> sdk::Result<()> {
    let failed = |error: Error| sdk::Error::new(ErrorKind::Internal, "the store failed").because(error);
    let settings = |error: crate::error::Error| {
        sdk::Error::new(ErrorKind::Internal, "the settings cannot be read").because(error)
    };
    if server_url(app).map_err(settings)?.is_none() {
        return Ok(());
    }
    let owner = app.store.user(&job.owner).map_err(failed)?;
    let Some(address) = owner.and_then(|owner| owner.emails.into_iter().next()) else { return Ok(()) };
    let subject = match job.order.rooms {
        Rooms::Own => "Your Data File is Ready to Download",
        Rooms::Listed(_) | Rooms::Thread { .. } | Rooms::Messages { .. } | Rooms::Seen | Rooms::Server => {
            "Channel Export"
        }
    };
    let link = format!("{}/data-export/{}", settings::site_url(app).map_err(settings)?, job.id);
    let text = format!("Your data file is now ready to download. Open this link to download it:\n\n{link}\n");
    let to = MailAddress::new(&address.address)?;
    let mut mail = Mail::new(format!("{}-done", job.id), to, MailSubject::new(subject), text);
    let href = escape(&link);
    mail.html = Some(format!(
        "<p>Your data file is now ready to download. Click <a href=\"{href}\">here</a> to download it.</p>"
    ));
    StoreOutbox::new(app).post(mail)
}

/// Sends what waits, until `stop` is done.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) {
    let work = async {
        loop {
            let sleep = match send_due(&app).await {
                Ok(due) => due.map_or(LONGEST_SLEEP, |due| due.since(app.now()).min(LONGEST_SLEEP)),
                Err(error) => {
                    tracing::error!(error, "the mail queue failed; trying again later");
                    LONGEST_SLEEP
                }
            };
            let _ = tokio::time::timeout(sleep, app.mail_bell.notified()).await;
        }
    };
    tokio::select! {
        () = work => {}
        () = stop => {}
    }
}

/// Sends all mails that are due; answers when the next one will be.
async fn send_due(app: &Arc<App>) -> Result<Option<Time>, String> {
    loop {
        let looker = Arc::clone(app);
        let next = blocking(move || next(&looker)).await?;
        let (mail, transport, text) = match next {
            Next::Nothing => return Ok(None),
            Next::At(due) => return Ok(Some(due)),
            Next::Lost(mail) => {
                let lost = Err(SendError::Permanent("its text is gone from the data directory".to_owned()));
                let noter = Arc::clone(app);
                blocking(move || note(&noter, &mail.key, lost)).await?;
                continue;
            }
            Next::Mail(all) => *all,
        };
        let outcome = match (MailAddress::new(&mail.from), MailAddress::new(&mail.to)) {
            (Ok(from), Ok(to)) => transport.send(&mail.key, &from, &to, &text).await,
            (Err(error), _) | (_, Err(error)) => Err(SendError::Permanent(error.to_string())),
        };
        if outcome.is_ok()
            && let Transport::Folder(folder) = &transport
        {
            let file = folder.join(format!("{}.eml", mail.key));
            tracing::info!(file = %file.display(), "no mail server is set up; the mail was written to a file");
        }
        let noter = Arc::clone(app);
        blocking(move || note(&noter, &mail.key, outcome)).await?;
    }
}

async fn blocking<T: Send + 'static>(
    task: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    tokio::task::spawn_blocking(task).await.map_err(|panic| panic.to_string())?
}

enum Next {
    Nothing,
    At(Time),
    Mail(Box<(OutboxMail, Transport, Vec<u8>)>),
    /// Somebody removed its text. The mails behind it must not wait for that.
    Lost(OutboxMail),
}

fn next(app: &App) -> Result<Next, String> {
    let text = |error: &dyn std::error::Error| error.to_string();
    let Some((due, key)) = app.store.waiting_mails(1).map_err(|error| text(&error))?.pop() else {
        return Ok(Next::Nothing);
    };
    if due > app.now() {
        return Ok(Next::At(due));
    }
    let mail = app.store.mail(&key).map_err(|error| text(&error))?.ok_or("a waiting mail is gone")?;
    let body = match fs::read(path(app, &key)) {
        Ok(body) => body,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Next::Lost(mail)),
        Err(error) => return Err(format!("the text of a mail: {error}")),
    };
    Ok(Next::Mail(Box::new((mail, transport(app)?, body))))
}

/// The way out, as configuration and settings have it now. The error says what is wrong with them.
pub fn transport(app: &App) -> Result<Transport, String> {
    let authority = &app.config.mail.certificate_authority;
    let settings = MailSettings {
        url: server_url(app).map_err(|error| error.to_string())?,
        from: sender(app).map_err(|error| error.to_string())?,
        timeout: Duration::from_secs(app.config.mail.timeout_seconds),
        root_certificate: Some(PathBuf::from(authority)).filter(|_| !authority.is_empty()),
        folder: app.config.server.data.join("outbox"),
    };
    Transport::new(&settings).map_err(|error| error.to_string())
}

/// Notes how a try went.
fn note(app: &App, key: &str, outcome: Result<(), SendError>) -> Result<(), String> {
    let now = app.now();
    let gone = app
        .store
        .write::<_, Error>(|batch| {
            let Some(mut mail) = batch.get::<OutboxMail>(&(key.to_owned(),))? else { return Ok(true) };
            mail.attempts += 1;
            let (most, first) = (app.config.mail.attempts, app.config.mail.retry_seconds);
            mail.state = match outcome {
                Ok(()) => OutboxState::Sent { at: now },
                Err(SendError::Temporary(reason)) if mail.attempts < most => {
                    tracing::warn!(key, reason, attempts = mail.attempts, "a mail could not be sent yet");
                    OutboxState::Waiting { due: now.plus(pause_millis(first, mail.attempts)) }
                }
                Err(SendError::Temporary(reason) | SendError::Permanent(reason)) => {
                    tracing::error!(key, reason, attempts = mail.attempts, "a mail was given up");
                    OutboxState::Failed { at: now, reason }
                }
            };
            app.metrics.work.mailed(match mail.state {
                OutboxState::Sent { .. } => Outcome::Done,
                OutboxState::Waiting { .. } => Outcome::Deferred,
                OutboxState::Failed { .. } => Outcome::Failed,
            });
            batch.put_mail(&mail)?;
            Ok(!matches!(mail.state, OutboxState::Waiting { .. }))
        })
        .map_err(|error| error.to_string())?;
    app.store.durable_blocking().map_err(|error| error.to_string())?;
    if gone {
        match fs::remove_file(path(app, key)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.to_string()),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_six_hours() {
        assert_eq!([1, 2, 3].map(|tries| pause_millis(10, tries)), [10_000, 20_000, 40_000]);
        assert_eq!(pause_millis(10, 60), LONGEST_PAUSE);
    }
}
