//! `roomscribe key`.

use clap::Args;

use super::{Outcome, Place, open_existing, say, unable};
use crate::export::signing::Signer;

#[derive(Args)]
#[command(after_help = "Example:\n  \
    roomscribe key > server.key\n  \
    roomscribe verify general.zip --key server.key\n\n\
    Give the key to whoever is to check exports, in a way they trust. The server may run meanwhile.")]
pub(super) struct Options {}

pub(super) fn run(place: Place) -> Outcome {
    let config = place.config()?;
    // A running server has locked its data, but a key that is there never changes.
    let key = match Signer::open(&config.server.data).map_err(unable)? {
        Some(signer) => signer.public_key_hex(),
        None => open_existing(config)?.signer.public_key_hex(),
    };
    say(&key)
}
