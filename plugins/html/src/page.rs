//! The shell of every page: head, policy, stylesheet, icons, and the way between pages.

use crate::escape::Markup;

/// No script, no network. The stylesheet is admitted by its hash, which works from a folder in
/// every browser; pictures need `file:` because some browsers do not count a folder as `'self'`.
const HEAD: &str = concat!(
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ",
    "style-src 'sha256-",
    "xKAHYpLH/dD9Svx0XVwCAb+zJVpG6IVsqovDJFAYQpI=",
    "'; img-src 'self' file:; media-src 'self' file:; base-uri 'none'; form-action 'none'\">\n",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
    "<meta name=\"color-scheme\" content=\"light dark\">\n",
    "<meta name=\"referrer\" content=\"no-referrer\">\n",
    "<meta name=\"robots\" content=\"noindex\">\n",
    "<style>",
    include_str!("style.css"),
    "</style>\n<title>",
);

/// Used by name, so that a pinned message costs a few bytes.
const ICONS: &str = concat!(
    "<svg class=\"icons\" aria-hidden=\"true\">",
    "<symbol id=\":pin\" viewBox=\"0 0 16 16\"><path d=\"M6 1h4l-.6 5 2.6 2.5V10H8.6L8 15l-.6-5H4V8.5L6.6 6z\"/></symbol>",
    "<symbol id=\":file\" viewBox=\"0 0 16 16\"><path d=\"M3 1h6l4 4v10H3zm5.5 1.2V5.5h3.3z\"/></symbol>",
    "<symbol id=\":reply\" viewBox=\"0 0 16 16\"><path d=\"M7 3v3c5 0 7 3 7 7-1.5-2.5-3.5-3.5-7-3.5v3L2 7.700z\"/></symbol>",
    "</svg>\n",
);

/// A link to another page: its address is made of numbers only.
#[derive(Clone, Copy)]
pub(crate) enum Way<'a> {
    Index(&'a str),
    Previous(u64),
    Next(u64),
}

/// Begins a page. `number` is set for pages of many.
pub(crate) fn begin(page: &mut Markup, title: &str, number: Option<u64>) {
    page.tag(HEAD).text(title);
    if let Some(number) = number {
        page.tag(" – page ").show(number);
    }
    page.tag("</title>\n</head>\n<body>\n<a class=\"skip\" href=\"#:main\">Skip to the messages</a>\n");
    page.tag(ICONS);
}

/// Ends a page.
pub(crate) fn end(page: &mut Markup) {
    page.tag("</body>\n</html>\n");
}

/// Links between pages.
pub(crate) fn ways(page: &mut Markup, label: &'static str, ways: &[Way<'_>]) {
    page.tag("<nav aria-label=\"").tag(label).tag("\">");
    for way in ways {
        match *way {
            Way::Index(main) => {
                page.tag("<a class=\"up\" href=\"../").encoded(main).tag("\">All pages</a>");
            }
            Way::Previous(number) => {
                page.tag("<a rel=\"prev\" href=\"")
                    .show(Name(number))
                    .tag("\">← Page ")
                    .show(number)
                    .tag("</a>");
            }
            Way::Next(number) => {
                page.tag("<a rel=\"next\" href=\"")
                    .show(Name(number))
                    .tag("\">Page ")
                    .show(number)
                    .tag(" →</a>");
            }
        }
    }
    page.tag("</nav>\n");
}

/// The file name of a page: `0001.html`.
pub(crate) struct Name(pub(crate) u64);

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}.html", self.0)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_policy_admits_the_stylesheet_and_nothing_else() {
        let style = HEAD.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
        assert!(HEAD.contains(&format!("style-src 'sha256-{hash}'")), "put {hash} into HEAD");
        assert!(!style.contains("url(") && !style.contains("@import"), "styles fetch nothing");
    }
}
