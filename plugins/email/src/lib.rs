//! The delivery `email` and the format `mail` that writes bodies for it.
//!
//! What is in that format alone becomes the mail itself. All else is one zip: attached below a size,
//! and above it kept on the server, each recipient with a link that opens it once. Mails go into the
//! server's queue, which alone knows how they are sent.

mod bodies;
mod delivery;
mod digest;
mod escape;
mod letter;
mod options;
mod settings;

use export_sdk::{Registry, Result, Settings};

/// Adds the format `mail` and the delivery `email`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    let data = settings.data_dir();
    let settings: settings::EmailSettings = settings.parse()?;
    let directory = data.join(&settings.directory);
    registry.add_format(digest::Digest)?;
    registry.add_delivery(delivery::Email { settings, directory })
}
