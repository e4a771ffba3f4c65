//! Proofs that hold, and the many ways in which they must not.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use export_sdk::{ArtifactPath, Output, Timestamp};
use tempfile::TempDir;

use super::*;
use crate::export::bag::{Info, Layout};
use crate::export::pack::{Packing, lay_out, pack};
use crate::export::signing::{Signature, Signer};
use crate::export::spool::Spool;

const HEADER: &str = r#"{"type":"header","format":"roomscribe-ndjson","room":{"_id":"m1"}}"#;
const END: &str = r#"{"type":"end"}"#;

fn line(number: usize) -> String {
    format!(
        r#"{{"_id":"m{number}","rid":"r","msg":"text {number}","ts":"2024-03-01T00:00:00.000Z","u":{{"_id":"bob","username":"bob"}},"quote":{{"_id":"m0"}}}}"#
    )
}

fn ndjson(messages: usize) -> String {
    let lines = [HEADER.to_owned()].into_iter().chain((0..messages).map(line)).chain([END.to_owned()]);
    lines.map(|line| line + "\n").collect()
}

/// A room that is exported again and again.
struct Room {
    place: TempDir,
    signer: Signer,
}

impl Room {
    fn new() -> Self {
        let place = TempDir::new().unwrap();
        let signer = Signer::open_or_create(place.path()).unwrap();
        Self { place, signer }
    }

    fn export(&self, layout: &Layout, zipped: bool, files: &[(&str, &str, &str)]) -> PathBuf {
        let path = |name: &str| self.place.path().join(name);
        for name in ["job", "out"] {
            fs::remove_dir_all(path(name)).ok();
        }
        let mut spool = Spool::create(path("job"), Progress::default()).unwrap();
        for (name, media_type, content) in files {
            let mut file = spool.create(&ArtifactPath::new(*name).unwrap(), media_type).unwrap();
            file.write_all(content.as_bytes()).unwrap();
        }
        let sealed = spool.seal().unwrap();
        let mut packing = Packing::new(layout.clone(), 6, Timestamp::from_millis(1_710_498_031_123));
        packing.info = Info::default().with("External-Description", "talk\nMerkle-Root: 0 1 x");
        packing.signer = Some(&self.signer);
        if zipped {
            pack(&sealed, &path("out.zip"), &packing, &Progress::default()).unwrap();
            path("out.zip")
        } else {
            lay_out(&sealed, &path("out"), &packing, &Progress::default()).unwrap();
            path("out")
        }
    }

    fn proof(&self, messages: usize, id: &str) -> Proof {
        let files = [("talk.ndjson", "application/x-ndjson", &*ndjson(messages))];
        prove(&self.export(&Layout::bag("out"), true, &files), id, &Progress::default()).unwrap()
    }
}

#[test]
fn every_message_of_every_kind_of_export_can_be_proven() {
    let room = Room::new();
    for (layout, name) in [(Layout::bag("talk"), "data/talk.ndjson"), (Layout::Plain, "talk.ndjson")] {
        for zipped in [true, false] {
            for messages in [1, 2, 6] {
                let text = ndjson(messages);
                let files =
                    [("index.txt", "text/plain", ""), ("talk.ndjson", "application/x-ndjson", &*text)];
                let export = room.export(&layout, zipped, &files);
                for number in 0..messages {
                    let proof = prove(&export, &format!("m{number}"), &Progress::default()).unwrap();
                    let proof: Proof = serde_json::from_str(&proof.to_json()).unwrap();
                    let expected = Proven {
                        key: room.signer.public_key(),
                        message: format!("m{number}"),
                        username: "bob".to_owned(),
                        sent_at: "2024-03-01T00:00:00.000Z".to_owned(),
                        text: format!("text {number}"),
                        file: name.to_owned(),
                        line: number as u64 + 2,
                        lines: messages as u64 + 2,
                        description: Some("talk Merkle-Root: 0 1 x".to_owned()),
                        day: Some("2024-03-15".to_owned()),
                    };
                    assert_eq!(proof.check().unwrap(), expected);
                }
            }
        }
    }
}

#[test]
fn nothing_in_a_proof_can_be_changed_but_what_it_means_stays() {
    let proof = Room::new().proof(9, "m4");
    let text = proof.to_json();
    let proven = proof.check().unwrap();
    for place in 0..text.len() {
        for mask in [0x01, 0x20, 0x80] {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= mask;
            let Ok(changed) = serde_json::from_slice::<Proof>(&bytes) else { continue };
            if let Ok(still) = changed.check() {
                // Blanks of the JSON, and the case of a hash beside the way.
                assert_eq!(still, proven, "byte {place} ^ {mask:#x}");
            }
        }
    }
}

#[test]
fn a_proof_with_a_forged_field_does_not_hold() {
    let room = Room::new();
    let honest = room.proof(9, "m4");
    let other = room.proof(8, "m4");
    let forgeries: [&dyn Fn(&mut Proof); 13] = [
        &|proof| proof.line = line(5),
        &|proof| proof.line = proof.line.replace("bob", "eve"),
        &|proof| proof.line.push('\n'),
        &|proof| proof.index = 4,
        &|proof| proof.size += 1,
        &|proof| proof.file = "talk.ndjson".to_owned(),
        &|proof| drop(proof.path.pop()),
        &|proof| proof.path.push(proof.path[0].clone()),
        &|proof| proof.path[0].push('0'),
        &|proof| proof.info = proof.info.replace("talk", "walk"),
        &|proof| proof.tag_manifest = proof.tag_manifest.to_uppercase(),
        &|proof| proof.signature = other.signature.clone(),
        &|proof| proof.version = 2,
    ];
    for (number, forge) in forgeries.iter().enumerate() {
        let mut proof = honest.clone();
        forge(&mut proof);
        assert_ne!(proof, honest);
        assert!(matches!(proof.check(), Err(ProofError::Wrong(_))), "forgery {number}");
    }
    honest.check().unwrap();
}

#[test]
fn a_chain_that_a_forger_made_is_signed_by_the_forger() {
    let server = Room::new();
    let mut proof = server.proof(1, "m0");
    let forger = Room::new().signer;
    proof.line = line(7);
    proof.path.clear();
    (proof.index, proof.size) = (0, 1);
    let root = hex::encode(merkle::leaf(proof.line.as_bytes()));
    proof.info = format!("Merkle-Root: {root} 1 {}\n", proof.file);
    proof.tag_manifest = hash_line(&Sha256::digest(&proof.info).into(), "bag-info.txt");
    assert!(matches!(proof.check(), Err(ProofError::Wrong(_))), "the signature is for something else");
    proof.signature = forger.sign(proof.tag_manifest.as_bytes()).to_json();
    assert_eq!(proof.check().unwrap().key, forger.public_key());
    let claimed = proof.signature.replace(&forger.public_key_hex(), &server.signer.public_key_hex());
    assert!(Signature::parse(&claimed).is_some());
    proof.signature = claimed;
    assert!(matches!(proof.check(), Err(ProofError::Wrong(_))), "the key did not sign this");
}

#[test]
fn an_uploaded_file_proves_nothing() {
    let room = Room::new();
    let (real, forged) = (ndjson(2), line(7) + "\n");
    let files = [
        ("assets/f1-room.ndjson", "application/x-ndjson", &*forged),
        ("talk.ndjson", "application/x-ndjson", &*real),
    ];
    let export = room.export(&Layout::Plain, true, &files);
    let error = prove(&export, "m7", &Progress::default()).unwrap_err();
    assert!(matches!(&error, ProofError::Unknown(id) if id == "m7"), "{error}");
    prove(&export, "m1", &Progress::default()).unwrap();
}

#[test]
fn what_cannot_be_proven_says_why() {
    let room = Room::new();
    let layout = Layout::bag("out");
    let without = room.export(&layout, true, &[("index.html", "text/html", "m1")]);
    assert!(matches!(prove(&without, "m1", &Progress::default()), Err(ProofError::NoLines)));
    let empty = room.export(&layout, true, &[("talk.ndjson", "application/x-ndjson", &ndjson(0))]);
    assert!(matches!(prove(&empty, "m1", &Progress::default()), Err(ProofError::NoLines)));
    let loose = room.export(&layout, false, &[("talk.ndjson", "application/x-ndjson", &ndjson(3))]);
    // A quoted message is not the message, and a room is none.
    for unknown in ["m3", "m", "r", ""] {
        assert!(matches!(prove(&loose, unknown, &Progress::default()), Err(ProofError::Unknown(_))));
    }
    let text = fs::read_to_string(loose.join("data/talk.ndjson")).unwrap();
    fs::write(loose.join("data/talk.ndjson"), text.replace("text 2", "text 3")).unwrap();
    for id in ["m1", "m2"] {
        let error = prove(&loose, id, &Progress::default()).unwrap_err();
        assert!(error.to_string().contains("the export is damaged"), "{error}");
    }
    fs::remove_file(loose.join("signature.json")).unwrap();
    assert!(matches!(prove(&loose, "m1", &Progress::default()), Err(ProofError::Unsigned)));
}
