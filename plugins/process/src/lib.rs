//! Export formats that are external programs, in any language: NDJSON in, the file out.
//!
//! A program is named in config.toml, `[plugins.process.NAME]`, and in no other way. It is asked
//! `{"type":"describe"}` and answers with one JSON object; for each room of an export it is started anew
//! and given the lines of `roomscribe-ndjson` on standard input. What it writes on standard output is the
//! file. Exit code 0 says that it is whole; 2, with `{"kind", "message"}` on standard error, that the
//! program does not want to; anything else is a fault.
//!
//! It runs without a shell, without environment, in an empty directory and a process group of its own,
//! under limits, and never outlives its room. That keeps accidents small. It is no sandbox: the program
//! has the rights of the server.

mod format;
mod launch;
mod running;
mod settings;
mod source;
mod words;

use export_sdk::{Registry, Result, Settings};

pub use format::{Starter, open};
pub use launch::Launch;
pub use settings::Program;

/// Adds the formats of all programs that config.toml names.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    registry.add_source(source::Programs::new(settings::programs(settings)?));
    Ok(())
}
