//! Who asks.

use std::net::IpAddr;

use crate::domain::User;

/// A program at the other end of a connection, known or not.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its address, as far as trusted proxies tell.
    pub address: IpAddr,
}

/// A user with a valid token. Only the dispatcher makes one.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account.
    pub user: User,
    /// The hash of the token that was shown.
    pub token: [u8; 32],
    /// From where.
    pub client: Client,
}
