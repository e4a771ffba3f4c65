//! The whole surface on one screen: every family of endpoints, in the order of the documentation.

use super::endpoint::Endpoint;

mod account_changes;
mod auth;
mod channels;
mod chat;
mod clean_history;
mod discussions;
mod exports;
mod history;
mod im;
mod invites;
mod misc;
mod permissions;
mod personal_tokens;
mod presence;
mod rooms;
mod settings;
mod settings_keys;
mod subscriptions;
mod teams;
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
        clean_history::endpoints(),
        discussions::endpoints(),
        teams::endpoints(),
        invites::endpoints(),
        chat::endpoints(),
        subscriptions::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
