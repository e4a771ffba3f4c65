//! The integration tests: the real server, in process or as a process.

mod samples;
mod support;

mod access;
mod account_changes;
mod architecture;
mod auth;
mod channel_edits;
mod channels;
mod chat;
mod departures;
mod downloads;
mod exports_content;
mod exports_contract;
mod exports_download;
mod exports_faults;
mod exports_interrupted;
mod exports_jobs;
mod exports_mail;
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
mod store;
mod stored_bytes;
mod subscriptions;
mod threads;
mod uploads;
mod users;
