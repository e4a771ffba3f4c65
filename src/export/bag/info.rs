//! What an export tells about itself, as `Label: value` lines.
//!
//! The values are what people typed. Nothing in them can begin another line, in the eyes of any
//! program: here is the only place that makes such lines.

use std::fmt;

use crate::domain::{Choice, Order, Rooms};
use crate::export::merkle::Hash;
use crate::export::view;

pub(crate) const PAYLOAD_OXUM: &str = "Payload-Oxum";
const MERKLE_ROOT: &str = "Merkle-Root";
/// A value is cut after so many characters.
const LONGEST_VALUE: usize = 1000;

/// What the caller wants told about an export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Info(String);

impl Info {
    /// What an export holds, and what keeps it from being everything.
    pub fn of(order: &Order) -> Self {
        let names = |choices: &[Choice]| {
            choices.iter().map(|choice| choice.id.as_str()).collect::<Vec<_>>().join(", ")
        };
        let formats = names(&order.formats);
        let description = format!("{} as {formats}", order.public_title());
        let mut info = Self::default().with("External-Description", &description);
        if let Some(room) = order.public_room() {
            info.add("Roomscribe-Room", room.as_str());
        }
        info.add("Roomscribe-Formats", &formats);
        if let Some(from) = order.from {
            info.add("Roomscribe-From", &view::time(from).to_string());
        }
        info.add("Roomscribe-Until", &view::time(order.until).to_string());
        info.add("Roomscribe-Query", order.public_query());
        info.add("Roomscribe-Time-Zone", &order.time_zone);
        if let Some(thread) = order.public_thread() {
            info.add("Roomscribe-Thread", thread.as_str());
        }
        if let Rooms::Messages { messages, .. } = &order.rooms {
            info.add("Roomscribe-Chosen-Messages", &messages.len().to_string());
        }
        if !order.system_messages {
            info.add("Roomscribe-System-Messages", "left out");
        }
        info.add("Roomscribe-Transforms", &names(&order.transforms));
        info
    }

    /// Adds a line. The label has letters, digits and hyphens only; a value of nothing but blanks
    /// adds none. The value becomes one line, whatever it holds.
    pub fn add(&mut self, label: &'static str, value: &str) {
        let value: String = value.trim().chars().take(LONGEST_VALUE).map(straight).collect();
        let value = value.trim();
        if !value.is_empty() {
            self.0.extend([label, ": ", value, "\n"]);
        }
    }

    /// The same, for a chain of calls.
    #[must_use]
    pub fn with(mut self, label: &'static str, value: &str) -> Self {
        self.add(label, value);
        self
    }

    /// Says how a line of this file can be proven.
    pub(crate) fn add_root(&mut self, root: &LineRoot) {
        self.0.extend([MERKLE_ROOT, ": ", &root.to_string(), "\n"]);
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// A blank for what some program takes for the end of a line.
fn straight(c: char) -> char {
    if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }
}

/// The hash tree over the lines of one payload file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineRoot {
    pub(crate) root: Hash,
    pub(crate) lines: u64,
    /// The name in the manifest.
    pub(crate) name: String,
}

impl fmt::Display for LineRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", hex::encode(self.root), self.lines, self.name)
    }
}

impl LineRoot {
    fn parse(value: &str) -> Option<Self> {
        let (hash, rest) = value.split_once(' ')?;
        let (lines, name) = rest.split_once(' ')?;
        let mut root = [0; 32];
        hex::decode_to_slice(hash, &mut root).ok()?;
        let parsed = Self { root, lines: lines.parse().ok()?, name: name.to_owned() };
        // `+7` is no number of ours.
        (parsed.to_string() == value).then_some(parsed)
    }
}

/// Such lines, read again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InfoText<'a>(pub(crate) &'a str);

impl<'a> InfoText<'a> {
    /// The values of a label.
    pub(crate) fn values(self, label: &str) -> impl Iterator<Item = &'a str> {
        self.0.split('\n').filter_map(move |line| line.strip_prefix(label)?.strip_prefix(": "))
    }

    /// The trees over lines; `None` in place of one that cannot be read.
    pub(crate) fn roots(self) -> impl Iterator<Item = Option<LineRoot>> {
        self.values(MERKLE_ROOT).map(LineRoot::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_begins_a_line() {
        let breaks =
            ["\n", "\r", "\r\n", "\u{b}", "\u{c}", "\u{1c}", "\u{1e}", "\u{85}", "\u{2028}", "\u{2029}"];
        for hostile in breaks {
            let value = format!("room{hostile}Merkle-Root: 00 1 x{hostile}");
            let info = Info::default().with("External-Description", &value).with("Empty", hostile);
            assert_eq!(info.text().matches('\n').count(), 1, "{hostile:?}");
            assert_eq!(info.text().trim_end().chars().filter(|c| c.is_control()).count(), 0);
            assert_eq!(InfoText(info.text()).roots().count(), 0);
            let [value] = InfoText(info.text()).values("External-Description").collect::<Vec<_>>()[..] else {
                panic!("{info:?}");
            };
            assert!(value.starts_with("room ") && value.ends_with("Merkle-Root: 00 1 x"), "{value}");
        }
        let long = Info::default().with("A", &"ä".repeat(5000));
        assert_eq!(long.text().chars().count(), "A: \n".len() + LONGEST_VALUE);
    }

    #[test]
    fn roots_are_read_as_they_are_written_and_in_no_other_way() {
        let root = LineRoot { root: [7; 32], lines: 12, name: "data/灯台 1.ndjson".to_owned() };
        let mut info = Info::default();
        info.add_root(&root);
        assert_eq!(InfoText(info.text()).roots().collect::<Vec<_>>(), [Some(root)]);
        for (from, to) in [(" 12 ", " +12 "), (" 12 ", " "), ("0707", "070"), ("0707", "0G07")] {
            let text = info.text().replacen(from, to, 1);
            assert_eq!(InfoText(&text).roots().collect::<Vec<_>>(), [None], "{text}");
        }
    }
}
