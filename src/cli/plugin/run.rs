//! `roomscribe plugin run`.

use std::io;

use clap::Args;
use export_sdk::ErrorKind;

use super::target::{Chosen, Target};
use crate::cli::{Failure, Outcome};

#[derive(Args)]
#[command(after_help = "Examples:\n  \
    roomscribe plugin run tsv.wasm < room.ndjson > room.tsv\n  \
    roomscribe plugin run tsv.wasm --option columns=short < room.ndjson\n  \
    roomscribe plugin run -- python3 tsv.py < room.ndjson\n\n\
    A room as ndjson: roomscribe export general -f ndjson -o room/, or the one that `plugin new` writes.\n\
    Exit codes: 0 done, 1 the format or the room is not right, 2 wrong usage or options.")]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    chosen: Chosen,
}

pub(super) fn run(options: &Options) -> Outcome {
    let format = options.target.open()?;
    let chosen = options.chosen.read(&format)?;
    // A room is whole or of no use: what a closed reader no longer takes is a failure here.
    let fed = format.feed(&chosen, io::stdin().lock(), Box::new(io::stdout()));
    fed.map(drop).map_err(|error| {
        let code = if error.kind() == ErrorKind::BadOptions { 2 } else { 1 };
        Failure { code, error: error.into() }
    })
}
