//! The delivery `webhook`: one signed request, and what its answer means.

use std::time::Duration;

use export_sdk::{Attempt, Delivery, Error, ErrorKind, Export, OptionSpec, Packaging, Receipt, Result};
use hyper::StatusCode;
use outbound::{Connector, Host};

use crate::connection::exchange;
use crate::hosts::HostPattern;
use crate::options::{SPECS, WebhookOptions};
use crate::request::request;
use crate::settings::{Rules, Secret, WebhookSettings};

/// The delivery `webhook`.
pub(crate) struct Webhook {
    secret: Secret,
    rules: Rules,
    connector: Connector,
}

impl Webhook {
    /// Checks the settings and reads the certificate; connects to nobody.
    pub(crate) fn new(settings: WebhookSettings) -> Result<Self> {
        if settings.timeout_seconds == 0 {
            return Err(bad_settings("`timeout_seconds` must be at least 1"));
        }
        let patience = Duration::from_secs(settings.timeout_seconds);
        let connector = Connector::new(&settings.certificate_authority, settings.allow_private, patience)
            .map_err(|complaint| bad_settings(&format!("`certificate_authority`: {complaint}")))?;
        let rules = Rules {
            has_secret: !settings.secret.bytes().is_empty(),
            hosts: settings.hosts.iter().map(|text| HostPattern::parse(text)).collect::<Result<_>>()?,
            allow_private: settings.allow_private,
            allow_http: settings.allow_http,
        };
        Ok(Self { secret: settings.secret, rules, connector })
    }
}

fn bad_settings(complaint: &str) -> Error {
    Error::new(ErrorKind::BadSettings, format!("config.toml, table [plugins.webhook]: {complaint}"))
}

impl Delivery for Webhook {
    type Options = WebhookOptions;

    fn id(&self) -> &'static str {
        "webhook"
    }

    fn describe(&self) -> &'static str {
        "Posts the export, signed, to a web address"
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        SPECS.to_vec()
    }

    fn packaging(&self, _: &WebhookOptions, _: &[String]) -> Packaging {
        Packaging::SingleFile
    }

    fn check(&self, options: &WebhookOptions) -> Result<()> {
        self.rules.check(&options.target)
    }

    async fn deliver(
        &self,
        options: WebhookOptions,
        export: &Export,
        attempt: &Attempt<'_>,
    ) -> Result<Receipt> {
        // The settings may be others than when it was asked for.
        self.rules.check(&options.target)?;
        let request = request(&options, export, attempt, &self.secret).await?;
        let status = exchange(&self.connector, &options.target, request).await?;
        judge(&options.target.host, status)
    }
}

/// What an answer means for the job.
fn judge(host: &Host, status: StatusCode) -> Result<Receipt> {
    let number = status.as_u16();
    if status.is_success() {
        return Ok(Receipt::new(format!("posted to {host}: {number}")));
    }
    let later = matches!(number, 408 | 425 | 429) || status.is_server_error();
    if later {
        return Err(Error::new(ErrorKind::Unavailable, format!("{host} answered {number}")));
    }
    let advice = if status.is_redirection() {
        "redirects are not followed, so give the last address as `url`"
    } else {
        "check `url`, and that the receiver takes signed posts"
    };
    Err(Error::new(ErrorKind::Rejected, format!("{host} answered {number}; {advice}")))
}
