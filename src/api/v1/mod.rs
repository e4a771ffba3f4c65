//! The whole surface on one screen: every family of endpoints, in the order of the documentation.

use super::endpoint::Endpoint;

mod account_changes;
mod assets;
mod auth;
mod avatars;
mod channels;
mod chat;
mod clean_history;
mod commands;
mod custom_status;
mod data_downloads;
mod directory;
mod discussions;
mod emoji;
mod encryption;
mod exports;
mod history;
mod im;
mod integrations;
mod invites;
mod method_call;
mod misc;
mod moderation;
mod password_mails;
mod permissions;
mod personal_tokens;
mod presence;
mod push;
mod roles;
mod rooms;
mod rooms_listing;
mod rooms_membership;
mod settings;
mod settings_keys;
mod shield;
mod sounds;
mod spotlight;
mod statistics;
mod subscriptions;
mod teams;
mod two_factor;
mod users;
mod users_listing;
mod users_names;

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
        two_factor::endpoints(),
        password_mails::endpoints(),
        presence::endpoints(),
        avatars::endpoints(),
        users_listing::endpoints(),
        users_names::endpoints(),
        settings::endpoints(),
        permissions::endpoints(),
        roles::endpoints(),
        emoji::endpoints(),
        sounds::endpoints(),
        assets::endpoints(),
        encryption::endpoints(),
        custom_status::endpoints(),
        push::endpoints(),
        exports::endpoints(),
        data_downloads::endpoints(),
        channels::endpoints(),
        im::endpoints(),
        rooms::endpoints(),
        rooms_membership::endpoints(),
        rooms_listing::endpoints(),
        directory::endpoints(),
        spotlight::endpoints(),
        clean_history::endpoints(),
        discussions::endpoints(),
        teams::endpoints(),
        invites::endpoints(),
        chat::endpoints(),
        moderation::endpoints(),
        subscriptions::endpoints(),
        method_call::endpoints(),
        integrations::endpoints(),
        commands::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
