//! Damage of every kind, by accident and by intent, to zips.

use std::io::Write;
use std::path::PathBuf;

use export_sdk::{ArtifactPath, Output, Timestamp};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::export::bag::{BAGIT_TEXT, Layout, MANIFEST, Shape, hash_line};
use crate::export::pack::{HASH_LENGTH, LABEL, MODE, Packing, lay_out, pack};
use crate::export::signing::Signer;
use crate::export::spool::{Sealed, Spool};

mod loose;

const FILES: [(&str, &str); 3] = [
    ("index.html", "<p>hello hello hello hello</p>"),
    ("assets/a.txt", ""),
    ("灯台.ndjson", "light\nhouse\n"),
];
const STAMP: i64 = 1_710_498_031_123;

fn layouts() -> [Layout; 2] {
    [Layout::bag("room"), Layout::Plain]
}

fn sealed(directory: &Path) -> Sealed {
    let mut spool = Spool::create(directory.join("job"), Progress::default()).unwrap();
    for (name, content) in FILES {
        let media_type = if name.ends_with("ndjson") { "application/x-ndjson" } else { "text/plain" };
        let mut file = spool.create(&ArtifactPath::new(name).unwrap(), media_type).unwrap();
        file.write_all(content.as_bytes()).unwrap();
    }
    spool.seal().unwrap()
}

/// A small signed zip as the packer makes it, and the key.
fn signed(level: u8, layout: &Layout) -> (Vec<u8>, PublicKey) {
    let directory = TempDir::new().unwrap();
    let signer = Signer::open_or_create(directory.path()).unwrap();
    let packing = Packing {
        signer: Some(&signer),
        ..Packing::new(layout.clone(), level, Timestamp::from_millis(STAMP))
    };
    let to = directory.path().join("room.zip");
    pack(&sealed(directory.path()), &to, &packing, &Progress::default()).unwrap();
    (std::fs::read(to).unwrap(), signer.public_key())
}

fn packed(level: u8, layout: &Layout) -> Vec<u8> {
    signed(level, layout).0
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
    files.iter().map(|(name, content)| hash_line(&Sha256::digest(content).into(), name)).collect()
}

/// What a forger changes. Whatever that is, the checksums and hashes of the zip are right.
struct Forgery<'a> {
    files: &'a [(&'a str, &'a str)],
    manifest: &'a str,
    info: Option<&'a str>,
    options: SimpleFileOptions,
}

impl Forgery<'_> {
    fn zip(&self) -> Vec<u8> {
        let size: usize = self.files.iter().map(|(_, content)| content.len()).sum();
        let info = format!("Payload-Oxum: {size}.{}\n", self.files.len());
        let info = self.info.unwrap_or(&info);
        let tags = [("export-info.txt", info), (MANIFEST, self.manifest)];
        let tag_manifest = listed(&tags);
        let last = [("tagmanifest-sha256.txt", tag_manifest.as_str())];
        let mut zip = ZipWriter::new_stream(Vec::new());
        for (name, content) in self.files.iter().chain(&tags).chain(&last) {
            zip.start_file(*name, self.options.unix_permissions(MODE)).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        zip.set_comment(format!("{LABEL}{}", "0".repeat(HASH_LENGTH))).unwrap();
        resealed(zip.finish().unwrap().into_inner())
    }
}

fn forged(files: &[(&str, &str)], manifest: &str) -> Vec<u8> {
    Forgery { files, manifest, info: None, options: SimpleFileOptions::default() }.zip()
}

fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len().saturating_sub(HASH_LENGTH);
    let hash = hex::encode(Sha256::digest(&bytes[..end]));
    let length = bytes.len() - end;
    bytes[end..].copy_from_slice(&hash.as_bytes()[..length]);
    bytes
}

fn honest() -> Vec<u8> {
    forged(&FILES, &listed(&FILES))
}

#[test]
fn an_intact_zip_is_verified_at_every_level_in_every_layout() {
    for layout in layouts() {
        let names = FILES.map(|(name, content)| (format!("{}{name}", layout.shape().payload()), content));
        let names = names.each_ref().map(|(name, content)| (name.as_str(), *content));
        let manifest_sha256 = Sha256::digest(listed(&names)).into();
        for level in [0, 1, 6, 9] {
            let (bytes, key) = signed(level, &layout);
            let expected = Verified { files: 3, bytes: 42, lines: 2, manifest_sha256, key: Some(key) };
            assert_eq!(Bench::new().verify(&bytes).unwrap(), expected);
        }
    }
}

#[test]
fn one_changed_byte_anywhere_is_found() {
    let bench = Bench::new();
    for (level, layout) in [(0, &layouts()[0]), (6, &layouts()[0]), (0, &layouts()[1]), (6, &layouts()[1])] {
        let intact = packed(level, layout);
        for position in 0..intact.len() {
            for mask in [0x01, 0x20, 0x80, 0xFF] {
                let mut bytes = intact.clone();
                bytes[position] ^= mask;
                let verdict = bench.verify(&bytes);
                assert!(verdict.is_err(), "byte {position} ^ {mask:#x} of {layout:?} {level}: {verdict:?}");
                assert!(!verdict.unwrap_err().to_string().contains('\n'));
            }
        }
    }
}

#[test]
fn a_changed_content_is_named() {
    let mut bytes = packed(0, &Layout::bag("room"));
    let place = bytes.windows(5).position(|window| window == b"light").unwrap();
    bytes[place] = b'f';
    assert_eq!(
        Bench::new().complaint(&bytes),
        r#""room/data/灯台.ndjson" is damaged: its checksum is wrong"#
    );
}

#[test]
fn a_zip_that_is_cut_or_grown_is_refused() {
    let bench = Bench::new();
    for layout in layouts() {
        let intact = packed(6, &layout);
        for length in 0..intact.len() {
            assert!(bench.verify(&intact[..length]).is_err(), "cut at {length}");
            assert!(bench.verify(&intact[length + 1..]).is_err(), "begun after {length}");
        }
        assert!(bench.verify(&[&intact[..], b"\n"].concat()).is_err());
        assert!(bench.verify(&[b"\n", &intact[..]].concat()).is_err());
    }
}

#[test]
fn files_and_list_of_hashes_must_agree_both_ways() {
    let bench = Bench::new();
    let verified = bench.verify(&honest()).unwrap();
    assert_eq!((verified.files, verified.key), (3, None));
    let forge = |files: &[(&str, &str)], manifest: &str| bench.complaint(&forged(files, manifest));
    let complaint = forge(&FILES, &listed(&FILES[..2]));
    assert_eq!(complaint, r#""灯台.ndjson" is not part of the export: the list of hashes does not name it"#);
    let complaint = forge(&FILES[..2], &listed(&FILES));
    assert_eq!(complaint, r#""灯台.ndjson" is damaged: it is in the list of hashes, but missing"#);
    let complaint = forge(&FILES, &listed(&[FILES[0], FILES[2], FILES[1]]));
    assert_eq!(complaint, r#""assets/a.txt" is damaged: the list of hashes names another file in its place"#);
    let complaint = forge(&FILES, &listed(&[FILES[0], FILES[1], ("灯台.ndjson", "dark")]));
    assert_eq!(complaint, r#""灯台.ndjson" is damaged: its hash is not the one in the list of hashes"#);
    let complaint = forge(&FILES, "no list\n");
    assert!(complaint.starts_with(r#""manifest-sha256.txt" is damaged"#), "{complaint}");
}

#[test]
fn what_is_told_about_the_files_must_be_so() {
    let bench = Bench::new();
    let manifest = listed(&FILES);
    let forge = |info: &str| {
        let options = SimpleFileOptions::default();
        bench.verify(&Forgery { files: &FILES, manifest: &manifest, info: Some(info), options }.zip())
    };
    let root =
        "Merkle-Root: 4f02c5cc2dfd7d4ed6f2b01d5d2e2f10ba8ae4ae2e1f6c8db2ba6d4e3fe5ff0d 2 灯台.ndjson\n";
    let true_root = {
        let mut tree = crate::export::merkle::LineTree::default();
        tree.write_all(FILES[2].1.as_bytes()).unwrap();
        format!("Merkle-Root: {} 2 灯台.ndjson\n", hex::encode(tree.finish().0))
    };
    let oxum = "Payload-Oxum: 42.3\n";
    assert_eq!(forge(&format!("{oxum}{true_root}")).unwrap().lines, 2);
    for wrong in [
        String::new(),
        "Payload-Oxum: 42.4\n".to_owned(),
        format!("{oxum}{oxum}"),
        format!("{oxum}{root}"),
        format!("{oxum}{true_root}{true_root}"),
        format!("{oxum}{}", true_root.replace(" 2 ", " 3 ")),
        format!("{oxum}{}", true_root.replace(" 2 ", " two ")),
        format!("{oxum}{}", true_root.replace("灯台", "灯")),
        format!("{oxum}{}", true_root.replace("灯台.ndjson", MANIFEST)),
    ] {
        let complaint = forge(&wrong).unwrap_err().to_string();
        assert!(complaint.starts_with(r#""export-info.txt" is damaged"#), "{wrong}: {complaint}");
    }
}

#[test]
fn a_key_that_did_not_sign_is_refused() {
    for layout in layouts() {
        let ((mut bytes, key), (_, other)) = (signed(0, &layout), signed(0, &layout));
        assert_ne!(key, other);
        let place = bytes.windows(64).position(|window| window == key.to_string().as_bytes()).unwrap();
        bytes[place..place + 64].copy_from_slice(other.to_string().as_bytes());
        let complaint = Bench::new().complaint(&bytes);
        let expected = r#""signature.json" is damaged: it is not the signature of tagmanifest-sha256.txt"#;
        assert_eq!(complaint, expected);
    }
}

#[test]
fn names_that_climb_or_collide_are_refused() {
    let bench = Bench::new();
    let bad =
        ["../evil", "/evil", "a\\b", "nul", "INDEX.HTML", "index.html/x", "Manifest-sha256.txt", "bagit.txt"];
    for bad in bad {
        let files = [FILES[0], (bad, "")];
        let complaint = bench.complaint(&forged(&files, &listed(&files)));
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
fn a_zip_that_claims_to_be_one_of_several_is_refused_though_the_hash_is_right() {
    let (bench, honest) = (Bench::new(), honest());
    let end = honest.len() - 22 - LABEL.len() - HASH_LENGTH;
    let record = honest.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    // The numbers of disks, the files on this one, the length of the comment; the disk of a file.
    for place in [end + 4, end + 6, end + 8, end + 20, record + 34] {
        let mut bytes = honest.clone();
        bytes[place] ^= 0x40;
        assert!(bench.verify(&resealed(bytes)).is_err(), "at {place}");
    }
}

#[test]
fn sizes_of_64_bits_are_understood() {
    let options = SimpleFileOptions::default().large_file(true);
    let bytes = Forgery { files: &FILES, manifest: &listed(&FILES), info: None, options }.zip();
    assert_eq!(Bench::new().verify(&bytes).unwrap().files, 3);
}

#[test]
fn more_than_65535_files_are_understood() {
    let names: Vec<_> = (0..66_000).map(|number| format!("{number}.txt")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    let lines: String = names.iter().map(|name| listed(&[(name, "")])).collect();
    assert_eq!(Bench::new().verify(&forged(&files, &lines)).unwrap().files, 66_000);
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
        plain in any::<bool>(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..4, any::<Vec<u8>>()), 1..4),
        reseal in any::<bool>(),
    ) {
        let intact = packed(level, &layouts()[usize::from(plain)]);
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
