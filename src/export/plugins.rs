//! THE list of plug-ins of this build, and the registry made from it.

use std::path::Path;

use anyhow::bail;
use export_foreign::{Foreign, Machine};
use export_sdk::{Look, Registry, Settings};

pub use export_process::{Launch, Program};

use crate::config::Config;

/// A plug-in: the name of its table in config.toml, and what it registers.
type Plugin = (&'static str, fn(&mut Registry, &Settings) -> export_sdk::Result<()>);

/// All plug-ins. To add one: its crate under `plugins/`, a dependency in Cargo.toml, a line here.
pub const PLUGINS: &[Plugin] = &[
    ("html", export_html::register),
    ("json", export_json::register),
    ("ndjson", export_ndjson::register),
    ("csv", export_csv::register),
    ("slack", export_slack::register),
    ("mattermost", export_mattermost::register),
    ("markdown", export_markdown::register),
    ("text", export_text::register),
    ("process", export_process::register),
    ("anonymize", transform_anonymize::register),
    ("redact", transform_redact::register),
    ("drop", transform_drop::register),
    ("file", deliver_file::register),
    ("email", deliver_email::register),
    ("webhook", deliver_webhook::register),
    #[cfg(feature = "wasm-plugins")]
    ("wasm", export_wasm::register),
    #[cfg(not(feature = "wasm-plugins"))]
    ("wasm", left_out),
];

/// In place of a plug-in that this build is without: its table may stand, so that one config.toml serves
/// all builds.
#[cfg(not(feature = "wasm-plugins"))]
fn left_out(_: &mut Registry, _: &Settings) -> export_sdk::Result<()> {
    Ok(())
}

/// Registers all plug-ins with their tables of config.toml, and looks for formats in files.
pub fn registry(config: &Config) -> anyhow::Result<Registry> {
    let known = || PLUGINS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    if let Some(stranger) = config.plugins.keys().find(|name| PLUGINS.iter().all(|(known, _)| known != name))
    {
        bail!("table [plugins.{stranger}]: there is no such plug-in; known: {}", known());
    }
    let mut registry = Registry::default();
    for (name, register) in PLUGINS {
        let table = config.plugins.get(*name).cloned().unwrap_or_default();
        register(&mut registry, &Settings::new(*name, table, &config.server.data))?;
    }
    Ok(registry.look(Look::Afresh))
}

/// The format that a program is, for its author.
pub fn open_program(command: Vec<String>) -> Result<Foreign<Box<dyn Machine>>, String> {
    let place = command.join(" ");
    let program = Program { command, ..Program::default() };
    export_process::open(&program, &place).map(Foreign::boxed)
}

/// The format that a WebAssembly file is, for its author.
#[cfg(feature = "wasm-plugins")]
pub fn open_module(path: &Path) -> Result<Foreign<Box<dyn Machine>>, String> {
    export_wasm::open(path).map(Foreign::boxed)
}

/// The same of a build that cannot run it.
#[cfg(not(feature = "wasm-plugins"))]
pub fn open_module(_: &Path) -> Result<Foreign<Box<dyn Machine>>, String> {
    Err("cannot be run: this program was built without wasm-plugins".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_tables_are_what_the_plug_ins_expect() {
        let config = Config::parse(include_str!("../../config.toml")).unwrap();
        let registry = registry(&config).unwrap();
        assert!(registry.format("html").is_ok() && registry.delivery("email").is_ok());
        assert!(registry.transform("redact").is_ok());
    }

    #[test]
    fn a_table_that_no_plug_in_owns_is_refused() {
        let config = Config::parse("[plugins.pfd]").unwrap();
        let error = registry(&config).err().unwrap().to_string();
        assert!(error.contains("pfd") && error.contains("html"), "{error}");
    }
}
