//! The suite for deliveries.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::place::Trial;
use super::{HOSTILE_NAMES, HOSTILE_TEXTS, Place, Register};
use crate::{ErrorKind, Packaging, safe_file_name};

const KEY: &str = "Key1";
/// More than a delivery hands over between two waits.
const LARGE: usize = 4 << 20;

/// Runs the whole suite against the delivery `id` that `register` brings; `place` makes a fresh
/// place to deliver to, many times.
///
/// Panics with a sentence that says what is wrong. Checked: that it describes itself, options that
/// do not exist, one key twice, two keys, every byte of every file, an export without messages,
/// hostile titles and file names, a file that is gone, that the export itself stays untouched, and
/// what stays when the host drops the delivery at any of its waits, and tries again.
pub fn delivery<P: Place>(register: Register, id: &str, place: impl Fn() -> P) {
    let trial = || Trial::new(register, id, place());
    describes_itself(&trial());
    delivers_once_for_each_key(&trial());
    delivers_every_byte(&trial);
    takes_what_is_empty_or_hostile(&trial());
    fails_if_a_file_is_gone(&trial());
    leaves_nothing_half_done(&trial);
}

fn describes_itself<P: Place>(trial: &Trial<P>) {
    let (delivery, options) = (trial.delivery(), trial.place.options());
    assert!(!delivery.describe().is_empty(), "{} has a line for people", delivery.id());
    for option in delivery.options() {
        assert!(!option.help.is_empty() && !option.kind.is_empty(), "option {} has help", option.name);
    }
    delivery.check(&options).expect("the place's own options are accepted");
    let mut nonsense = if options.is_null() { json!({}) } else { options };
    nonsense["no such option"] = Value::Bool(true);
    let refused = delivery.check(&nonsense).expect_err("an unknown option is refused");
    assert_eq!(refused.kind(), ErrorKind::BadOptions, "an unknown option is the requester's mistake");
}

fn delivers_once_for_each_key<P: Place>(trial: &Trial<P>) {
    let export = trial.export("general", &[("general.txt", b"Hello")]);
    assert!(trial.arrived().is_empty(), "a fresh place is empty");
    let first = trial.deliver(&export, 1, KEY).expect("delivers");
    let once = trial.arrived();
    assert!(!once.is_empty(), "`arrived` shows what was delivered");
    // The same number again is a server that was killed before it noted the success.
    for number in [1, 2] {
        let again = trial.deliver(&export, number, KEY).expect("delivers the same again");
        assert_eq!(again.file, first.file, "every try offers the same file");
        assert!(trial.arrived() == once, "a second try with the same key delivers nothing new");
    }
    trial.deliver(&export, 1, "Key2").expect("delivers under another key");
    let both = trial.arrived();
    assert_eq!(both.len(), 2 * once.len(), "another key delivers again");
    assert!(once.iter().all(|(name, content)| both.get(name) == Some(content)), "and changes nothing");
}

fn delivers_every_byte<P: Place>(trial: &impl Fn() -> Trial<P>) {
    let files = [("general.txt", "one"), ("assets/f1-cat.png", "two"), ("assets/f2-cat.png", "three")];
    let files = if trial().packaging() == Packaging::Loose { &files[..] } else { &files[..1] };
    let arrived = |changed: Option<usize>| {
        let trial = trial();
        let content = |n: usize| if changed == Some(n) { "changed" } else { files[n].1 };
        let given: Vec<(&str, &[u8])> =
            files.iter().enumerate().map(|(n, (path, _))| (*path, content(n).as_bytes())).collect();
        let export = trial.export("general", &given);
        trial.deliver(&export, 1, KEY).expect("delivers all files");
        trial.arrived()
    };
    let usual = arrived(None);
    assert!(usual == arrived(None), "the same export arrives the same");
    for (n, (path, _)) in files.iter().enumerate() {
        assert!(usual != arrived(Some(n)), "what is in {path} arrives");
    }
}

fn takes_what_is_empty_or_hostile<P: Place>(trial: &Trial<P>) {
    trial.deliver(&trial.export("empty", &[("empty.txt", b"")]), 1, "Empty").expect("delivers an empty file");
    let each = trial.arrived().len();
    for (n, title) in HOSTILE_TEXTS.iter().enumerate() {
        let export = trial.export(title, &[("general.txt", b"Hello")]);
        trial.deliver(&export, 1, &format!("Title{n}")).expect("a room may have any title");
    }
    assert_eq!(trial.arrived().len(), each * (HOSTILE_TEXTS.len() + 1), "every title arrives at its place");
    if trial.packaging() == Packaging::Loose {
        let names = HOSTILE_NAMES.iter().enumerate();
        let paths: BTreeSet<String> =
            names.map(|(n, name)| format!("assets/f{n}-{}", safe_file_name(name))).collect();
        let files: Vec<(&str, &[u8])> = paths.iter().map(|path| (path.as_str(), &b"Hello"[..])).collect();
        trial.deliver(&trial.export("general", &files), 1, "Names").expect("delivers files of any name");
    }
}

fn fails_if_a_file_is_gone<P: Place>(trial: &Trial<P>) {
    let export = trial.export("general", &[("general.txt", b"Hello")]);
    trial.lose(&export.artifacts[0]);
    assert!(trial.deliver(&export, 1, KEY).is_err(), "a file that is gone is no success");
    assert!(trial.arrived().is_empty(), "and nothing arrives");
}

fn leaves_nothing_half_done<P: Place>(trial: &impl Fn() -> Trial<P>) {
    let large: Vec<u8> = (0..LARGE).map(|n| (n / 7).to_le_bytes()[0]).collect();
    let drop_at = |polls: usize| {
        let trial = trial();
        let export = trial.export("general", &[("general.bin", &large)]);
        let (ended, seen) = trial.drop_after(polls, &export, KEY);
        // What was begun before may still be under way on another thread.
        trial.deliver(&export, 2, KEY).expect("the try after one that was dropped delivers");
        let whole = trial.arrived();
        for (name, content) in seen.iter().flatten() {
            let here = content.len();
            let is_whole = whole.get(name) == Some(content);
            assert!(is_whole, "{name}, of {here} bytes, is not all, after a drop at wait {polls}");
        }
        (ended, whole.len())
    };
    let undisturbed = trial();
    let export = undisturbed.export("general", &[("general.bin", &large)]);
    undisturbed.deliver(&export, 1, KEY).expect("delivers a large file");
    let usual = undisturbed.arrived().len();
    let (mut ended, mut polls) = (false, 0);
    while !ended && polls < 100 {
        polls += polls / 2 + 1;
        let (ends, things) = drop_at(polls);
        assert_eq!(things, usual, "two tries deliver what one does");
        ended = ends;
    }
}
