//! The delivery `email` and the format `mail` that writes bodies for it.
//!
//! Any format can be mailed: what is no body is attached. Mails go into the server's queue, which
//! alone knows how they are sent.

mod bodies;
mod delivery;
mod digest;
mod escape;
mod options;
mod settings;

use export_sdk::{Registry, Result, Settings};

/// Adds the format `mail` and the delivery `email`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let settings = settings.parse()?;
    registry.add_format(digest::Digest)?;
    registry.add_delivery(delivery::Email { settings })
}
