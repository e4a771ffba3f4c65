//! `roomscribe plugin`: for authors of formats that are not part of the program.

use clap::Subcommand;

use super::Outcome;

mod check;
mod new;
mod run;
mod target;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Write the beginnings of a format: a source that works, how to build and try it, and a room
    New(new::Options),
    /// Check that a format does what exports need, with rooms that have broken others
    Check(check::Options),
    /// Write a room down by a format, without a server
    Run(run::Options),
}

pub(super) fn run(command: &Command) -> Outcome {
    match command {
        Command::New(options) => new::run(options),
        Command::Check(options) => check::run(options),
        Command::Run(options) => run::run(options),
    }
}
