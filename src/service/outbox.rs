//! The queue of mails, to post to: what is posted is on disk, and sent once. The sending is not done
//! here.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

use export_sdk as sdk;
use export_sdk::{ErrorKind, Mail, MailAddress, Outbox};

use super::settings;
use crate::app::App;
use crate::domain::html::escape;
use crate::domain::{OutboxMail, OutboxState};
use crate::mail::{self, Sender, compose};
use crate::store::{self, Direction, Error, Span};

/// The queue as plug-ins see it.
pub struct StoreOutbox<'a>(&'a App);

impl<'a> StoreOutbox<'a> {
    /// The queue of this server.
    pub fn new(app: &'a App) -> Self {
        Self(app)
    }
}

impl Outbox for StoreOutbox<'_> {
    fn post(&self, mail: Mail) -> sdk::Result<()> {
        let app = self.0;
        let failed = |message: &str| sdk::Error::new(ErrorKind::Internal, message.to_owned());
        let stored = |error: Error| failed("the mail could not be queued").because(error);
        if app.store.mail(&mail.key).map_err(stored)?.is_some() {
            return Ok(());
        }
        let sender = sender(app).map_err(|error| failed("the mail has no sender").because(error))?;
        let mail = dressed(app, mail)
            .map_err(|error| failed("the settings of mails cannot be read").because(error))?;
        let text = compose(&mail, &sender, SystemTime::now())
            .map_err(|error| sdk::Error::new(ErrorKind::Rejected, error.to_string()))?;
        mail::write(&directory(app), &file_name(&mail.key), &text)?;
        let now = app.now();
        let record = OutboxMail {
            key: mail.key,
            from: sender.address.to_string(),
            to: mail.to.to_string(),
            created: now,
            attempts: 0,
            state: OutboxState::Waiting { due: now },
        };
        app.store.write(|batch| batch.put_mail(&record)).map_err(stored)?;
        app.store.durable_blocking().map_err(stored)?;
        app.mail_bell.notify_one();
        Ok(())
    }

    fn knows(&self, key: &str) -> sdk::Result<bool> {
        let known = self.0.store.mail(key).map_err(|error| {
            sdk::Error::new(ErrorKind::Internal, "the mail queue cannot be read").because(error)
        })?;
        Ok(known.is_some())
    }
}

/// The mail as administrators want mails to look: between their header and footer, or without HTML.
fn dressed(app: &App, mut mail: Mail) -> crate::error::Result<Mail> {
    let Some(html) = mail.html.take() else { return Ok(mail) };
    if settings::is_on(app, "email_plain_text_only")? {
        return Ok(mail);
    }
    let (header, footer) = (settings::text(app, "Email_Header")?, settings::text(app, "Email_Footer")?);
    let (name, url) = (settings::text(app, "Site_Name")?, settings::site_url(app)?);
    let fill =
        |part: String| part.replace("[Site_Name]", &escape(&name)).replace("[Site_URL]", &escape(&url));
    mail.html = Some([fill(header), html, fill(footer)].concat());
    Ok(mail)
}

/// Clears away what a crash left: texts of mails that do not wait, being sent or never queued. To be
/// called before anybody posts.
pub fn recover(app: &App) -> store::Result<()> {
    let entries = match fs::read_dir(directory(app)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        // What else lies there somebody put there.
        if entry.file_type()?.is_file() && !waits(app, &entry.file_name().to_string_lossy())? {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whether the text in the file of that name is of a mail that waits.
fn waits(app: &App, name: &str) -> store::Result<bool> {
    let is_waiting = |mail: &OutboxMail| matches!(mail.state, OutboxState::Waiting { .. });
    // Mostly the name is the key.
    if let Some(mail) = app.store.mail(name.strip_suffix(".eml").unwrap_or(name))? {
        return Ok(is_waiting(&mail));
    }
    let mut waits = false;
    app.store.walk::<OutboxMail, Error>(Span::all(), Direction::Ascending, |(key,), mail| {
        waits = is_waiting(&mail) && file_name(&key) == name;
        Ok(if waits { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(waits)
}

const DIRECTORY: &str = "mails";

fn directory(app: &App) -> PathBuf {
    app.config.server.data.join(DIRECTORY)
}

/// Where the text of a mail waits, seen from the data directory.
pub fn place(key: &str) -> PathBuf {
    Path::new(DIRECTORY).join(file_name(key))
}

/// Where the text of a mail waits.
pub fn path(app: &App, key: &str) -> PathBuf {
    directory(app).join(file_name(key))
}

fn file_name(key: &str) -> String {
    format!("{}.eml", sdk::safe_file_name(key))
}

/// The mail server's URL: of the configuration, else of the settings. `None`: there is no mail server.
pub fn server_url(app: &App) -> crate::error::Result<Option<String>> {
    let host = settings::text(app, "SMTP_Host")?;
    if host.trim().is_empty() {
        return Ok(Some(app.config.mail.url.clone()).filter(|url| !url.is_empty()));
    }
    let encode = |text: String| {
        percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let scheme = if settings::text(app, "SMTP_Protocol")? == "smtps" { "smtps" } else { "smtp" };
    let port = settings::text(app, "SMTP_Port")?;
    let port = if port.is_empty() { String::new() } else { format!(":{port}") };
    let user = encode(settings::text(app, "SMTP_Username")?);
    let credentials = match user.as_str() {
        "" => String::new(),
        user => format!("{user}:{}@", encode(settings::text(app, "SMTP_Password")?)),
    };
    let tls = if settings::is_on(app, "SMTP_IgnoreTLS")? { "?tls=none" } else { "" };
    Ok(Some(format!("{scheme}://{credentials}{}{port}{tls}", host.trim())))
}

/// Whom mails come from.
pub fn sender(app: &App) -> sdk::Result<Sender> {
    let setting = |id| {
        settings::text(app, id).map_err(|error| {
            sdk::Error::new(ErrorKind::Internal, "the settings cannot be read").because(error)
        })
    };
    let chosen = [setting("From_Email")?, app.config.mail.from.clone(), "roomscribe@localhost".to_owned()];
    let address =
        chosen.iter().find(|address| !address.trim().is_empty()).map_or("", |address| address.trim());
    Ok(Sender { address: MailAddress::new(address)?, name: Some(setting("Site_Name")?) })
}
