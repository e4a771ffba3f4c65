//! Exports that are not what they were are not imported.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::harbour;
use super::process::{Ended, Place};

/// The room `harbour` as a zip.
fn exported() -> Vec<u8> {
    let place = harbour();
    place.run(&["export", "harbour", "-f", "ndjson", "-o", "out.zip"]).ok();
    place.bytes("out.zip")
}

/// The same files as somebody else packs them, each changed on its way.
fn repacked(zip: &[u8], method: CompressionMethod, change: impl Fn(&str, Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut from = ZipArchive::new(Cursor::new(zip)).expect("as it was packed");
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..from.len() {
        let mut entry = from.by_index(index).expect("as it was packed");
        let name = entry.name().expect("as it was packed").into_owned();
        let mut content = Vec::new();
        std::io::copy(&mut entry, &mut content).expect("as it was packed");
        to.start_file(name.as_str(), SimpleFileOptions::default().compression_method(method))
            .expect("as it was packed");
        to.write_all(&change(&name, content)).expect("as it was packed");
    }
    to.finish().expect("as it was packed").into_inner()
}

fn import(bytes: &[u8], arguments: &[&str]) -> (Place, Ended) {
    let place = Place::new();
    place.put("in.zip", bytes);
    let ended = place.run(&[&["import", "in.zip"], arguments].concat());
    (place, ended)
}

#[track_caller]
fn refused(bytes: &[u8], expected: &str) {
    let (place, ended) = import(bytes, &[]);
    let complaint = ended.complaint(1);
    assert!(
        complaint.starts_with("in.zip; nothing was imported: ") && complaint.contains(expected),
        "{complaint}"
    );
    assert!(!place.path("data").exists());
}

fn position(bytes: &[u8], of: &[u8]) -> usize {
    bytes.windows(of.len()).position(|window| window == of).expect("as it was packed")
}

#[test]
fn a_document_with_a_wrong_checksum_is_refused_always() {
    let mut stored = repacked(&exported(), CompressionMethod::Stored, |_, content| content);
    assert!(import(&stored, &[]).1.ok().starts_with("3 messages, "));
    let at = position(&stored, b"Hello");
    stored[at] = b'J';
    refused(&stored, "harbour.ndjson\" is damaged: ");
    import(&stored, &["--no-verify"]).1.complaint(1);
}

#[test]
fn a_document_that_its_list_of_hashes_does_not_know_takes_a_word() {
    let edited = repacked(&exported(), CompressionMethod::Deflated, |name, content| {
        let text = String::from_utf8(content).unwrap();
        if name.ends_with(".ndjson") { text.replace("Hello", "Jello").into() } else { text.into() }
    });
    refused(&edited, "its hash is not the one in manifest-sha256.txt");
    assert!(import(&edited, &["--no-verify"]).1.ok().starts_with("3 messages, "));
    let unlisted = repacked(&exported(), CompressionMethod::Deflated, |name, content| {
        if name.ends_with("/manifest-sha256.txt") { Vec::new() } else { content }
    });
    refused(&unlisted, "is not part of the export");
}

#[test]
fn loose_documents_are_compared_with_their_list_too() {
    let place = harbour();
    for layout in ["plain", "bag"] {
        place.run(&["export", "harbour", "-f", "ndjson", "-o", layout, "--layout", layout]).ok();
        place.run(&["import", layout]).ok();
        let directory = if layout == "bag" { "bag/data" } else { "plain" };
        let document = format!("{directory}/harbour.ndjson");
        let text = String::from_utf8(place.bytes(&document)).unwrap();
        place.put(&document, text.replace("Hello", "Jello"));
        let expected = "is damaged: its hash is not the one in manifest-sha256.txt";
        assert!(place.run(&["import", layout]).complaint(1).contains(expected), "{layout}");
        place.run(&["import", layout, "--no-verify"]).ok();
    }
}

#[test]
fn what_is_no_whole_file_is_called_so() {
    let whole = exported();
    refused(&whole[..whole.len() / 2], "it is not a whole zip file; fetch it again");
    assert_eq!(import(b"", &[]).1.complaint(1), "in.zip is empty; fetch the file again");
    let place = Place::new();
    place.put("room.ndjson", "{}");
    for file in ["room.ndjson", "-"] {
        let ended = place.run(&["import", "--verify", file]);
        assert!(ended.complaint(2).starts_with("--verify needs the zip or the directory"), "{ended:?}");
    }
}
