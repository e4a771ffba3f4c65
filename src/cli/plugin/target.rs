//! The format that a command is about: a WebAssembly file, or a program.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use export_foreign::{Foreign, Machine};

use crate::cli::{Failure, usage};
use crate::export::plugins;

#[derive(Args)]
pub(super) struct Target {
    /// A WebAssembly file
    #[arg(value_name = "FILE", required_unless_present = "command")]
    file: Option<PathBuf>,
    /// Or a program with its arguments, behind --; what names a file is made an absolute path
    #[arg(last = true, value_name = "COMMAND", conflicts_with = "file")]
    command: Vec<String>,
}

impl Target {
    /// The format as it describes itself now.
    pub(super) fn open(&self) -> Result<Foreign<Box<dyn Machine>>, Failure> {
        let (name, opened) = if let Some(file) = &self.file {
            (file.display().to_string(), plugins::open_module(file))
        } else {
            let command = self.command();
            (command.join(" "), plugins::open_program(command))
        };
        opened.map_err(|why| anyhow!("{name}: it {why}").into())
    }

    /// The program as config.toml wants it: it runs in another directory, and without PATH.
    fn command(&self) -> Vec<String> {
        let found = |(place, word): (usize, &String)| {
            let path = Path::new(word);
            let inside = |directory: PathBuf| Some(directory.join(word)).filter(|path| path.is_file());
            let found = if place == 0 && !word.contains('/') {
                env::split_paths(&env::var_os("PATH")?).find_map(inside)
            } else {
                path.is_file().then(|| path.to_owned())
            };
            std::path::absolute(found?).ok()?.into_os_string().into_string().ok()
        };
        let words = self.command.iter().enumerate();
        words.map(|word| found(word).unwrap_or_else(|| word.1.clone())).collect()
    }

    /// What to do to use it in a server.
    pub(super) fn how_to_use(&self, name: &str) -> String {
        match &self.file {
            Some(file) => format!(
                "To use it: put {} into the directory plugins/ of the server's data, and send the server SIGHUP.",
                file.display()
            ),
            None => format!(
                "To use it, add this to config.toml and start the server again:\n\n\
                 [plugins.process.{name}]\ncommand = {}",
                toml::Value::from(self.command())
            ),
        }
    }
}

/// An option of the format as the command line has it.
#[derive(Args)]
pub(super) struct Chosen {
    /// An option of the format
    #[arg(long = "option", value_name = "NAME=VALUE")]
    options: Vec<String>,
}

impl Chosen {
    /// What was chosen, as a request would.
    pub(super) fn read(
        &self,
        format: &Foreign<Box<dyn Machine>>,
    ) -> Result<serde_json::Map<String, serde_json::Value>, Failure> {
        let specs = format.description().options.specs();
        let mut chosen = serde_json::Map::new();
        for option in &self.options {
            let given = option.split_once('=');
            let (name, text) =
                given.ok_or_else(|| usage(anyhow!("--option {option}: write --option name=value")))?;
            let kind = specs.iter().find(|spec| spec.name == name).map_or("", |spec| spec.kind);
            let value = crate::cli::export::choices::value(kind, text);
            if chosen.insert(name.to_owned(), value).is_some() {
                return Err(usage(anyhow!("--option {name} is given twice")));
            }
        }
        Ok(chosen)
    }
}
