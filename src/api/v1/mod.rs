//! The whole surface on one screen: every family of endpoints, in the order of the documentation.

use super::endpoint::Endpoint;

mod account_changes;
mod auth;
mod exports;
mod misc;
mod permissions;
mod personal_tokens;
mod presence;
mod settings;
mod users;

/// All rows of the table.
pub fn endpoints() -> Vec<Endpoint> {
    [
        misc::endpoints(),
        auth::endpoints(),
        users::endpoints(),
        account_changes::endpoints(),
        personal_tokens::endpoints(),
        presence::endpoints(),
        settings::endpoints(),
        permissions::endpoints(),
        exports::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
