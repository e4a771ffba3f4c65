//! What the administrator decides about posting exports: `[plugins.webhook]`.

use std::fmt;
use std::path::PathBuf;

use export_sdk::{Error, Result};
use outbound::{Host, Target, is_public};
use serde::{Deserialize, Deserializer};

use crate::hosts::HostPattern;

/// The table as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WebhookSettings {
    /// Signs what is posted; without it nothing is.
    pub(crate) secret: Secret,
    /// Where exports may go; empty: nowhere.
    pub(crate) hosts: Vec<String>,
    /// Whether hosts may have addresses that are not of the public internet.
    pub(crate) allow_private: bool,
    /// Whether exports may go out unencrypted.
    pub(crate) allow_http: bool,
    /// How long to wait for a connection, and for anything to move on it.
    pub(crate) timeout_seconds: u64,
    /// A PEM file with the certificate of a private authority, trusted besides the public ones.
    pub(crate) certificate_authority: PathBuf,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            secret: Secret::default(),
            hosts: Vec::new(),
            allow_private: false,
            allow_http: false,
            timeout_seconds: 60,
            certificate_authority: PathBuf::new(),
        }
    }
}

/// A key that is never shown.
#[derive(Default)]
pub(crate) struct Secret(String);

impl Secret {
    /// The key's bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's own error would show the value.
        let text = String::deserialize(deserializer);
        text.map(Self).map_err(|_| serde::de::Error::custom("`secret` must be a string"))
    }
}

/// Who may be posted to.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) has_secret: bool,
    pub(crate) hosts: Vec<HostPattern>,
    pub(crate) allow_private: bool,
    pub(crate) allow_http: bool,
}

impl Rules {
    /// Refuses a target that the administrator does not allow. Addresses behind a name are looked at
    /// when they are known: when the export is delivered.
    pub(crate) fn check(&self, target: &Target) -> Result<()> {
        let refused = |message: &str| Err(Error::bad_options(message));
        if self.hosts.is_empty() {
            return refused(
                "the delivery `webhook` is off: the administrator must set `hosts` of [plugins.webhook] \
                 in config.toml to the hosts that exports may be posted to",
            );
        }
        if !self.has_secret {
            return refused(
                "the delivery `webhook` has no key to sign with: the administrator must set `secret` of \
                 [plugins.webhook] in config.toml",
            );
        }
        if !target.encrypted && !self.allow_http {
            return refused(
                "`url`: http:// is not allowed here; use https://, or ask the administrator for \
                 `allow_http` of [plugins.webhook]",
            );
        }
        let host = &target.host;
        if !self.hosts.iter().any(|pattern| pattern.allows(host)) {
            let message = format!(
                "`url`: {host} is not among the hosts that exports may be posted to; ask the \
                 administrator to add it to `hosts` of [plugins.webhook]"
            );
            return refused(&message);
        }
        let address = match host {
            Host::Domain(_) => return Ok(()),
            Host::Ipv4(address) => (*address).into(),
            Host::Ipv6(address) => (*address).into(),
        };
        if !self.allow_private && !is_public(address) {
            return refused(&private(host));
        }
        Ok(())
    }
}

/// What to say about a host with an address that is not public.
pub(crate) fn private(host: &Host) -> String {
    format!(
        "{host} has an address that is not of the public internet; give another `url`, or ask the \
         administrator for `allow_private` of [plugins.webhook]"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_not_shown() {
        let settings: WebhookSettings = toml::from_str("secret = \"hunter2\"").unwrap();
        assert_eq!(settings.secret.bytes(), b"hunter2");
        assert!(!format!("{settings:?}").contains("hunter2"));
        let error = toml::from_str::<WebhookSettings>("secret = 20482048").unwrap_err();
        assert!(!error.message().contains("2048") && error.message().contains("`secret`"), "{error}");
    }
}
