//! The integration tests: the real server, in process or as a process.

mod support;

mod architecture;
mod cli;
mod health;
mod process;
