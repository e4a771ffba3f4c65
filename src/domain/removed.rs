//! What is left of things that clients may still know: they ask what has gone.

use serde::{Deserialize, Serialize};

use super::Time;

/// A role, an emoji or the like that is no more. Its key is what it was and its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// What it was called.
    pub name: String,
    /// When it was removed.
    pub at: Time,
}
