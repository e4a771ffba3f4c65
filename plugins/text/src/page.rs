//! The choke point: every line is written here, and its first columns say what it is.
//!
//! ```text
//! ---- Friday, 15 March 2024 ----
//! [10:20:30] bob: the first line of a message
//!     its other lines
//!   * what hangs on it: a file, an edit
//!   > [10:21:00] al: a reply
//!   >     its other lines
//!   >   * what hangs on the reply
//! ```
//!
//! What people typed begins on the line that says who and when, and goes on in the fifth column:
//! whatever it is, it cannot begin a message, a note or a day.

use std::fmt::Display;
use std::io;

use export_sdk::{Timestamp, plain_line, plain_lines};
use jiff::civil::Date;
use jiff::tz::TimeZone;

const CONTINUED: &str = "    ";

/// A piece of the text in the making; emptied into the file after every message.
pub(crate) struct Page {
    text: String,
    /// The zone of the times.
    pub(crate) zone: TimeZone,
    /// Whether lines are those of a reply.
    pub(crate) reply: bool,
}

impl Page {
    pub(crate) fn new(zone: TimeZone) -> Self {
        Self { text: String::new(), zone, reply: false }
    }

    /// The day on which clocks in the zone showed that time.
    pub(crate) fn day(&self, at: Timestamp) -> Date {
        at.zoned(&self.zone).date()
    }

    /// `2024-03-15 10:20:30`.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        at.zoned(&self.zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The time of a message or an edit: the clock alone where the day is known.
    pub(crate) fn time(&self, at: Timestamp, own_day: bool) -> String {
        if own_day { at.zoned(&self.zone).strftime("%H:%M:%S").to_string() } else { self.moment(at) }
    }

    /// A line written in this crate, with a value from people.
    pub(crate) fn line(&mut self, label: &'static str, value: impl Display) {
        self.begin();
        self.text.push_str(label);
        self.text.push_str(&plain_line(&value.to_string()));
        self.end();
    }

    /// An empty line.
    pub(crate) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// The beginning of a message, `[time] author: text`, and its other lines.
    pub(crate) fn message(&mut self, time: &str, author: &str, text: &str) {
        self.begin();
        for part in ["[", time, "] ", author, ":"] {
            self.text.push_str(part);
        }
        let mut lines = plain_lines(text.trim_end());
        let first = lines.next().unwrap_or_default();
        if !first.is_empty() {
            self.text.push(' ');
            self.text.push_str(&first);
        }
        self.end();
        for line in lines {
            self.continued("", &line);
        }
    }

    /// The beginning of an event, `[time] -- sentence`.
    pub(crate) fn event(&mut self, time: &str, sentence: &str) {
        self.begin();
        for part in ["[", time, "] -- ", sentence] {
            self.text.push_str(part);
        }
        self.end();
    }

    /// A note of the export on the message above.
    pub(crate) fn note(&mut self, note: &str) {
        self.begin();
        self.text.push_str("  * ");
        self.text.push_str(&plain_line(note));
        self.end();
    }

    /// Lines that a note is about.
    pub(crate) fn quoted(&mut self, text: &str) {
        for line in plain_lines(text.trim_end()) {
            self.continued("| ", &line);
        }
    }

    fn continued(&mut self, mark: &'static str, line: &str) {
        self.begin();
        self.text.push_str(CONTINUED);
        self.text.push_str(mark);
        self.text.push_str(line);
        self.end();
    }

    fn begin(&mut self) {
        if self.reply {
            self.text.push_str("  > ");
        }
    }

    fn end(&mut self) {
        self.text.truncate(self.text.trim_end_matches([' ', '\t']).len());
        self.text.push('\n');
    }

    /// Empties into `out`.
    pub(crate) fn write_to(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }
}

/// A name on one line that ends where the text begins: an odd one stands in quotes.
pub(crate) fn name(name: &str) -> String {
    let name = plain_line(name);
    if name.is_empty() || name.starts_with('-') || name.contains([':', '"']) {
        return format!("\"{}\"", name.replace('"', "'"));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_lines_stay_inside_of_their_message() {
        let mut page = Page::new(TimeZone::UTC);
        page.message("10:20:30", "bob", "a\n[10:20:31] al: b\r  * c\u{2028}\n  > [1] d \u{1b}[2J\n");
        page.reply = true;
        page.message("10:21:00", "al", "\nx");
        page.note("e\nf");
        assert_eq!(
            page.text,
            "[10:20:30] bob: a\n    [10:20:31] al: b\n      * c\n\n      > [1] d ␛[2J\n  \
             > [10:21:00] al:\n  >     x\n  >   * e f\n"
        );
    }

    #[test]
    fn a_name_cannot_speak() {
        assert_eq!(name("bob"), "bob");
        assert_eq!(name("bob: yes\n-- \"al\""), "\"bob: yes -- 'al'\"");
        assert_eq!(name("-- al joined"), "\"-- al joined\"");
        assert_eq!(name(" "), "\"\"");
    }
}
