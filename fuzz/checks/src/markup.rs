//! What a browser makes of markup, and whether it would run, load or open anything it must not.

use scraper::{ElementRef, Html};

/// What never stands in a page, whatever people write.
const FORBIDDEN: &[&str] = &[
    "applet",
    "base",
    "button",
    "embed",
    "foreignobject",
    "form",
    "frame",
    "frameset",
    "iframe",
    "math",
    "noscript",
    "object",
    "plaintext",
    "portal",
    "style",
    "template",
    "textarea",
    "xmp",
];
/// Attributes whose value is an address.
const ADDRESSES: &[&str] =
    &["action", "background", "cite", "data", "formaction", "href", "poster", "src", "xlink:href"];

/// Goes through all elements of a page; panics at one that is not harmless.
pub(crate) fn assert_harmless(html: &Html) {
    for node in html.root_element().descendants() {
        let Some(element) = ElementRef::wrap(node) else { continue };
        let name = element.value().name();
        assert!(!FORBIDDEN.contains(&name), "a page has the element {name}: {}", element.html());
        if name == "script" {
            let own = element.attr("src").is_some_and(|src| !src.contains(':') && !src.starts_with("//"));
            assert!(own && element.inner_html().is_empty(), "a page has a script: {}", element.html());
        }
        for (attribute, value) in element.value().attrs() {
            assert!(!attribute.starts_with("on") && attribute != "srcdoc", "{attribute}={value:?}");
            assert!(!ADDRESSES.contains(&attribute) || is_harmless(value), "{name} {attribute}={value:?}");
        }
    }
}

/// Whether an address leads to the web, to mail, or to where it stands. Browsers pass over blanks and
/// control characters in front, and over line breaks anywhere.
fn is_harmless(address: &str) -> bool {
    let address: String = address.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    let address = address.to_ascii_lowercase();
    let scheme = address.split(['/', '?', '#']).next().and_then(|head| head.split_once(':'));
    scheme.is_none_or(|(scheme, _)| matches!(scheme, "http" | "https" | "mailto"))
        && !address.starts_with("//")
}
