//! The text of a message, line by line: code, quotes, lists and paragraphs.
//!
//! Headings, tables, definitions and HTML are not for chats and stay the text they were typed as.
//! A line break is a line break.

use std::borrow::Cow;

use export_sdk::plain_lines;

use crate::inline;
use crate::page::{Page, is_part_of_language};

/// List items by their depth.
const BULLETS: [&str; 4] = ["- ", "  - ", "    - ", "      - "];

/// What a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Paragraph,
    Quote,
    List,
}

/// Adds `text` as blocks. Blank text adds nothing.
pub(crate) fn text(page: &mut Page, text: &str) {
    let mut lines = plain_lines(text.trim_end());
    let mut last = None;
    let mut level = 0;
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if let Some(opening) = trimmed.strip_prefix("```").filter(|opening| !opening.contains('`')) {
            page.end_block();
            code(page, opening, &mut lines);
            last = None;
            continue;
        }
        let (kind, content) = classify(&line);
        if content.trim().is_empty() {
            last = None;
            continue;
        }
        if last == Some(kind) {
            page.tag(if kind == Kind::List { "" } else { "\\" }).newline();
        } else {
            page.end_block();
        }
        page.quotes += usize::from(kind == Kind::Quote);
        if kind == Kind::List {
            let deepest = if last == Some(kind) { level + 1 } else { 0 };
            level = (indent(&line) / 2).min(deepest).min(BULLETS.len() - 1);
            page.item_tag(BULLETS[level]);
        }
        inline::line(page, content.trim_end());
        last = Some(kind);
        // The line goes on; the next one says itself whether it is quoted.
        page.quotes -= usize::from(kind == Kind::Quote);
    }
    page.end_block();
}

fn classify(line: &str) -> (Kind, &str) {
    let content = line.trim_start();
    if let Some(quoted) = content.strip_prefix('>') {
        return (Kind::Quote, quoted.trim_start());
    }
    let item = content.strip_prefix("- ").or_else(|| content.strip_prefix("* ")).map(str::trim_start);
    match item.filter(|item| !item.is_empty()) {
        Some(item) => (Kind::List, item),
        None => (Kind::Paragraph, line),
    }
}

fn indent(line: &str) -> usize {
    let blanks = line.chars().take_while(|c| matches!(c, ' ' | '\t'));
    blanks.map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

/// Adds the lines of a block of code up to its end or that of the message.
fn code<'t>(page: &mut Page, opening: &str, lines: &mut impl Iterator<Item = Cow<'t, str>>) {
    let opening = opening.trim();
    let names_language = opening.chars().all(is_part_of_language);
    let mut inside: Vec<Cow<'_, str>> = Vec::new();
    if !names_language {
        inside.push(opening.into());
    }
    for line in lines {
        if let Some(end) = line.trim_end().strip_suffix("```") {
            if !end.trim().is_empty() {
                inside.push(end.to_owned().into());
            }
            break;
        }
        inside.push(line);
    }
    page.code_block(if names_language { opening } else { "" }, &inside);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(typed: &str) -> String {
        let mut page = Page::default();
        page.end_block();
        page.quotes = 1;
        text(&mut page, typed);
        let mut bytes = Vec::new();
        page.write_to(&mut bytes).unwrap();
        // The first line is that between a message's author and its text.
        String::from_utf8(bytes).unwrap().trim_matches('\n').to_owned()
    }

    #[test]
    fn lines_and_paragraphs_stay_what_they_are() {
        assert_eq!(written("a\nb\n\n\nc\n"), "> a\\\n> b\n>\n> c");
        assert_eq!(written("# a\n==="), "> \\# a\\\n> \\===");
    }

    #[test]
    fn quotes_and_lists_are_set_apart() {
        assert_eq!(
            written("x\n> q\n> > r\ny\n- a\n  - b\n      * c\nz"),
            "> x\n>\n> > q\\\n> > > r\n>\n> y\n>\n> - a\n>   - b\n>     - c\n>\n> z"
                .replace("> > > r", "> > \\> r")
        );
    }

    #[test]
    fn code_is_closed_and_keeps_its_lines() {
        assert_eq!(written("```rust\n  a\n\n# b"), "> ```rust\n>   a\n>\n> # b\n> ```");
        assert_eq!(written("```let a\nb```\nc"), "> ```\n> let a\n> b\n> ```\n>\n> c");
        assert_eq!(written("```a``` b"), "> `a` b");
    }
}
