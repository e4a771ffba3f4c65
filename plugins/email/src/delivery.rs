//! The delivery `email`: one mail to each recipient, through the server's queue.

use std::path::PathBuf;

use export_sdk::{
    Artifact, Attempt, Delivery, Error, ErrorKind, Export, Mail, MailFile, MailSubject, OptionSpec,
    Packaging, Receipt, Result, keep_file,
};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::bodies::Content;
use crate::letter::{Access, Letter};
use crate::options::{EmailOptions, SPECS, Shape};
use crate::settings::EmailSettings;

/// The delivery `email`.
pub(crate) struct Email {
    pub(crate) settings: EmailSettings,
    /// Where the files lie that links lead to.
    pub(crate) directory: PathBuf,
}

impl Delivery for Email {
    type Options = EmailOptions;

    fn id(&self) -> &'static str {
        "email"
    }

    fn describe(&self) -> &'static str {
        "Mails the export to each recipient: attached, as a link that opens it once, or, in the format `mail`, as the text"
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        SPECS.to_vec()
    }

    fn packaging(&self, options: &EmailOptions, formats: &[String]) -> Packaging {
        options.packaging(formats)
    }

    fn check(&self, options: &EmailOptions) -> Result<()> {
        self.settings.check(options)
    }

    async fn deliver(
        &self,
        options: EmailOptions,
        export: &Export,
        attempt: &Attempt<'_>,
    ) -> Result<Receipt> {
        let subject = options.subject.clone();
        let subject = subject.unwrap_or_else(|| MailSubject::new(&format!("Export of {}", export.room)));
        match options.packaging(&export.formats) {
            Packaging::Loose => self.text(&options, &subject, export, attempt).await,
            Packaging::SingleFile => self.zip(&options, &subject, export, attempt).await,
        }
    }
}

impl Email {
    /// The messages are the mail.
    async fn text(
        &self,
        options: &EmailOptions,
        subject: &MailSubject,
        export: &Export,
        attempt: &Attempt<'_>,
    ) -> Result<Receipt> {
        let content = blocking(|| Content::read(export, self.settings.attach_up_to))?;
        for (index, to) in options.to.iter().enumerate() {
            let mut mail = Mail::new(key(attempt, index), to.clone(), subject.clone(), content.text.clone());
            mail.reply_to.clone_from(&options.reply_to);
            mail.html.clone_from(&content.html);
            mail.files.clone_from(&content.files);
            blocking(|| attempt.outbox.post(mail))?;
            pause().await;
        }
        Ok(Receipt::new(queued(options)))
    }

    /// The mail goes with the zip.
    async fn zip(
        &self,
        options: &EmailOptions,
        subject: &MailSubject,
        export: &Export,
        attempt: &Attempt<'_>,
    ) -> Result<Receipt> {
        let [artifact] = export.artifacts.as_slice() else {
            let message = format!("one file was expected to mail, not {}", export.artifacts.len());
            return Err(Error::new(ErrorKind::Internal, message));
        };
        let kept = if self.is_attached(options.shape, artifact)? {
            None
        } else {
            Some(keep_file("email", &self.directory, export, attempt).await?)
        };
        for (index, to) in options.to.iter().enumerate() {
            let key = key(attempt, index);
            blocking(|| {
                // The link in a mail that was queued before must stay the one that opens the file.
                if attempt.outbox.knows(&key)? {
                    return Ok(());
                }
                let access = match kept {
                    None => Access::Attached,
                    Some(_) => match attempt.downloads.link(to.as_str(), options.link_minutes)? {
                        Some(link) => Access::Link(link),
                        None => Access::Owner(attempt.downloads.page()?),
                    },
                };
                let Letter { text, html } = Letter::new(export, artifact, &access);
                let mut mail = Mail::new(key, to.clone(), subject.clone(), text);
                mail.reply_to.clone_from(&options.reply_to);
                mail.html = Some(html);
                mail.files.extend(kept.is_none().then(|| attachment(artifact)));
                attempt.outbox.post(mail)
            })?;
            pause().await;
        }
        Ok(match kept {
            None => Receipt::new(format!("{}, with the export", queued(options))),
            Some(file) => Receipt::new(format!("{}, the export is kept", queued(options))).with_file(file),
        })
    }

    fn is_attached(&self, shape: Shape, artifact: &Artifact) -> Result<bool> {
        let most = self.settings.attach_up_to;
        match shape {
            Shape::Link => Ok(false),
            Shape::Auto => Ok(artifact.size <= most),
            Shape::Attachment if artifact.size <= most => Ok(true),
            Shape::Attachment => {
                let message = format!(
                    "the export has {} bytes, and at most {most} are attached here; ask for it with `as` link or auto",
                    artifact.size
                );
                Err(Error::new(ErrorKind::Rejected, message))
            }
        }
    }
}

/// Names a mail.
fn key(attempt: &Attempt<'_>, index: usize) -> String {
    format!("{}-{index}", attempt.key)
}

fn attachment(artifact: &Artifact) -> MailFile {
    MailFile {
        name: artifact.path.as_str().to_owned(),
        media_type: artifact.media_type.clone(),
        path: artifact.file.clone(),
    }
}

fn queued(options: &EmailOptions) -> String {
    let count = options.to.len();
    format!("{count} mail{} queued", if count == 1 { "" } else { "s" })
}

/// Between two mails the host may cancel, and others get their turn.
async fn pause() {
    tokio::task::yield_now().await;
}

/// Runs what blocks on the disk without holding up other tasks, as far as the runtime allows:
/// `spawn_blocking` would need an outbox that it can own.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
