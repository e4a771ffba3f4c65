//! The programs that config.toml names, as formats that are found.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use export_sdk::{FormatSource, Found, Look};

use crate::format::open;
use crate::settings::Program;

/// Size and time of each file that a command names.
type Stamp = Vec<Option<(u64, SystemTime)>>;

/// The programs of config.toml.
pub(crate) struct Programs {
    programs: BTreeMap<String, Program>,
    /// What was found last, with the files as they were.
    known: Mutex<BTreeMap<String, (Stamp, Found)>>,
}

impl Programs {
    pub(crate) fn new(programs: BTreeMap<String, Program>) -> Self {
        Self { programs, known: Mutex::default() }
    }
}

impl FormatSource for Programs {
    fn look(&self, look: Look) -> Vec<Found> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let look_at = |(name, program): (&String, &Program)| {
            let stamp = stamp(program);
            let same = known.get(name).filter(|(then, found)| *then == stamp && found.format.is_ok());
            let found = match (look, same) {
                (Look::ForChanges, Some((_, found))) => found.clone(),
                (Look::ForChanges | Look::Afresh, _) => found(name, program),
            };
            known.insert(name.clone(), (stamp, found.clone()));
            found
        };
        self.programs.iter().map(look_at).collect()
    }
}

fn found(name: &str, program: &Program) -> Found {
    let place = format!("[plugins.process.{name}]");
    let format = open(program, &place).and_then(|format| {
        let own = &format.description().name;
        if own == name {
            return Ok(Arc::new(format) as Arc<_>);
        }
        Err(format!("calls itself `{own}`, not `{name}`; name its table like it"))
    });
    Found { file: place, format: format.map_err(|why| format!("it {why}")) }
}

/// Told from the files themselves: an interpreter's script is among the arguments.
fn stamp(program: &Program) -> Stamp {
    let files = program.command.iter().filter(|word| word.starts_with('/'));
    files
        .map(|file| {
            let about = fs::metadata(Path::new(file)).ok()?;
            Some((about.len(), about.modified().ok()?))
        })
        .collect()
}
