//! Damage of every kind, by accident and by intent.

use std::io::Write;
use std::path::PathBuf;

use export_sdk::{Output, Timestamp};
use proptest::prelude::*;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::export::pack::{HASH_LENGTH, LABEL, MODE, pack};
use crate::export::spool::Spool;

const FILES: [(&str, &str); 3] =
    [("index.html", "<p>hello hello hello hello</p>"), ("assets/a.txt", ""), ("灯台.txt", "light")];

/// A small zip as the packer makes it.
fn packed(level: u8) -> Vec<u8> {
    let directory = TempDir::new().unwrap();
    let mut spool = Spool::create(directory.path().join("job"), Progress::default()).unwrap();
    for (name, content) in FILES {
        let mut file = spool.create(&ArtifactPath::new(name).unwrap(), "text/plain").unwrap();
        file.write_all(content.as_bytes()).unwrap();
    }
    let to = directory.path().join("room.zip");
    pack(&spool.seal().unwrap(), &to, level, Timestamp::from_millis(1_710_498_031_123), &Progress::default())
        .unwrap();
    std::fs::read(to).unwrap()
}

/// One file that is overwritten again and again.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn verify(&self, bytes: &[u8]) -> Result<Verified> {
        let path: PathBuf = self.0.path().join("room.zip");
        std::fs::write(&path, bytes).unwrap();
        verify(&path, &Progress::default())
    }

    fn complaint(&self, bytes: &[u8]) -> String {
        self.verify(bytes).unwrap_err().to_string()
    }
}

fn listed(files: &[(&str, &str)]) -> String {
    files.iter().fold(String::new(), |lines, (name, content)| {
        format!("{lines}{}  {name}\n", hex::encode(Sha256::digest(content)))
    })
}

/// A zip that a forger made: whatever is wrong with it, its checksums and its own hash are right.
fn forged(files: &[(&str, &str)], manifest: &str, options: SimpleFileOptions) -> Vec<u8> {
    let mut zip = ZipWriter::new_stream(Vec::new());
    for (name, content) in files.iter().chain([&(MANIFEST, manifest)]) {
        zip.start_file(*name, options.unix_permissions(MODE)).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.set_comment(format!("{LABEL}{}", "0".repeat(HASH_LENGTH))).unwrap();
    resealed(zip.finish().unwrap().into_inner())
}

fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len().saturating_sub(HASH_LENGTH);
    let hash = hex::encode(Sha256::digest(&bytes[..end]));
    let length = bytes.len() - end;
    bytes[end..].copy_from_slice(&hash.as_bytes()[..length]);
    bytes
}

fn honest() -> Vec<u8> {
    forged(&FILES, &listed(&FILES), SimpleFileOptions::default())
}

#[test]
fn an_intact_zip_is_verified_at_every_level() {
    for level in [0, 1, 6, 9] {
        let verified = Bench::new().verify(&packed(level)).unwrap();
        let manifest_sha256 = Sha256::digest(listed(&FILES)).into();
        assert_eq!(verified, Verified { files: 3, bytes: 35, manifest_sha256 });
    }
}

#[test]
fn one_changed_byte_anywhere_is_found() {
    let bench = Bench::new();
    for level in [0, 6] {
        let intact = packed(level);
        for position in 0..intact.len() {
            for mask in [0x01, 0x20, 0x80, 0xFF] {
                let mut bytes = intact.clone();
                bytes[position] ^= mask;
                let verdict = bench.verify(&bytes);
                assert!(verdict.is_err(), "byte {position} ^ {mask:#x} of level {level}: {verdict:?}");
                assert!(!verdict.unwrap_err().to_string().contains('\n'));
            }
        }
    }
}

#[test]
fn a_changed_content_is_named() {
    let mut bytes = packed(0);
    let place = bytes.windows(5).position(|window| window == b"light").unwrap();
    bytes[place] = b'f';
    assert_eq!(Bench::new().complaint(&bytes), r#""灯台.txt" is damaged: its checksum is wrong"#);
}

#[test]
fn a_zip_that_is_cut_or_grown_is_refused() {
    let (bench, intact) = (Bench::new(), packed(6));
    for length in 0..intact.len() {
        assert!(bench.verify(&intact[..length]).is_err(), "cut at {length}");
        assert!(bench.verify(&intact[length + 1..]).is_err(), "begun after {length}");
    }
    assert!(bench.verify(&[&intact[..], b"\n"].concat()).is_err());
    assert!(bench.verify(&[b"\n", &intact[..]].concat()).is_err());
}

#[test]
fn files_and_list_of_hashes_must_agree_both_ways() {
    let bench = Bench::new();
    assert_eq!(bench.verify(&honest()).unwrap().files, 3);
    let forge = |files: &[(&str, &str)], manifest: &str| {
        bench.complaint(&forged(files, manifest, SimpleFileOptions::default()))
    };
    let complaint = forge(&FILES, &listed(&FILES[..2]));
    assert_eq!(complaint, r#""灯台.txt" is damaged: the list of hashes does not name it"#);
    let complaint = forge(&FILES[..2], &listed(&FILES));
    assert_eq!(complaint, r#""灯台.txt" is damaged: it is in the list of hashes, but missing"#);
    let complaint = forge(&FILES, &listed(&[FILES[0], FILES[2], FILES[1]]));
    assert_eq!(complaint, r#""assets/a.txt" is damaged: the list of hashes names another file in its place"#);
    let complaint = forge(&FILES, &listed(&[FILES[0], FILES[1], ("灯台.txt", "dark")]));
    assert_eq!(complaint, r#""灯台.txt" is damaged: its hash is not the one in the list of hashes"#);
    let complaint = forge(&FILES, "no list\n");
    assert!(complaint.starts_with(r#""manifest-sha256.txt" is damaged"#), "{complaint}");
}

#[test]
fn names_that_climb_or_collide_are_refused() {
    let bench = Bench::new();
    for bad in ["../evil", "/evil", "a\\b", "nul", "INDEX.HTML", "index.html/x", "Manifest-sha256.txt"] {
        let files = [FILES[0], (bad, "")];
        let complaint = bench.complaint(&forged(&files, &listed(&files), SimpleFileOptions::default()));
        assert!(complaint.starts_with(&format!("{bad:?} is damaged")), "{complaint}");
    }
}

#[test]
fn what_hides_between_the_parts_is_found_though_the_hash_is_right() {
    let (bench, honest) = (Bench::new(), honest());
    let directory = honest.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let second = honest.windows(4).skip(1).position(|window| window == b"PK\x03\x04").unwrap() + 1;
    for place in [0, second, directory, honest.len() - 22 - LABEL.len() - HASH_LENGTH] {
        let mut bytes = honest.clone();
        bytes.splice(place..place, *b"hidden");
        assert!(bench.verify(&resealed(bytes)).is_err(), "at {place}");
    }
    let mut other_name = honest.clone();
    other_name[30] = b'I';
    let complaint = bench.complaint(&resealed(other_name));
    assert_eq!(complaint, r#""index.html" is damaged: its header and the directory differ"#);
}

#[test]
fn sizes_of_64_bits_are_understood() {
    let bytes = forged(&FILES, &listed(&FILES), SimpleFileOptions::default().large_file(true));
    assert_eq!(Bench::new().verify(&bytes).unwrap().files, 3);
}

#[test]
fn more_than_65535_files_are_understood() {
    let names: Vec<_> = (0..66_000).map(|number| format!("{number}.txt")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    let lines: String = names.iter().map(|name| listed(&[(name, "")])).collect();
    let bytes = forged(&files, &lines, SimpleFileOptions::default());
    assert_eq!(Bench::new().verify(&bytes).unwrap().files, 66_000);
}

#[test]
fn a_stopped_check_says_so() {
    let bench = Bench::new();
    let path = bench.0.path().join("room.zip");
    std::fs::write(&path, honest()).unwrap();
    let progress = Progress::default();
    progress.cancel();
    assert!(matches!(verify(&path, &progress), Err(VerifyError::Cancelled(_))));
}

proptest! {
    #[test]
    fn no_damage_brings_the_check_down(
        level in 0_u8..2,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..4, any::<Vec<u8>>()), 1..4),
        reseal in any::<bool>(),
    ) {
        let intact = packed(level);
        let mut bytes = intact.clone();
        for (place, removed, inserted) in edits {
            let place = place.index(bytes.len());
            let end = (place + removed).min(bytes.len());
            bytes.splice(place..end, inserted);
            if bytes.is_empty() { bytes.push(0); }
        }
        if reseal {
            // Past its own hash, so that what is behind is tried, too. No verdict is expected.
            drop(Bench::new().verify(&resealed(bytes)));
        } else if bytes != intact {
            prop_assert!(Bench::new().verify(&bytes).is_err());
        }
    }
}
