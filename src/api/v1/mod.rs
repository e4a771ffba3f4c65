//! The whole surface on one screen: every family of endpoints, in the order of the documentation.

use super::endpoint::Endpoint;

mod chat;
mod misc;

/// All rows of the table.
pub fn endpoints() -> Vec<Endpoint> {
    [misc::endpoints(), chat::endpoints()].into_iter().flatten().collect()
}
