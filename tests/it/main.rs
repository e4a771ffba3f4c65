//! The integration tests: the real server, in process or as a process.

mod support;

mod access;
mod channel_edits;
mod channels;
mod groups;
mod health;
mod history;
mod im;
mod readme;
mod rooms;
mod said;
mod subscriptions;
