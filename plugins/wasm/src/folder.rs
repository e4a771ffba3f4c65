//! The directory in which the files lie.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use export_sdk::{AnyFormat, FormatSource, Found, Look, plain_line};
use sha2::{Digest, Sha256};

use crate::module::Loaded;
use crate::places::Places;
use crate::settings::Bounds;

/// Files that are looked at.
const MOST_FILES: usize = 256;

/// The directory, and what was read there last.
pub(crate) struct Folder {
    path: PathBuf,
    bounds: Bounds,
    places: Arc<Places>,
    read: Mutex<BTreeMap<String, Kept>>,
}

/// What became of a file with these bytes.
struct Kept {
    hash: [u8; 32],
    format: Outcome,
}

/// The format, or why there is none.
type Outcome = Result<Arc<dyn AnyFormat>, String>;

impl Folder {
    /// The directory of that path, which need not be there.
    pub(crate) fn new(path: PathBuf, bounds: Bounds) -> Self {
        Self { path, bounds, places: Places::of(bounds.places), read: Mutex::default() }
    }

    /// The bytes of a file, unless it is too large or none.
    fn bytes(&self, path: &Path) -> Result<Vec<u8>, String> {
        let unreadable = |error: io::Error| format!("it cannot be read: {error}");
        // Opening what is no file might wait for ever.
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err("it is no file".to_owned());
        }
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(self.bounds.file + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > self.bounds.file {
            return Err(format!("it is larger than {} MiB (file_mb)", self.bounds.file / (1024 * 1024)));
        }
        Ok(bytes)
    }

    /// Reads a file, unless that was done before and it may stay as it is.
    fn load(&self, name: &str, kept: Option<Kept>) -> Result<Kept, String> {
        let bytes = self.bytes(&self.path.join(name))?;
        let hash = Sha256::digest(&bytes).into();
        if let Some(kept) = kept.filter(|kept| kept.hash == hash) {
            return Ok(kept);
        }
        let loaded = Loaded::read(&bytes, self.bounds, &self.places);
        let format = loaded.and_then(|loaded| loaded.into_format(name));
        let format = format.map(|format| Arc::new(format) as Arc<dyn AnyFormat>);
        Ok(Kept { hash, format: format.map_err(|words| plain_line(&format!("it {words}"))) })
    }
}

impl FormatSource for Folder {
    fn look(&self, look: Look) -> Vec<Found> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *read);
        if look == Look::Afresh {
            before.clear();
        }
        let names = match names(&self.path) {
            Ok(names) => names,
            Err(error) => {
                let (file, error) = (self.path.display().to_string(), format!("it cannot be read: {error}"));
                return vec![Found { file, format: Err(error) }];
            }
        };
        let mut found = Vec::new();
        for (place, name) in names.into_iter().enumerate() {
            let format = if place < MOST_FILES {
                self.load(&name, before.remove(&name)).and_then(|kept| {
                    let format = kept.format.clone();
                    read.insert(name.clone(), kept);
                    format
                })
            } else {
                Err(format!("only the first {MOST_FILES} files are read"))
            };
            found.push(Found { file: plain_line(&name), format });
        }
        found
    }
}

/// The names of all modules, in their order. None if there is no such directory.
fn names(directory: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        // A name that is no UTF-8 could not be shown, or asked for.
        let name = entry?.file_name().into_string().unwrap_or_default();
        let is_module = Path::new(&name).extension().is_some_and(|extension| extension == "wasm");
        if is_module && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}
