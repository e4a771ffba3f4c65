//! Lines about their status that administrators offer to people.

use serde::{Deserialize, Serialize};

use super::Time;

/// A line to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomStatus {
    /// Its id.
    pub id: String,
    /// The line.
    pub name: String,
    /// The status that goes with it: `online`, `away`, `busy` or `offline`.
    pub status: String,
    /// When it last changed.
    pub updated: Time,
}
