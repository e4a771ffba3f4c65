//! What a backup says about itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SCHEMA;
use crate::domain::Time;
use crate::store::Volume;

/// The file in the backup.
pub const MANIFEST: &str = "backup.json";

/// What is in a backup, and who made it when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `roomscribe`.
    pub program: String,
    /// The version of the program.
    pub version: String,
    /// When it was made, as people write it.
    pub made: String,
    /// The number of the store's layout.
    pub schema: u32,
    /// How many records there are of each kind; kinds without any are left out.
    pub records: BTreeMap<String, u64>,
    /// Files that people sent, equal ones counted once.
    pub uploads: u64,
    /// Files of finished exports.
    pub exports: u64,
    /// Texts of mails that wait.
    pub mails: u64,
}

impl Manifest {
    pub(super) fn new(made: Time, volumes: Vec<Volume>, files: [u64; 3]) -> Self {
        let there = volumes.into_iter().filter(|volume| volume.records > 0);
        let [uploads, exports, mails] = files;
        Self {
            program: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            made: made.to_string(),
            schema: SCHEMA,
            records: there.map(|volume| (volume.kind.to_owned(), volume.records)).collect(),
            uploads,
            exports,
            mails,
        }
    }

    /// All records.
    pub fn all_records(&self) -> u64 {
        self.records.values().sum()
    }

    /// All files.
    pub fn all_files(&self) -> u64 {
        self.uploads + self.exports + self.mails
    }
}
