//! Names of rooms for files and addresses, no two the same on any file system.

use std::collections::HashSet;

use export_sdk::safe_file_name;

use crate::domain::Room;

/// The names given so far; some bytes for each room.
#[derive(Default)]
pub(super) struct RoomNames(HashSet<String>);

impl RoomNames {
    /// The room's name if it is free, else with a number behind it.
    pub(super) fn take(&mut self, room: &Room) -> String {
        let name = safe_file_name(room.name.as_deref().unwrap_or(room.id.as_str()));
        // Long enough to be told apart, short enough for a longer path.
        let name = safe_file_name(&name.chars().take(60).collect::<String>());
        let mut taken = name.clone();
        let mut number = 1;
        while !self.0.insert(taken.to_lowercase()) {
            number += 1;
            taken = format!("{name}-{number}");
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RoomId, RoomKind, Time};

    #[test]
    fn rooms_that_a_file_system_would_confuse_are_told_apart() {
        let mut names = RoomNames::default();
        let mut take = |id: &str, name: Option<&str>| {
            let kind = if name.is_some() { RoomKind::Channel } else { RoomKind::Direct };
            let name = name.map(ToOwned::to_owned);
            names.take(&Room::new(RoomId::new(id), kind, name, None, Time::from_millis(0)))
        };
        assert_eq!(take("1", Some("general")), "general");
        assert_eq!(take("2", Some("General")), "General-2");
        assert_eq!(take("3", Some("a:b")), "a_b");
        assert_eq!(take("4", Some("a_b")), "a_b-2");
        assert_eq!(take("alalbobbob", None), "alalbobbob");
        assert_eq!(take("5", Some(&"ä".repeat(200))).chars().count(), 60);
        assert_ne!(take("6", Some("..")), "..");
    }
}
