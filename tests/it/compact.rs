//! Stores that are written anew: the same records in less room, and never half of them.

use std::path::Path;

use roomscribe::domain::{Json, Setting, Time};
use roomscribe::service::check::check;
use roomscribe::store::compact::Error;
use roomscribe::store::engine::Engine;
use roomscribe::store::engine::sled::SledEngine;
use roomscribe::store::schema::{SCHEMA, Schema};
use roomscribe::store::{Store, Volume};
use tempfile::TempDir;

use crate::support::work::again;

const CACHE: u64 = 16 << 20;

fn open(directory: &Path) -> Store {
    again(|| Store::open(directory, CACHE)).expect("it opens")
}

fn put(store: &Store, number: usize, length: usize) {
    let value = Json::of(&number.to_string().repeat(length));
    let setting = Setting { value, updated: Time::from_millis(0) };
    let written =
        store.write::<_, roomscribe::store::Error>(|batch| batch.put(&(format!("s{number}"),), &setting));
    written.expect("written");
}

/// A store of which little is needed.
fn wasteful(directory: &Path, settings: usize, length: usize) -> Store {
    let store = open(directory);
    for number in 100..100 + settings {
        put(&store, number, length);
    }
    for number in 100..100 + settings {
        put(&store, number, 10);
    }
    store.durable_blocking().expect("on disk");
    store
}

fn records(store: &Store) -> Vec<Volume> {
    store.check().expect("whole")
}

/// The names in the data directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

#[test]
fn what_is_not_needed_goes_and_all_else_stays() {
    let directory = TempDir::new().unwrap();
    let store = wasteful(directory.path(), 300, 1000);
    let (before, there) = (records(&store), names(directory.path()));
    let mut steps = 0;
    let compacted = store.compact(directory.path(), 0, &mut |entries| steps += entries).unwrap();
    assert!(compacted.after < compacted.before / 4, "{compacted:?}");
    assert!(steps >= 300, "every entry is told of");
    assert_eq!(names(directory.path()), there);
    let store = open(directory.path());
    assert_eq!(records(&store), before);
    assert_eq!(check(&store, directory.path()).unwrap().complaints, [""; 0]);
    put(&store, 1, 10);
    store.durable_blocking().unwrap();
    drop(store);
    assert!(open(directory.path()).has::<Setting>(&("s1".to_owned(),)).unwrap());
}

#[test]
fn a_disk_without_room_and_a_damaged_store_are_left_as_they_are() {
    let directory = TempDir::new().unwrap();
    let store = wasteful(directory.path(), 50, 100);
    let there = names(directory.path());
    let before = records(&store);
    let error = store.compact(directory.path(), u64::MAX, &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error}");
    let store = open(directory.path());
    assert_eq!(records(&store), before);
    drop(store);
    let engine = SledEngine::open(&directory.path().join("store"), CACHE).unwrap();
    engine.apply(vec![(b"g\x01".to_vec(), Some(b"no record".to_vec()))]).unwrap();
    engine.flush().unwrap();
    drop(engine);
    let store = open(directory.path());
    let error = store.compact(directory.path(), 0, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("setting number 1 cannot be read"), "{error}");
    assert_eq!(names(directory.path()), there);
    open(directory.path());
}

#[test]
fn a_copy_that_a_crash_cut_short_is_cleared_away() {
    let directory = TempDir::new().unwrap();
    let before = records(&wasteful(directory.path(), 50, 100));
    let there = names(directory.path());
    let unfinished = directory.path().join("store.unfinished");
    std::fs::create_dir(&unfinished).unwrap();
    std::fs::copy(directory.path().join("store/db"), unfinished.join("db")).unwrap();
    let store = open(directory.path());
    assert_eq!(names(directory.path()), there);
    assert_eq!(records(&store), before);
}

#[test]
fn a_store_that_is_a_link_is_not_replaced() {
    let (directory, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    std::os::unix::fs::symlink(elsewhere.path(), directory.path().join("store")).unwrap();
    let store = wasteful(directory.path(), 50, 100);
    let before = records(&store);
    let error = store.compact(directory.path(), 0, &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::Linked), "{error}");
    assert_eq!(records(&open(directory.path())), before);
}

#[test]
fn a_large_store_of_an_older_program_is_compacted_when_it_is_opened() {
    let directory = TempDir::new().unwrap();
    let store = wasteful(directory.path(), 800, 30_000);
    store
        .write::<_, roomscribe::store::Error>(|batch| batch.put(&("schema".to_owned(),), &Schema(SCHEMA - 1)))
        .unwrap();
    store.durable_blocking().unwrap();
    assert!(store.size().unwrap() > 64 << 20);
    let before = records(&store);
    drop(store);
    let store = open(directory.path());
    assert!(store.size().unwrap() < 8 << 20, "{}", store.size().unwrap());
    assert_eq!(records(&store), before);
    assert_eq!(store.get::<Schema>(&("schema".to_owned(),)).unwrap(), Some(Schema(SCHEMA)));
}
