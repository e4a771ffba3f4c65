//! Links that hand the file of an export to whoever has them, once.

use serde::{Deserialize, Serialize};

use super::{Job, JobId, Time, UserId};

/// A link to the file of an export. Its token is kept as a hash only, which is the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportLink {
    /// The export.
    pub job: JobId,
    /// Who made it, and owns the export.
    pub owner: UserId,
    /// When it was made.
    pub made: Time,
    /// From then on it opens nothing.
    pub expires: Time,
    /// Whom a delivery made it for and sent it to; `None`: its owner made it.
    pub to: Option<String>,
    /// When it was used up.
    pub used: Option<Time>,
}

impl ExportLink {
    /// A link to the file of a job, made by its owner.
    pub fn new(job: &Job, made: Time, expires: Time) -> Self {
        Self { job: job.id.clone(), owner: job.owner.clone(), made, expires, to: None, used: None }
    }

    /// Whether it still opens the file.
    pub fn is_open(&self, now: Time) -> bool {
        self.used.is_none() && now < self.expires
    }
}
