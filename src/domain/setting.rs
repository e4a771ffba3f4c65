//! A setting that an administrator changed.

use serde::{Deserialize, Serialize};

use super::{Json, Time};

/// The value of a setting that differs from its default. The defaults are in [`super::defaults`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The JSON value as it was sent.
    pub value: Json,
    /// When it was set.
    pub updated: Time,
}
