//! Requests to web addresses that somebody else chose.
//!
//! They must not reach what only this machine can reach: every address is looked at before it is
//! connected to, only this crate resolves names, and no redirect is followed.

mod address;
mod connection;
mod idle;
mod target;

pub use address::is_public;
pub use connection::{Answer, Connector, Error};
pub use target::{NotWeb, Target};

// What the signatures above speak of.
pub use hyper;
pub use url::Host;
