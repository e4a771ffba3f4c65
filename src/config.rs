//! config.toml and the environment, checked once.

use std::collections::BTreeMap;
use std::env;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use url::Url;

use crate::domain::Time;
use crate::domain::time::DAY;
use crate::telemetry::Log;

mod environment;
mod integrations;
mod metrics;

pub use environment::{Environment, FirstAdmin, InitialUser};
pub use integrations::Integrations;
pub use metrics::Metrics;

/// Bytes of what the settings call MB.
pub const MEGABYTE: u64 = 1024 * 1024;

/// All settings of the program. What administrators change while it runs is in the store.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where and how the server listens.
    pub server: Server,
    /// The store.
    pub store: Store,
    /// Hashing of passwords.
    pub passwords: Passwords,
    /// Exports.
    pub export: Export,
    /// Mails.
    pub mail: Mail,
    /// Integrations.
    pub integrations: Integrations,
    /// What is logged, and how.
    pub log: Log,
    /// Where metrics are read.
    pub metrics: Metrics,
    /// Raw tables of the plug-ins; each reads its own.
    pub plugins: BTreeMap<String, toml::Table>,
    /// What the environment says about users and settings.
    #[serde(skip)]
    pub environment: Environment,
    /// The file that was read, if there was one.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

/// `[server]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port.
    pub listen: SocketAddr,
    /// Public URL without a slash at its end.
    pub root_url: String,
    /// The data directory.
    pub data: PathBuf,
    /// Requests at the same time.
    pub workers: usize,
    /// Requests that may wait.
    pub queue: usize,
    /// Seconds for which they may.
    pub queue_seconds: u64,
    /// Connections at the same time.
    pub connections: usize,
    /// Connections at the same time from one address.
    pub connections_per_address: usize,
    /// Seconds to wait for the next bytes of a request.
    pub patience_seconds: u64,
    /// Trusted reverse proxies.
    pub forwarded_count: usize,
}

/// `[store]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// Cache in MiB.
    pub cache_mb: u64,
    /// Milliseconds between two looks whether enough was written to be packed.
    pub pack_pause_ms: u64,
}

/// `[passwords]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Passwords {
    /// Hashing threads.
    pub threads: usize,
    /// Places in the queue before them.
    pub queue: usize,
}

/// `[export]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Export {
    /// Exports rendered at the same time.
    pub workers: usize,
    /// Deflate level.
    pub compression: u8,
    /// Tries to deliver.
    pub attempts: u32,
    /// Seconds before the second try.
    pub retry_seconds: u64,
    /// Open jobs of one user.
    pub open_per_user: usize,
    /// Open jobs of all users together.
    pub open: usize,
    /// MB of finished files of one user; 0: as many as fit.
    pub kept_mb_per_user: u64,
    /// MB of finished files of all users together; 0: as many as fit.
    pub kept_mb: u64,
    /// MB of the disk that exports leave free.
    pub keep_free_mb: u64,
    /// Hours for which the rendering of a failed job is kept for a retry.
    pub keep_failed_hours: u32,
    /// Days for which finished files are kept; 0: for ever.
    pub keep_days: u32,
    /// Days for which the records of jobs without file are kept; 0: for ever.
    pub keep_records_days: u32,
    /// Days for which audit entries are kept; 0: for ever.
    pub keep_audit_days: u32,
}

/// `[mail]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// The mail server's URL; empty: none.
    pub url: String,
    /// The sender's address; empty: a local one.
    pub from: String,
    /// Seconds until a silent mail server is given up.
    pub timeout_seconds: u64,
    /// Tries to send.
    pub attempts: u32,
    /// Seconds before the second try.
    pub retry_seconds: u64,
    /// A PEM file; empty: none.
    pub certificate_authority: String,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            root_url: String::new(),
            data: PathBuf::from("data"),
            workers: 32,
            queue: 256,
            queue_seconds: 5,
            connections: 2048,
            connections_per_address: 256,
            patience_seconds: 30,
            forwarded_count: 0,
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self { cache_mb: 32, pack_pause_ms: 1000 }
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self { threads: 1, queue: 64 }
    }
}

impl Default for Export {
    fn default() -> Self {
        Self {
            workers: 1,
            compression: 1,
            attempts: 8,
            retry_seconds: 10,
            open_per_user: 20,
            open: 200,
            kept_mb_per_user: 10_240,
            kept_mb: 102_400,
            keep_free_mb: 512,
            keep_failed_hours: 24,
            keep_days: 30,
            keep_records_days: 365,
            keep_audit_days: 0,
        }
    }
}

impl Export {
    /// The end of what was kept since `since` for so many days; `None`: for ever.
    pub fn days_after(since: Time, days: u32) -> Option<Time> {
        (days > 0).then(|| since.plus(i64::from(days) * DAY))
    }

    /// When the file of a job that was done then is deleted; `None`: never.
    pub fn file_kept_until(&self, done: Time) -> Option<Time> {
        Self::days_after(done, self.keep_days)
    }

    /// The end of a rendering that is kept since its job failed.
    pub fn rendering_kept_until(&self, failed: Time) -> Time {
        failed.plus(i64::from(self.keep_failed_hours) * DAY / 24)
    }

    /// Bytes of the disk that exports leave free.
    pub fn keep_free(&self) -> u64 {
        self.keep_free_mb.saturating_mul(MEGABYTE)
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            url: String::new(),
            from: String::new(),
            timeout_seconds: 30,
            attempts: 12,
            retry_seconds: 15,
            certificate_authority: String::new(),
        }
    }
}

impl Config {
    /// Reads the file (`path`, else config.toml if there is one) and the environment.
    pub fn load(path: Option<&Path>) -> Result<Self> {
        let file = match path {
            Some(path) => Some(path.to_owned()),
            None => Some(PathBuf::from("config.toml")).filter(|path| path.exists()),
        };
        let mut config = match file {
            None => Self::default(),
            Some(path) => {
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("{} cannot be read", path.display()))?;
                let wrong = || format!("{} is not right", path.display());
                let mut config = Self::parse(&text).with_context(wrong)?;
                config.check().with_context(wrong)?;
                config.file = Some(path);
                config
            }
        };
        config.read_environment(env::vars())?;
        Ok(config)
    }

    /// Reads the text of a config.toml.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }

    fn read_environment(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<()> {
        let mut all: BTreeMap<String, String> = variables.filter(|(_, value)| !value.is_empty()).collect();
        if let Some(port) = all.get("PORT") {
            let port = port.parse().with_context(|| format!("PORT={port} is no port number"))?;
            self.server.listen.set_port(port);
        }
        for key in ["BIND_IP", "HOST"] {
            // HOST is set by many a shell, to a name.
            let Some(ip) = all.get(key) else { continue };
            match ip.parse() {
                Ok(ip) => {
                    self.server.listen.set_ip(ip);
                    break;
                }
                Err(_) if key == "HOST" => {}
                Err(_) => bail!("{key}={ip} is no IP address"),
            }
        }
        if let Some(url) = all.remove("ROOT_URL") {
            self.server.root_url = root_url(&url).context("ROOT_URL")?;
        }
        if let Some(url) = all.remove("MAIL_URL") {
            self.mail.url = url;
        }
        if let Some(count) = all.get("HTTP_FORWARDED_COUNT") {
            self.server.forwarded_count =
                count.parse().with_context(|| format!("HTTP_FORWARDED_COUNT={count} is no number"))?;
        }
        self.environment = Environment::read(all)?;
        Ok(())
    }

    fn check(&mut self) -> Result<()> {
        let zero = [
            ("server", "workers", self.server.workers),
            ("server", "queue", self.server.queue),
            ("server", "connections", self.server.connections),
            ("server", "connections_per_address", self.server.connections_per_address),
            ("passwords", "threads", self.passwords.threads),
            ("passwords", "queue", self.passwords.queue),
            ("export", "workers", self.export.workers),
            ("integrations", "workers", self.integrations.workers),
        ];
        if let Some((table, key, _)) = zero.iter().find(|(.., value)| *value == 0) {
            bail!("[{table}] {key} must be at least 1");
        }
        if self.export.compression > 9 {
            bail!("[export] compression must be 0 to 9");
        }
        if self.store.cache_mb == 0 || self.store.cache_mb > 1 << 20 {
            bail!("[store] cache_mb must be 1 to 1048576");
        }
        if self.store.pack_pause_ms == 0 || self.store.pack_pause_ms > 3_600_000 {
            bail!("[store] pack_pause_ms must be 1 to 3600000");
        }
        self.server.root_url = root_url(&self.server.root_url).context("[server] root_url")?;
        Ok(())
    }

    /// Where a delivery keeps finished exports, if it does.
    pub fn exports_directory(&self, delivery: &str) -> PathBuf {
        let chosen = self.plugins.get(delivery).and_then(|settings| settings.get("directory"));
        self.server.data.join(chosen.and_then(toml::Value::as_str).unwrap_or("exports"))
    }

    /// Bytes of the store's cache.
    pub fn cache_bytes(&self) -> u64 {
        self.store.cache_mb * 1024 * 1024
    }
}

/// A public address without a slash at its end; empty if there is none.
fn root_url(text: &str) -> Result<String> {
    let plain = |url: &Url| {
        matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
    };
    if !text.is_empty() && !Url::parse(text).is_ok_and(|url| plain(&url)) {
        bail!("{text:?} is no address of a server; write https://chat.example.org");
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_says_the_defaults() {
        let shipped = Config::parse(include_str!("../config.toml")).unwrap();
        let default = Config::default();
        assert_eq!(format!("{:?}", shipped.server), format!("{:?}", default.server));
        assert_eq!(format!("{:?}", shipped.store), format!("{:?}", default.store));
        assert_eq!(format!("{:?}", shipped.passwords), format!("{:?}", default.passwords));
        assert_eq!(format!("{:?}", shipped.export), format!("{:?}", default.export));
        assert_eq!(format!("{:?}", shipped.mail), format!("{:?}", default.mail));
        assert_eq!(format!("{:?}", shipped.integrations), format!("{:?}", default.integrations));
        assert_eq!(format!("{:?}", shipped.log), format!("{:?}", default.log));
        assert_eq!(format!("{:?}", shipped.metrics), format!("{:?}", default.metrics));
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let error = Config::parse("[server]\nlisten_on = 3").unwrap_err().to_string();
        assert!(error.contains("listen_on"), "{error}");
    }

    #[test]
    fn the_environment_wins_and_is_checked() {
        let given = [
            ("PORT", "81"),
            ("BIND_IP", "::1"),
            ("OVERWRITE_SETTING_Site_Name", "x"),
            ("ADMIN_PASS", "p"),
            ("MAX_RESUME_LOGIN_TOKENS", "7"),
            ("CREATE_TOKENS_FOR_USERS", "yes"),
        ];
        let given = given.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let mut config = Config::default();
        config.read_environment(given.into_iter()).unwrap();
        assert_eq!(config.server.listen.to_string(), "[::1]:81");
        assert_eq!(config.environment.overwritten["Site_Name"], "x");
        assert_eq!(config.environment.admin.unwrap().username, "admin");
        assert_eq!(config.environment.most_sessions, Some(7));
        assert!(config.environment.tokens_for_users && config.environment.tokens_secret.is_none());
        for (key, value) in [
            ("PORT", "many"),
            ("MAX_RESUME_LOGIN_TOKENS", "0"),
            ("ROOT_URL", "chat.example.org"),
            ("ROOT_URL", "ftp://chat.example.org"),
        ] {
            let bad = [(key.to_owned(), value.to_owned())];
            assert!(Config::default().read_environment(bad.into_iter()).is_err(), "{key}");
        }
    }
}
