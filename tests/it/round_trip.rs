//! The law of the round trip: what was exported as `ndjson`, imported into an empty store and exported
//! again, is the same bytes; and importing it twice changes nothing.
//!
//! `ROUND_TRIPS=100000` tries more rooms than usual.

mod doors;
mod generated;
mod hostile;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Cursor, Write};
use std::ops::{Bound, ControlFlow};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use export_sdk::{ArtifactPath, Output};
use roomscribe::config::Config;
use roomscribe::domain::order::{Choice, Order, Rooms};
use roomscribe::domain::{RoomId, Time};
use roomscribe::export::bag::Layout;
use roomscribe::export::pack::{Packing, pack};
use roomscribe::export::plugins::registry;
use roomscribe::export::progress::JobProgress;
use roomscribe::export::render::{Target, Task, render};
use roomscribe::export::spool::Spool;
use roomscribe::import::{Failure, Imported, Rules, Source, import};
use roomscribe::store::Store;
use roomscribe::store::engine::sled::SledEngine;
use roomscribe::store::engine::{Direction, Engine};
use serde_json::Value;
use tempfile::TempDir;

use generated::{BEGIN, END};

/// Rooms of the big round trip.
const ROOMS: usize = 1_000;

/// A store and its directory.
pub(super) struct Bench {
    pub(super) store: Store,
    engine: Arc<dyn Engine>,
    pub(super) directory: TempDir,
}

impl Bench {
    pub(super) fn new() -> Self {
        let directory = TempDir::new().expect("a directory");
        let mut kept = None;
        let sled = |path: &Path| Ok(Arc::new(SledEngine::open(path, 64 << 20)?) as Arc<dyn Engine>);
        let store = Store::open_between(&directory.path().join("data"), sled, |engine| {
            Arc::clone(kept.insert(engine))
        });
        Self { store: store.expect("a store"), engine: kept.expect("an engine"), directory }
    }

    /// Every entry of the store.
    pub(super) fn everything(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut entries = BTreeMap::new();
        let all = (Bound::Unbounded, Bound::Unbounded);
        let walked = self.engine.walk(all, Direction::Ascending, &mut |key, value| {
            entries.insert(key.to_vec(), value.to_vec());
            ControlFlow::Continue(())
        });
        walked.expect("readable");
        entries
    }

    pub(super) fn import(&self, source: Source) -> Result<Imported, Box<Failure>> {
        self.import_by(&Rules::default(), source)
    }

    pub(super) fn import_by(&self, rules: &Rules, source: Source) -> Result<Imported, Box<Failure>> {
        import(&self.store, source, rules, Time::from_millis(END), &mut |_| {})
    }

    pub(super) fn import_text(&self, text: impl Into<Vec<u8>>) -> Result<Imported, Box<Failure>> {
        self.import(Source::stream(Cursor::new(text.into())))
    }

    fn render(&self, order: &Order, target: &RefCell<dyn Target + '_>) {
        let registry = registry(&Config::default()).expect("plug-ins");
        let task = Task {
            store: &self.store,
            registry: &registry,
            order,
            may_see: &|_| Ok(true),
            requested_by: "admin",
            requested_at: Time::from_millis(END),
            sample: None,
        };
        render(&task, target, &JobProgress::default()).expect("rendered");
    }

    /// The files of an export.
    pub(super) fn export(&self, order: &Order) -> Files {
        let memory = RefCell::new(Memory::default());
        self.render(order, &memory);
        Arc::try_unwrap(memory.into_inner().0)
            .expect("closed")
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// An export as the server packs it.
    pub(super) fn zip(&self, order: &Order, layout: Layout, to: &Path) {
        let directory = self.directory.path().join("spool");
        let spool =
            RefCell::new(Spool::create(directory.clone(), JobProgress::default().work).expect("a spool"));
        self.render(order, &spool);
        let sealed = spool.into_inner().seal().expect("sealed");
        let stamp = roomscribe::export::view::time(order.until);
        let packing = Packing::new(layout, 6, stamp);
        pack(&sealed, to, &packing, &JobProgress::default().work).expect("packed");
        fs::remove_dir_all(directory).expect("removed");
    }
}

/// Bytes by path.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Keeps an export in memory.
#[derive(Default)]
struct Memory(Arc<Mutex<Files>>);

struct MemoryFile(Arc<Mutex<Files>>, String);

impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.get_mut(&self.1).expect("created").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for Memory {
    fn create(&mut self, path: &ArtifactPath, _: &str) -> export_sdk::Result<Box<dyn Write + Send>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_string(), Vec::new());
        Ok(Box::new(MemoryFile(Arc::clone(&self.0), path.to_string())))
    }

    fn scratch(&mut self) -> export_sdk::Result<File> {
        Ok(tempfile::tempfile()?)
    }
}

impl Target for Memory {
    fn holds(&self, path: &ArtifactPath, _: &[u8; 32]) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(path.as_str())
    }

    fn link(&mut self, path: &ArtifactPath, _: &str, blob: &Path, _: [u8; 32], _: u64) -> io::Result<bool> {
        let bytes = fs::read(blob)?;
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_string(), bytes).is_none())
    }
}

/// An export of these rooms in these formats.
pub(super) fn order(rooms: Rooms, formats: &[&str]) -> Order {
    Order {
        rooms,
        title: "all".to_owned(),
        from: None,
        until: Time::from_millis(END),
        query: String::new(),
        time_zone: "UTC".to_owned(),
        system_messages: true,
        transforms: Vec::new(),
        formats: formats.iter().map(|format| Choice::new(*format, &Value::Null)).collect(),
        delivery: Choice::new("file", &Value::Null),
        archive: None,
    }
}

/// A store with the first generated rooms.
pub(super) fn generated(rooms: usize) -> Bench {
    let bench = Bench::new();
    let blobs = generated::prepare(&bench.store);
    (0..rooms).for_each(|number| generated::put_room(&bench.store, number, &blobs));
    bench
}

pub(super) fn lay_out(files: &Files, directory: &Path) {
    for (path, bytes) in files {
        let place = directory.join(path);
        fs::create_dir_all(place.parent().expect("a directory")).expect("made");
        fs::write(place, bytes).expect("written");
    }
}

fn assert_same(before: &Files, after: &Files) {
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (path, bytes) in before {
        if path.ends_with(".ndjson") && !path.starts_with("assets/") {
            let lines = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
            for (before, after) in lines(bytes).lines().zip(lines(&after[path]).lines()) {
                assert_eq!(before, after, "{path}");
            }
        }
        assert!(*bytes == after[path], "{path}");
    }
}

/// Exports, imports elsewhere, exports there, imports again.
fn there_and_back(here: &Bench, order: &Order) -> (Imported, Files) {
    let before = here.export(order);
    let there = Bench::new();
    let laid_out = there.directory.path().join("export");
    lay_out(&before, &laid_out);
    let source = || Source::open(&laid_out).expect("opened");
    let imported = there.import(source()).expect("imported");
    assert_eq!(imported.missing_files, 0);
    assert_same(&before, &there.export(order));
    let all = there.everything();
    let again = there.import(source()).expect("imported again");
    assert_eq!((again.messages, again.users, again.rooms, again.files), (0, 0, 0, 0));
    assert_eq!((again.known, again.known_files), (imported.messages, imported.files + imported.known_files));
    assert!(there.everything() == all, "importing twice changes nothing");
    let findings = roomscribe::service::check::check(&there.store, &there.directory.path().join("data"));
    assert_eq!(findings.expect("checked").complaints, Vec::<String>::new());
    (imported, before)
}

#[test]
fn a_thousand_rooms_come_back_byte_for_byte() {
    let rooms = std::env::var("ROUND_TRIPS").map_or(ROOMS, |rooms| rooms.parse().expect("a number"));
    let here = generated(rooms);
    let (imported, files) = there_and_back(&here, &order(Rooms::Server, &["ndjson"]));
    assert_eq!(imported.rooms, rooms as u64);
    let text = |(path, bytes): (&String, &Vec<u8>)| {
        (!path.starts_with("assets/")).then(|| String::from_utf8(bytes.clone()).expect("UTF-8"))
    };
    let text: String = files.iter().filter_map(text).collect();
    assert!(!text.contains("secret-code"));
    for expected in [
        r#""t":"d""#,
        r#""t":"p""#,
        r#""roles":["owner","leader"]"#,
        r#""tmid":"#,
        r#""pinned":true"#,
        r#""editedBy""#,
        r#""reactions""#,
        r#""missing":"#,
        r#""path":"assets/"#,
        r#""description":"#,
        r#""customFields":{"#,
        r#""prid":"#,
        r#""users":[{"#,
        r#""t":"uj""#,
        r#""tcount":"#,
    ] {
        assert!(text.contains(expected), "the generator makes {expected}");
    }
}

#[test]
fn a_part_of_the_history_comes_back_as_the_part_it_is() {
    let here = generated(60);
    let mut order = order(Rooms::Server, &["ndjson", "csv"]);
    order.from = Some(Time::from_millis(BEGIN + 60_000));
    order.until = Time::from_millis(BEGIN + 75_000);
    order.system_messages = false;
    order.time_zone = "Europe/Berlin".to_owned();
    let (imported, files) = there_and_back(&here, &order);
    assert!(imported.messages > 60, "{imported}");
    let (_, document) = files.iter().find(|(path, _)| path.starts_with("ndjson/")).unwrap();
    let header = String::from_utf8(document.clone()).unwrap();
    assert!(header.contains(r#""timeZone":"Europe/Berlin","systemMessages":false"#), "{header}");
}

#[test]
fn a_zip_is_imported_with_its_files_whatever_else_is_in_it() {
    let here = generated(25);
    for (formats, layout) in [
        (&["ndjson"][..], Layout::Plain),
        (&["ndjson"], Layout::bag("all")),
        (&["ndjson", "html", "json"], Layout::bag("assets")),
    ] {
        let order = order(Rooms::Server, formats);
        let there = Bench::new();
        let zip = there.directory.path().join("all.zip");
        here.zip(&order, layout, &zip);
        let imported = there.import(Source::open(&zip).unwrap()).unwrap();
        assert_eq!((imported.rooms, imported.missing_files), (25, 0));
        assert!(imported.files > 0);
        // Blanks between the parts of custom fields may differ in other formats.
        let ours = |mut files: Files| {
            files.retain(|path, _| path.ends_with(".ndjson") || path.starts_with("assets/"));
            files
        };
        assert_same(&ours(here.export(&order)), &ours(there.export(&order)));
        let all = there.everything();
        assert_eq!(there.import(Source::open(&zip).unwrap()).unwrap().messages, 0);
        assert!(there.everything() == all);
    }
}

#[test]
fn what_is_missing_is_added_and_what_is_there_stays() {
    let here = generated(30);
    let whole = order(Rooms::Server, &["ndjson"]);
    let mut part = whole.clone();
    part.until = Time::from_millis(BEGIN + 65_000);
    let there = Bench::new();
    for (name, order) in [("part", &part), ("whole", &whole)] {
        let laid_out = there.directory.path().join(name);
        lay_out(&here.export(order), &laid_out);
        there.import(Source::open(&laid_out).unwrap()).unwrap();
    }
    assert_same(&here.export(&whole), &there.export(&whole));
}

#[test]
fn an_import_that_was_broken_off_is_completed_by_another() {
    let here = generated(40);
    let files = here.export(&order(Rooms::Server, &["ndjson"]));
    let documents = files.iter().filter(|(path, _)| !path.starts_with("assets/"));
    for (place, (path, bytes)) in documents.enumerate() {
        let there = Bench::new();
        let id: Value = serde_json::from_slice(bytes.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
        let id = id["room"]["_id"].as_str().unwrap();
        there.import_text(&bytes[..bytes.len() * (place % 10) / 10]).err();
        lay_out(&files, &there.directory.path().join("all"));
        let whole = there.directory.path().join("all").join(path);
        there.import(Source::open(&whole).unwrap()).unwrap();
        let one = order(Rooms::Listed(vec![RoomId::new(id)]), &["ndjson"]);
        assert_same(&here.export(&one), &there.export(&one));
    }
}

#[test]
fn what_a_transform_hides_is_in_no_line_about_rooms_and_files() {
    let here = generated(40);
    let mut order = order(Rooms::Server, &["ndjson"]);
    let names = |order: &Order| {
        let files = here.export(order);
        let documents = files.iter().filter(|(path, _)| !path.starts_with("assets/"));
        let text: String = documents.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect();
        let around = text.lines().filter(|line| !line.contains(r#""rid":"#) && !line.contains("\"end\""));
        let around = around.collect::<Vec<_>>().join("\n");
        assert!(around.contains(r#""type":"file""#) && around.contains(r#""type":"member""#));
        (0..30).filter(|user| around.contains(&format!("\"person{user:02}\""))).count()
            + usize::from(around.contains("\"bear1\""))
    };
    assert_eq!(names(&order), 31);
    order.transforms = vec![Choice::new("anonymize", &Value::Null)];
    assert_eq!(names(&order), 0);
}

#[test]
fn somebody_who_has_left_since_is_not_brought_back() {
    use roomscribe::domain::UserId;
    use roomscribe::store::Error;
    use roomscribe::store::schema::EndedMembership;

    let here = generated(10);
    let order = order(Rooms::Server, &["ndjson"]);
    let laid_out = here.directory.path().join("export");
    lay_out(&here.export(&order), &laid_out);
    let mut first: Option<(RoomId, UserId)> = None;
    here.store
        .walk::<roomscribe::domain::Subscription, Error>(
            roomscribe::store::Span::all(),
            Direction::Ascending,
            |key, _| {
                first = Some(key);
                Ok(ControlFlow::Break(()))
            },
        )
        .unwrap();
    let (room, user) = first.expect("a member");
    here.store
        .write::<_, Error>(|batch| {
            batch.delete_subscription(&room, &user)?;
            let ended = EndedMembership { id: "x".to_owned(), ended: Time::from_millis(END) };
            batch.put(&(user.clone(), room.clone()), &ended)
        })
        .unwrap();
    let all = here.everything();
    let imported = here.import(Source::open(&laid_out).unwrap()).unwrap();
    assert_eq!((imported.messages, imported.users, imported.rooms), (0, 0, 0));
    assert!(here.everything() == all);
}
