//! Spools as formats use them, well and badly.

use std::collections::BTreeMap;

use export_sdk::Artifact;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::*;

fn path(name: &str) -> ArtifactPath {
    ArtifactPath::new(name).unwrap()
}

fn spool() -> (TempDir, Spool, Progress) {
    let directory = TempDir::new().unwrap();
    let progress = Progress::default();
    let spool = Spool::create(directory.path().join("job"), progress.clone()).unwrap();
    (directory, spool, progress)
}

fn artifacts(sealed: &Sealed) -> Vec<Artifact> {
    sealed.artifacts().unwrap().collect::<io::Result<_>>().unwrap()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[test]
fn a_sealed_export_lists_all_files_in_the_order_of_their_completion() {
    let (directory, mut spool, progress) = spool();
    let blob = directory.path().join("blob");
    fs::write(&blob, b"a picture").unwrap();
    let mut page = spool.create(&path("index.html"), "text/html").unwrap();
    page.write_all(b"<p>").unwrap();
    let mut data = spool.create(&path("data/room.json"), "application/json").unwrap();
    assert!(spool.link(&path("assets/cat.png"), "image/png", &blob, sha256(b"a picture"), 9).unwrap());
    data.write_all(b"{}").unwrap();
    drop(data);
    page.write_all(b"</p>").unwrap();
    drop(page);

    assert!(Sealed::open(&directory.path().join("job")).unwrap().is_none(), "not yet");
    drop(spool.seal().unwrap());
    let sealed = Sealed::open(&directory.path().join("job")).unwrap().unwrap();
    let found = artifacts(&sealed);
    let expected: [(&str, &str, &[u8]); 3] = [
        ("assets/cat.png", "image/png", b"a picture"),
        ("data/room.json", "application/json", b"{}"),
        ("index.html", "text/html", b"<p></p>"),
    ];
    assert_eq!(found.len(), expected.len());
    for (artifact, (name, media_type, content)) in found.iter().zip(expected) {
        assert_eq!((artifact.path.as_str(), artifact.media_type.as_str()), (name, media_type));
        assert_eq!((artifact.size, artifact.sha256), (content.len() as u64, sha256(content)));
        assert_eq!(fs::read(&artifact.file).unwrap(), content);
    }
    assert_eq!(progress.bytes(), 18);
}

#[test]
fn a_name_can_be_used_once_in_any_case() {
    let (_directory, mut spool, _) = spool();
    drop(spool.create(&path("index.html"), "text/html").unwrap());
    for taken in ["index.html", "INDEX.html", "index.html/below", "manifest-sha256.txt"] {
        let error = spool.create(&path(taken), "text/html").err().expect(taken);
        assert!(error.to_string().contains(taken), "{error}");
    }
    assert_eq!(artifacts(&spool.seal().unwrap()).len(), 1);
}

#[test]
fn a_cancelled_export_fails_at_the_next_write_and_cannot_be_sealed() {
    let (directory, mut spool, progress) = spool();
    let mut file = spool.create(&path("a"), "text/plain").unwrap();
    file.write_all(b"before").unwrap();
    progress.cancel();
    let error = export_sdk::Error::from(file.write_all(b"after").unwrap_err());
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(spool.create(&path("b"), "text/plain").err().unwrap().kind(), ErrorKind::Cancelled);
    drop(file);
    assert_eq!(export_sdk::Error::from(spool.seal().unwrap_err()).kind(), ErrorKind::Cancelled);
    assert!(Sealed::open(&directory.path().join("job")).unwrap().is_none());
}

#[test]
fn a_failure_that_the_format_swallowed_still_prevents_the_seal() {
    let (_directory, mut spool, _) = spool();
    drop(spool.create(&path("good"), "text/plain").unwrap());
    // The outcome of a file on a full disk, as the tests of `file` show it.
    spool.finish().unwrap();
    let full = file::Failure::of(io::ErrorKind::StorageFull.into());
    let ledger = spool.ledger.as_mut().unwrap();
    ledger.begin(3, Entry { path: path("full"), media_type: String::new() });
    ledger.end(3, Err(full));
    assert_eq!(spool.seal().unwrap_err().kind(), io::ErrorKind::StorageFull);
}

#[test]
fn a_file_that_the_format_keeps_open_prevents_the_seal() {
    let (_directory, mut spool, _) = spool();
    let kept = spool.create(&path("kept"), "text/plain").unwrap();
    let error = spool.seal().unwrap_err();
    assert!(error.to_string().contains("kept"), "{error}");
    drop(kept);
}

#[test]
fn what_an_unsealed_try_left_is_emptied_and_a_sealed_export_is_kept() {
    let (directory, mut spool, _) = spool();
    drop(spool.create(&path("old"), "text/plain").unwrap());
    drop(spool);
    let job = directory.path().join("job");
    let mut spool = Spool::create(job.clone(), Progress::default()).unwrap();
    drop(spool.create(&path("new"), "text/plain").unwrap());
    let sealed = spool.seal().unwrap();
    assert!(!job.join("files/old").exists());
    let error = Spool::create(job.clone(), Progress::default()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(artifacts(&sealed)[0].path.as_str(), "new");
    sealed.remove().unwrap();
    assert!(!job.exists());
}

#[test]
fn a_file_is_linked_once_and_a_damaged_one_not_at_all() {
    let (directory, mut spool, _) = spool();
    let (blob, other) = (directory.path().join("blob"), directory.path().join("other"));
    fs::write(&blob, b"blob").unwrap();
    let hash = sha256(b"blob");
    let name = path("assets/blob");
    assert_eq!(spool.link(&name, "x/y", &other, hash, 4).unwrap_err().kind(), io::ErrorKind::NotFound);
    assert_eq!(spool.link(&name, "x/y", &blob, hash, 5).unwrap_err().kind(), io::ErrorKind::InvalidData);
    assert!(spool.link(&name, "x/y", &blob, hash, 4).unwrap(), "a failed link may be tried again");
    assert!(!spool.link(&name, "x/y", &blob, hash, 4).unwrap());
    assert!(spool.link(&path("assets/BLOB"), "x/y", &blob, hash, 4).is_err());
    fs::write(&other, b"othr").unwrap();
    assert!(spool.link(&name, "x/y", &other, sha256(b"othr"), 4).is_err(), "same name, other content");
    let found = artifacts(&spool.seal().unwrap());
    assert_eq!(found.len(), 1);
    assert_eq!(fs::read(&found[0].file).unwrap(), b"blob");
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_of_another_file_system_is_copied() {
    let Ok(elsewhere) = TempDir::new_in("/dev/shm") else { return };
    let (_directory, mut spool, _) = spool();
    let blob = elsewhere.path().join("blob");
    fs::write(&blob, b"blob").unwrap();
    assert!(spool.link(&path("good"), "x/y", &blob, sha256(b"blob"), 4).unwrap());
    let sealed = spool.seal().unwrap();
    drop(elsewhere);
    assert_eq!(fs::read(&artifacts(&sealed)[0].file).unwrap(), b"blob");
}

#[test]
fn a_passing_export_tells_each_file_when_it_is_complete_and_goes_on_when_nobody_listens() {
    let directory = TempDir::new().unwrap();
    let (mut spool, complete) = Spool::passing(directory.path().join("job"), Progress::default()).unwrap();
    let mut late = spool.create(&path("late"), "text/plain").unwrap();
    late.write_all(b"begun first").unwrap();
    for name in ["one", "two"] {
        drop(spool.create(&path(name), "text/plain").unwrap());
        assert_eq!(complete.recv().unwrap().path.as_str(), name);
    }
    drop(late);
    let told = complete.recv().unwrap();
    assert_eq!((told.path.as_str(), told.size, told.sha256), ("late", 11, sha256(b"begun first")));
    drop(complete);
    drop(spool.create(&path("unheard"), "text/plain").unwrap());
    let found = artifacts(&spool.seal().unwrap());
    let found: Vec<_> = found.iter().map(|artifact| artifact.path.as_str()).collect();
    assert_eq!(found, ["one", "two", "late", "unheard"]);
}

proptest! {
    #[test]
    fn any_mix_of_writes_to_many_files_is_hashed_right(
        writes in proptest::collection::vec((0_usize..5, 0_usize..100_000, any::<bool>()), 0..20)
    ) {
        let (_directory, mut spool, _) = spool();
        let mut open = BTreeMap::new();
        let mut expected = BTreeMap::<ArtifactPath, Vec<u8>>::new();
        for (number, (slot, length, keep)) in writes.into_iter().enumerate() {
            let (name, file) = open.entry(slot).or_insert_with(|| {
                let name = path(&format!("file-{number}"));
                expected.insert(name.clone(), Vec::new());
                let file = spool.create(&name, "text/plain").unwrap();
                (name, file)
            });
            let bytes = vec![u8::try_from(number).unwrap(); length];
            file.write_all(&bytes).unwrap();
            expected.get_mut(name).unwrap().extend(bytes);
            if !keep {
                open.remove(&slot);
            }
        }
        drop(open);
        let found = artifacts(&spool.seal().unwrap());
        prop_assert_eq!(found.len(), expected.len());
        for artifact in found {
            let content = &expected[&artifact.path];
            prop_assert_eq!(artifact.size, content.len() as u64);
            prop_assert_eq!(artifact.sha256, sha256(content));
            prop_assert_eq!(&fs::read(&artifact.file).unwrap(), content);
        }
    }
}
