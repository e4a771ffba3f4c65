//! Markdown, by example and by chance.

use export_sdk::conformance::HOSTILE_TEXTS;
use proptest::prelude::*;

use super::*;

fn html(text: &str) -> String {
    let mut page = Markup::default();
    markdown(&mut page, text, &Named::default());
    page.as_str().to_owned()
}

/// The text a reader sees, line breaks as spaces.
fn seen(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        text.push(' ');
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[test]
fn the_link_that_marks_a_quote_gives_way_to_the_quote() {
    const QUOTE: &str = "[ ](https://x.y/channel/general?msg=abc)";
    let quoting = |text: &str| {
        let mut page = Markup::default();
        let mut named = Named::default();
        named.quotes = true;
        markdown(&mut page, &format!("{QUOTE}{text}"), &named);
        page.as_str().to_owned()
    };
    assert_eq!(quoting(" yes"), "<p>yes</p>");
    assert_eq!(quoting("\nyes\nno"), "<p>yes<br>\nno</p>");
    assert_eq!(quoting(&format!(" {QUOTE} *yes*")), "<p><strong>yes</strong></p>");
    assert_eq!(quoting(""), "", "no empty paragraph stands before the quote");
    assert_eq!(quoting("\n\nyes"), "<p>yes</p>");
    let text = format!("{QUOTE} yes");
    let text = text.as_str();
    let link = ">https://x.y/channel/general?msg=abc</a> yes</p>";
    assert!(html(text).ends_with(link), "without a quote it is a link: {}", html(text));
}

#[test]
fn chat_marks_are_understood() {
    for (text, expected) in [
        ("hello", "<p>hello</p>"),
        ("*bold* **bold** _it_ ~gone~ ~~gone~~", {
            "<p><strong>bold</strong> <strong>bold</strong> <em>it</em> <del>gone</del> <del>gone</del></p>"
        }),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("one\n*two*", "<p>one<br>\n<strong>two</strong></p>"),
        ("`<a>`", "<p><code>&lt;a&gt;</code></p>"),
        ("```rust\nlet x;\n```", {
            "<pre tabindex=\"0\"><span class=\"language\">rust</span><code>let x;</code></pre>"
        }),
        ("> said\n\n1. a\n2. b", {
            "<blockquote><p>said</p></blockquote><ol start=\"1\"><li>a</li><li>b</li></ol>"
        }),
        ("a|b\n-|-\n1|2", {
            "<div class=\"table\" tabindex=\"0\"><table><thead><tr><th>a</th><th>b</th></tr></thead>\
             <tbody><tr><td>1</td><td>2</td></tr></tbody></table></div>"
        }),
        ("# Title", "<h3>Title</h3>"),
        (
            "[x](https://x.y \"t\")",
            "<p><a rel=\"noopener noreferrer nofollow\" href=\"https://x.y\">x</a></p>",
        ),
        ("[](https://x.y)", {
            "<p><a rel=\"noopener noreferrer nofollow\" href=\"https://x.y\">https://x.y</a></p>"
        }),
        ("<me@x.y>", "<p><a rel=\"noopener noreferrer nofollow\" href=\"mailto:me@x.y\">me@x.y</a></p>"),
    ] {
        assert_eq!(html(text), expected, "{text:?}");
    }
}

#[test]
fn what_markdown_would_swallow_is_shown_as_typed() {
    for text in [
        "&lt;b&gt; &#106;",
        "\\\\server\\share",
        "C:\\.config is not C:\\\\.config: \\!",
        "[x]: javascript:alert(1)\n\n[x]",
        "---",
        "#",
        "[x](javascript:alert(1))",
        "<javascript:alert(1)>",
        "![x](file:///x.png)",
        "<!-- hidden -->",
        "https://x.y/_a_/*b*/~c~",
    ] {
        let squeezed: String = seen(&html(text)).split_whitespace().collect();
        assert_eq!(squeezed, text.split_whitespace().collect::<String>(), "{text:?} became {}", html(text));
    }
}

#[test]
fn remote_images_are_links() {
    let address = "https://tracker.example/pixel.png";
    let link = format!("<a rel=\"noopener noreferrer nofollow\" href=\"{address}\">");
    let mark = "<span class=\"remote\">image</span>";
    assert_eq!(html(&format!("![x]({address})")), format!("<p>{link}{mark} x</a></p>"));
    assert_eq!(html(&format!("![]({address})")), format!("<p>{link}{mark} {address}</a></p>"));
}

#[test]
fn emphasis_inside_an_address_is_part_of_it() {
    let found = html("see https://x.y/_a_/b and _c_");
    assert!(found.contains("href=\"https://x.y/_a_/b\"") && found.contains("<em>c</em>"), "{found}");
}

#[test]
fn depth_is_limited() {
    assert_eq!(html(&format!("{}x", "> ".repeat(600))).matches("<blockquote>").count(), DEEPEST);
}

/// Panics unless `html` is made of elements that [`markdown`] may open, properly nested, with
/// links that lead only to the web and to mail.
fn assert_harmless(text: &str, html: &str) {
    const KNOWN: &str = " p br strong em del code pre span a bdi blockquote ul ol li hr h3 h4 h5 h6 div table \
                         thead tbody tr th td ";
    let mut open = Vec::new();
    for part in html.split('<').skip(1) {
        let (tag, rest) = part.split_once('>').unwrap_or_else(|| panic!("{text:?}: unclosed tag in {html}"));
        assert!(!rest.contains(['>', '"', '\'']), "{text:?}: stray characters in {html}");
        let name = tag.trim_start_matches('/').split(' ').next().unwrap();
        assert!(KNOWN.contains(&format!(" {name} ")), "{text:?}: <{tag}> in {html}");
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{text:?}: {html}");
        } else if !matches!(name, "br" | "hr") {
            open.push(name);
        }
        if name == "a" && !tag.starts_with('/') {
            let address = tag.split_once("href=\"").expect("a link has a target").1.to_ascii_lowercase();
            assert!(
                address.starts_with("https://")
                    || address.starts_with("http://")
                    || address.starts_with("mailto:"),
                "{text:?}: {address}"
            );
        }
        assert!(!tag.to_ascii_lowercase().contains(" on"), "{text:?}: <{tag}>");
    }
    assert!(open.is_empty(), "{text:?}: {open:?} stays open in {html}");
}

#[test]
fn hostile_texts_are_harmless() {
    for text in HOSTILE_TEXTS {
        assert_harmless(text, &html(text));
    }
}

/// Pieces that mean something, in any order.
fn marked_up() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "*",
        "**",
        "_",
        "~",
        "~~",
        "`",
        "```",
        "[",
        "](",
        ")",
        "![",
        "<",
        ">",
        "</",
        "&",
        "&lt;",
        "\\",
        "\n",
        "\n\n",
        "> ",
        "- ",
        "1. ",
        "# ",
        "|",
        "---",
        "    ",
        "https://x.y",
        "javascript:x",
        "mailto:",
        "<script>",
        "\"",
        "'",
        "@all",
        "#",
        ":tada:",
        "a",
        " ",
        "\0",
        "\u{202e}",
        "ü",
        "[x]: y",
        "<!--",
        "-->",
        "=",
        ":",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_opens_a_tag_of_its_own(text in marked_up()) {
        assert_harmless(&text, &html(&text));
    }

    #[test]
    fn no_noise_opens_a_tag_of_its_own(text in any::<String>()) {
        assert_harmless(&text, &html(&text));
    }

    #[test]
    fn the_shortcut_for_plain_text_shows_what_markdown_shows(text in "[a-z0-9.,;!?() &'\"/{}$%^@:#-]{1,40}") {
        if is_plain(&text) {
            let forced = html(&format!("{text} **"));
            let shown = seen(&html(&text));
            let shown: Vec<&str> = shown.split_whitespace().collect();
            let forced = seen(&forced);
            let forced: Vec<&str> = forced.split_whitespace().filter(|word| *word != "**").collect();
            prop_assert_eq!(shown, forced);
        }
    }
}
