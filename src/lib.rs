//! The roomscribe server.

pub mod mail;
