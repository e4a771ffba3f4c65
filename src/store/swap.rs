//! A store that takes the place of another, so that a crash at any moment leaves one of the two whole and
//! under its name once [`recover`] has run.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

/// The store, in the data directory.
pub(super) const STORE: &str = "store";
/// One that is being made.
pub(super) const UNFINISHED: &str = "store.unfinished";
/// One that is made, checked and on disk.
const FINISHED: &str = "store.finished";
/// The one whose place was taken.
const REPLACED: &str = "store.replaced";

/// What it takes, in this order. After each of them the disk has it.
const STEPS: [fn(&Path) -> io::Result<()>; 4] = [
    |data_dir| rename(data_dir, UNFINISHED, FINISHED),
    |data_dir| rename(data_dir, STORE, REPLACED),
    |data_dir| rename(data_dir, FINISHED, STORE),
    |data_dir| remove(data_dir, REPLACED),
];

/// Puts the unfinished store, which is on disk, into the place of the other. Nobody has either of them open.
pub(super) fn swap(data_dir: &Path) -> io::Result<()> {
    STEPS.iter().try_for_each(|step| run(*step, data_dir))
}

/// Finishes, or takes back, what a crash cut short. Whoever calls it has locked the data directory.
pub(super) fn recover(data_dir: &Path) -> io::Result<()> {
    if !is_there(data_dir, STORE) {
        let left = [FINISHED, REPLACED].into_iter().find(|name| is_there(data_dir, name));
        if let Some(left) = left {
            run(|data_dir| rename(data_dir, left, STORE), data_dir)?;
        }
    }
    [UNFINISHED, FINISHED, REPLACED].into_iter().try_for_each(|name| remove(data_dir, name))
}

/// Whether there is a store, perhaps under the name that a crash left it.
pub(super) fn exists(data_dir: &Path) -> bool {
    [STORE, FINISHED, REPLACED].into_iter().any(|name| is_there(data_dir, name))
}

/// Removes a directory, if it is there.
pub(super) fn remove(data_dir: &Path, name: &str) -> io::Result<()> {
    match fs::remove_dir_all(data_dir.join(name)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn run(step: impl Fn(&Path) -> io::Result<()>, data_dir: &Path) -> io::Result<()> {
    step(data_dir)?;
    File::open(data_dir)?.sync_all()
}

fn is_there(data_dir: &Path, name: &str) -> bool {
    data_dir.join(name).join("db").exists()
}

fn rename(data_dir: &Path, from: &str, to: &str) -> io::Result<()> {
    fs::rename(data_dir.join(from), data_dir.join(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data directory with an old and an unfinished store, after so many steps of a swap.
    fn cut_short(steps: usize) -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        for name in [STORE, UNFINISHED] {
            fs::create_dir(data.path().join(name)).unwrap();
            fs::write(data.path().join(name).join("db"), name).unwrap();
        }
        STEPS[..steps].iter().try_for_each(|step| run(*step, data.path())).unwrap();
        data
    }

    fn names(data_dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(data_dir).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_crash_leaves_one_of_both_under_its_name() {
        for steps in 0..=STEPS.len() {
            let data = cut_short(steps);
            assert!(exists(data.path()), "after {steps} steps");
            // A crash may cut the recovery short, too.
            for _ in 0..2 {
                recover(data.path()).unwrap();
                assert_eq!(names(data.path()), [STORE], "after {steps} steps");
                let there = fs::read_to_string(data.path().join(STORE).join("db")).unwrap();
                assert_eq!(there, if steps < 2 { STORE } else { UNFINISHED }, "after {steps} steps");
            }
        }
    }

    #[test]
    fn a_swap_does_all_steps() {
        let data = cut_short(0);
        swap(data.path()).unwrap();
        assert_eq!(names(data.path()), [STORE]);
        assert_eq!(fs::read_to_string(data.path().join(STORE).join("db")).unwrap(), UNFINISHED);
    }

    #[test]
    fn what_was_half_removed_is_removed() {
        for name in [UNFINISHED, FINISHED, REPLACED] {
            let data = tempfile::tempdir().unwrap();
            fs::create_dir_all(data.path().join(STORE)).unwrap();
            fs::write(data.path().join(STORE).join("db"), "whole").unwrap();
            fs::create_dir_all(data.path().join(name).join("blobs")).unwrap();
            recover(data.path()).unwrap();
            assert_eq!(names(data.path()), [STORE], "{name}");
        }
        let data = tempfile::tempdir().unwrap();
        recover(data.path()).unwrap();
        assert!(!exists(data.path()) && names(data.path()).is_empty());
    }
}
