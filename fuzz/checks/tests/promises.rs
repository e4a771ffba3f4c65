//! Every promise, asked with all inputs of its corpus and with what chance makes of these.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fuzz_checks::TARGETS;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// Mutated inputs for each promise.
const CASES: u32 = 64;
/// Mutations of one input.
const MOST_EDITS: usize = 6;

fn fuzz() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies beside the targets")
}

fn names_in(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.map(|path| path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned()).collect()
}

/// The inputs of a promise, the same every time.
fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(fuzz().join("corpus").join(name)).expect("a corpus");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).expect("readable"))).collect()
}

#[derive(Debug, Clone)]
enum Edit {
    Flip(Index, u8),
    Cut(Index, Index),
    Repeat(Index, Index),
    /// Puts a piece of another input there.
    Splice(Index, Index, Index, Index),
    Insert(Index, Vec<u8>),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 1..=u8::MAX).prop_map(|(at, bits)| Edit::Flip(at, bits)),
        (at(), at()).prop_map(|(from, to)| Edit::Cut(from, to)),
        (at(), at()).prop_map(|(from, to)| Edit::Repeat(from, to)),
        (at(), at(), at(), at()).prop_map(|(to, other, from, end)| Edit::Splice(to, other, from, end)),
        (at(), prop::collection::vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
    ]
}

/// The bytes between two places; whichever comes first is the beginning.
fn between(bytes: &[u8], one: Index, other: Index) -> (usize, &[u8]) {
    let (one, other) = (one.index(bytes.len() + 1), other.index(bytes.len() + 1));
    (one.min(other), &bytes[one.min(other)..one.max(other)])
}

fn edited(mut bytes: Vec<u8>, edits: &[Edit], corpus: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
    for edit in edits {
        match edit {
            Edit::Flip(at, bits) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= bits;
            }
            Edit::Flip(..) => {}
            Edit::Cut(from, to) => {
                let (at, cut) = between(&bytes, *from, *to);
                let length = cut.len();
                bytes.drain(at..at + length);
            }
            Edit::Repeat(from, to) => {
                let (at, piece) = between(&bytes, *from, *to);
                let piece = piece.to_vec();
                bytes.splice(at..at, piece);
            }
            Edit::Splice(to, other, from, end) => {
                let at = to.index(bytes.len() + 1);
                let (_, piece) = between(&corpus[other.index(corpus.len())].1, *from, *end);
                bytes.splice(at..at, piece.iter().copied());
            }
            Edit::Insert(at, piece) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
    bytes
}

/// Asks one promise with its corpus and with mutations of it.
fn keeps(name: &str) {
    let (_, check) = TARGETS.iter().find(|(known, _)| *known == name).expect("a promise of this name");
    let corpus = corpus(name);
    for (path, bytes) in &corpus {
        let kept = std::panic::catch_unwind(|| check(bytes));
        assert!(kept.is_ok(), "{} breaks the promise", path.display());
    }
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let inputs = (any::<Index>(), prop::collection::vec(edit(), 0..MOST_EDITS));
    let kept = TestRunner::new(config).run(&inputs, |(seed, edits)| {
        let input = edited(corpus[seed.index(corpus.len())].1.clone(), &edits, &corpus);
        // A panic alone would not show the bytes that belong into the corpus.
        std::panic::catch_unwind(|| check(&input))
            .map_err(|_| TestCaseError::fail(format!("put this into the corpus: {}", input.escape_ascii())))
    });
    assert!(kept.is_ok(), "{}", kept.expect_err("just seen"));
}

macro_rules! promises {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            keeps(stringify!($name));
        })*

        #[test]
        fn every_promise_has_a_test_a_target_and_a_corpus() {
            let promised: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
            assert_eq!(BTreeSet::from([$(stringify!($name).to_owned()),*]), promised);
            assert_eq!(names_in(&fuzz().join("fuzz_targets")), promised);
            assert_eq!(names_in(&fuzz().join("corpus")), promised);
            let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("the manifest of the targets");
            for name in promised {
                assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is no target");
            }
        }
    };
}

promises!(formats import keys markdown options pages requests verify);
