//! The whole surface on one screen: every family of endpoints, in the order of the documentation.

use super::endpoint::Endpoint;

mod account_changes;
mod auth;
mod channels;
mod chat;
mod custom_status;
mod emoji;
mod exports;
mod history;
mod im;
mod misc;
mod permissions;
mod personal_tokens;
mod presence;
mod push;
mod roles;
mod rooms;
mod settings;
mod settings_keys;
mod shield;
mod statistics;
mod subscriptions;
mod users;

/// All rows of the table.
pub fn endpoints() -> Vec<Endpoint> {
    [
        misc::endpoints(),
        statistics::endpoints(),
        shield::endpoints(),
        auth::endpoints(),
        users::endpoints(),
        account_changes::endpoints(),
        personal_tokens::endpoints(),
        presence::endpoints(),
        settings::endpoints(),
        permissions::endpoints(),
        roles::endpoints(),
        emoji::endpoints(),
        custom_status::endpoints(),
        push::endpoints(),
        exports::endpoints(),
        channels::endpoints(),
        im::endpoints(),
        rooms::endpoints(),
        chat::endpoints(),
        subscriptions::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
