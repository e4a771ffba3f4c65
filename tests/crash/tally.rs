//! What was acknowledged, counted, and what is wrong, in sentences.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

/// Kept while the server is killed again and again.
#[derive(Default)]
pub(crate) struct Tally {
    acknowledged: Mutex<BTreeMap<&'static str, u64>>,
    lost: Mutex<Vec<String>>,
    doubled: Mutex<Vec<String>>,
    wrong: Mutex<Vec<String>>,
}

impl Tally {
    /// Counts an operation of this kind whose success was told.
    pub(crate) fn acknowledged(&self, kind: &'static str) {
        *self.acknowledged.lock().expect("whole").entry(kind).or_default() += 1;
    }

    /// Something acknowledged is not there, or not as it was acknowledged.
    pub(crate) fn lost(&self, what: String) {
        self.lost.lock().expect("whole").push(what);
    }

    /// Something was done twice, or is there though nobody did it.
    pub(crate) fn doubled(&self, what: String) {
        self.doubled.lock().expect("whole").push(what);
    }

    /// Anything else that should not be.
    pub(crate) fn wrong(&self, what: String) {
        self.wrong.lock().expect("whole").push(what);
    }

    /// How many operations were acknowledged.
    pub(crate) fn total(&self) -> u64 {
        self.acknowledged.lock().expect("whole").values().sum()
    }

    /// Whether nothing is lost, doubled or wrong.
    pub(crate) fn is_clean(&self) -> bool {
        [&self.lost, &self.doubled, &self.wrong].iter().all(|list| list.lock().expect("whole").is_empty())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, count) in &*self.acknowledged.lock().expect("whole") {
            writeln!(out, "{count:>10} {kind}")?;
        }
        for (word, list) in [("lost", &self.lost), ("doubled", &self.doubled), ("wrong", &self.wrong)] {
            let list = list.lock().expect("whole");
            writeln!(out, "{:>10} {word}", list.len())?;
            for sentence in list.iter().take(20) {
                writeln!(out, "           - {sentence}")?;
            }
        }
        Ok(())
    }
}
