//! The integration tests: the real server, in process or as a process.

mod support;

mod access;
mod account_changes;
mod auth;
mod channel_edits;
mod channels;
mod chat;
mod departures;
mod downloads;
mod groups;
mod health;
mod history;
mod im;
mod login_blocking;
mod permissions;
mod readme;
mod registration;
mod rooms;
mod said;
mod settings;
mod subscriptions;
mod threads;
mod uploads;
mod users;
