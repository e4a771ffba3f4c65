//! One line of a message: what chat people mean by `*`, `_`, `~`, backticks and addresses.
//!
//! Only what is understood is written as Markdown; all the rest is text. A single `*` is bold in
//! chats and must be doubled, as must `~`.

use crate::link;
use crate::page::Page;

/// A mark, what it looks like in `CommonMark`, and its bit in a set of marks.
struct Mark {
    typed: char,
    written: &'static str,
    bit: u8,
}

const MARKS: [Mark; 3] = [
    Mark { typed: '*', written: "**", bit: 1 },
    Mark { typed: '_', written: "_", bit: 2 },
    Mark { typed: '~', written: "~~", bit: 4 },
];

/// Adds a line.
pub(crate) fn line(page: &mut Page, text: &str) {
    run(page, text, 0);
}

/// Adds a part of a line, in which the marks in `open` mean nothing: they are around it.
fn run(page: &mut Page, text: &str, open: u8) {
    let mut hopeless = Hopeless::default();
    let (mut done, mut at) = (0, 0);
    while let Some(step) = text[at..].find(['*', '_', '~', '`', '[', 'h', 'H']) {
        let found = at + step;
        let rest = &text[found..];
        let mark = rest.as_bytes()[0];
        // Of a run of marks that means nothing, the rest means nothing, too.
        let length = match mark {
            b'[' | b'h' | b'H' => 1,
            _ => rest.bytes().take_while(|byte| *byte == mark).count(),
        };
        at = found + length;
        let end = match mark {
            b'`' => code(rest, length, &mut hopeless).map(|(inner, end)| {
                page.text(&text[done..found]).code(inner);
                end
            }),
            b'[' => link::named(rest).map(|(label, address, end)| {
                page.text(&text[done..found]).link(label, address);
                end
            }),
            b'h' | b'H' if text[..found].ends_with(char::is_alphanumeric) => None,
            b'h' | b'H' => link::bare(rest).map(|address| {
                page.text(&text[done..found]).bare_link(address);
                address.len()
            }),
            _ => MARKS.iter().find(|known| known.typed == char::from(mark)).and_then(|known| {
                if open & known.bit != 0 || !opens_after(&text[..found]) {
                    return None;
                }
                let inner = emphasis(rest, length, known, &mut hopeless)?;
                page.text(&text[done..found]).tag(known.written);
                run(page, inner, open | known.bit);
                page.tag(known.written);
                Some(inner.len() + 2 * length)
            }),
        };
        if let Some(length) = end {
            at = found + length;
            done = at;
        }
    }
    page.text(&text[done..]);
}

/// What was looked for in vain: it is not further on, either, and looking again would take for ever.
#[derive(Default)]
struct Hopeless {
    code: [bool; 4],
    marks: [u8; 3],
}

/// The inside of a code span that begins with `length` backticks, and its whole length.
fn code<'t>(rest: &'t str, length: usize, hopeless: &mut Hopeless) -> Option<(&'t str, usize)> {
    if *hopeless.code.get(length)? {
        return None;
    }
    let end = runs(rest, '`', length).find(|(_, found)| *found == length).map(|(at, _)| at);
    hopeless.code[length] = end.is_none();
    let inner = &rest[length..end?];
    (!inner.trim().is_empty()).then_some((inner, inner.len() + 2 * length))
}

/// The inside of an emphasis that begins with `length` marks.
fn emphasis<'t>(rest: &'t str, length: usize, mark: &Mark, hopeless: &mut Hopeless) -> Option<&'t str> {
    let vain = hopeless.marks.get_mut(length).filter(|vain| **vain & mark.bit == 0)?;
    if rest[length..].starts_with(char::is_whitespace) {
        return None;
    }
    let closes = |(at, found): &(usize, usize)| {
        *found == length
            && !rest[..*at].ends_with(|c: char| c.is_whitespace() || c == '\\')
            && rest[at + found..].chars().next().is_none_or(is_apart)
    };
    let end = runs(rest, mark.typed, length).find(closes);
    if end.is_none() {
        *vain |= mark.bit;
    }
    Some(&rest[length..end?.0])
}

/// The runs of a mark from `from` on: where they begin, and their lengths.
fn runs(text: &str, mark: char, from: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut at = from;
    std::iter::from_fn(move || {
        let begin = at + text[at..].find(mark)?;
        let length = text[begin..].chars().take_while(|c| *c == mark).count();
        at = begin + length;
        Some((begin, length))
    })
}

fn opens_after(text: &str) -> bool {
    text.chars().next_back().is_none_or(is_apart)
}

/// What may stand around an emphasis. `CommonMark` would accept no less; marks beside each other
/// could be read in two ways, and a backslash says that none is meant.
fn is_apart(c: char) -> bool {
    c.is_whitespace() || (c.is_ascii_punctuation() && !matches!(c, '*' | '_' | '~' | '`' | '\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut page = Page::default();
        line(&mut page, text);
        let mut bytes = Vec::new();
        page.write_to(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn chat_marks_become_those_of_commonmark() {
        assert_eq!(written("*b* **b** _i_ __i__ ~s~ ~~s~~"), "**b** **b** _i_ _i_ ~~s~~ ~~s~~");
        assert_eq!(written("(*_b i_ c*), `a*b*`"), "\\(**_b i_ c**), `a*b*`");
    }

    #[test]
    fn what_is_no_mark_is_text() {
        assert_eq!(written("2 * 3 * 4, a*b*c, *x"), "2 \\* 3 \\* 4, a\\*b\\*c, \\*x");
        assert_eq!(written("\\*x\\* ***y*** `z"), "\\\\\\*x\\\\\\* \\*\\*\\*y\\*\\*\\* \\`z");
    }

    #[test]
    fn only_safe_addresses_become_links() {
        assert_eq!(written("see https://x.y/_a_."), "see <https://x.y/_a>\\_.");
        assert_eq!(written("[a](https://x.y)"), "[a](<https://x.y>)");
        assert_eq!(written("![a](https://x.y)"), "\\![a](<https://x.y>)");
        assert_eq!(written("[a](javascript:b)"), "\\[a\\](javascript:b)");
    }

    #[test]
    fn a_line_of_nothing_but_beginnings_is_read_once() {
        // Reading it again and again would take minutes here.
        for beginning in ["*a ", "`", "``a` ", "[", "[a](", "_a ", "http://"] {
            assert!(written(&beginning.repeat(100_000)).len() >= 100_000);
        }
    }
}
