//! What the administrator decides for a plug-in.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Error, ErrorKind, Result};

/// The table `[plugins.<name>]` of config.toml, and where the server keeps its data.
///
/// Settings are trusted and read once at start; what a request may choose are a plug-in's
/// *options*. Two types, so that no request can ever set a directory or a host.
#[derive(Debug, Clone)]
pub struct Settings {
    plugin: String,
    table: toml::Table,
    data_dir: PathBuf,
}

impl Settings {
    /// Settings for the plug-in of that name.
    pub fn new(plugin: impl Into<String>, table: toml::Table, data_dir: impl Into<PathBuf>) -> Self {
        Self { plugin: plugin.into(), table, data_dir: data_dir.into() }
    }

    /// The table as the plug-in's own type. Derive `Deserialize` with `deny_unknown_fields` and
    /// `default`; the error then names the table and the key.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(self.table.clone()).map_err(|error| {
            let message = format!("config.toml, table [plugins.{}]: {}", self.plugin, error.message());
            Error::new(ErrorKind::BadSettings, message)
        })
    }

    /// The server's data directory. A plug-in that keeps files makes a directory of its own in it.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }
}

/// The settings of a plug-in that has none: any key is refused.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoSettings {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Limits {
        size: u64,
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_table() {
        let table = toml::Table::from_iter([("sise".to_owned(), toml::Value::Integer(3))]);
        let error = Settings::new("pdf", table, "data").parse::<Limits>().expect_err("misspelt");
        let message = error.to_string();
        assert!(message.contains("[plugins.pdf]") && message.contains("sise"), "{message}");
        assert_eq!(Settings::new("pdf", toml::Table::new(), "data").parse::<Limits>().unwrap().size, 0);
    }
}
