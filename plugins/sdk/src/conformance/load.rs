//! Plug-ins as a server with a config.toml has them.

use std::path::Path;

use super::Register;
use crate::{Error, ErrorKind, Registry, Result, Settings};

/// Registers the plug-in `name` with its table of config.toml, written as TOML, as a server with the
/// data directory `data_dir` does.
pub fn load(register: Register, name: &str, settings: &str, data_dir: &Path) -> Result<Registry> {
    let table = settings.parse().map_err(|error: toml::de::Error| {
        Error::new(ErrorKind::BadSettings, format!("settings of `{name}`: {error}"))
    })?;
    let mut registry = Registry::default();
    register(&mut registry, &Settings::new(name, table, data_dir))?;
    Ok(registry)
}
