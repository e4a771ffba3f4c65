//! What is not as we write it: told by its line or its name, and never a panic.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use proptest::prelude::*;
use roomscribe::domain::Rooms;
use roomscribe::export::bag::Layout;
use roomscribe::import::{Error, Failure, Source};
use serde_json::{Value, json};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{Bench, generated, order};

/// SHA-256 of `Hello`.
const HELLO: &str = "185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969";

fn header() -> Value {
    json!({
        "type": "header", "format": "roomscribe-ndjson", "version": 1,
        "room": {"_id": "den", "t": "p", "name": "den", "ts": "2024-03-15T10:00:00.000Z", "usersCount": 1},
    })
}

fn message(number: usize) -> Value {
    json!({
        "_id": format!("m{number}"), "rid": "den", "msg": "Hello", "ts": 1_710_498_030_000_u64 + number as u64,
        "u": {"_id": "bob", "username": "bob"},
    })
}

fn file(path: &str) -> Value {
    json!({
        "type": "file", "_id": "f1", "message": "m0", "name": "a.txt", "mediaType": "text/plain", "size": 5,
        "path": path, "sha256": HELLO, "user": "bob", "uploadedAt": "2024-03-15T10:00:00.000Z",
    })
}

fn end(messages: u64) -> Value {
    json!({"type": "end", "counts": {"messages": messages}})
}

fn text(lines: &[Value]) -> String {
    lines.iter().map(|line| line.to_string() + "\n").collect()
}

fn with(mut line: Value, path: &str, value: Value) -> Value {
    *line.pointer_mut(path).expect("a field") = value;
    line
}

/// A document with one message and its file.
fn document(path: &str) -> String {
    text(&[header(), message(0), file(path), end(1)])
}

fn complaint(failure: &Failure) -> String {
    assert!(matches!(failure.error, Error::Line { .. }), "{failure}");
    failure.to_string()
}

#[test]
fn a_wrong_line_is_named_and_what_stands_before_it_is_told_and_kept() {
    let member = json!({"type": "member", "user": {"_id": "al", "username": "al"}, "roles": ["owner"]});
    let deep = format!("{{\"_id\":\"m1\",\"rid\":\"den\",\"x\":{}}}", "[".repeat(100_000));
    let long = "x".repeat(2 << 20);
    let vast = message(1).to_string().replace("Hello", &"Hello".repeat(30_000));
    for (wrong, expected) in [
        (String::new(), "the file ends before the end of the export: it was cut off"),
        (header().to_string(), "another header stands before the end"),
        (end(2).to_string(), "the export had 2 messages, but 1 stand before its end"),
        (end(0).to_string(), "cut off or changed"),
        (json!({"type": "end", "counts": {"files": 1, "missingFiles": 0}}).to_string(), "had 1 files, but 0"),
        (json!({"type": "end"}).to_string(), "`counts` is missing"),
        (member.to_string(), "a member stands after a message"),
        (with(message(1), "/rid", json!("elsewhere")).to_string(), "`rid` is not the room of the header"),
        (with(message(1), "/_id", json!("taken")).to_string(), "that of a message in another room"),
        (with(message(1), "/ts", json!("once")).to_string(), "`ts` is not a date"),
        (with(message(1), "/u", json!(["bob"])).to_string(), "`u`"),
        (with(file("assets/x"), "/message", json!("m9")).to_string(), "not the message before it"),
        (file("../../assets/x").to_string(), "`path` is"),
        (file("assets/../../x").to_string(), "`path` is"),
        (file("/etc/passwd").to_string(), "`path` is"),
        (with(file("assets/x"), "/size", json!(-1)).to_string(), "`size`"),
        (with(file("assets/x"), "/sha256", json!("xyz")).to_string(), "`sha256`"),
        (with(file("assets/x"), "/name", json!("n".repeat(200_000))).to_string(), "have more than"),
        (deep, "nested deeper than 127 levels"),
        (long, "longer than 1048576 bytes"),
        (vast, "too large"),
        ("{\"_id\":\"m1\",\"rid\":\"den\",\"msg\":\"a\0b\"}".to_owned(), "not a JSON object"),
        ("{\"_id\":\"m1\",\"rid\":\"den\"".to_owned(), "not a JSON object"),
        ("[]".to_owned(), "not a JSON object"),
        (json!({"type": "trailer"}).to_string(), "header, member, file or end"),
    ] {
        let there = Bench::new();
        let other = with(with(message(1), "/rid", json!("other")), "/_id", json!("taken"));
        there.import_text(text(&[other])).unwrap();
        let lines = text(&[header(), message(0)]) + &wrong;
        let failure = there.import_text(lines).unwrap_err();
        let told = complaint(&failure);
        assert!(told.starts_with("line 3: ") && told.contains(expected), "{told}");
        assert!(
            told.ends_with(
                "; 1 messages, 0 users, 1 rooms: den; 0 messages were there already; \
            what stands before it was imported"
            ),
            "{told}"
        );
        assert!(there.store.message(&roomscribe::domain::MessageId::new("m0")).unwrap().is_some());
        assert!(there.store.message(&roomscribe::domain::MessageId::new("m1")).unwrap().is_none());
    }
    let utf8 = [text(&[header()]).as_bytes(), b"{\"_id\":\"\xff\"}"].concat();
    assert!(complaint(&Bench::new().import_text(utf8).unwrap_err()).contains("line 2: it is not UTF-8"));
    for headless in [member, file("assets/x"), end(0)] {
        let told = complaint(&Bench::new().import_text(text(&[headless])).unwrap_err());
        assert!(told.contains("line 1: there is no header before it"), "{told}");
    }
}

#[test]
fn a_role_of_the_whole_server_is_no_role_in_a_room() {
    let there = Bench::new();
    let member = json!({"type": "member", "user": {"_id": "eve", "username": "eve"}, "roles": ["admin"]});
    let told = complaint(&there.import_text(text(&[header(), member, end(0)])).unwrap_err());
    assert!(told.contains("line 2: `roles`: \"admin\" is no role within a room"), "{told}");
}

#[test]
fn a_message_that_stands_twice_is_imported_once() {
    let there = Bench::new();
    let second = with(message(0), "/msg", json!("Changed"));
    let imported = there.import_text(text(&[header(), message(0), second, end(2)])).unwrap();
    assert_eq!((imported.messages, imported.known), (1, 0));
    let kept = there.store.message(&roomscribe::domain::MessageId::new("m0")).unwrap().unwrap();
    assert_eq!(kept.text, "Hello");
}

/// A zip with these entries.
fn zip(entries: &[(&str, &[u8])]) -> TempDir {
    let directory = TempDir::new().expect("a directory");
    let mut zip = ZipWriter::new(File::create(directory.path().join("x.zip")).expect("made"));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).expect("begun");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("finished");
    directory
}

fn open(directory: &TempDir) -> Source {
    Source::open(&directory.path().join("x.zip")).expect("opened")
}

#[test]
fn every_layout_of_an_export_is_found_and_nothing_else_is() {
    let (beside, above) = (document("assets/f1-a.txt"), document("../assets/f1-a.txt"));
    for (document, file, text) in [
        ("den.ndjson", "assets/f1-a.txt", &beside),
        ("ndjson/den.ndjson", "assets/f1-a.txt", &above),
        ("x/data/den.ndjson", "x/data/assets/f1-a.txt", &beside),
        ("assets/data/ndjson/den.ndjson", "assets/data/assets/f1-a.txt", &above),
    ] {
        let bag = document.split_once("/data/").map_or("-".to_owned(), |(top, _)| format!("{top}/bagit.txt"));
        let decoy = b"this is nothing to import";
        let entries = [
            (bag.as_str(), &decoy[..]),
            (document, text.as_bytes()),
            (file, b"Hello"),
            ("assets/f2-evil.ndjson", decoy),
            ("html/den.html", decoy),
            ("../den.ndjson", decoy),
            (".den.ndjson", decoy),
            ("ndjson/.ndjson.ndjson", decoy),
            ("ndjson\\den.ndjson", decoy),
            ("/den.ndjson", decoy),
        ];
        let there = Bench::new();
        let imported = there.import(open(&zip(&entries))).unwrap();
        assert_eq!((imported.messages, imported.files, imported.missing_files), (1, 1, 0), "{document}");
        let laid_out = TempDir::new().unwrap();
        for (name, bytes) in
            entries.iter().filter(|(name, _)| !name.starts_with('/') && !name.starts_with(".."))
        {
            let place = laid_out.path().join(name);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::fs::write(place, bytes).unwrap();
        }
        let there = Bench::new();
        let imported = there.import(Source::open(laid_out.path()).unwrap()).unwrap();
        assert_eq!((imported.messages, imported.files, imported.missing_files), (1, 1, 0), "{document}");
    }
}

#[test]
fn a_file_that_is_not_what_was_exported_is_missing_and_the_rest_is_imported() {
    let text = document("assets/f1-a.txt");
    for bytes in [None, Some(&b"Hallo"[..]), Some(b"Hello, and more"), Some(b"")] {
        let mut entries = vec![("den.ndjson", text.as_bytes())];
        entries.extend(bytes.map(|bytes| ("assets/f1-a.txt", bytes)));
        let there = Bench::new();
        let imported = there.import(open(&zip(&entries))).unwrap();
        assert_eq!((imported.messages, imported.files, imported.missing_files), (1, 0, 1));
        assert!(there.store.upload(&roomscribe::domain::UploadId::new("f1")).unwrap().is_none());
        // It is added once it is there.
        let mended = zip(&[("den.ndjson", text.as_bytes()), ("assets/f1-a.txt", b"Hello")]);
        let imported = there.import(open(&mended)).unwrap();
        assert_eq!((imported.known, imported.files, imported.missing_files), (1, 1, 0));
    }
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere() {
    let directory = TempDir::new().unwrap();
    let mut archive = ZipWriter::new(File::create(directory.path().join("x.zip")).unwrap());
    let options = SimpleFileOptions::default();
    archive.start_file("den.ndjson", options).unwrap();
    archive.write_all(document("assets/f1-a.txt").as_bytes()).unwrap();
    archive.add_symlink("assets/f1-a.txt", "/etc/passwd", options).unwrap();
    archive.finish().unwrap();
    assert_eq!(Bench::new().import(open(&directory)).unwrap().missing_files, 1);

    let laid_out = directory.path().join("loose");
    std::fs::create_dir_all(laid_out.join("assets")).unwrap();
    std::fs::write(directory.path().join("secret"), "Hello").unwrap();
    std::fs::write(laid_out.join("den.ndjson"), document("assets/f1-a.txt")).unwrap();
    std::os::unix::fs::symlink(directory.path().join("secret"), laid_out.join("assets/f1-a.txt")).unwrap();
    assert_eq!(Bench::new().import(Source::open(&laid_out).unwrap()).unwrap().missing_files, 1);
}

#[test]
fn what_is_packed_too_small_is_not_unpacked() {
    let directory = zip(&[("den.ndjson", document("assets/f1-a.txt").as_bytes())]);
    let path = directory.path().join("x.zip");
    let mut bytes = std::fs::read(&path).unwrap();
    let entry = bytes.windows(4).rposition(|four| four == b"PK\x01\x02").expect("a table of contents");
    // What it says to be, unpacked.
    bytes[entry + 24..entry + 28].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let failure = Bench::new().import(open(&directory)).unwrap_err();
    assert!(failure.to_string().contains("\"den.ndjson\" in the zip is packed smaller"), "{failure}");
}

#[test]
fn a_zip_with_two_files_of_one_name_is_refused() {
    let (text, decoy) = (document("assets/f1-a.txt"), text(&[header(), end(0)]));
    let directory = zip(&[("den.ndjson", text.as_bytes()), ("dem.ndjson", decoy.as_bytes())]);
    let path = directory.path().join("x.zip");
    let mut bytes = std::fs::read(&path).unwrap();
    for at in 0..bytes.len() - 3 {
        if &bytes[at..at + 3] == b"dem" {
            bytes[at + 2] = b'n';
        }
    }
    std::fs::write(&path, bytes).unwrap();
    let failure = Bench::new().import(open(&directory)).unwrap_err();
    assert!(failure.to_string().contains("two files in the zip have the same name"), "{failure}");
}

#[test]
fn what_is_no_export_is_refused() {
    let empty = zip(&[("den.json", b"{}")]);
    assert!(
        Bench::new().import(open(&empty)).unwrap_err().to_string().contains("there is no room as ndjson")
    );
    let whole = std::fs::read(empty.path().join("x.zip")).unwrap();
    std::fs::write(empty.path().join("x.zip"), &whole[..whole.len() / 2]).unwrap();
    Bench::new().import(open(&empty)).unwrap_err();
    let nothing = TempDir::new().unwrap();
    let failure = Bench::new().import(Source::open(nothing.path()).unwrap()).unwrap_err();
    assert!(failure.to_string().contains("there is no room as ndjson"), "{failure}");
    assert!(Source::open(Path::new("missing.zip")).is_err());
}

#[test]
fn of_several_documents_the_wrong_one_is_named() {
    let wrong = text(&[header(), message(0)]);
    let directory = zip(&[("ndjson/den.ndjson", wrong.as_bytes())]);
    let told = Bench::new().import(open(&directory)).unwrap_err().to_string();
    assert!(told.starts_with("\"ndjson/den.ndjson\", line 3: the file ends before"), "{told}");
}

/// A real export, and the same zipped.
fn sample() -> (Vec<u8>, Vec<u8>) {
    let here = generated(12);
    let order = order(Rooms::Server, &["ndjson"]);
    let files = here.export(&order);
    let documents = files.iter().filter(|(path, _)| !path.starts_with("assets/"));
    let path = here.directory.path().join("x.zip");
    here.zip(&order, Layout::bag("x"), &path);
    (documents.flat_map(|(_, bytes)| bytes.clone()).collect(), std::fs::read(path).expect("a zip"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1))]
    #[test]
    fn damage_anywhere_is_survived(changes in prop::collection::vec(
        (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 150,
    )) {
        let (text, zip) = sample();
        let there = Bench::new();
        let path = there.directory.path().join("x.zip");
        for (at, byte, what) in changes {
            for (whole, zipped) in [(&text, false), (&zip, true)] {
                let at = at.index(whole.len());
                let mut bytes = whole.clone();
                match what {
                    0 => bytes[at] = byte,
                    1 => bytes.truncate(at),
                    2 => bytes.insert(at, byte),
                    _ => { bytes.drain(at..(at + usize::from(byte)).min(whole.len())); }
                }
                // Whatever comes of it: an answer, and a store that is whole.
                if zipped {
                    std::fs::write(&path, bytes).unwrap();
                    let _ = there.import(Source::open(&path).unwrap());
                } else {
                    let _ = there.import_text(bytes);
                }
            }
        }
        let data = there.directory.path().join("data");
        let findings = roomscribe::service::check::check(&there.store, &data).unwrap();
        prop_assert_eq!(findings.complaints, Vec::<String>::new());
    }
}
