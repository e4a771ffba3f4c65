//! The text of a message as markup of the format `html`.

use scraper::{ElementRef, Html};

use crate::markup::assert_harmless;

/// All elements that a text can make.
const ELEMENTS: &[&str] = &[
    "html",
    "a",
    "bdi",
    "blockquote",
    "br",
    "code",
    "del",
    "div",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "span",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];
/// All attributes that these have.
const ATTRIBUTES: &[&str] = &["class", "dir", "href", "rel", "start", "tabindex", "title"];
/// Browsers give up at 512.
const DEEPEST: usize = 128;

/// A text makes few elements, none of which runs, loads or leads astray; and a text that is not blank
/// is never without a trace.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let markup = export_html::markup(&text);
    let html = Html::parse_fragment(&markup);
    assert_harmless(&html);
    for node in html.root_element().descendants() {
        let Some(element) = ElementRef::wrap(node) else { continue };
        let name = element.value().name();
        assert!(ELEMENTS.contains(&name), "{name} in {markup}");
        let strange = element.value().attrs().find(|(attribute, _)| !ATTRIBUTES.contains(attribute));
        assert_eq!(strange, None, "in {markup}");
        assert!(node.ancestors().count() <= DEEPEST, "{markup}");
    }
    // What the parser of a browser had to mend would look otherwise when it is written again.
    let comments = html.tree.values().any(|node| node.is_comment() || node.is_doctype());
    assert!(!comments, "a comment hides what somebody typed: {markup}");
    assert_eq!(markup.is_empty(), text.trim().is_empty(), "{text:?} makes {markup:?}");
}
