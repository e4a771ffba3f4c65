//! The integration tests: the real server, in process or as a process.

mod support;

mod exports_contract;
mod health;
