//! The whole surface on one screen: every family of endpoints, in the order of the documentation.

use super::endpoint::Endpoint;

mod channels;
mod exports;
mod history;
mod im;
mod misc;
mod rooms;
mod settings_keys;
mod subscriptions;

/// All rows of the table.
pub fn endpoints() -> Vec<Endpoint> {
    [
        misc::endpoints(),
        exports::endpoints(),
        channels::endpoints(),
        im::endpoints(),
        rooms::endpoints(),
        subscriptions::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
