//! Names of rooms for files and addresses, no two the same on any file system.

use std::collections::HashMap;

use export_sdk::safe_file_name;

use crate::export::spool::folded;

/// Long enough to be told apart, short enough for a longer path.
const LONGEST: usize = 120;

/// The names given so far, and the last number behind each; some bytes for each room.
#[derive(Default)]
pub(super) struct RoomNames(HashMap<String, u64>);

impl RoomNames {
    /// The room's name, or its id where it has none, if that is free; else with a number behind it.
    pub(super) fn take(&mut self, name: Option<&str>, id: &str) -> String {
        let mut name = safe_file_name(name.unwrap_or(id));
        while name.len() > LONGEST {
            name.pop();
        }
        // What is left may end in a blank.
        let name = safe_file_name(&name);
        let key = folded(&name);
        let Some(mut number) = self.0.get(&key).copied() else {
            self.0.insert(key, 1);
            return name;
        };
        loop {
            number += 1;
            let numbered = format!("{name}-{number}");
            let numbered_key = folded(&numbered);
            if !self.0.contains_key(&numbered_key) {
                self.0.insert(numbered_key, 1);
                self.0.insert(key, number);
                return numbered;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    #[test]
    fn rooms_that_a_file_system_would_confuse_are_told_apart() {
        let mut names = RoomNames::default();
        let mut take = |id: &str, name: Option<&str>| names.take(name, id);
        assert_eq!(take("1", Some("general")), "general");
        assert_eq!(take("2", Some("General")), "General-2");
        assert_eq!(take("3", Some("a:b")), "a_b");
        assert_eq!(take("4", Some("a_b")), "a_b-2");
        assert_eq!(take("alalbobbob", None), "alalbobbob");
        assert_eq!(take("5", Some(&"ä".repeat(200))).chars().count(), 60);
        assert_ne!(take("6", Some("..")), "..");
        // A letter that is told from k by lower case only.
        assert_eq!((take("7", Some("K")), take("8", Some("\u{212a}"))), ("K".into(), "\u{212a}-2".into()));
        assert_eq!(take("9", Some("general-2")), "general-2-2");
    }

    #[test]
    fn a_thousand_rooms_of_one_name_are_told_apart_whatever_it_is() {
        let mut names = RoomNames::default();
        for name in ["general", &"\u{1f41d}".repeat(200), "a.b ", &".".repeat(300)] {
            let given: HashSet<String> = (0..1000).map(|_| folded(&names.take(Some(name), "id"))).collect();
            assert_eq!(given.len(), 1000);
            for slug in &given {
                let file = safe_file_name(&format!("{}.html", safe_file_name(slug)));
                assert_eq!(file, format!("{slug}.html"), "nothing is cut off that tells them apart");
            }
        }
    }
}
