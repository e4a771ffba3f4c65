//! How long a room keeps what is said in it, where that differs from what holds for all rooms.

use serde_json::{Map, Value, json};

use super::Room;

/// A change of a room's own rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RetentionEdit {
    /// Whether the room is pruned at all.
    Enabled(bool),
    /// Whether the room's own rule holds in place of the general one.
    OverrideGlobal(bool),
    /// Days that messages are kept.
    MaxAge(f64),
    /// Whether pinned messages stay.
    ExcludePinned(bool),
    /// Whether only files go.
    FilesOnly(bool),
    /// Whether threads stay.
    IgnoreThreads(bool),
}

impl RetentionEdit {
    fn entry(self) -> (&'static str, Value) {
        match self {
            Self::Enabled(on) => ("enabled", on.into()),
            Self::OverrideGlobal(on) => ("overrideGlobal", on.into()),
            Self::MaxAge(days) => ("maxAge", whole(days)),
            Self::ExcludePinned(on) => ("excludePinned", on.into()),
            Self::FilesOnly(on) => ("filesOnly", on.into()),
            Self::IgnoreThreads(on) => ("ignoreThreads", on.into()),
        }
    }
}

/// A number without `.0` where it has no part.
fn whole(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
    if number.fract() == 0.0 && number.abs() < 1e15 { json!(number as i64) } else { json!(number) }
}

impl Room {
    /// The room's own rule; empty if it has none.
    pub fn retention(&self) -> Map<String, Value> {
        if !self.extra.as_str().contains("\"retention\"") {
            return Map::new();
        }
        match self.extra.value()["retention"].take() {
            Value::Object(rule) => rule,
            _ => Map::new(),
        }
    }

    /// Changes the room's own rule. Answers whether that was a change.
    pub fn set_retention(&mut self, edit: RetentionEdit) -> bool {
        let mut rule = self.retention();
        let (key, value) = edit.entry();
        if rule.get(key) == Some(&value) {
            return false;
        }
        rule.insert(key.to_owned(), value);
        self.extra = self.extra.with("retention", Value::Object(rule));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{RoomId, RoomKind, Time};

    #[test]
    fn a_rule_is_changed_bit_by_bit() {
        let mut room = Room::new(RoomId::new("r"), RoomKind::Channel, None, None, Time::from_millis(0));
        assert!(room.retention().is_empty());
        assert!(room.set_retention(RetentionEdit::Enabled(true)));
        assert!(!room.set_retention(RetentionEdit::Enabled(true)));
        assert!(room.set_retention(RetentionEdit::MaxAge(30.0)));
        assert!(room.set_retention(RetentionEdit::MaxAge(0.5)));
        assert_eq!(Value::Object(room.retention()), json!({"enabled": true, "maxAge": 0.5}));
    }
}
