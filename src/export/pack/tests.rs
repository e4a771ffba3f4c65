//! Packed and laid out, and read back by others.

use std::io::{Read, Write};
use std::process::Command;

use export_sdk::{ErrorKind, Output};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use zip::CompressionMethod;

use super::*;
use crate::export::bag::MANIFEST;
use crate::export::spool::Spool;

const STAMP: i64 = 1_710_498_031_123;

/// A page, a picture that is noise and an empty file with a name in another script.
fn export(directory: &Path) -> Sealed {
    let mut spool = Spool::create(directory.join("job"), Progress::default()).unwrap();
    let files: [(&str, &str, Vec<u8>); 3] = [
        ("index.html", "text/html; charset=utf-8", b"<p>hello</p>".repeat(5000)),
        ("assets/cat.png", "image/png", (0..5000_u32).flat_map(|n| n.pow(2).to_le_bytes()).collect()),
        ("assets/灯台.txt", "text/plain", Vec::new()),
    ];
    for (path, media_type, content) in files {
        let mut file = spool.create(&ArtifactPath::new(path).unwrap(), media_type).unwrap();
        file.write_all(&content).unwrap();
    }
    spool.seal().unwrap()
}

fn plain(level: u8) -> Packing<'static> {
    Packing::new(Layout::Plain, level, Timestamp::from_millis(STAMP))
}

fn pack_at(sealed: &Sealed, to: &Path, level: u8) -> io::Result<Artifact> {
    pack(sealed, to, &plain(level), &Progress::default())
}

/// The names in a zip in their order, each with its content.
fn entries(zip: &Path) -> Vec<(String, Vec<u8>)> {
    let mut zip = zip::ZipArchive::new(File::open(zip).unwrap()).unwrap();
    let count = zip.len();
    let entry = |number| {
        let mut entry = zip.by_index(number).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(entry).collect()
}

fn names(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn equal_exports_give_equal_zips_of_the_told_size_and_hash() {
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let artifact = pack_at(&export(one.path()), &one.path().join("room.zip"), 6).unwrap();
    pack_at(&export(two.path()), &two.path().join("room.zip"), 6).unwrap();
    let bytes = fs::read(one.path().join("room.zip")).unwrap();
    assert_eq!(bytes, fs::read(two.path().join("room.zip")).unwrap());
    assert_eq!(artifact.size, bytes.len() as u64);
    assert_eq!(artifact.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
    assert_eq!(artifact.path.as_str(), "room.zip");
    assert_eq!(names(one.path()), ["job", "room.zip"]);
}

#[test]
fn pictures_are_stored_and_texts_deflated_unless_level_is_zero() {
    let directory = TempDir::new().unwrap();
    let sealed = export(directory.path());
    for (level, text) in [(0, CompressionMethod::Stored), (1, CompressionMethod::Deflated)] {
        let to = directory.path().join("room.zip");
        pack_at(&sealed, &to, level).unwrap();
        let mut zip = zip::ZipArchive::new(File::open(&to).unwrap()).unwrap();
        assert_eq!(zip.by_name("index.html").unwrap().compression(), text);
        let picture = zip.by_name("assets/cat.png").unwrap();
        assert_eq!(picture.compression(), CompressionMethod::Stored);
        assert_eq!(picture.last_modified().unwrap().to_string(), "2024-03-15 10:20:30");
        assert_eq!(picture.unix_mode(), Some(0o100_644));
        drop(picture);
        let mut manifest = String::new();
        zip.by_index(4).unwrap().read_to_string(&mut manifest).unwrap();
        let listed: Vec<_> = manifest.lines().map(|line| &line[66..]).collect();
        assert_eq!(listed, ["index.html", "assets/cat.png", "assets/灯台.txt"]);
    }
}

#[test]
fn python_reads_the_zip() {
    let directory = TempDir::new().unwrap();
    let to = directory.path().join("room.zip");
    pack_at(&export(directory.path()), &to, 6).unwrap();
    let script = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
                  print(len(z.namelist()), len(z.read('index.html')), z.namelist()[2] == 'assets/\\u706f\\u53f0.txt')";
    match Command::new("python3").args(["-c", script]).arg(&to).output() {
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout), "6 60000 True\n", "{output:?}"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => eprintln!("skipped: no python3 here"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_file_that_changed_after_the_seal_is_refused_by_name() {
    let directory = TempDir::new().unwrap();
    let sealed = export(directory.path());
    fs::write(directory.path().join("job/files/assets/cat.png"), b"dog").unwrap();
    let error = pack_at(&sealed, &directory.path().join("room.zip"), 6).unwrap_err();
    assert!(error.to_string().contains("assets/cat.png"), "{error}");
    // As it is found after a restart, where nobody knows what has become of it.
    let found = Sealed::open(&directory.path().join("job")).unwrap().unwrap();
    let error = lay_out(&found, &directory.path().join("room"), &plain(0), &Progress::default()).unwrap_err();
    assert!(error.to_string().contains("assets/cat.png"), "{error}");
    assert_eq!(names(directory.path()), ["job"], "nothing is left behind");
}

#[test]
fn a_cancelled_packing_leaves_nothing() {
    let directory = TempDir::new().unwrap();
    let sealed = export(directory.path());
    let progress = Progress::default();
    progress.cancel();
    let to = directory.path().join("room.zip");
    let error = pack(&sealed, &to, &plain(6), &progress).unwrap_err();
    assert_eq!(export_sdk::Error::from(error).kind(), ErrorKind::Cancelled);
    assert_eq!(names(directory.path()), ["job"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_fails_the_packing() {
    let directory = TempDir::new().unwrap();
    let sealed = export(directory.path());
    std::os::unix::fs::symlink("/dev/full", directory.path().join("room.zip.part")).unwrap();
    let error = pack_at(&sealed, &directory.path().join("room.zip"), 0).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(names(directory.path()), ["job"]);
}

#[test]
fn loose_files_come_with_their_hashes_into_an_empty_directory_only() {
    let directory = TempDir::new().unwrap();
    let sealed = export(directory.path());
    let room = directory.path().join("room");
    fs::create_dir(&room).unwrap();
    lay_out(&sealed, &room, &plain(0), &Progress::default()).unwrap();
    assert_eq!(names(&room), ["assets", "export-info.txt", "index.html", MANIFEST, "tagmanifest-sha256.txt"]);
    let manifest = fs::read_to_string(room.join(MANIFEST)).unwrap();
    for (line, artifact) in manifest.lines().zip(sealed.artifacts().unwrap()) {
        let artifact = artifact.unwrap();
        assert_eq!(line, format!("{}  {}", hex::encode(artifact.sha256), artifact.path));
        let copy = fs::read(room.join(artifact.path.as_str())).unwrap();
        assert_eq!(copy, fs::read(artifact.file).unwrap());
    }
    let error = lay_out(&sealed, &room, &plain(0), &Progress::default()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(names(directory.path()), ["job", "room"]);
}

#[test]
#[cfg(unix)]
fn a_file_that_the_store_keeps_is_copied_when_it_is_laid_out() {
    use std::os::unix::fs::MetadataExt;
    let directory = TempDir::new().unwrap();
    let sealed = export(directory.path());
    let picture = directory.path().join("job/files/assets/cat.png");
    fs::hard_link(&picture, directory.path().join("blob")).unwrap();
    let room = directory.path().join("room");
    lay_out(&sealed, &room, &plain(0), &Progress::default()).unwrap();
    assert_eq!(fs::metadata(room.join("assets/cat.png")).unwrap().nlink(), 1);
    assert_eq!(fs::metadata(room.join("index.html")).unwrap().nlink(), 2, "the rest is linked");
}

/// What `sha256sum -c` would check.
fn listed<'a>(files: impl IntoIterator<Item = &'a (String, Vec<u8>)>, top: &str) -> String {
    let line = |(name, bytes): &(String, Vec<u8>)| {
        format!("{}  {}\n", hex::encode(Sha256::digest(bytes)), name.strip_prefix(top).unwrap())
    };
    files.into_iter().map(line).collect()
}

#[test]
fn the_payload_comes_first_and_every_list_is_right_in_both_layouts() {
    let directory = TempDir::new().unwrap();
    let signer = Signer::open_or_create(directory.path()).unwrap();
    let sealed = export(directory.path());
    let files = ["index.html", "assets/cat.png", "assets/灯台.txt"];
    let bag = ["bagit.txt", "bag-info.txt", MANIFEST, "tagmanifest-sha256.txt", "signature.json"];
    let beside = ["export-info.txt", MANIFEST, "tagmanifest-sha256.txt", "signature.json"];
    for (layout, top, payload, beside) in
        [(Layout::bag("room"), "room/", "data/", &bag[..]), (Layout::Plain, "", "", &beside[..])]
    {
        let mut packing = Packing { layout, signer: Some(&signer), ..plain(6) };
        packing.info = Info::default().with("External-Description", "a\nPayload-Oxum: 0.0");
        let to = directory.path().join("room.zip");
        pack(&sealed, &to, &packing, &Progress::default()).unwrap();
        let entries = entries(&to);
        let names: Vec<_> = entries.iter().map(|(name, _)| name.clone()).collect();
        let expected = files.map(|name| format!("{top}{payload}{name}")).into_iter();
        let expected: Vec<_> = expected.chain(beside.iter().map(|name| format!("{top}{name}"))).collect();
        assert_eq!(names, expected);

        let content = |name: &str| {
            let (_, bytes) = entries.iter().find(|(entry, _)| *entry == format!("{top}{name}")).unwrap();
            String::from_utf8(bytes.clone()).unwrap()
        };
        assert_eq!(content(MANIFEST), listed(&entries[..3], top));
        assert_eq!(content("tagmanifest-sha256.txt"), listed(&entries[3..entries.len() - 2], top));
        let signature = super::super::signing::Signature::parse(&content("signature.json")).unwrap();
        let list = content("tagmanifest-sha256.txt");
        assert_eq!(signature.signer_of(list.as_bytes()), Some(signer.public_key()));
        let info = format!(
            "External-Description: a Payload-Oxum: 0.0\nBagging-Date: 2024-03-15\n\
             Bag-Software-Agent: roomscribe {}\nPayload-Oxum: 80000.3\n",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(content(packing.layout.shape().info()), info);
    }
}

#[test]
fn a_bag_whose_name_is_a_path_is_refused() {
    let directory = TempDir::new().unwrap();
    let sealed = export(directory.path());
    let packing = Packing { layout: Layout::Bag { name: "../room".to_owned() }, ..plain(6) };
    let error =
        pack(&sealed, &directory.path().join("room.zip"), &packing, &Progress::default()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(names(directory.path()), ["job"]);
}
