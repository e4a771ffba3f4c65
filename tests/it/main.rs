//! The integration tests: the real server, in process or as a process.

mod support;

mod chat;
mod downloads;
mod exports_content;
mod exports_contract;
mod exports_download;
mod exports_faults;
mod exports_interrupted;
mod exports_jobs;
mod exports_mail;
mod health;
mod threads;
mod uploads;
