//! What exports prove: that they are whole, who made them, and that a message was in them.

use std::fs;

use serde_json::Value;

use super::harbour;
use super::process::Place;

/// A place with the room `harbour`, exported as a zip, and the server's key.
fn exported() -> (Place, String) {
    let place = harbour();
    place.run(&["export", "harbour", "-f", "ndjson", "-o", "out.zip"]).ok();
    let key = place.run(&["key"]).ok().trim().to_owned();
    (place, key)
}

#[test]
fn a_changed_byte_anywhere_is_found_by_verify() {
    let place = harbour();
    place.run(&["export", "harbour", "-f", "html", "-o", "out.zip"]).ok();
    assert!(place.run(&["verify", "out.zip"]).ok().starts_with("out.zip: intact: "));
    let whole = place.bytes("out.zip");
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        place.put("flipped.zip", bytes);
        place.run(&["verify", "flipped.zip"])
    };
    let damaged = flipped(whole.len() / 3);
    assert!(damaged.complaint(1).contains(" is damaged"), "{damaged:?}");
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        flipped(at).complaint(1);
    }
    for garbage in [&b""[..], b"garbage", &whole[..whole.len() - 1], &vec![0; 100_000]] {
        place.put("garbage.zip", garbage);
        assert!(place.run(&["verify", "garbage.zip"]).complaint(1).contains("garbage.zip"));
    }
    place.run(&["verify", "missing.zip"]).complaint(1);
}

#[test]
fn the_key_that_signed_is_compared() {
    let (place, key) = exported();
    assert_eq!((key.len(), place.run(&["key"]).ok().trim()), (64, key.as_str()), "it stays the same");
    let said = place.run(&["verify", "out.zip"]);
    let expected = format!("6 provable lines; signed by key {key}; compare this key with the server's");
    assert!(said.ok().contains(&expected), "{said:?}");
    place.put("server.key", format!("{key}\n"));
    for given in [key.as_str(), "server.key"] {
        let said = place.run(&["verify", "out.zip", "--key", given]);
        assert!(
            said.ok().ends_with(&format!("signed by key {key}, which is the key you gave\n")),
            "{said:?}"
        );
    }
    let other = harbour().run(&["key"]).ok().trim().to_owned();
    let refused = place.run(&["verify", "out.zip", "--key", &other]);
    let expected = format!("out.zip: it is signed by key {key}, not by the one you gave, {other}");
    assert!(refused.complaint(1).starts_with(&expected), "{refused:?}");
    for unusable in ["nonsense", "out.zip", &key[1..]] {
        let refused = place.run(&["verify", "out.zip", "--key", unusable]);
        assert!(refused.complaint(2).contains("64 digits that `roomscribe key` prints"), "{refused:?}");
    }
    let running = place.serve();
    assert_eq!(place.run(&["key"]).ok().trim(), key, "while a server holds the data");
    assert_eq!(running.stop().0, Some(0));
}

#[test]
fn loose_files_are_verified_both_ways() {
    let (place, key) = exported();
    place.run(&["export", "harbour", "-f", "ndjson", "-o", "loose"]).ok();
    let verify = || place.run(&["verify", "loose", "--key", &key]);
    assert!(verify().ok().starts_with("loose: intact: 1 file, "), "{:?}", verify());
    place.put("loose/extra.txt", "");
    assert!(verify().complaint(1).contains("\"extra.txt\" is not part of the export: the list"));
    fs::remove_file(place.path("loose/extra.txt")).unwrap();
    let signature = place.bytes("loose/signature.json");
    fs::remove_file(place.path("loose/signature.json")).unwrap();
    assert!(verify().complaint(1).contains("it is not signed"));
    assert!(place.run(&["verify", "loose"]).ok().contains("; not signed"));
    place.put("loose/signature.json", signature);
    fs::remove_file(place.path("loose/harbour.ndjson")).unwrap();
    assert!(
        verify().complaint(1).contains("\"harbour.ndjson\" is damaged: it is in the list of hashes, but")
    );
}

#[test]
fn a_proof_tells_what_one_message_said() {
    let (place, key) = exported();
    place.run(&["prove", "out.zip", "message2", "--out", "proof.json"]).ok();
    let said = place.run(&["verify", "--proof", "proof.json", "--key", &key]);
    let line = said.ok().lines().next().unwrap();
    assert!(
        line.starts_with("message message2 by bob, 2024-03-15T10:20:02.000Z, was in the export of "),
        "{line}"
    );
    assert!(line.contains(" (harbour as ndjson), line 4 of 6 of data/harbour.ndjson; "), "{line}");
    assert!(line.ends_with(&format!("signed by key {key}, which is the key you gave")), "{line}");
    assert_eq!(said.stdout.lines().nth(1), Some("Hello"));
    assert_eq!(place.run(&["prove", "out.zip", "message2"]).ok().as_bytes(), place.bytes("proof.json"));

    let other = harbour().run(&["key"]).ok().trim().to_owned();
    let refused = place.run(&["verify", "--proof", "proof.json", "--key", &other]);
    assert!(refused.complaint(1).contains(", not by the one you gave, "));
    let forged = String::from_utf8(place.bytes("proof.json")).unwrap().replace("Hello", "Hallo");
    place.put("forged.json", forged);
    let refused = place.run(&["verify", "--proof", "forged.json"]);
    assert_eq!(
        refused.complaint(1),
        "forged.json: the proof does not hold: the line was not in that place of the export"
    );
    let there = place.run(&["prove", "out.zip", "message2", "--out", "proof.json"]);
    assert!(there.complaint(2).contains("proof.json is there already"));
}

#[test]
fn what_people_typed_does_not_steer_the_terminal() {
    let place = Place::new();
    let text = "\u{1b}[2J\r\nmessage x by admin\u{202e}\u{9b}31m";
    let message = serde_json::json!({
        "_id": "evil", "rid": "harbour", "msg": text, "ts": "2024-03-15T10:20:00.000Z",
        "u": {"_id": "bob", "username": "bob"},
    });
    place.run_with(&["import", "-"], message.to_string().as_bytes()).ok();
    place.run(&["export", "harbour", "-f", "ndjson", "-o", "out.zip"]).ok();
    place.run(&["prove", "out.zip", "evil", "--out", "proof.json"]).ok();
    let said = place.run(&["verify", "--proof", "proof.json"]);
    assert_eq!(said.ok().lines().count(), 2, "{said:?}");
    assert!(said.stdout.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')), "{said:?}");
    assert_eq!(said.stdout.lines().nth(1), Some(r"\u{1b}[2J\r\nmessage x by admin\u{202e}\u{9b}31m"));
    let proof: Value = serde_json::from_slice(&place.bytes("proof.json")).unwrap();
    let line: Value = serde_json::from_str(proof["line"].as_str().unwrap()).unwrap();
    assert_eq!(line["msg"], text, "the proof itself has every byte");
}

#[test]
fn what_cannot_be_proven_says_what_to_do() {
    let (place, _) = exported();
    place.run(&["export", "harbour", "-f", "html", "-o", "page.zip"]).ok();
    let refused = place.run(&["prove", "page.zip", "message2"]);
    assert!(refused.complaint(1).contains("export the room with format ndjson"), "{refused:?}");
    let refused = place.run(&["prove", "out.zip", "message\u{1b}9"]);
    assert!(
        refused.complaint(1).contains(r#"there is no message "message\u{1b}9" in this export"#),
        "{refused:?}"
    );
    for wrong in [&["verify"][..], &["verify", "out.zip", "--proof", "out.zip"], &["prove", "out.zip"]] {
        assert_eq!(place.run(wrong).code, Some(2), "{wrong:?}");
    }
    let refused = place.run(&["verify", "--proof", "out.zip"]);
    assert!(refused.complaint(1).contains("the file is not a proof"), "{refused:?}");
}

#[test]
fn a_damaged_key_stops_the_start_and_is_not_replaced() {
    let (place, _) = exported();
    place.put("data/signing-key", "Ed25519 nonsense\n");
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["check"], &["key"]] {
        let ended = place.run(command);
        assert!(
            ended.complaint(3).contains("data/signing-key is damaged; restore it from a backup"),
            "{ended:?}"
        );
    }
    assert_eq!(place.bytes("data/signing-key"), b"Ed25519 nonsense\n");
    let nowhere = Place::new();
    assert!(nowhere.run(&["key"]).complaint(3).contains("there is no data in data"));
    assert!(!nowhere.path("data").exists());
}
