//! Whole exports against golden files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::suite::{raw, registry, stored, write_room};
use super::{MemoryOutput, Register};
use crate::{AnyFormat, ArtifactPath, File, FileLink, Message, Result, Room, RoomKind, Scope, Timestamp};

/// Each is a directory of golden files.
const CASES: [&str; 3] = ["conversation", "direct", "empty"];

/// [`golden_in`] `fixtures/exports/<id>/` of this repository.
pub fn golden(register: Register, id: &str) {
    golden_in(register, id, Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exports").join(id));
}

/// Compares what the format `id` makes of three rooms with `<directory>/<room>/`, byte for byte.
/// `UPDATE=1 cargo test` rewrites the files and removes those that belong to no room; without it, such
/// a file is an error, too.
///
/// A crate keeps them beside its tests: `concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")`.
pub fn golden_in(register: Register, id: &str, directory: impl AsRef<Path>) {
    let directory = directory.as_ref();
    let mut expected = BTreeSet::new();
    let registry = registry(register, id);
    let rooms = golden_rooms(registry.format(id).expect("registered under its id")).expect("exported");
    for (name, bytes) in rooms {
        let path = directory.join(&name);
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(path.parent().expect("inside a directory")).expect("a new directory");
            fs::write(&path, &bytes).expect("a new golden file");
        }
        let golden = fs::read_to_string(&path);
        let golden = golden.unwrap_or_else(|_| panic!("{} is missing; UPDATE=1 writes it", path.display()));
        assert_eq!(String::from_utf8(bytes).expect("UTF-8"), golden, "{name}");
        expected.insert(path);
    }
    if std::env::var_os("UPDATE").is_some() {
        for stale in files_in(directory).difference(&expected) {
            fs::remove_file(stale).expect("a golden file that is no more");
        }
    }
    assert_eq!(files_in(directory), expected, "every golden file belongs to a case");
}

/// What the format makes of the rooms of the golden files: bytes by `<room>/<file>`.
pub fn golden_rooms(format: &dyn AnyFormat) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for case in CASES {
        let made = exported(format, case)?;
        files.extend(made.into_iter().map(|(name, bytes)| (format!("{case}/{name}"), bytes)));
    }
    Ok(files)
}

fn exported(format: &dyn AnyFormat, case: &str) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut scope = Scope::new(Timestamp::from_millis(1_710_500_000_000), "admin");
    // Golden files outlive versions.
    scope.generator = "roomscribe test";
    scope.from = (case == "direct").then(|| Timestamp::from_millis(1_709_251_200_000));
    let messages = if case == "empty" { Vec::new() } else { conversation() };

    let mut output = MemoryOutput::default();
    let mut writer = format.start(&Value::Null, &scope, &mut output)?;
    let summary = write_room(&mut *writer, &room(case), &scope, &messages)?;
    writer.finish(&summary)?;
    Ok(std::mem::take(&mut *output.files().lock().expect("not poisoned")))
}

fn room(case: &str) -> Room<'static> {
    let mut room = Room::new("GENERAL", "general");
    room.created = Timestamp::from_millis(1_700_000_000_000);
    room.members = 3;
    room.slug = "general".into();
    match case {
        "direct" => {
            room.slug = "alalbobbob".into();
            room.kind = RoomKind::Direct;
            room.id = "alalbobbob";
            room.name = None;
            room.title = "Al, Bob".into();
        }
        "conversation" => {
            room.topic = "All of us";
            room.description = "Where \"everybody\" is";
            room.announcement = "Be kind";
        }
        _ => {}
    }
    room
}

/// The sample messages that show features; the hostile strings have tests of their own.
fn conversation() -> Vec<Message<'static>> {
    let mut messages = super::sample_messages();
    messages.retain(|message| {
        let id = message.id;
        !id.starts_with("m-hostile-") && !id.starts_with("m-file-") && id != "m-long"
    });
    let last = messages.last().expect("there are samples");
    let mut upload = Message::new("m-upload", last.room, last.author, last.sent_at, "Look");
    upload.files_json = Some(raw(r#"[{"_id":"f1","name":"a \"cat\".png","type":"image/png","size":12345}]"#));
    upload.files = vec![File {
        id: "f1".into(),
        name: "a \"cat\".png".into(),
        media_type: "image/png".into(),
        size: 12_345,
        path: ArtifactPath::new("assets/f1-a _cat_.png")
            .map(|path| FileLink::new(&path, false))
            .map_err(|_| "unportable"),
        stored: Some(stored("a \"cat\".png", "image/png")),
    }];
    messages.push(upload);
    messages
}

fn files_in(directory: &Path) -> BTreeSet<PathBuf> {
    let entries = |directory: &Path| fs::read_dir(directory).expect("a directory");
    let cases = entries(directory).map(|case| case.expect("an entry").path());
    cases
        .flat_map(|case| entries(&case).map(|file| file.expect("an entry").path()).collect::<Vec<_>>())
        .collect()
}
