//! What the administrator decides about mails with exports: `[plugins.email]`.

use std::path::PathBuf;

use export_sdk::{Error, Result};
use serde::Deserialize;

use crate::options::EmailOptions;

/// Limits on who may get how much.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EmailSettings {
    /// The most recipients of one export.
    max_recipients: usize,
    /// The domains that exports may go to; empty means all.
    allowed_domains: Vec<String>,
    /// The most bytes attached to one mail.
    pub(crate) attach_up_to: u64,
    /// Where the files lie that links lead to; a relative path begins in the data directory.
    pub(crate) directory: PathBuf,
}

impl Default for EmailSettings {
    fn default() -> Self {
        Self {
            max_recipients: 100,
            allowed_domains: Vec::new(),
            attach_up_to: 10 << 20,
            directory: PathBuf::from("exports"),
        }
    }
}

impl EmailSettings {
    /// Refuses recipients that the administrator does not allow.
    pub(crate) fn check(&self, options: &EmailOptions) -> Result<()> {
        let (asked, most) = (options.to.len(), self.max_recipients);
        if asked > most {
            let message = format!("`to` names {asked} recipients, at most {most} are allowed here");
            return Err(Error::bad_options(message));
        }
        for address in &options.to {
            let domain = address.as_str().rsplit('@').next().unwrap_or_default().to_lowercase();
            let known = |allowed: &String| allowed.to_lowercase() == domain;
            if !self.allowed_domains.is_empty() && !self.allowed_domains.iter().any(known) {
                let allowed = self.allowed_domains.join(", ");
                let message = format!("`to`: {address} is outside the allowed domains ({allowed})");
                return Err(Error::bad_options(message));
            }
        }
        Ok(())
    }
}
