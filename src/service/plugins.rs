//! Formats that are found while the server runs.

use std::sync::Arc;

use export_sdk::{Look, Registry};

use crate::app::App;

/// Looks for formats again. Exports under way keep what they began with.
pub fn look_again(app: &App, look: Look) -> Arc<Registry> {
    let registry = app.installed.look(look);
    tell(&registry);
    registry
}

/// Logs which files are no formats, and how many are.
pub fn tell(registry: &Registry) {
    let mut formats = 0;
    for found in registry.found() {
        match &found.format {
            Ok(_) => formats += 1,
            Err(reason) => tracing::warn!(file = found.file, reason, "a plug-in cannot be used"),
        }
    }
    if !registry.found().is_empty() {
        tracing::info!(formats, files = registry.found().len(), "plug-ins were read");
    }
}
