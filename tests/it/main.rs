//! The integration tests: the real server, in process or as a process.

mod support;

mod account_changes;
mod auth;
mod departures;
mod health;
mod login_blocking;
mod permissions;
mod readme;
mod registration;
mod settings;
mod users;
