//! Who asks.

use std::net::IpAddr;

use crate::domain::User;

/// A program at the other end of a connection, known or not.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its address, as far as trusted proxies tell.
    pub address: IpAddr,
    /// What it shows besides credentials.
    pub proof: Proof,
}

impl Client {
    /// A program that shows nothing.
    pub fn at(address: IpAddr) -> Self {
        Self { address, proof: Proof::default() }
    }
}

/// What a request says about a second factor. It does not print itself.
#[derive(Clone, Default)]
pub struct Proof {
    /// The code.
    pub code: Option<String>,
    /// The method that the code is of.
    pub method: Option<String>,
    /// The program that asks, in its own words.
    pub agent: String,
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof(…)")
    }
}

/// A user with a valid token. Only the dispatcher makes one of a request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account.
    pub user: User,
    /// The hash of the token that was shown.
    pub token: [u8; 32],
    /// The token itself, for the answers that repeat it.
    pub shown: Shown,
    /// From where.
    pub client: Client,
}

impl Caller {
    /// Somebody for whom the server acts itself.
    pub fn without_token(user: User, client: Client) -> Self {
        Self { user, token: [0; 32], shown: Shown(String::new()), client }
    }
}

/// A secret as it was shown. It does not print itself.
#[derive(Clone)]
pub struct Shown(pub String);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown(…)")
    }
}
