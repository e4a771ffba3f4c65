//! The command line.
//!
//! Exit codes: 0 done, 1 the task failed, 2 wrong usage or configuration, 3 could not start (the
//! port or the data directory is taken, the store cannot be opened), 130 stopped by Ctrl-C.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::{Args, Parser, Subcommand};
use export_sdk::Registry;

use crate::app::{App, Clock};
use crate::config::Config;
use crate::export::plugins;
use crate::store::Store;
use crate::telemetry::{self, Format, Log};

mod backup;
mod check;
mod compact;
mod data;
mod demo;
mod export;
mod formats;
mod import;
mod interrupt;
mod key;
mod plugin;
mod prove;
mod serve;
mod user;
mod verify;

#[derive(Parser)]
#[command(
    version,
    about = "A chat server that speaks Rocket.Chat's REST API and exports rooms better than anything else.",
    after_help = "Examples:\n  \
        roomscribe demo                                        try it: a server with a room, exported\n  \
        roomscribe serve                                       run the server on ./data, port 3000\n  \
        roomscribe import general.zip                          bring a room in, with its files\n  \
        roomscribe export general -f html -o general.zip       write a room down, without a server\n  \
        roomscribe verify general.zip                          check that an export is intact, and who made it\n\n\
        Exit codes: 0 done, 1 the task failed, 2 wrong usage or configuration, 3 could not start, 130 stopped by \
        Ctrl-C."
)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Where settings and data are.
#[derive(Args)]
struct Place {
    /// Read the settings from this file [default: config.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keep the data in this directory [default: data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// What was logged last.
    #[arg(skip)]
    log: telemetry::LogLines,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Options),
    /// Run a server on a small example, export its room, and show how to go on
    #[command(after_help = "Without --data it uses a new directory among the temporary ones of the system; \
        without --listen any port if 3000 is taken. It reads no config.toml.")]
    Demo(serve::Options),
    /// Bring in rooms: exports as ndjson with their files, or NDJSON of REST message objects
    Import(import::Options),
    /// Write rooms down, without a server
    Export(export::Options),
    /// Check that an export is intact and who signed it, or that a proof holds
    Verify(verify::Options),
    /// Prove that one message is in an export
    Prove(prove::Options),
    /// Print the public key with which the server signs exports
    Key(key::Options),
    /// List what exports can be made and how they can be handed over
    Formats,
    /// Write a format of your own: begin one, check it, try it
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Make accounts, set passwords, give out tokens
    #[command(subcommand)]
    User(user::Command),
    /// Print the OpenAPI document of the REST API
    Openapi,
    /// Copy all data into a directory, from a server that runs or is stopped
    Backup(backup::Options),
    /// Check that the data is whole
    Check(check::Options),
    /// Make the store as small as it can be, while the server is stopped
    Compact(compact::Options),
}

/// Why a command ended badly.
struct Failure {
    code: u8,
    error: anyhow::Error,
}

/// The task failed.
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { code: 1, error: error.into() }
    }
}

/// Wrong usage or configuration.
fn usage(error: impl Into<anyhow::Error>) -> Failure {
    Failure { code: 2, error: error.into() }
}

/// Could not start.
fn unable(error: impl Into<anyhow::Error>) -> Failure {
    Failure { code: 3, error: error.into() }
}

type Outcome = Result<(), Failure>;

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    // A format that is a program is started by a copy of this one.
    if let Some(launch) = plugins::Launch::read(std::env::args_os()) {
        complain(&format!("roomscribe: it cannot be started: {}", launch.run()));
        return ExitCode::from(127);
    }
    // clap itself ends the process with 2 for wrong arguments.
    let Cli { mut place, command } = Cli::parse();
    let shows = matches!(command, Command::Demo(_));
    // The requests that the demo makes itself are no news.
    let log = if shows { Log { requests: false, ..Log::default() } } else { place.log_settings() };
    let serves = shows || matches!(command, Command::Serve(_));
    place.log = telemetry::start(if serves { "info" } else { "warn" }, &log);
    let outcome = match command {
        Command::Serve(options) => serve::run(place, &options),
        Command::Demo(options) => demo::run(place, &options),
        Command::Import(options) => import::run(place, &options),
        Command::Export(options) => export::run(place, &options),
        Command::Verify(options) => verify::run(&options),
        Command::Prove(options) => prove::run(&options),
        Command::Key(key::Options {}) => key::run(place),
        Command::Formats => formats::run(place),
        Command::Plugin(command) => plugin::run(&command),
        Command::User(command) => user::run(place, command),
        Command::Openapi => {
            let document = crate::api::openapi::document(crate::api::Api::new(1).endpoints());
            say(&format!("{document:#}"))
        }
        Command::Backup(options) => backup::run(place, &options),
        Command::Check(options) => check::run(place, &options),
        Command::Compact(compact::Options {}) => compact::run(place),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { code, error }) => {
            complain(&format!("roomscribe: {}", chain(&error)));
            ExitCode::from(code)
        }
    }
}

/// A line on standard output. A reader that has gone away is no failure.
fn say(text: &str) -> Outcome {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow!(error).context("standard output").into())
        }
        _ => Ok(()),
    }
}

/// A line on standard error.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A text in one line that cannot steer a terminal: what is not a plain character is spelt out.
fn printable(text: &str) -> String {
    let mut shown = String::new();
    for part in text.split_inclusive(['"', '\'']) {
        let plain = part.strip_suffix(['"', '\'']).unwrap_or(part);
        shown.extend(plain.escape_debug());
        shown.push_str(&part[plain.len()..]);
    }
    shown
}

/// An error and its causes in one line; what a text says already is not said again.
fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&cause);
        }
    }
    text
}

/// Whether somebody watches.
fn is_watched() -> bool {
    io::stderr().is_terminal()
}

impl Place {
    /// The settings, with what the command line says.
    fn config(self) -> Result<Config, Failure> {
        let mut config = Config::load(self.config.as_deref()).map_err(usage)?;
        if let Some(data) = self.data {
            config.server.data = data;
        }
        Ok(config)
    }

    /// How to log, to be known before anything else. What is wrong with the settings, the command says.
    fn log_settings(&self) -> Log {
        Config::load(self.config.as_deref()).map(|config| config.log).unwrap_or_default()
    }

    /// The same for commands that must not make an empty store where somebody has mistyped a path.
    fn existing_app(self) -> Result<App, Failure> {
        open_existing(self.config()?)
    }

    /// Everything that works on the data, prepared for use; made if it is not there.
    fn app(self) -> Result<App, Failure> {
        open(self.config()?)
    }
}

fn open_existing(config: Config) -> Result<App, Failure> {
    // What is wrong with the settings comes first.
    registry(&config)?;
    let data = &config.server.data;
    if !Store::exists(data) {
        data::check_readable(data).map_err(unable)?;
        return Err(unable(anyhow!(
            "there is no data in {}; choose the directory with --data",
            data.display()
        )));
    }
    open(config)
}

fn open(config: Config) -> Result<App, Failure> {
    let registry = registry(&config)?;
    let data = &config.server.data;
    let is_new = !Store::exists(data);
    if is_new {
        data::check_readable(data).and_then(|()| data::check_own(data)).map_err(unable)?;
    }
    let store = Store::open(data, config.cache_bytes())
        .with_context(|| format!("the data in {} cannot be opened", data.display()))
        .map_err(unable)?;
    if is_new {
        let place = data::shown(data);
        match config.log.format {
            Format::Text => complain(&format!("a new data directory was made at {place}")),
            Format::Json => tracing::info!(%place, "a new data directory was made"),
        }
    }
    App::new(config, store, registry, Clock::system()).map_err(unable)
}

/// The plug-ins, which read their settings.
fn registry(config: &Config) -> Result<Registry, Failure> {
    let read = plugins::registry(config);
    let named = match &config.file {
        Some(file) => read.with_context(|| format!("{} is not right", file.display())),
        None => read,
    };
    named.map_err(usage)
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn no_text_steers_a_terminal() {
        let hostile = "\u{1b}[31m\u{9b}2J\r\n\u{202e}evil\u{7}\u{2028}\\n";
        assert_eq!(printable(hostile), r"\u{1b}[31m\u{9b}2J\r\n\u{202e}evil\u{7}\u{2028}\\n");
        assert_eq!(printable("\"Größe\" 灯台 it's हिन्दी 🚢"), "\"Größe\" 灯台 it's हिन्दी 🚢");
    }
}
