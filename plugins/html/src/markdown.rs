//! Message text: Markdown as people type it in chats, to markup.
//!
//! Chat differs from documents: a single `*` is bold, a line break is a line break, HTML is text,
//! and nothing may get lost, so what Markdown would swallow (definitions, entities, odd escapes)
//! is shown as it was typed. Only web and mail addresses become links; images are never fetched.

mod tags;

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::escape::Markup;
use crate::inline::{self, Named};
use crate::link;
use crate::scan::Bytes;
use tags::{Anchor, Element};

/// Deeper nesting is a prank; browsers stop at 512.
const DEEPEST: usize = 24;

/// What may mean something wherever it stands, and what only where a line begins.
const MARKS: Bytes = Bytes::of(b"*_`~[<\\");
const BEGINNINGS: Bytes = Bytes::of(b" \t-+=:|#>").and(b'0', b'9');

/// Adds `text` as markup. Blank text adds nothing.
pub(crate) fn markdown(page: &mut Markup, text: &str, named: &Named<'_>) {
    let text = text.trim_end();
    if text.is_empty() {
        return;
    }
    if is_plain(text) {
        return plain(page, text, named);
    }
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut events = Parser::new_ext(text, options).into_offset_iter();
    let before = page.len();
    let mut rendering = Rendering {
        page,
        source: text,
        named,
        pending: String::new(),
        anchors: Vec::new(),
        element: None,
        depth: 0,
        code: false,
        header: false,
        visible: false,
        quote: None,
    };
    // A definition is not shown where it stands; people who write `[x]: y` meant text.
    let defines = events.reference_definitions().iter().next().is_some();
    if !defines {
        for (event, range) in events.by_ref() {
            rendering.event(event, range);
        }
        rendering.flush();
    }
    if defines || !rendering.visible {
        page.truncate(before);
        plain(page, text, named);
    }
}

fn plain(page: &mut Markup, text: &str, named: &Named<'_>) {
    page.tag("<p>");
    inline::run(page, text, named, true);
    page.tag("</p>");
}

/// Whether Markdown has nothing to say about the text: most messages.
pub(crate) fn is_plain(text: &str) -> bool {
    let begins_plainly = |line: &str| BEGINNINGS.first_in(&line.as_bytes()[..line.len().min(1)]).is_none();
    MARKS.first_in(text.as_bytes()).is_none() && text.split('\n').all(begins_plainly)
}

struct Rendering<'r, 'a> {
    page: &'r mut Markup,
    source: &'a str,
    named: &'r Named<'a>,
    /// Text not yet added: the parser cuts it at every character that might have meant something.
    pending: String,
    anchors: Vec<Anchor>,
    element: Option<Element>,
    depth: usize,
    code: bool,
    header: bool,
    visible: bool,
    /// Where the mark of a quote stood: blanks after it mean nothing.
    quote: Option<usize>,
}

impl<'a> Rendering<'_, 'a> {
    fn event(&mut self, event: Event<'a>, range: Range<usize>) {
        match event {
            Event::Text(text) => self.text(&text, &range),
            Event::Html(html) | Event::InlineHtml(html) => self.pending.push_str(&html),
            Event::SoftBreak | Event::HardBreak => self.pending.push('\n'),
            Event::Start(tag) => {
                self.depth += 1;
                self.start(tag, &range);
            }
            Event::End(tag) => {
                self.end(tag, &range);
                self.depth -= 1;
            }
            Event::Code(code) => {
                self.flush();
                self.visible = true;
                self.page.tag("<code>").text(&code).tag("</code>");
            }
            Event::Rule => {
                self.flush();
                self.page.tag("<hr>");
            }
            Event::TaskListMarker(done) => self.pending.push_str(if done { "☑ " } else { "☐ " }),
            // Not enabled; shown as typed should they ever come.
            Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) => {
                self.pending.push_str(&self.source[range]);
            }
        }
    }

    fn text(&mut self, text: &str, range: &Range<usize>) {
        let typed = &self.source[range.clone()];
        if self.code {
            self.pending.push_str(text);
            return;
        }
        // In chat a backslash before anything but these is a backslash: `C:\.config`.
        let escaped = self.source[..range.start].ends_with('\\') && text == typed;
        if escaped && !text.starts_with(['*', '_', '~', '`', '#', '[', ']', '>', '-', '+']) {
            self.pending.push('\\');
        }
        // An entity is four letters that somebody typed.
        self.pending.push_str(if typed.starts_with('&') { typed } else { text });
    }

    /// Adds the text gathered so far.
    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        if self.quote.take() == Some(self.page.len()) {
            self.pending.drain(..self.pending.len() - self.pending.trim_start().len());
        }
        self.visible |= !self.pending.trim().is_empty();
        if self.code {
            self.page.text(&self.pending);
        } else {
            let links = self.element.is_none();
            inline::run(self.page, &self.pending, self.named, links);
        }
        self.pending.clear();
    }

    fn start(&mut self, tag: Tag<'a>, range: &Range<usize>) {
        if let Some(marks) = self.marks_of_an_address(tag.to_end(), range) {
            self.pending.push_str(&self.source[range.start..range.start + marks]);
            return;
        }
        self.flush();
        if let Tag::Link { link_type, dest_url, title, .. } = tag {
            self.open_link(link_type, &dest_url, &title);
        } else if let Tag::Image { dest_url, title, .. } = tag {
            self.open_image(&dest_url, &title);
        } else if let Tag::CodeBlock(kind) = tag {
            self.open_code(&kind);
        } else if self.depth <= DEEPEST {
            self.open(&tag, range);
        }
    }

    fn end(&mut self, tag: TagEnd, range: &Range<usize>) {
        if let Some(marks) = self.marks_of_an_address(tag, range) {
            self.pending.push_str(&self.source[range.end - marks..range.end]);
            return;
        }
        if matches!(tag, TagEnd::HtmlBlock | TagEnd::CodeBlock) {
            self.pending.truncate(self.pending.trim_end().len());
        }
        self.flush();
        match tag {
            TagEnd::Link | TagEnd::Image => self.close_anchor(),
            TagEnd::CodeBlock => self.close_code(),
            other if self.depth <= DEEPEST => self.close(other, range),
            _ => {}
        }
    }

    /// How many characters mark this emphasis, if it is none but part of a bare address.
    fn marks_of_an_address(&self, tag: TagEnd, range: &Range<usize>) -> Option<usize> {
        let marks = match tag {
            TagEnd::Strong => 2,
            TagEnd::Strikethrough if self.source[range.start..].starts_with("~~") => 2,
            TagEnd::Emphasis | TagEnd::Strikethrough => 1,
            _ => return None,
        };
        link::surrounds(self.source, range.start).then_some(marks)
    }
}

#[cfg(test)]
mod tests;
