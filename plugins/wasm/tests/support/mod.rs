//! Directories of modules, made of text.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::fs;
use std::path::PathBuf;

use export_sdk::{Look, Registry, Result, Settings};
use tempfile::TempDir;

/// The example.
pub(crate) const TSV: &str = include_str!("../../../examples/wat/tsv.wat");

/// A data directory with modules in it.
pub(crate) struct Folder {
    data: TempDir,
    table: &'static str,
}

impl Folder {
    /// These modules, given as text, under these names.
    pub(crate) fn with(modules: &[(&str, &str)]) -> Self {
        Self::bounded("", modules)
    }

    /// The same with this table of config.toml.
    pub(crate) fn bounded(table: &'static str, modules: &[(&str, &str)]) -> Self {
        let folder = Self { data: tempfile::tempdir().expect("a directory"), table };
        fs::create_dir(folder.data.path().join("plugins")).expect("a new directory");
        for (name, text) in modules {
            folder.put(name, text);
        }
        folder
    }

    /// Puts a module there.
    pub(crate) fn put(&self, name: &str, text: &str) {
        let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        fs::write(self.path(name), bytes).expect("a new file");
    }

    /// Where a module lies.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.data.path().join("plugins").join(name)
    }

    /// What a server has that starts now.
    pub(crate) fn registry(&self) -> Registry {
        let mut registry = Registry::default();
        let table = self.table.parse().expect("TOML");
        let settings = Settings::new("wasm", table, self.data.path());
        export_wasm::register(&mut registry, &settings).expect("registers");
        registry.look(Look::Afresh)
    }
}

/// Registers the example as if it were part of the program.
pub(crate) fn register_example(registry: &mut Registry) -> Result<()> {
    let folder = Folder::with(&[("tsv.wasm", TSV)]);
    *registry = folder.registry();
    Ok(())
}

/// `tests/frame.wat` with something else in place of these parts. `description` is the JSON that it
/// describes itself with.
pub(crate) fn frame(parts: &[(&str, &str)]) -> String {
    let usual =
        r#"{"abi":1,"name":"x","version":"1","description":"X","extension":"x","media_type":"text/x"}"#;
    let chosen = parts.iter().find(|(part, _)| *part == "description");
    let description = chosen.map_or(usual, |(_, json)| json);
    let quoted = description.bytes().fold(String::new(), |text, byte| text + &format!("\\{byte:02x}"));
    let mut frame = include_str!("../frame.wat").replace("(;description;)", &quoted);
    frame = frame.replace("(;length;)", &description.len().to_string());
    for (part, text) in parts.iter().filter(|(part, _)| *part != "description") {
        let mark = format!("(;{part};)");
        assert!(frame.contains(&mark), "no part {part}");
        frame = frame.replace(&mark, text);
    }
    frame
}
