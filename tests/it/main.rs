//! The integration tests: the real server, in process or as a process.

mod samples;
mod support;

mod architecture;
mod health;
mod store;
mod stored_bytes;
