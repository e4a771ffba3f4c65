//! The bytes on disk: fixed samples of every kind of record against `fixtures/store/<kind>.v1.hex`,
//! which holds a line with the key and one with the value of each.
//!
//! A file there is never changed once it was released: a changed struct gets a higher `VERSION`, an
//! `upgrade` from the old bytes, and a new file. `UPDATE=1` writes the files that are missing or differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use roomscribe::store::engine::Engine;
use roomscribe::store::engine::memory::Memory;
use roomscribe::store::schema::KINDS;
use roomscribe::store::{Error, Record, Store};
use tempfile::TempDir;

use crate::samples;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/store")
}

/// A store in memory, and its engine.
struct Bench {
    engine: Arc<Memory>,
    store: Store,
    _directory: TempDir,
}

impl Bench {
    fn new() -> Self {
        let (directory, engine) = (TempDir::new().expect("a directory"), Arc::new(Memory::default()));
        let lent: Arc<dyn Engine> = Arc::clone(&engine) as _;
        let store = Store::open_with(directory.path(), |_| Ok(lent)).expect("a store");
        Self { engine, store, _directory: directory }
    }
}

/// What the samples look like on disk.
#[derive(Default)]
pub(crate) struct Golden {
    kinds: BTreeSet<&'static str>,
    files: BTreeMap<PathBuf, String>,
}

impl Golden {
    /// Takes a sample in, once it came back from the store as it was.
    pub(crate) fn add<R: Record + PartialEq + std::fmt::Debug>(&mut self, key: &R::Key, sample: &R) {
        let bench = Bench::new();
        bench.store.durable_blocking().expect("nothing under way");
        bench.engine.entries().clear();
        bench.store.write::<_, Error>(|batch| batch.put(key, sample)).expect("put");
        bench.store.durable_blocking().expect("handed on");
        assert_eq!(bench.store.get::<R>(key).expect("readable").as_ref(), Some(sample));
        let entries = bench.engine.entries();
        let (written, value) = entries.first_key_value().expect("one");
        assert_eq!((written[0], value[0]), (R::PREFIX, R::VERSION));
        self.kinds.insert(R::NAME);
        let file = directory().join(format!("{}.v{}.hex", R::NAME.replace(' ', "-"), R::VERSION));
        let text = self.files.entry(file).or_default();
        *text += &hex::encode(written);
        *text += "\n";
        *text += &hex::encode(value);
        *text += "\n";
    }
}

/// All files that were ever written, with the entries they hold.
fn files() -> Vec<(PathBuf, Vec<Entry>)> {
    let files = std::fs::read_dir(directory()).expect("fixtures").map(|file| file.expect("a file").path());
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).expect("readable");
        let lines: Vec<Vec<u8>> = text.lines().map(|line| hex::decode(line).expect("hex")).collect();
        (file, lines.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect())
    };
    files.map(read).collect()
}

type Entry = (Vec<u8>, Vec<u8>);

#[test]
fn every_kind_of_record_is_written_as_it_always_was() {
    let mut golden = Golden::default();
    samples::add_all(&mut golden);
    assert_eq!(
        golden.kinds,
        KINDS.iter().map(|(_, name, _)| *name).collect(),
        "each kind has a sample in tests/it/samples.rs"
    );
    for (file, text) in golden.files {
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(directory()).unwrap();
            std::fs::write(&file, &text).unwrap();
        }
        let known = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(known, text, "{}: raise VERSION, or what is on disk cannot be read", file.display());
    }
}

#[test]
fn whatever_was_ever_written_can_be_read() {
    let mut seen = BTreeSet::new();
    for (file, entries) in files() {
        for (key, value) in entries {
            let (prefix, _, readable) = KINDS.iter().find(|kind| kind.0 == key[0]).expect("a known kind");
            assert!(readable(&key[1..], &value), "{}", file.display());
            // And nothing but that: a byte more or less is damage.
            assert!(!readable(&key[1..], &[&value[..], b"\0"].concat()), "{}", file.display());
            assert!(!readable(&key[1..], &value[..value.len() - 1]), "{}", file.display());
            assert!(!readable(&key[1..key.len() - 1], &value), "{}", file.display());
            seen.insert(*prefix);
        }
    }
    assert_eq!(seen.len(), KINDS.len());
}

#[test]
fn damaged_records_are_found_and_never_served() {
    for (_, entries) in files() {
        let bench = Bench::new();
        let (key, _) = entries[0].clone();
        let (_, name, _) = KINDS.iter().find(|kind| kind.0 == key[0]).expect("a known kind");
        bench.engine.entries().insert(key, vec![99, 1, 2, 3]);
        let error = bench.store.check().unwrap_err().to_string();
        assert!(error.contains(&format!("{name} number 1 cannot be read")), "{error}");
    }
    let bench = Bench::new();
    bench.engine.entries().insert(b"\xffstranger".to_vec(), vec![1]);
    assert!(bench.store.check().unwrap_err().to_string().contains("1 entries are of no known kind"));
}

proptest! {
    #[test]
    fn random_bytes_are_refused_without_a_panic(
        kind in 0..KINDS.len(),
        key in prop::collection::vec(any::<u8>(), 0..80),
        // An empty value says that there is no entry.
        mut value in prop::collection::vec(any::<u8>(), 1..400),
        current in any::<bool>(),
    ) {
        if let Some(version) = value.first_mut().filter(|_| current) {
            *version = 1;
        }
        let (prefix, name, readable) = KINDS[kind];
        let seen = readable(&key, &value);
        // The whole store agrees, whatever it was given.
        let bench = Bench::new();
        bench.engine.entries().insert([&[prefix][..], &key].concat(), value);
        prop_assert_eq!(bench.store.check().is_ok(), seen, "{}", name);
    }
}
