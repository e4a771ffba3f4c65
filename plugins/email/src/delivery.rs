//! The delivery `email`: one mail to each recipient, through the server's queue.

use export_sdk::{Attempt, Delivery, Export, Mail, MailSubject, OptionSpec, Receipt, Result};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::bodies::Content;
use crate::options::{EmailOptions, SPECS};
use crate::settings::EmailSettings;

/// The delivery `email`.
pub(crate) struct Email {
    pub(crate) settings: EmailSettings,
}

impl Delivery for Email {
    type Options = EmailOptions;

    fn id(&self) -> &'static str {
        "email"
    }

    fn describe(&self) -> &'static str {
        "Mails the export to each recipient, in the body or attached"
    }

    fn options(&self) -> &[OptionSpec] {
        SPECS
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
        let content = blocking(|| Content::read(export, self.settings.attach_up_to))?;
        let subject =
            options.subject.unwrap_or_else(|| MailSubject::new(&format!("Export of {}", export.room)));
        for (index, to) in options.to.iter().enumerate() {
            let key = format!("{}-{index}", attempt.key);
            let mut mail = Mail::new(key, to.clone(), subject.clone(), content.text.clone());
            mail.reply_to.clone_from(&options.reply_to);
            mail.html.clone_from(&content.html);
            mail.files.clone_from(&content.files);
            blocking(|| attempt.outbox.post(mail))?;
            // Between two mails the host may cancel, and others get their turn.
            tokio::task::yield_now().await;
        }
        let count = options.to.len();
        Ok(Receipt::new(format!("{count} mail{} queued", if count == 1 { "" } else { "s" })))
    }
}

/// Runs what blocks on the disk without holding up other tasks, as far as the runtime allows:
/// `spawn_blocking` would need an outbox that it can own.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
