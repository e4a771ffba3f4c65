//! Damage to what is kept: it is named, and never shown as what people wrote.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use roomscribe::domain::{Json, Message, RoomKind, Setting, Time};
use roomscribe::service::check::check;
use roomscribe::store::engine::sled::SledEngine;
use roomscribe::store::engine::{Batch, Engine, Range, Visit};
use roomscribe::store::{Direction, Error, Record, Span, Store};
use serde_json::json;
use tempfile::TempDir;

use crate::support::work::again;
use crate::support::{Answer, Caller, TestServer};

const CACHE: u64 = 1 << 20;
/// The length of a segment of sled's log.
const SEGMENT: u64 = 512 * 1024;

type Truth = BTreeMap<String, String>;

/// A closed store, and what it holds.
struct Closed {
    directory: TempDir,
    truth: Truth,
}

impl Closed {
    /// A store with some segments of log, of which parts were written anew.
    fn new() -> Self {
        let directory = TempDir::new().expect("a directory");
        let store = Store::open(directory.path(), CACHE).expect("a new store");
        let mut truth = Truth::new();
        for round in 0..4 {
            for part in 0..60 {
                store
                    .write::<_, Error>(|batch| {
                        for number in 0..20 {
                            let name = format!("{:04}", (part * 20 + number) * (1 + round % 2));
                            let value = format!("{round} {part} {}", "value ".repeat(60));
                            let setting = Setting { value: Json::of(&value), updated: Time::from_millis(0) };
                            batch.put(&(name.clone(),), &setting)?;
                            truth.insert(name, value);
                        }
                        Ok(())
                    })
                    .expect("written");
                store.durable_blocking().expect("on disk");
            }
        }
        Self { directory, truth }
    }

    /// The same after it was opened and closed once more: sled notes where everything is.
    fn reopened(self) -> Self {
        drop(again(|| Store::open(self.directory.path(), CACHE)).expect("it opens"));
        self
    }

    /// What a copy of it shows after `damage`.
    fn after(&self, damage: impl FnOnce(&Path)) -> Result<Truth, Error> {
        let copy = TempDir::new().expect("a directory");
        copy_all(&self.directory.path().join("store"), &copy.path().join("store"));
        damage(&copy.path().join("store"));
        read(copy.path())
    }

    /// After this damage there is the truth, or an error that says what to do. Whether it was found.
    fn is_found(&self, what: &str, damage: impl FnOnce(&Path)) -> bool {
        match self.after(damage) {
            Ok(seen) => {
                let wrong: Vec<&String> = self
                    .truth
                    .iter()
                    .filter(|(key, value)| seen.get(*key) != Some(value))
                    .map(|it| it.0)
                    .collect();
                assert!(wrong.is_empty() && seen.len() == self.truth.len(), "{what}: wrong are {wrong:?}");
                false
            }
            Err(error) => {
                assert!(matches!(error, Error::Corrupt(_)), "{what}: {error}");
                assert!(error.to_string().contains("restore a backup"), "{what}: {error}");
                true
            }
        }
    }
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        if entry.path().is_dir() {
            copy_all(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    }
}

fn text(setting: &Setting) -> String {
    setting.value.value().as_str().unwrap_or_default().to_owned()
}

/// Opens the store and reads everything in it, in both directions and one by one.
fn read(directory: &Path) -> Result<Truth, Error> {
    let store = again(|| Store::open(directory, CACHE))?;
    let mut seen = Truth::new();
    for direction in [Direction::Ascending, Direction::Descending] {
        let mut settings = Truth::new();
        store.walk::<Setting, Error>(Span::all(), direction, |(name,), setting| {
            settings.insert(name, text(&setting));
            Ok(ControlFlow::Continue(()))
        })?;
        assert!(seen.is_empty() || seen == settings, "both directions show the same");
        seen = settings;
    }
    for (name, value) in &seen {
        let setting = store.get::<Setting>(&(name.clone(),))?.expect("it was seen");
        assert_eq!(text(&setting), *value);
    }
    store.check()?;
    Ok(seen)
}

fn flip(file: &Path, at: u64) {
    let mut bytes = std::fs::read(file).expect("readable");
    bytes[usize::try_from(at).expect("small")] ^= 0x20;
    std::fs::write(file, bytes).expect("written");
}

/// Places all over a log: in the heads of segments, and in between.
fn places(length: u64) -> Vec<u64> {
    let heads = (0..length / SEGMENT).flat_map(|segment| [3, 7, 25].map(|at| segment * SEGMENT + at));
    let spread = (0..90).map(|number| number * (length - 1) / 90 + 41);
    heads.chain(spread).filter(|at| *at < length).collect()
}

fn snapshots(store: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(store).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("snap.")))
        .collect()
}

fn assert_flips_are_found(closed: &Closed, also: impl Fn(&Path)) {
    let length = std::fs::metadata(closed.directory.path().join("store/db")).expect("a log").len();
    assert!(length > 4 * SEGMENT, "there is a log to damage: {length}");
    assert!(!closed.is_found("nothing", &also));
    let places = places(length);
    let found = places.iter().filter(|at| {
        closed.is_found(&format!("a flip at {at}"), |store| {
            also(store);
            flip(&store.join("db"), **at);
        })
    });
    let found = found.count();
    // The rest is older data, which nothing reads any more.
    assert!(found * 4 > places.len(), "much of it matters: {found} of {}", places.len());
}

#[test]
fn a_flipped_bit_in_the_log_is_never_passed_over() {
    assert_flips_are_found(&Closed::new(), |_| {});
}

#[test]
fn a_flipped_bit_in_a_log_that_a_snapshot_covers_is_never_passed_over() {
    assert_flips_are_found(&Closed::new().reopened(), |_| {});
}

#[test]
fn a_flipped_bit_in_a_log_whose_snapshot_is_gone_is_never_passed_over() {
    assert_flips_are_found(&Closed::new().reopened(), |store| {
        for snapshot in snapshots(store) {
            std::fs::remove_file(snapshot).unwrap();
        }
    });
}

#[test]
fn a_log_that_was_cut_off_is_refused() {
    for closed in [Closed::new(), Closed::new().reopened()] {
        let length = std::fs::metadata(closed.directory.path().join("store/db")).unwrap().len();
        let found = (0..20).filter(|part| {
            let at = part * length / 20;
            closed.is_found(&format!("cut off at {at}"), |store| {
                let log = std::fs::OpenOptions::new().write(true).open(store.join("db")).unwrap();
                log.set_len(at).unwrap();
            })
        });
        // At its end there may be segments that nothing is in any more.
        let found = found.count();
        assert!(found >= 12, "much of it matters: {found}");
    }
}

#[test]
fn a_damaged_snapshot_is_made_anew() {
    let closed = Closed::new().reopened();
    let all = snapshots(&closed.directory.path().join("store"));
    assert!(!all.is_empty());
    for at in [0, 5, 100] {
        let found = closed.is_found(&format!("a flip in a snapshot at {at}"), |store| {
            for snapshot in snapshots(store) {
                flip(&snapshot, at);
            }
        });
        assert!(!found, "the log has everything");
    }
    for length in [0, 8, 50] {
        let found = closed.is_found(&format!("a snapshot of {length} bytes"), |store| {
            for snapshot in snapshots(store) {
                let bytes = std::fs::read(&snapshot).unwrap();
                std::fs::write(snapshot, &bytes[..length]).unwrap();
            }
        });
        assert!(!found, "the log has everything");
    }
}

#[test]
fn who_must_go_on_without_a_backup_is_told_how() {
    let directory = TempDir::new().unwrap();
    let setting = Setting { value: Json::of(&"value ".repeat(100)), updated: Time::from_millis(0) };
    {
        let store = Store::open(directory.path(), CACHE).unwrap();
        for number in 0..100 {
            store.write::<_, Error>(|batch| batch.put(&(format!("{number:03}"),), &setting)).unwrap();
            store.durable_blocking().unwrap();
        }
    }
    drop(again(|| Store::open(directory.path(), CACHE)).unwrap());
    for snapshot in snapshots(&directory.path().join("store")) {
        std::fs::remove_file(snapshot).unwrap();
    }
    // It fits into one segment, so the end of the file is the end of the log.
    let log = directory.path().join("store/db");
    let bytes = std::fs::read(&log).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    std::fs::write(&log, &bytes[..end - 5000]).unwrap();
    let error = read(directory.path()).unwrap_err().to_string();
    let mark = directory.path().join("store/mark");
    assert!(error.contains(&format!("to see what is left, remove {}", mark.display())), "{error}");
    // Trying again does not make it seem right.
    assert_eq!(read(directory.path()).unwrap_err().to_string(), error);
    std::fs::remove_file(mark).unwrap();
    let left = read(directory.path()).unwrap();
    assert!((50..100).contains(&left.len()), "only the last is lost: {}", left.len());
}

/// Asks without taking a failure of the server as a failure of the test.
fn ask(caller: &Caller<'_>, path: &str) -> Answer {
    caller.raw("GET", path, &[], "")
}

/// An engine some of whose pages cannot be read: those of messages, but for the first fifty.
struct Unreadable(Arc<dyn Engine>);

const READABLE: usize = 50;

fn unreadable() -> Error {
    Error::Corrupt("page 7 cannot be read".to_owned())
}

impl Engine for Unreadable {
    fn get(&self, key: &[u8], read: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        if key[0] == Message::PREFIX { Err(unreadable()) } else { self.0.get(key, read) }
    }

    fn walk(&self, range: Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        let mut messages = 0;
        self.0.walk(range, direction, &mut |key, value| {
            messages += usize::from(key[0] == Message::PREFIX);
            if messages > READABLE { ControlFlow::Break(()) } else { visit(key, value) }
        })?;
        if messages > READABLE { Err(unreadable()) } else { Ok(()) }
    }

    fn apply(&self, batch: Batch) -> Result<(), Error> {
        self.0.apply(batch)
    }

    fn flush(&self) -> Result<(), Error> {
        self.0.flush()
    }

    fn passed(&self, key: &[u8]) -> Result<(), Error> {
        self.0.passed(key)
    }

    fn size(&self) -> Result<u64, Error> {
        self.0.size()
    }
}

#[test]
fn a_server_does_not_show_what_it_cannot_read() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["admin"]);
    let admin = server.as_admin();
    let ids: Vec<String> = (0..2 * READABLE)
        .map(|number| {
            let body = json!({"message": {"rid": room.as_str(), "msg": format!("number {number}")}});
            let sent = admin.post("chat.sendMessage", body);
            sent.ok()["message"]["_id"].as_str().expect("an id").to_owned()
        })
        .collect();
    let server = server.reopen_with(|directory| {
        let sled = |store: &Path| Ok(Arc::new(SledEngine::open(store, CACHE)?) as Arc<dyn Engine>);
        Store::open_between(directory, sled, |inner| Arc::new(Unreadable(inner)))
    });
    let admin = server.as_admin();
    for path in
        [format!("channels.history?roomId={room}&count=0"), format!("chat.getMessage?msgId={}", ids[0])]
    {
        let answer = ask(&admin, &format!("/api/v1/{path}"));
        assert_eq!(answer.status(), 500, "{path}: {}", answer.text());
        assert!(answer.text().contains("[error-damaged-data]"), "{path}: {}", answer.text());
        assert!(!answer.text().contains("number"), "{path}: {}", answer.text());
    }
    let page = ask(&admin, &format!("/api/v1/channels.history?roomId={room}&count=5"));
    assert_eq!(page.body()["messages"].as_array().map(Vec::len), Some(5), "what is whole is shown");
    let findings = check(&server.app.store, server.directory()).unwrap();
    assert!(findings.complaints[0].contains("behind message number 50 nothing can be read: page 7"));
    let counted = |name: &str| findings.volumes.iter().find(|volume| volume.kind == name).unwrap().records;
    assert!(counted("place of a message") >= 100, "the others are counted: {:?}", findings.volumes);
}

/// Something that befalls a file.
type Damage = fn(&Path);

#[test]
fn a_damaged_file_is_not_given_out_and_check_names_it() {
    let server = TestServer::start();
    let room = server.room(RoomKind::Channel, "talk", &["admin"]);
    let admin = server.as_admin();
    let text = "the bytes of a file ".repeat(1000);
    let sent = admin.send_file(&format!("rooms.media/{room}"), ("a.txt", "text/plain", text.as_bytes()), &[]);
    let id = sent.ok()["file"]["_id"].as_str().unwrap().to_owned();
    admin.post(&format!("rooms.mediaConfirm/{room}/{id}"), json!({})).ok();
    let path = format!("/file-upload/{id}/a.txt");
    assert_eq!(ask(&admin, &path).text(), text);
    let mut blob = None;
    server
        .app
        .store
        .blobs()
        .each(|sha256| {
            blob = Some(server.app.store.blobs().path(&sha256));
            Ok(())
        })
        .unwrap();
    let blob = blob.unwrap();
    let damages: [(&str, Damage); 4] = [
        ("flipped", |blob| flip(blob, 7000)),
        ("cut off", |blob| std::fs::write(blob, &std::fs::read(blob).unwrap()[..9000]).unwrap()),
        ("empty", |blob| std::fs::write(blob, "").unwrap()),
        ("gone", |blob| std::fs::remove_file(blob).unwrap()),
    ];
    for (what, damage) in damages {
        damage(&blob);
        let answer = ask(&admin, &path);
        assert_eq!(answer.status(), 500, "{what}");
        assert!(answer.text().contains("[error-damaged-data]") && answer.bytes().len() < 500, "{what}");
        let range = admin.raw("GET", &path, &[("range", "bytes=0-10")], "");
        assert_eq!(range.status(), 500, "{what}: a part is not given out either");
        let complaints = check(&server.app.store, server.directory()).unwrap().complaints;
        let [complaint] = complaints.as_slice() else { panic!("{what}: {complaints:?}") };
        assert!(complaint.contains(&id) && complaint.contains("damaged or gone"), "{what}: {complaint}");
        std::fs::write(&blob, &text).unwrap();
        assert_eq!(ask(&admin, &path).text(), text, "and it is given out again once it is restored");
    }
}
