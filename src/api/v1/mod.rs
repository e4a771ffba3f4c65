//! The whole surface on one screen: every family of endpoints, in the order of the documentation.

use super::endpoint::Endpoint;

mod chat;
mod exports;
mod misc;

/// All rows of the table.
pub fn endpoints() -> Vec<Endpoint> {
    [misc::endpoints(), chat::endpoints(), exports::endpoints()].into_iter().flatten().collect()
}
