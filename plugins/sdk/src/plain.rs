//! Text in which every character is seen and none acts: for formats that people read as they are.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The lines of `text`, whichever characters broke them, with what would act on a terminal or an
/// editor made visible: `ESC` becomes `␛`, a text direction override `<U+202E>`.
///
/// No result holds a line break. Joiners and direction marks, which scripts and emoji need, stay.
pub fn plain_lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    lines.flat_map(|line| line.split(is_break)).map(visible)
}

/// `text` on one line and without blanks around it: for names and topics.
pub fn plain_line(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    for line in plain_lines(text) {
        let line = line.trim();
        if !whole.is_empty() && !line.is_empty() {
            whole.push(' ');
        }
        whole.push_str(line);
    }
    whole
}

/// What some editor or library takes for the end of a line.
fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn visible(line: &str) -> Cow<'_, str> {
    if !line.contains(acts) {
        return Cow::Borrowed(line);
    }
    let mut shown = String::with_capacity(line.len() + 16);
    for c in line.chars() {
        match u32::from(c) {
            _ if !acts(c) => shown.push(c),
            // Unicode has a picture for each of the old control characters.
            code @ 0..0x20 => shown.extend(char::from_u32(0x2400 + code)),
            0x7f => shown.push('\u{2421}'),
            code => write!(shown, "<U+{code:04X}>").expect("a string takes everything"),
        }
    }
    Cow::Owned(shown)
}

fn acts(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}')
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        plain_lines(text).map(Cow::into_owned).collect()
    }

    #[test]
    fn every_kind_of_line_break_ends_a_line() {
        assert_eq!(lines("a\nb\r\nc\rd\u{2028}e\u{85}f\u{c}g"), ["a", "b", "c", "d", "e", "f", "g"]);
        assert_eq!(lines(""), [""]);
        assert_eq!(lines("a\n\nb"), ["a", "", "b"]);
        assert_eq!(plain_line(" a \r\n\n b\u{b}"), "a b");
    }

    #[test]
    fn what_would_act_is_seen_instead() {
        assert_eq!(lines("\u{1b}[31m\0\u{7f}\u{9b}2J\u{202e}x"), ["␛[31m␀␡<U+009B>2J<U+202E>x"]);
    }

    #[test]
    fn what_scripts_and_emoji_need_stays() {
        let text = "👩\u{200d}💻\tنمی\u{200c}خواهم é \u{fffd}";
        assert_eq!(lines(text), [text]);
    }
}
