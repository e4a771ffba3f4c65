//! The delivery `webhook`: posts an export, signed, to an address of the requester's choice.
//!
//! A requester must not reach what only this machine can reach: hosts are those the administrator
//! names, every address is looked at before it is connected to, and no redirect is followed.

mod connection;
mod content;
mod delivery;
mod hosts;
mod options;
mod request;
mod settings;

use export_sdk::{Registry, Result, Settings};

/// Adds the delivery `webhook`.
pub fn register(registry: &mut Registry, settings: &Settings) -> Result<()> {
    registry.add_delivery(delivery::Webhook::new(settings.parse()?)?)
}
