//! `[integrations]`: posts that come in, and calls that go out.

use serde::Deserialize;

/// `[integrations]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Integrations {
    /// Posts that one of them takes in a minute.
    pub posts_per_minute: u64,
    /// Calls of one of them that may wait.
    pub queue: u64,
    /// Calls at the same time.
    pub workers: usize,
    /// Seconds until a silent receiver is given up.
    pub timeout_seconds: u64,
    /// Whether receivers may have addresses that are not of the public internet.
    pub allow_private: bool,
    /// A PEM file; empty: none.
    pub certificate_authority: String,
}

impl Default for Integrations {
    fn default() -> Self {
        Self {
            posts_per_minute: 600,
            queue: 1000,
            workers: 8,
            timeout_seconds: 20,
            allow_private: false,
            certificate_authority: String::new(),
        }
    }
}
