//! The whole surface on one screen: every family of endpoints, in the order of the documentation.

use super::endpoint::Endpoint;

mod account_changes;
mod auth;
mod channels;
mod chat;
mod directory;
mod exports;
mod history;
mod im;
mod misc;
mod permissions;
mod personal_tokens;
mod presence;
mod rooms;
mod rooms_listing;
mod rooms_membership;
mod settings;
mod settings_keys;
mod spotlight;
mod subscriptions;
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
        channels::endpoints(),
        im::endpoints(),
        rooms::endpoints(),
        rooms_membership::endpoints(),
        rooms_listing::endpoints(),
        directory::endpoints(),
        spotlight::endpoints(),
        chat::endpoints(),
        subscriptions::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
