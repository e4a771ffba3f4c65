//! What an import may do, and what the server asks of accounts and direct messages.

use crate::domain::defaults;
use crate::domain::name::{self, EVERYBODY, LONGEST_NAME};

/// The rules of one import.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Authors and members become members of rooms that exist already.
    pub join: bool,
    /// The pattern of login names.
    pub usernames: String,
    /// So many people may be in one direct message.
    pub most_people: u64,
}

impl Default for Rules {
    /// Nobody joins a room that exists already; the rest is as in a new server.
    fn default() -> Self {
        let text = |id| defaults::definition(id).map_or("", |definition| definition.default);
        Self {
            join: false,
            usernames: serde_json::from_str(text("UTF8_User_Names_Validation")).unwrap_or_default(),
            most_people: serde_json::from_str(text("DirectMesssage_maxUsers")).unwrap_or_default(),
        }
    }
}

impl Rules {
    /// Whether an account may be made under that name. Names that the server reserves for its own
    /// administrators are not refused: the administrators of another server come under them.
    pub(super) fn allow(&self, username: &str) -> bool {
        let everybody = EVERYBODY.contains(&username.to_lowercase().as_str());
        !everybody && username.chars().count() <= LONGEST_NAME && name::fits(&self.usernames, username)
    }
}
