//! The elements that Markdown opens and closes.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, HeadingLevel, LinkType, Tag, TagEnd};

use super::Rendering;
use crate::{inline, known, link};

/// What was opened for a link or an image, to be closed the same way.
pub(super) enum Anchor {
    /// The [`Element`]: there is one at a time.
    Element,
    /// Nothing but text: this one comes last.
    Text(String),
}

/// An open `<a>`: it shows its address if nothing that is seen was added to it.
pub(super) struct Element {
    address: String,
    /// How long the page was before it, and with its tag.
    before: usize,
    empty: usize,
}

impl Rendering<'_, '_> {
    pub(super) fn open_link(&mut self, kind: LinkType, address: &str, title: &str) {
        let typed_bare = matches!(kind, LinkType::Autolink | LinkType::Email);
        let mail = matches!(kind, LinkType::Email) && !address.starts_with("mailto:");
        let target = if mail { format!("mailto:{address}") } else { address.to_owned() };
        if self.element.is_some() {
            self.anchors.push(Anchor::Text(String::new()));
        } else if link::is_safe(&target) {
            let before = self.page.len();
            inline::link(self.page, &target);
            self.open_element(target, before);
        } else if typed_bare {
            self.pending.push('<');
            self.anchors.push(Anchor::Text(">".to_owned()));
        } else {
            self.pending.push('[');
            self.anchors.push(Anchor::Text(format!("]({address}{})", quoted(title))));
        }
    }

    /// Never the image itself: fetching it would tell somebody who reads this, and when.
    pub(super) fn open_image(&mut self, address: &str, title: &str) {
        if self.element.is_some() || !link::is_web(address) {
            self.pending.push_str("![");
            self.anchors.push(Anchor::Text(format!("]({address}{})", quoted(title))));
            return;
        }
        let before = self.page.len();
        inline::link(self.page, address);
        self.page.tag("<span class=\"remote\">image</span> ");
        self.open_element(address.to_owned(), before);
    }

    fn open_element(&mut self, address: String, before: usize) {
        self.anchors.push(Anchor::Element);
        self.element = Some(Element { address, before, empty: self.page.len() });
    }

    pub(super) fn close_anchor(&mut self) {
        match self.anchors.pop() {
            Some(Anchor::Text(rest)) => self.pending.push_str(&rest),
            Some(Anchor::Element) => {
                self.visible = true;
                let Some(element) = self.element.take() else { return };
                if self.page.as_str()[element.empty..].trim().is_empty() {
                    if self.named.quotes && known::message_of(&element.address).is_some() {
                        self.page.truncate(element.before);
                        self.quote = Some(element.before);
                        return;
                    }
                    self.page.truncate(element.empty);
                    self.page.text(&element.address);
                }
                self.page.tag("</a>");
            }
            None => {}
        }
    }

    pub(super) fn open_code(&mut self, kind: &CodeBlockKind<'_>) {
        self.code = true;
        self.page.tag("<pre tabindex=\"0\">");
        if let CodeBlockKind::Fenced(language) = kind
            && !language.is_empty()
        {
            self.visible = true;
            self.page.tag("<span class=\"language\">").text(language).tag("</span>");
        }
        self.page.tag("<code>");
    }

    pub(super) fn close_code(&mut self) {
        self.code = false;
        self.page.tag("</code></pre>");
    }

    pub(super) fn open(&mut self, tag: &Tag<'_>, range: &Range<usize>) {
        if let Tag::List(Some(first)) = tag {
            self.page.tag("<ol start=\"").show(first).tag("\">");
            return;
        }
        let markup = match tag {
            Tag::Paragraph | Tag::HtmlBlock => "<p>",
            Tag::Heading { level, .. } => heading(*level).0,
            Tag::BlockQuote(_) => "<blockquote>",
            Tag::List(_) => "<ul>",
            Tag::Item => "<li>",
            Tag::Table(_) => "<div class=\"table\" tabindex=\"0\"><table>",
            Tag::TableHead => {
                self.header = true;
                "<thead><tr>"
            }
            Tag::TableRow => "<tr>",
            Tag::TableCell => self.either("<th>", "<td>"),
            Tag::Emphasis => self.emphasis(range, "<strong>", "<em>"),
            Tag::Strong => "<strong>",
            Tag::Strikethrough => "<del>",
            _ => "",
        };
        self.page.tag(markup);
    }

    pub(super) fn close(&mut self, tag: TagEnd, range: &Range<usize>) {
        let markup = match tag {
            TagEnd::Paragraph if self.page.as_str().ends_with("<p>") => {
                self.page.truncate(self.page.len() - "<p>".len());
                ""
            }
            TagEnd::Paragraph | TagEnd::HtmlBlock => "</p>",
            TagEnd::Heading(level) => heading(level).1,
            TagEnd::BlockQuote(_) => "</blockquote>",
            TagEnd::List(true) => "</ol>",
            TagEnd::List(false) => "</ul>",
            TagEnd::Item => "</li>",
            TagEnd::Table => "</tbody></table></div>",
            TagEnd::TableHead => {
                self.header = false;
                "</tr></thead><tbody>"
            }
            TagEnd::TableRow => "</tr>",
            TagEnd::TableCell => self.either("</th>", "</td>"),
            TagEnd::Emphasis => self.emphasis(range, "</strong>", "</em>"),
            TagEnd::Strong => "</strong>",
            TagEnd::Strikethrough => "</del>",
            _ => "",
        };
        self.page.tag(markup);
    }

    fn either(&self, header: &'static str, cell: &'static str) -> &'static str {
        if self.header { header } else { cell }
    }

    /// Rocket.Chat's `*x*` is bold, `_x_` is italic.
    fn emphasis(&self, range: &Range<usize>, bold: &'static str, italic: &'static str) -> &'static str {
        if self.source[range.start..].starts_with('*') { bold } else { italic }
    }
}

/// Below the headings of the page: the room has the first level, its days the second.
fn heading(level: HeadingLevel) -> (&'static str, &'static str) {
    match level {
        HeadingLevel::H1 => ("<h3>", "</h3>"),
        HeadingLevel::H2 => ("<h4>", "</h4>"),
        HeadingLevel::H3 => ("<h5>", "</h5>"),
        HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6 => ("<h6>", "</h6>"),
    }
}

fn quoted(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!(" \"{title}\"") }
}
