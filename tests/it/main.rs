//! The integration tests: the real server, in process or as a process.

mod process;
mod samples;
mod support;

mod architecture;
mod cli;
mod health;
mod store;
mod stored_bytes;
