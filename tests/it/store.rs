//! The store as a whole: all or nothing, one at a time, nothing newer, and up again after damage.

use std::sync::Arc;

use roomscribe::domain::{Message, MessageId, Room, RoomId, RoomKind, Setting, Time, UserId, UserRef};
use roomscribe::store::engine::Engine;
use roomscribe::store::engine::fault::FaultEngine;
use roomscribe::store::engine::sled::SledEngine;
use roomscribe::store::schema::{SCHEMA, Schema};
use roomscribe::store::{Batch, Error, Store};
use tempfile::TempDir;

use crate::support::work::again;

const CACHE: u64 = 16 << 20;

type Faulty = Arc<FaultEngine<SledEngine>>;

/// A store whose disk fails on demand.
fn faulty(directory: &TempDir) -> (Store, Faulty) {
    let mut kept = None;
    let store = Store::open_with(directory.path(), |path| {
        let engine = Arc::new(FaultEngine::new(SledEngine::open(path, CACHE)?));
        kept = Some(Arc::clone(&engine));
        Ok(engine as Arc<dyn Engine>)
    });
    (store.expect("a new store"), kept.expect("an engine"))
}

fn room(name: &str) -> Room {
    Room::new(RoomId::new(name), RoomKind::Channel, Some(name.to_owned()), None, Time::from_millis(0))
}

fn setting(value: &str) -> Setting {
    Setting { value: roomscribe::domain::Json::of(&value), updated: Time::from_millis(0) }
}

/// Two settings and a room, one of them new, one changed, one gone.
fn change(batch: &mut Batch<'_>) -> Result<(), Error> {
    batch.put(&("old".to_owned(),), &setting("changed"))?;
    batch.put(&("new".to_owned(),), &setting("made"))?;
    batch.delete::<Room>(&(RoomId::new("gone"),));
    Ok(())
}

/// What the records that [`change`] touches hold.
fn state(store: &Store) -> (Option<Setting>, Option<Setting>, bool) {
    let setting = |name: &str| store.get::<Setting>(&(name.to_owned(),)).expect("readable");
    (setting("old"), setting("new"), store.room(&RoomId::new("gone")).expect("readable").is_some())
}

fn prepared(store: &Store) {
    store
        .write::<_, Error>(|batch| {
            batch.put(&("old".to_owned(),), &setting("as it was"))?;
            batch.put_room(&room("gone"))
        })
        .expect("written");
    store.durable_blocking().expect("on disk");
}

#[test]
fn a_batch_that_the_disk_refuses_changes_nothing() {
    let directory = TempDir::new().unwrap();
    let (store, engine) = faulty(&directory);
    prepared(&store);
    let before = state(&store);
    engine.fail_writes_after(0);
    store.write::<_, Error>(change).unwrap();
    let error = store.durable_blocking().unwrap_err();
    assert!(matches!(error, Error::NotDurable), "{error}");
    assert_eq!(state(&store), before, "nobody goes on to see what was refused");
    engine.heal();
    let error = store.write::<_, Error>(change).unwrap_err();
    assert!(matches!(error, Error::Failed), "nobody knows what the disk holds now: {error}");
    drop((store, engine));
    let store = again(|| Store::open(directory.path(), CACHE)).unwrap();
    assert_eq!(state(&store), before);
    store.write::<_, Error>(change).unwrap();
    assert_eq!(state(&store), (Some(setting("changed")), Some(setting("made")), false));
}

#[test]
fn a_change_that_fails_half_way_changes_nothing() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), CACHE).unwrap();
    prepared(&store);
    let before = state(&store);
    let failed = store.write::<(), Error>(|batch| {
        change(batch)?;
        Err(Error::Corrupt("on purpose".to_owned()))
    });
    assert!(failed.is_err());
    assert_eq!(state(&store), before);
    let writer = UserRef { id: UserId::new("u"), username: "bob".to_owned(), name: None };
    let long = "x".repeat(200 * 1024);
    let at = Time::from_millis(0);
    let message = Message::new(MessageId::new("m"), RoomId::new("gone"), writer, at, long);
    let failed = store.write::<_, Error>(|batch| {
        change(batch)?;
        batch.put_message(&message)
    });
    assert!(matches!(failed, Err(Error::TooLarge { kind: "message" })), "{failed:?}");
    assert_eq!(state(&store), before);
}

#[test]
fn a_writer_that_panics_changes_nothing_and_stops_nobody() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), CACHE).unwrap();
    prepared(&store);
    let before = state(&store);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.write::<(), Error>(|batch| {
            change(batch)?;
            panic!("on purpose")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(state(&store), before);
    store.write::<_, Error>(change).unwrap();
    assert_ne!(state(&store), before);
}

#[test]
fn a_batch_sees_its_own_changes() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), CACHE).unwrap();
    prepared(&store);
    store
        .write::<_, Error>(|batch| {
            change(batch)?;
            assert_eq!(batch.get::<Setting>(&("old".to_owned(),))?, Some(setting("changed")));
            assert!(batch.has::<Setting>(&("new".to_owned(),))?);
            assert!(!batch.has::<Room>(&(RoomId::new("gone"),))?);
            assert!(batch.get::<Room>(&(RoomId::new("gone"),))?.is_none());
            assert!(batch.store().has::<Room>(&(RoomId::new("gone"),))?, "nobody else does");
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_is_not_on_disk_is_not_called_durable() {
    let directory = TempDir::new().unwrap();
    let (store, engine) = faulty(&directory);
    engine.fail_flushes_after(0);
    store.write::<_, Error>(change).unwrap();
    for _ in 0..2 {
        assert!(matches!(store.durable_blocking(), Err(Error::NotDurable)));
    }
    // What the failed flush should have kept the system may have forgotten.
    engine.heal();
    assert!(matches!(store.durable_blocking(), Err(Error::NotDurable)));
    assert!(matches!(store.write::<_, Error>(change), Err(Error::Failed)));
}

#[test]
fn where_nothing_waits_a_failing_disk_goes_unnoticed() {
    let directory = TempDir::new().unwrap();
    let (store, engine) = faulty(&directory);
    store.write::<_, Error>(change).unwrap();
    store.durable_blocking().unwrap();
    engine.fail_flushes_after(0);
    store.durable_blocking().unwrap();
    assert!(!store.has_failed());
}

#[test]
fn a_directory_is_open_once() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), CACHE).unwrap();
    let second = Store::open(directory.path(), CACHE).err().unwrap();
    assert!(matches!(&second, Error::InUse(path) if path == directory.path()), "{second}");
    assert!(second.to_string().contains("choose another directory with --data"), "{second}");
    drop(store);
    again(|| Store::open(directory.path(), CACHE)).unwrap();
}

#[test]
fn a_database_that_is_still_being_closed_is_waited_for() {
    let directory = TempDir::new().unwrap();
    drop(Store::open(directory.path(), CACHE).unwrap());
    let log = std::fs::File::open(directory.path().join("store/db")).unwrap();
    log.lock().unwrap();
    let closing = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(200));
        drop(log);
    });
    again(|| Store::open(directory.path(), CACHE)).unwrap();
    closing.join().unwrap();
}

#[test]
fn a_newer_layout_is_refused_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let key = ("schema".to_owned(),);
    {
        let store = Store::open(directory.path(), CACHE).unwrap();
        assert_eq!(store.get::<Schema>(&key).unwrap(), Some(Schema(SCHEMA)));
        store.write::<_, Error>(|batch| batch.put(&key, &Schema(SCHEMA + 1))).unwrap();
        store.durable_blocking().unwrap();
    }
    for _ in 0..2 {
        let refused = again(|| Store::open(directory.path(), CACHE)).err().unwrap();
        assert!(matches!(refused, Error::Newer { found } if found == SCHEMA + 1), "{refused}");
        assert!(refused.to_string().contains("use a newer roomscribe"), "{refused}");
    }
}

#[test]
fn a_damaged_snapshot_is_rebuilt_from_the_log() {
    let directory = TempDir::new().unwrap();
    {
        let store = Store::open(directory.path(), CACHE).unwrap();
        prepared(&store);
        store.durable_blocking().unwrap();
    }
    // Opened once more, sled has made a snapshot of the log.
    let before = state(&again(|| Store::open(directory.path(), CACHE)).unwrap());
    let inside = directory.path().join("store");
    let mut damaged = 0;
    for entry in std::fs::read_dir(&inside).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            let bytes = std::fs::read(entry.path()).unwrap();
            std::fs::write(entry.path(), &bytes[..bytes.len() / 2]).unwrap();
            damaged += 1;
        }
    }
    assert!(damaged > 0, "there was a snapshot to damage");
    let store = again(|| Store::open(directory.path(), CACHE)).unwrap();
    assert_eq!(state(&store), before);
    assert!(before.0.is_some() && before.2, "and there was something to lose");
    assert!(inside.join("damaged-snapshots").read_dir().unwrap().next().is_some());
}

#[test]
fn who_waits_for_a_failure_of_the_store_learns_of_it() {
    let (server, engine) = crate::support::TestServer::start_faulty();
    assert!(!server.app.store.has_failed());
    let admin = server.as_admin();
    engine.fail_writes_after(0);
    let message = serde_json::json!({"message": {"rid": "GENERAL", "msg": "not kept"}});
    let refused = admin.raw(
        "POST",
        "/api/v1/chat.sendMessage",
        &[("content-type", "application/json")],
        message.to_string(),
    );
    assert_eq!(refused.status(), 500);
    server.runtime().block_on(server.app.store.failed());
    assert!(server.app.store.has_failed());
}
