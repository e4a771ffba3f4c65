//! The choke point: nothing gets into the document but through [`Page`].
//!
//! Marks of our own are `&'static str`, so the compiler keeps everything that came from people out
//! of [`Page::tag`]; their strings can only take [`Page::text`], [`Page::code`] and the links,
//! which leave no character of theirs with a meaning in `CommonMark`, GitHub's, GitLab's or pandoc's
//! Markdown. Lines are begun here, too, with the marks of the quote they belong to.

use std::fmt::{Display, Write as _};
use std::io;

use export_sdk::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A piece of the document in the making; emptied into the file after every message.
pub(crate) struct Page {
    text: String,
    /// The zone of the times.
    pub(crate) zone: TimeZone,
    /// Whether the next character begins a line, whose prefix is not written yet.
    fresh: bool,
    /// How many quotes the empty line is part of that is due before the next block.
    gap: Option<usize>,
    /// Where the content of the current line begins.
    start: usize,
    /// Inside the item of a reply.
    pub(crate) item: bool,
    /// How many block quotes are open.
    pub(crate) quotes: usize,
}

impl Default for Page {
    fn default() -> Self {
        let (text, zone) = (String::new(), TimeZone::UTC);
        Self { text, zone, fresh: true, gap: None, start: 0, item: false, quotes: 0 }
    }
}

impl Page {
    /// The day on which clocks in the zone showed that time.
    pub(crate) fn day(&self, at: Timestamp) -> Date {
        at.zoned(&self.zone).date()
    }

    /// Adds `15 March 2024, 10:20:30`.
    pub(crate) fn moment(&mut self, at: Timestamp) -> &mut Self {
        let moment = at.zoned(&self.zone).strftime("%-d %B %Y, %H:%M:%S").to_string();
        self.text(&moment)
    }

    /// Adds the time of a message or an edit: the clock alone where the day is known.
    pub(crate) fn time(&mut self, at: Timestamp, own_day: bool) -> &mut Self {
        if !own_day {
            return self.moment(at);
        }
        let clock = at.zoned(&self.zone).strftime("%H:%M:%S").to_string();
        self.text(&clock)
    }

    /// Adds marks written in this crate.
    pub(crate) fn tag(&mut self, marks: &'static str) -> &mut Self {
        self.begin();
        self.text.push_str(marks);
        self
    }

    /// Adds marks after which the content of a line begins: those of a list item.
    pub(crate) fn item_tag(&mut self, marks: &'static str) -> &mut Self {
        self.tag(marks);
        self.start = self.text.len();
        self
    }

    /// Ends the line; of an empty one only the quote marks are left.
    pub(crate) fn newline(&mut self) -> &mut Self {
        if self.fresh {
            self.begin();
            self.text.truncate(self.text.trim_end_matches(' ').len());
        }
        self.text.push('\n');
        self.fresh = true;
        self
    }

    /// Ends the block, if one is open. A quote that was or will be opened within those of now
    /// ends or begins here, too.
    pub(crate) fn end_block(&mut self) -> &mut Self {
        if !self.fresh {
            self.newline();
        }
        self.gap = Some(self.gap.unwrap_or(self.quotes).min(self.quotes));
        self
    }

    /// Adds one line of text from people, or a part of it, as text and nothing else.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        if text.is_empty() {
            return self;
        }
        self.begin();
        let rest = if self.text.len() == self.start { self.line_start(text) } else { text };
        let mut before = None;
        let mut characters = rest.chars().peekable();
        while let Some(character) = characters.next() {
            if means_something(before, character, characters.peek().copied()) {
                self.text.push('\\');
            }
            self.text.push(character);
            before = Some(character);
        }
        self
    }

    /// Adds a value as text.
    pub(crate) fn show(&mut self, value: impl Display) -> &mut Self {
        self.text(&value.to_string())
    }

    /// Adds what would begin a block at the start of a line; returns the rest.
    fn line_start<'t>(&mut self, text: &'t str) -> &'t str {
        let content = text.trim_start_matches([' ', '\t']);
        for blank in text[..text.len() - content.len()].chars() {
            // No-break spaces, as others would be cut off, or four of them make code.
            self.text.push_str(if blank == '\t' { "\u{a0}\u{a0}\u{a0}\u{a0}" } else { "\u{a0}" });
        }
        let blank = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t']);
        let word = content.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(content.len());
        let (word, rest) = content.split_at(word);
        let mut following = rest.chars();
        let begins = match following.next() {
            Some('#' | '>' | '-' | '+' | '=' | ':' | '(' | '%') => word.is_empty(),
            Some('.' | ')') => blank(&rest[1..]),
            Some(_) | None => false,
        };
        if !begins {
            return content;
        }
        self.text.push_str(word);
        self.text.push('\\');
        self.text.push_str(&rest[..1]);
        following.as_str()
    }

    /// Adds one line of text as a code span.
    pub(crate) fn code(&mut self, code: &str) -> &mut Self {
        self.begin();
        let fence = "`".repeat(shortest_fence(code, 1));
        // One blank on either side is taken off again by the reader.
        let ticks = code.starts_with('`') || code.ends_with('`');
        let pad = if ticks || (code.starts_with(' ') && code.ends_with(' ')) { " " } else { "" };
        for part in [&fence, pad, code, pad, &fence] {
            self.text.push_str(part);
        }
        self
    }

    /// Adds lines as a block of code; `language` may be empty.
    pub(crate) fn code_block<T: AsRef<str>>(&mut self, language: &str, lines: &[T]) -> &mut Self {
        let longest = lines.iter().map(|line| shortest_fence(line.as_ref(), 3)).max();
        let fence = "`".repeat(longest.unwrap_or(3));
        self.raw_line(&fence);
        self.text.extend(language.chars().filter(|c| is_part_of_language(*c)));
        for line in lines {
            self.newline().raw_line(line.as_ref());
        }
        self.newline().raw_line(&fence)
    }

    fn raw_line(&mut self, line: &str) -> &mut Self {
        if !line.is_empty() {
            self.begin();
            self.text.push_str(line);
        }
        self
    }

    /// Adds text that links to an address that is known to be safe.
    pub(crate) fn link(&mut self, text: &str, address: &str) -> &mut Self {
        self.begin();
        if self.text.ends_with('!') {
            // Together with the bracket it would be a picture, fetched when the document is read.
            self.text.pop();
            self.text.push_str("\\!");
        }
        self.text.push('[');
        self.text(text);
        self.text.push_str("](<");
        for character in address.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                c if c.is_alphanumeric() || "-._~:/?#[]@!$'()*+,;=%".contains(c) => self.text.push(c),
                c => self.percent(c),
            }
        }
        self.text.push_str(">)");
        self
    }

    /// Adds a bare address that is known to be safe and holds neither blanks nor angle brackets.
    pub(crate) fn bare_link(&mut self, address: &str) -> &mut Self {
        self.begin();
        for part in ["<", address, ">"] {
            self.text.push_str(part);
        }
        self
    }

    /// Adds text that links to a file of this export.
    pub(crate) fn file_link(&mut self, text: &str, path: &str) -> &mut Self {
        self.begin();
        self.text.push('[');
        self.text(text);
        self.text.push_str("](<");
        for character in path.chars() {
            if character.is_ascii_alphanumeric() || "-_./".contains(character) {
                self.text.push(character);
            } else {
                self.percent(character);
            }
        }
        self.text.push_str(">)");
        self
    }

    fn percent(&mut self, character: char) {
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            write!(self.text, "%{byte:02X}").expect("a string takes everything");
        }
    }

    /// Empties into `out`.
    pub(crate) fn write_to(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(self.text.as_bytes())?;
        self.text.clear();
        self.start = 0;
        Ok(())
    }

    fn begin(&mut self) {
        if !self.fresh {
            return;
        }
        if let Some(quotes) = self.gap.take() {
            self.prefix(quotes.min(self.quotes));
            self.text.truncate(self.text.trim_end_matches(' ').len());
            self.text.push('\n');
        }
        self.prefix(self.quotes);
        self.fresh = false;
        self.start = self.text.len();
    }

    fn prefix(&mut self, quotes: usize) {
        if self.item {
            self.text.push_str("  ");
        }
        for _ in 0..quotes {
            self.text.push_str("> ");
        }
    }
}

/// Whether a character of a text would be taken for a mark, in any common flavour of Markdown.
fn means_something(before: Option<char>, character: char, after: Option<char>) -> bool {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    match character {
        // Brackets make links and footnotes, `$` formulas, `^` and `~` small letters, `{` attributes.
        '\\' | '`' | '*' | '~' | '[' | ']' | '<' | '|' | '$' | '^' | '{' => true,
        // A name_like_this is left in peace by all of them.
        '_' => !(word(before) && word(after)),
        '&' => after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '#'),
        // At the end of a heading it would be cut off.
        '#' => after.is_none_or(|c| c == '#'),
        _ => false,
    }
}

/// The least number of backticks, from `least` on, that does not end the code.
fn shortest_fence(code: &str, least: usize) -> usize {
    let runs = code.split(|c| c != '`').map(str::len);
    least.max(runs.max().unwrap_or(0) + 1)
}

/// What names of programming languages consist of.
pub(crate) fn is_part_of_language(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '.' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        let mut page = Page::default();
        page.text(text);
        page.text
    }

    #[test]
    fn marks_are_escaped_and_prose_is_not() {
        assert_eq!(
            text("It's snake_case, a-b (c) #general: 1 > 0!"),
            "It's snake_case, a-b (c) #general: 1 > 0!"
        );
        assert_eq!(text("*a* [b] <c> &lt; $d$ _e_"), "\\*a\\* \\[b\\] \\<c> \\&lt; \\$d\\$ \\_e\\_");
    }

    #[test]
    fn nothing_begins_a_block() {
        for (typed, written) in [
            ("# a", "\\# a"),
            ("===", "\\==="),
            ("- - -", "\\- - -"),
            ("12. a", "12\\. a"),
            ("2024.", "2024\\."),
            ("3.5 a", "3.5 a"),
            (": a", "\\: a"),
            (":bee: a", "\\:bee: a"),
            ("    a", "\u{a0}\u{a0}\u{a0}\u{a0}a"),
        ] {
            assert_eq!(text(typed), written);
        }
    }

    #[test]
    fn code_ends_where_it_should() {
        let mut page = Page::default();
        page.code("a`b``").newline().code_block("rust\n#", &["```", "", "````x"]);
        assert_eq!(page.text, "``` a`b`` ```\n`````rust#\n```\n\n````x\n`````");
    }

    #[test]
    fn addresses_cannot_leave_their_brackets() {
        let mut page = Page::default();
        page.text("!").link("a]", "https://x.y/a>b\\c?d=1&e=2").text("!");
        assert_eq!(page.text, "\\![a\\]](<https://x.y/a%3Eb%5Cc?d=1&amp;e=2>)!");
        let mut page = Page::default();
        page.file_link("c", "assets/f-c 1(é).png");
        assert_eq!(page.text, "[c](<assets/f-c%201%28%C3%A9%29.png>)");
    }

    #[test]
    fn every_line_carries_the_marks_of_its_quotes() {
        let mut page = Page { item: true, quotes: 1, ..Page::default() };
        page.text("a").end_block();
        page.quotes = 2;
        page.text("b").end_block();
        page.quotes = 0;
        page.text("c").end_block();
        assert_eq!(page.text, "  > a\n  >\n  > > b\n\n  c\n");
    }
}
