//! The integration tests: the real server, in process or as a process.

mod support;

mod chat;
mod downloads;
mod exports_contract;
mod health;
mod threads;
mod uploads;
