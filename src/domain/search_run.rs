//! Runs of messages that searches read or pass over as a whole.

use serde::{Deserialize, Serialize};

use super::{MessageId, Signature, Time};

/// Where a message stands in its room.
pub type Place = (Time, MessageId);

/// A run of a room's messages, kept under the place of its last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchRun {
    /// The messages from this place on belong to it, mostly those since the end of the run before.
    pub from: Place,
    /// What they may hold.
    pub signature: Signature,
}

/// A run that holds more than its signature tells: it is made anew, and read in full till then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaleRun;

/// The features that a message must have to be found: of every group one alternative, of which all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs(Vec<Vec<Vec<u64>>>);

impl Needs {
    /// Needs all of these.
    pub fn all(&mut self, features: impl IntoIterator<Item = u64>) {
        self.0.extend(features.into_iter().map(|feature| vec![vec![feature]]));
    }

    /// Needs all of at least one of these. An alternative that needs nothing makes the others moot.
    pub fn any(&mut self, alternatives: Vec<Vec<u64>>) {
        if !alternatives.iter().any(Vec::is_empty) {
            self.0.push(alternatives);
        }
    }

    /// Needs what others need, too.
    pub fn also(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether anything is needed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The features that are needed whatever else is.
    pub fn certain(self) -> Vec<u64> {
        let single = |mut group: Vec<Vec<u64>>| if group.len() == 1 { group.pop() } else { None };
        self.0.into_iter().filter_map(single).flatten().collect()
    }

    /// Whether all of it may be in one run.
    pub fn may_be_in(&self, signature: &Signature) -> bool {
        let whole = |features: &Vec<u64>| features.iter().all(|&feature| signature.may_hold(feature));
        self.0.iter().all(|group| group.iter().any(whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alternative_of_every_group_must_be_there() {
        let signature = Signature::of(&[1, 2, 3]);
        let needs = |groups: &[&[&[u64]]]| {
            let mut needs = Needs::default();
            for group in groups {
                needs.any(group.iter().map(|features| features.to_vec()).collect());
            }
            needs
        };
        assert!(needs(&[]).may_be_in(&signature));
        assert!(needs(&[&[&[1, 2]], &[&[7_000], &[3]]]).may_be_in(&signature));
        assert!(!needs(&[&[&[1]], &[&[7_000], &[2, 8_000]]]).may_be_in(&signature));
        assert!(!needs(&[&[]]).may_be_in(&signature), "no alternative at all");
        assert!(needs(&[&[&[7_000], &[]]]).is_empty());
        assert_eq!(needs(&[&[&[1, 2]], &[&[3], &[4]]]).certain(), [1, 2]);
    }
}
