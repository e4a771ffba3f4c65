//! The shell of every page: head, policy, style, scripts, icons, and the bar with the ways out.

use crate::escape::Markup;

/// Nothing but files of the archive, whether it is opened from a folder or served. `file:` is there
/// because some browsers do not count a folder as `'self'`.
const HEAD: &str = concat!(
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ",
    "style-src 'self' file:; script-src 'self' file:; img-src 'self' file:; media-src 'self' file:; ",
    "connect-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'none'\">\n",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
    "<meta name=\"color-scheme\" content=\"light dark\">\n",
    "<meta name=\"referrer\" content=\"no-referrer\">\n",
    "<meta name=\"robots\" content=\"noindex\">\n",
    "<title>",
);

/// Used by name, so that a pinned message costs a few bytes.
const ICONS: &str = concat!(
    "<svg class=\"icons\" aria-hidden=\"true\">",
    "<symbol id=\":pin\" viewBox=\"0 0 16 16\"><path d=\"M6 1h4l-.6 5 2.6 2.5V10H8.6L8 15l-.6-5H4V8.5L6.6 6z\"/></symbol>",
    "<symbol id=\":file\" viewBox=\"0 0 16 16\"><path d=\"M3 1h6l4 4v10H3zm5.5 1.2V5.5h3.3z\"/></symbol>",
    "<symbol id=\":reply\" viewBox=\"0 0 16 16\"><path d=\"M7 3v3c5 0 7 3 7 7-1.5-2.5-3.5-3.5-7-3.5v3L2 7.700z\"/></symbol>",
    "</svg>\n",
);

/// What makes the head of a page.
pub(crate) struct Shell<'a> {
    /// The title and what follows it after a dash.
    pub(crate) title: &'a str,
    pub(crate) part: &'a str,
    /// The way to the archive's top.
    pub(crate) up: &'static str,
    /// The room that the page is of, as search knows it.
    pub(crate) room: Option<&'a str>,
}

/// Begins a page; the bar is open and wants its links.
pub(crate) fn begin(page: &mut Markup, shell: &Shell<'_>) {
    let up = shell.up;
    page.tag(HEAD).text(shell.title);
    if !shell.part.is_empty() {
        page.tag(" – ").text(shell.part);
    }
    page.tag("</title>\n<link rel=\"stylesheet\" href=\"").tag(up).tag("assets/style.css\">\n");
    page.tag("<link rel=\"stylesheet\" href=\"").tag(up).tag("user.css\">\n");
    // Before the first paint: it sets the theme.
    page.tag("<script src=\"").tag(up).tag("assets/archive.js\"></script>\n");
    page.tag("<script defer src=\"").tag(up).tag("search/search.js\" data-root=\"").tag(up).tag("\"");
    if let Some(room) = shell.room {
        page.tag(" data-room=\"").text(room).tag("\"");
    }
    page.tag("></script>\n</head>\n<body>\n<a class=\"skip\" href=\"#:main\">Skip to the content</a>\n");
    page.tag(ICONS).tag("<header class=\"bar\">\n");
}

/// Ends the bar and begins what the page is about.
pub(crate) fn main(page: &mut Markup) {
    page.tag("<div id=\":find\" hidden></div>\n</header>\n<main>\n");
}

/// Ends a page.
pub(crate) fn end(page: &mut Markup) {
    page.tag("</body>\n</html>\n");
}
