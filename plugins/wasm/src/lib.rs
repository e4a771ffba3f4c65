//! Formats that are WebAssembly files: every `*.wasm` in the data directory's `plugins/` is one.
//!
//! `INTERFACE.md` says what such a file exports and what it is given. It runs in an interpreter, sees
//! nothing but the room it writes, and is held to the bounds of `[plugins.wasm]`: one that stops in the
//! middle, never ends, eats memory or lies costs the export that asked for it.

mod folder;
mod guest;
mod imports;
mod module;
mod places;
mod settings;
mod wasi;

use std::path::Path;

use export_foreign::Foreign;
use export_sdk::{Registry, Result, Settings};

use folder::Folder;

pub use module::Loaded;

/// Adds the place where the files lie.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let bounds = settings::Bounds::read(settings)?;
    registry.add_source(Folder::new(settings.data_dir().join("plugins"), bounds));
    Ok(())
}

/// The format in that file, within the usual bounds. The error says, in words that follow "it ", why there
/// is none.
pub fn open(path: &Path) -> std::result::Result<Foreign<Loaded>, String> {
    let bounds = settings::Bounds::usual();
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let loaded = Loaded::read(&bytes, bounds, &places::Places::of(bounds.places))?;
    loaded.into_format(&path.display().to_string())
}
