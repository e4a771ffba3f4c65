//! The pages as they are today, and the contract that every format keeps.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use export_sdk::conformance::{self, render, sample_messages};
use export_sdk::{Registry, Settings};
use serde_json::Value;

fn pages() -> BTreeMap<String, Vec<u8>> {
    let mut registry = Registry::default();
    let settings = Settings::new("html", toml::Table::new(), "");
    export_html::register(&mut registry, &settings).expect("registers with empty settings");
    let format = registry.format("html").expect("registered");
    let mut files = render(format, &Value::Null, &sample_messages()).expect("renders");
    // What is copied as it is would only double its source.
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    files.retain(|name, bytes| {
        let source = fs::read(assets.join(Path::new(name).file_name().expect("a file")));
        source.map_or(true, |source| source != *bytes)
    });
    files
}

#[test]
fn it_keeps_the_contract() {
    conformance::format(export_html::register, "html");
}

/// `UPDATE=1 cargo test -p export-html` rewrites the goldens; look at the difference before committing.
#[test]
fn pages_look_as_they_did() {
    let goldens: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exports/html");
    let pages = pages();
    if std::env::var_os("UPDATE").is_some() {
        fs::remove_dir_all(&goldens).ok();
        for (name, bytes) in &pages {
            let path = goldens.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    for (name, bytes) in &pages {
        let golden =
            fs::read(goldens.join(name)).unwrap_or_else(|error| panic!("{name}: {error}; run with UPDATE=1"));
        let (golden, page) = (String::from_utf8_lossy(&golden), String::from_utf8_lossy(bytes));
        for (n, (old, new)) in golden.lines().zip(page.lines()).enumerate() {
            assert_eq!(new, old, "{name}, line {}; if this is meant, run with UPDATE=1", n + 1);
        }
        assert!(golden == page, "{name} has another length; if this is meant, run with UPDATE=1");
    }
    let mut directories = vec![goldens.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let name = path.strip_prefix(&goldens).unwrap().to_str().unwrap().replace('\\', "/");
            assert!(pages.contains_key(&name), "no page {name} is made any more; delete the golden");
        }
    }
}
