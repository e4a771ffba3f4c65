//! A file that was read: translated, linked, and asked what it is.

use std::sync::Arc;
use std::time::Duration;

use export_foreign::{Description, Failure, Foreign, LONGEST_DESCRIPTION, Log, Machine, Run};
use wasmi::{CompilationMode, Config, Engine, Linker, Module};

use crate::guest::Guest;
use crate::imports::{self, Host};
use crate::places::Places;
use crate::settings::Bounds;

/// How long a room waits for a place.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The export that says which interface a file speaks.
const MARK: &str = "roomscribe_abi_";
const INTERFACE: &str = "roomscribe_abi_1";

/// A module, ready to be run as often as needed.
pub struct Loaded {
    pub(crate) module: Module,
    pub(crate) linker: Linker<Host>,
    pub(crate) bounds: Bounds,
    places: Arc<Places>,
}

impl Loaded {
    /// Reads a module. The error says, in words that follow "it ", why it is no format.
    pub(crate) fn read(bytes: &[u8], bounds: Bounds, places: &Arc<Places>) -> Result<Self, String> {
        // An engine never forgets the code it has translated, so every module has its own.
        let engine = Engine::new(&config());
        let module =
            Module::new(&engine, bytes).map_err(|error| format!("is no WebAssembly module: {error}"))?;
        if module.get_export(INTERFACE).is_none() {
            let mut others = module.exports().filter(|export| export.name().starts_with(MARK));
            return Err(match others.next() {
                Some(other) => format!(
                    "speaks the interface {}, and this program speaks {INTERFACE}: one of them is too old",
                    other.name()
                ),
                None => format!("exports no {INTERFACE}, so it is no format"),
            });
        }
        let linker = imports::linker(&engine, &module)?;
        Ok(Self { module, linker, bounds, places: Arc::clone(places) })
    }

    /// The format that the module says it is; `file` is its name.
    pub(crate) fn into_format(self, file: &str) -> Result<Foreign<Self>, String> {
        let words = |failure| match failure {
            Failure::Output(error) => error.to_string(),
            Failure::Said(words) | Failure::Fault(words) | Failure::Busy(words) => words,
        };
        let mut guest = Guest::new(&self, None).map_err(words)?;
        let described = guest.describe(LONGEST_DESCRIPTION).map_err(words)?;
        drop(guest);
        let limits = self.bounds.limits;
        Ok(Foreign::new(Description::parse(&described)?, file, self, limits))
    }
}

impl Machine for Loaded {
    fn open(&self, log: &Log) -> Result<Box<dyn Run>, Failure> {
        let place = self.places.take(LONGEST_WAIT).ok_or_else(|| {
            Failure::Busy(format!(
                "waits for others: [plugins.wasm] lets {} WebAssembly formats work at the same time (concurrency)",
                self.bounds.places
            ))
        })?;
        Ok(Box::new(Guest::new(self, Some((log.clone(), place)))?))
    }
}

fn config() -> Config {
    let mut config = Config::default();
    config
        .consume_fuel(true)
        .compilation_mode(CompilationMode::Eager)
        .ignore_custom_sections(true)
        .wasm_multi_memory(false);
    config
}
