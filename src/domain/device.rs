//! Devices that want to be told of messages.

use serde::{Deserialize, Serialize};

use super::Time;

/// A device's address at the service of its maker. Its key is its owner and the address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushToken {
    /// Its id.
    pub id: String,
    /// Whose service: `apn` or `gcm`.
    pub service: String,
    /// The address.
    pub value: String,
    /// The name of the application.
    pub application: String,
    /// When it was first told.
    pub created: Time,
    /// When it was last told.
    pub updated: Time,
}
